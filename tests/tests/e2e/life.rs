//! A tenant's life with the real programs, whatever it runs in and wherever it keeps its data.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use futures_util::future::join_all;
use polder_db::{Db, Location};
use polder_kernel::Secret;
use polder_tests::{Browser, Polder, RelyingParty, docker, postgres};
use reqwest::Method;
use serde_json::{Value, json};

const WITHIN: Duration = Duration::from_secs(60);

/// The short ids of the tenants in the data folder.
fn folders(polder: &Polder) -> BTreeSet<String> {
    let found = std::fs::read_dir(polder.data.join("tenants")).into_iter().flatten().flatten();
    found.filter_map(|entry| entry.file_name().into_string().ok()).collect()
}

async fn act(polder: &Polder, slug: &str, action: &str, body: Option<Value>) -> Result<Value> {
    let (status, told) = polder.api().call(Method::POST, &format!("/tenants/{slug}/{action}"), body).await?;
    ensure!([200, 202].contains(&status), "{action}: {status} {told}");
    Ok(told)
}

/// Waits until the tenant is in this state.
async fn until(polder: &Polder, slug: &str, state: &str) -> Result<()> {
    let began = Instant::now();
    loop {
        let shown = polder.api().get(&format!("/tenants/{slug}")).await?;
        if shown["state"] == state {
            return Ok(());
        }
        ensure!(began.elapsed() < WITHIN, "it does not become {state}: {shown}");
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
}

/// What is left of a tenant: databases and roles on the server, containers, folders, secrets.
async fn remains(polder: &Polder, short: &str) -> Result<Vec<String>> {
    let mut left = Vec::new();
    if polder.option("--database").is_some() {
        left.extend(postgres::named(&format!("t_{short}")).await?);
    }
    for folder in ["tenants", "secrets"] {
        let found = std::fs::read_dir(polder.data.join(folder))?;
        let names = found.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned());
        left.extend(names.filter(|name| name.starts_with(short)));
    }
    Ok(left)
}

