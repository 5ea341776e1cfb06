//! kill -9 of the control plane and of a tenant while people sign in and clients refresh: whatever was
//! acknowledged holds, and the next start has no orphan and no half-made tenant.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Context, Result};
use polder_tests::relying_party::Tokens;
use polder_tests::{Browser, Polder, RelyingParty};
use reqwest::Method;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;

const SCOPE: &str = "openid offline_access";

/// Refreshes until told to stop; gives the last refresh token that was acknowledged, and the one
/// whose answer was never seen, if the end came in between.
pub async fn refresh_until(client: RelyingParty, first: String, stop: Arc<AtomicBool>) -> (String, u32) {
    let (mut held, mut rounds) = (first, 0);
    while !stop.load(Ordering::Relaxed) {
        match client.try_refresh(&held).await {
            Ok((200, body)) => {
                if let Some(next) = body["refresh_token"].as_str() {
                    held = next.to_owned();
                    rounds += 1;
                }
            }
            _ => tokio::time::sleep(Duration::from_millis(5)).await,
        }
    }
    (held, rounds)
}

async fn families(client: &RelyingParty, polder: &Polder, count: usize) -> Result<(Browser, Vec<String>)> {
    let ann = Browser::new();
    let mut tokens = Vec::new();
    for _ in 0..count {
        let answer = ann.sign_in(&client.authorize_url(SCOPE)?, &polder.mailbox(), "ann@example.test").await?;
        tokens.push(client.redeem(&client.code(&answer)?).await?.refresh.context("a refresh token")?);
    }
    Ok((ann, tokens))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn g23_kill_of_the_control_plane_loses_nothing_acknowledged() -> Result<()> {
    let mut polder = Polder::start()?;
    let application = polder.api().create_web_application("practice").await?;
    let client = RelyingParty::discover(&polder.issuer("practice"), &application).await?;
    let (ann, tokens) = families(&client, &polder, 6).await?;
    let stop = Arc::new(AtomicBool::new(false));
    let running: Vec<_> =
        tokens.into_iter().map(|t| tokio::spawn(refresh_until(client.clone(), t, stop.clone()))).collect();
    // New tenants are on their way when the end comes.
    let api = polder.api();
    for n in 0..3 {
        api.call(Method::POST, "/tenants", Some(json!({"slug": format!("late-{n}"), "name": "Late"}))).await?;
    }
    let children = polder.children();
    tokio::time::sleep(Duration::from_millis(120)).await;
    polder.kill()?;
    stop.store(true, Ordering::Relaxed);
    let mut held = Vec::new();
    for task in running {
        held.push(task.await?);
    }
    assert!(held.iter().map(|(_, rounds)| rounds).sum::<u32>() > 0, "some refreshes were acknowledged");
    // Nothing outlives the control plane for long.
    tokio::time::sleep(Duration::from_secs(3)).await;
    let orphans: Vec<_> = children.iter().filter(|pid| is_polder(**pid)).collect();
    assert!(orphans.is_empty(), "still running: {orphans:?}");

    polder.start_again()?;
    for (token, _) in held {
        let (status, body) = client.try_refresh(&token).await?;
        assert_eq!(status, 200, "an acknowledged refresh token is lost: {body}");
    }
    let mut silent = client.authorize_url("openid")?;
    silent.query_pairs_mut().append_pair("prompt", "none");
    client.code(&ann.open(&silent).await?.elsewhere()?).context("the session is lost")?;
    // Every tenant that was asked for converges.
    let api = polder.api();
    for n in 0..3 {
        let mut state = String::new();
        for _ in 0..400 {
            state = api.get(&format!("/tenants/late-{n}")).await?["state"].as_str().unwrap_or("").to_owned();
            if state == "running" {
                break;
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        assert_eq!(state, "running", "late-{n}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn g23_kill_of_a_tenant_loses_nothing_acknowledged_and_it_comes_back() -> Result<()> {
    let polder = Polder::start()?;
    let application = polder.api().create_web_application("practice").await?;
    let client = RelyingParty::discover(&polder.issuer("practice"), &application).await?;
    let (ann, tokens) = families(&client, &polder, 6).await?;
    let stop = Arc::new(AtomicBool::new(false));
    let running: Vec<_> =
        tokens.into_iter().map(|t| tokio::spawn(refresh_until(client.clone(), t, stop.clone()))).collect();
    for _ in 0..3 {
        tokio::time::sleep(Duration::from_millis(150)).await;
        for pid in polder.children().into_iter().filter(|pid| is_program(*pid, "polder-tenant")) {
            let _ = kill_process(Pid::from_raw(i32::try_from(pid)?).context("a pid")?, Signal::KILL);
        }
        // It comes back by itself.
        let mut back = false;
        for _ in 0..400 {
            if client.http.get(client.endpoint("jwks_uri")?).send().await.is_ok_and(|a| a.status() == 200) {
                back = true;
                break;
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        assert!(back, "the tenant does not come back");
    }
    stop.store(true, Ordering::Relaxed);
    for task in running {
        let (token, rounds) = task.await?;
        assert!(rounds > 0);
        let (status, body) = client.try_refresh(&token).await?;
        assert_eq!(status, 200, "an acknowledged refresh token is lost: {body}");
        let tokens = Tokens::from(&body)?;
        assert_eq!(client.introspect(&tokens.access).await?["active"], true);
    }
    let mut silent = client.authorize_url("openid")?;
    silent.query_pairs_mut().append_pair("prompt", "none");
    client.code(&ann.open(&silent).await?.elsewhere()?).map(|_| ()).context("the session is lost")
}

fn is_polder(pid: u32) -> bool {
    ["polder", "polder-tenant", "polder-coaching"].iter().any(|name| is_program(pid, name))
}

fn is_program(pid: u32, name: &str) -> bool {
    let path = std::fs::read_link(format!("/proc/{pid}/exe")).unwrap_or_default();
    // A zombie has no program any more.
    path.file_name().is_some_and(|n| n.to_string_lossy().trim_end_matches(" (deleted)") == name)
}
