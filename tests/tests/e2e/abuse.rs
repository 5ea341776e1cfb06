//! Abuse protection in a real browser: work that nobody notices, a way without scripts, and lists.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use polder_tests::chromium::{Chromium, Look};
use polder_tests::mailbox::Mailbox;
use polder_tests::relying_party::REDIRECT;
use polder_tests::{Browser, Polder, RelyingParty, forms};
use reqwest::Method;
use serde_json::json;
use url::Url;

const ANN: &str = "ann@example.test";

/// Asks for a code as a program does, and gives the page that comes.
async fn ask(authorize: &Url) -> Result<polder_tests::browser::Page> {
    let browser = Browser::new();
    let page = browser.open(authorize).await?.page()?;
    let form = forms::form_with(&page.html, "input[type=email]").context("a form for the address")?;
    browser.submit(&page, &form, &[("email", ANN)]).await?.page()
}

/// From the form for the code to the application.
async fn finish(chromium: &Chromium, mailbox: &Mailbox) -> Result<()> {
    chromium.wait("form#code-form").await?;
    chromium.fill("input[autocomplete=one-time-code]", &mailbox.code(ANN).await?).await?;
    chromium.press("form#code-form button[type=submit]").await?;
    chromium.press("form#name-form button[type=submit]").await?;
    chromium.press("form#skip-form button[type=submit]").await?;
    chromium.wait_for_url(REDIRECT).await.map(|_| ())
}

#[tokio::test]
async fn r1_d23_a_burst_leads_to_work_that_a_worker_does_unseen_and_waiting_does_without_scripts() -> Result<()> {
    let polder = Polder::start()?;
    let (api, mailbox) = (polder.api(), polder.mailbox());
    let application = api.create_web_application("practice").await?;
    let client = RelyingParty::discover(&polder.issuer("practice"), &application).await?;
    let authorize = client.authorize_url("openid")?;
    for n in 0..10 {
        let page = ask(&authorize).await?;
        ensure!(forms::shows(&page.html, "form#code-form"), "{n}: {}", page.status);
    }
    let page = ask(&authorize).await?;
    ensure!(page.status == 429 && forms::shows(&page.html, "form#proof-form"), "{}\n{}", page.status, page.html);
    while mailbox.messages(ANN).await?.len() < 10 {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    mailbox.forget(ANN).await?;

    // Without scripts: a page that says how long to wait.
    let plain = Browser::new();
    let page = plain.open(&authorize).await?.page()?;
    let form = forms::form_with(&page.html, "input[type=email]").context("a form for the address")?;
    let page = plain.submit(&page, &form, &[("email", ANN)]).await?.page()?;
    ensure!(forms::shows(&page.html, "form#proof-form [data-say=waits]"), "{}", page.html);
    ensure!(page.html.contains("15 seconds"), "{}", page.html);
    let form = forms::form_with(&page.html, "input[name=challenge]").context("a form that waits")?;
    let page = plain.submit(&page, &form, &[]).await?.page()?;
    ensure!(forms::shows(&page.html, "form#proof-form") && forms::shows(&page.html, "[role=alert]"), "{}", page.html);
    ensure!(mailbox.messages(ANN).await?.len() == 10, "nothing was sent too early");
    tokio::time::sleep(Duration::from_secs(15)).await;
    let form = forms::form_with(&page.html, "input[name=challenge]").context("a form that waits")?;
    let page = plain.submit(&page, &form, &[]).await?.page()?;
    ensure!(forms::shows(&page.html, "form#code-form"), "{}", page.html);
    mailbox.code(ANN).await?;
    mailbox.forget(ANN).await?;

    // With scripts: typed, sent, and on the way, with nothing else pressed.
    let browser = Chromium::start(Look::DESKTOP).await?;
    browser.open(authorize.as_str()).await?;
    browser.fill("input[type=email]", ANN).await?;
    browser.press("form#email-form button[type=submit]").await?;
    finish(&browser, &mailbox).await?;
    browser.close().await?;
    // Who signed in has ended the burst.
    ensure!(forms::shows(&ask(&authorize).await?.html, "form#code-form"));
    Ok(())
}

#[tokio::test]
async fn r8_k19_lists_and_lockouts_are_in_an_administrators_hands() -> Result<()> {
    let polder = Polder::start()?;
    let api = polder.api();
    let application = api.create_web_application("practice").await?;
    let client = RelyingParty::discover(&polder.issuer("practice"), &application).await?;
    let authorize = client.authorize_url("openid")?;
    let lists = "/tenants/practice/blocklists";
    let list = json!({"format": "plain", "action": "refuse", "content": "127.0.0.0/8 # this machine\n::1\n"});
    let (status, put) = api.call(Method::PUT, &format!("{lists}/drop"), Some(list)).await?;
    ensure!(status == 200 && put["networks"] == 2, "{status} {put}");
    let page = ask(&authorize).await?;
    ensure!(page.status == 403 && page.html.contains("passkey"), "{}\n{}", page.status, page.html);
    // A long list is no trouble, and a wrong one changes nothing.
    let long: String = (0..40_000).map(|n| format!("10.{}.{}.{}\n", n >> 16, (n >> 8) & 255, n & 255)).collect();
    let long = json!({"format": "plain", "action": "refuse", "content": long});
    let (status, put) = api.call(Method::PUT, &format!("{lists}/long"), Some(long)).await?;
    ensure!(status == 200 && put["networks"] == 40_000, "{status} {put}");
    let wrong = json!({"format": "plain", "action": "refuse", "content": "127.0.0.1\nx"});
    let (status, problem) = api.call(Method::PUT, &format!("{lists}/drop"), Some(wrong)).await?;
    ensure!(status == 422 && problem["detail"].as_str().is_some_and(|said| said.contains("line 2")), "{problem}");
    ensure!(api.get(lists).await?["items"].as_array().is_some_and(|items| items.len() == 2));
    ensure!(api.call(Method::DELETE, &format!("{lists}/drop"), None).await?.0 == 204);

    let (status, _) =
        api.call(Method::PATCH, "/tenants/practice/settings", Some(json!({"proof_of_work": "never"}))).await?;
    ensure!(status == 200);
    for n in 0..20 {
        ensure!(ask(&authorize).await?.status == 200, "{n}");
    }
    ensure!(ask(&authorize).await?.status == 429);
    let lockouts = api.get("/tenants/practice/lockouts").await?;
    let lockout = &lockouts["items"][0];
    ensure!(lockout["email"] == ANN && lockout["kind"] == "address", "{lockouts}");
    let id = lockout["id"].as_str().context("an id")?;
    ensure!(api.call(Method::DELETE, &format!("/tenants/practice/lockouts/{id}"), None).await?.0 == 204);
    ensure!(ask(&authorize).await?.status == 200);
    let log = api.get("/tenants/practice/audit-events?action=lockout.lifted").await?;
    ensure!(log["items"][0]["actor_kind"] == "api_key", "{log}");
    Ok(())
}