#[tokio::test(flavor = "multi_thread")]
async fn g25_k14_p15_h17_suspended_asleep_awake_restarted_terminated_undone_and_destroyed() -> Result<()> {
    let polder = Polder::start()?;
    let api = polder.api();
    let before = folders(&polder);
    let issuer = api.create_tenant("acme").await?;
    let short = folders(&polder).difference(&before).next().context("a folder of its own")?.clone();
    let application = api.create_web_application("acme").await?;
    let client = RelyingParty::discover(&issuer, &application).await?;
    let ann = Browser::new();
    let answer =
        ann.sign_in(&client.authorize_url("openid offline_access")?, &polder.mailbox(), "ann@example.test").await?;
    let mut refresh = client.redeem(&client.code(&answer)?).await?.refresh.context("a refresh token")?;
    let mut serves = async |when: &str| -> Result<()> {
        let (status, body) = client.try_refresh(&refresh).await?;
        ensure!(status == 200, "{when}: {status} {body}");
        refresh = body["refresh_token"].as_str().context("a successor")?.to_owned();
        Ok(())
    };
    let status = async |path: &str| -> Result<u16> {
        Ok(client.http.get(format!("{issuer}{path}")).send().await?.status().as_u16())
    };

    act(&polder, "acme", "suspend", None).await?;
    assert_eq!((status("/jwks.json").await?, status("/signin").await?), (200, 503), "suspended");
    act(&polder, "acme", "resume", None).await?;
    serves("resumed").await?;

    act(&polder, "acme", "sleep", None).await?;
    until(&polder, "acme", "asleep").await?;
    serves("woken by the request itself").await?;
    act(&polder, "acme", "sleep", None).await?;
    act(&polder, "acme", "wake", None).await?;
    serves("woken").await?;

    // Requests wait while it is restarted.
    let (restarted, asked) = tokio::join!(
        act(&polder, "acme", "restart", None),
        join_all((0..10).map(|_| async { status("/jwks.json").await.unwrap_or(0) })),
    );
    restarted?;
    assert_eq!(asked, [200; 10], "while it is restarted");
    serves("restarted").await?;

    // New passwords for its database, where it has any: those of before open nothing any more.
    let secret = polder.data.join(format!("secrets/{short}.database"));
    let (rotated, told) = api.call(Method::POST, "/tenants/acme/database/rotate", None).await?;
    if polder.option("--database").is_some() {
        ensure!([200, 202].contains(&rotated), "{rotated} {told}");
        let (next, began) = (secret.with_extension("database.next"), Instant::now());
        while next.exists() {
            ensure!(began.elapsed() < WITHIN, "the new password is not taken up");
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        let first = std::fs::read_to_string(&secret)?;
        let (again, asked) = tokio::join!(
            act(&polder, "acme", "database/rotate", None),
            join_all((0..10).map(|_| async { status("/jwks.json").await.unwrap_or(0) })),
        );
        again?;
        assert_eq!(asked, [200; 10], "while passwords are rotated");
        assert_ne!(std::fs::read_to_string(&secret)?, first);
        serves("with new passwords").await?;
        act(&polder, "acme", "sleep", None).await?;
        act(&polder, "acme", "database/rotate", None).await?;
        until(&polder, "acme", "asleep").await?;
        serves("woken with new passwords").await?;
    } else {
        assert_eq!((rotated, told["code"].as_str()), (409, Some("no_database_password")), "{told}");
    }

    act(&polder, "acme", "terminate", Some(json!({"grace_days": 30}))).await?;
    until(&polder, "acme", "terminating").await?;
    assert!(status("/jwks.json").await? >= 400);
    act(&polder, "acme", "undo", None).await?;
    until(&polder, "acme", "running").await?;
    serves("undone").await?;

    // Destroyed, although somebody is connected to the database.
    act(&polder, "acme", "terminate", None).await?;
    let inside = match polder.option("--database") {
        Some(server) => {
            let mut url = url::Url::parse(server)?;
            url.set_path(&format!("/t_{short}"));
            Some(Db::open(&Location::Postgres(Secret::new(url.to_string())), 1).await?)
        }
        None => None,
    };
    assert!(!remains(&polder, &short).await?.is_empty());
    let certificate = act(&polder, "acme", "destroy", Some(json!({"confirm": "acme"}))).await?;
    assert!(certificate["signed"].is_string(), "{certificate}");
    assert_eq!(remains(&polder, &short).await?, Vec::<String>::new());
    if docker::is_asked_for() {
        assert!(docker::container(&polder.data, "acme").is_err());
    }
    if let Some(inside) = inside {
        assert!(inside.write(|tx| Box::pin(async { tx.execute("DELETE FROM setting", &[]).await })).await.is_err());
        inside.close().await;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn g23_killed_while_tenants_are_made_rotated_and_destroyed_there_is_one_of_everything() -> Result<()> {
    let mut polder = Polder::start()?;
    let before = folders(&polder);
    for (number, wait) in [0, 60, 140, 300].into_iter().enumerate() {
        let slug = format!("late-{number}");
        let (status, made) =
            polder.api().call(Method::POST, "/tenants", Some(json!({"slug": slug, "name": "Late"}))).await?;
        ensure!(status == 202, "{made}");
        tokio::time::sleep(Duration::from_millis(wait)).await;
        polder.kill()?;
        polder.start_again()?;
        until(&polder, &slug, "running").await?;
        let (status, _) = polder.api().call(Method::GET, &format!("/tenants/{slug}/applications"), None).await?;
        assert_eq!(status, 200, "{slug} serves");
    }
    let made: Vec<String> = folders(&polder).difference(&before).cloned().collect();
    assert_eq!(made.len(), 4);
    for short in &made {
        if polder.option("--database").is_some() {
            let names = [format!("t_{short}"), format!("t_{short}"), format!("t_{short}_owner")];
            assert_eq!(postgres::named(&names[0]).await?, names);
        }
    }
    if docker::is_asked_for() {
        assert_eq!(docker::containers(&polder.data)?.len(), 6);
    }

    for (number, wait) in [0, 50, 150, 400].into_iter().enumerate() {
        let slug = format!("late-{number}");
        let rotates = polder.option("--database").is_some() && number % 2 == 1;
        let (api, path) = (polder.api(), format!("/tenants/{slug}/database/rotate"));
        if rotates {
            let asked = tokio::spawn(async move { api.call(Method::POST, &path, None).await });
            tokio::time::sleep(Duration::from_millis(wait)).await;
            polder.kill()?;
            asked.abort();
            polder.start_again()?;
            until(&polder, &slug, "running").await?;
            let (status, _) = polder.api().call(Method::GET, &format!("/tenants/{slug}/applications"), None).await?;
            assert_eq!(status, 200, "{slug} serves with its passwords, killed after {wait} ms");
        }
        act(&polder, &slug, "terminate", None).await?;
        let (api, path) = (polder.api(), format!("/tenants/{slug}/destroy"));
        let body = json!({"confirm": slug});
        let asked = tokio::spawn(async move { api.call(Method::POST, &path, Some(body)).await });
        tokio::time::sleep(Duration::from_millis(wait)).await;
        polder.kill()?;
        asked.abort();
        polder.start_again()?;
        // Whether the wish had arrived before the kill, nobody knows: it is said again.
        let began = Instant::now();
        while polder.api().call(Method::GET, &format!("/tenants/{slug}/certificate"), None).await?.0 != 200 {
            ensure!(began.elapsed() < WITHIN, "{slug} is not destroyed");
            let again = json!({"confirm": slug});
            polder.api().call(Method::POST, &format!("/tenants/{slug}/destroy"), Some(again)).await?;
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
    for short in &made {
        assert_eq!(remains(&polder, short).await?, Vec::<String>::new());
    }
    Ok(())
}
