//! Lists and pages over a lot: 300 tenants, and in one of them 100,000 people and 1,000,000 audit events. What is
//! asked is 150 ms at the 99th percentile of each, with nothing else running.
//!
//! `cargo bench --package polder-tests --bench lists`; `docs/performance.md` holds the last table. People come in by
//! import, as a customer's would; audit events are written straight into the file.

#![expect(clippy::print_stdout, reason = "a benchmark's table is its output")]

mod crowd;
mod owner;

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use polder_tests::Polder;
use reqwest::Client;
use serde_json::Value;

/// How often each list is asked for.
const TIMES: usize = 200;
/// What is asked, in milliseconds.
const ASKED: f64 = 150.0;

#[tokio::main(worker_threads = 2)]
async fn main() -> Result<()> {
    let mut polder = Polder::start()?;
    let browser = owner::sign_in(&polder).await?;
    crowd::tenants(&polder).await?;
    crowd::people(&polder).await?;
    polder.stop()?;
    crowd::audit_events(&polder).await?;
    polder.start_again()?;

    let api = polder.address("api");
    let key = polder.settings["api_key"].as_str().context("a key")?.to_owned();
    let plain = polder_tests::names::client().build()?;
    let person = some_person(&plain, &api, &key).await?;
    println!("{:<72} {:>8} {:>8} {:>8}", "list or page", "p50 ms", "p99 ms", "asked");
    for path in [
        "/tenants".to_owned(),
        "/tenants?limit=200".to_owned(),
        "/tenants/practice/users".to_owned(),
        "/tenants/practice/users?limit=200".to_owned(),
        "/tenants/practice/users?q=jansen".to_owned(),
        "/tenants/practice/users?q=person77777%40".to_owned(),
        "/tenants/practice/users?q=nobody+of+that+name".to_owned(),
        "/tenants/practice/users?sort=-last_sign_in_at".to_owned(),
        format!("/tenants/practice/users/{person}"),
        format!("/tenants/practice/sessions?user_id={person}"),
        "/tenants/practice/audit-events".to_owned(),
        "/tenants/practice/audit-events?limit=200".to_owned(),
        "/tenants/practice/audit-events?action=user.changed".to_owned(),
        "/tenants/practice/audit-events?action=no.such".to_owned(),
        format!("/tenants/practice/audit-events?user_id={person}"),
        format!("/tenants/practice/audit-events?user_id={person}&action=session.ended"),
        "/tenants/practice/audit-events?actor_kind=user&action=no.such".to_owned(),
        "/audit-events".to_owned(),
        "/members".to_owned(),
        "/tenants/practice/messages".to_owned(),
        "/tenants/practice/messages?state=waiting".to_owned(),
        "/tenants/practice/applications".to_owned(),
        "/tenants/practice/usage".to_owned(),
        "/usage".to_owned(),
    ] {
        row(&path, async || Ok(plain.get(format!("{api}{path}")).bearer_auth(&key).send().await?)).await?;
    }
    let console = polder.address("console");
    for path in [
        "/".to_owned(),
        "/tenants/practice".to_owned(),
        "/tenants/practice/applications".to_owned(),
        "/tenants/practice/users".to_owned(),
        format!("/tenants/practice/users/{person}"),
        "/tenants/practice/audit".to_owned(),
        "/tenants/practice/audit?action=user.changed".to_owned(),
        "/tenants/practice/keys".to_owned(),
        "/tenants/practice/sign-in".to_owned(),
        "/tenants/practice/usage".to_owned(),
        "/usage".to_owned(),
        "/search/entries?q=customer".to_owned(),
        "/search/entries?q=audit&at=practice".to_owned(),
    ] {
        row(&path, async || Ok(browser.http.get(format!("{console}{path}")).send().await?)).await?;
    }
    Ok(())
}

async fn some_person(client: &Client, api: &str, key: &str) -> Result<String> {
    let found = client.get(format!("{api}/tenants/practice/users?q=person77777%40")).bearer_auth(key).send().await?;
    let found: Value = found.json().await?;
    Ok(found["items"][0]["id"].as_str().with_context(|| format!("nobody: {found}"))?.to_owned())
}

/// Asks one after the other, as one visitor would, and prints a line.
async fn row(path: &str, ask: impl AsyncFn() -> Result<reqwest::Response>) -> Result<()> {
    let mut times = Vec::with_capacity(TIMES);
    for _ in 0..TIMES {
        let began = Instant::now();
        let answer = ask().await?;
        let status = answer.status();
        answer.bytes().await?;
        times.push(began.elapsed());
        ensure!(status == 200, "{path}: {status}");
    }
    times.sort_unstable();
    let at = |share: f64| ms(times[((TIMES as f64 * share) as usize).min(TIMES - 1)]);
    let (middle, late) = (at(0.5), at(0.99));
    println!("{path:<72} {middle:>8.1} {late:>8.1} {}", if late <= ASKED { "    <= 150" } else { "NOT <= 150" });
    Ok(())
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}
