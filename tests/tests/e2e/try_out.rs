//! A developer tries a sign-in from their application's page, in a real browser that holds forms to where they may lead.

use anyhow::{Context, Result, ensure};
use polder_tests::chromium::{Chromium, Look};
use polder_tests::{Browser, Polder};
use url::Url;

use crate::console::become_owner;

const DEVELOPER: &str = "developer@example.test";

/// From the tenant's first page back to the console, as somebody who was never there.
async fn sign_in(browser: &Chromium, polder: &Polder) -> Result<()> {
    let mailbox = polder.mailbox();
    browser.wait("form#email-form").await?;
    ensure!(browser.url().await?.starts_with(&polder.issuer("acme")), "at the tenant, not at {}", browser.url().await?);
    browser.fill("form#email-form input[type=email]", DEVELOPER).await?;
    browser.press("form#email-form button[type=submit]").await?;
    browser.wait("form#code-form").await?;
    browser.fill("input[autocomplete=one-time-code]", &mailbox.code(DEVELOPER).await?).await?;
    browser.press("form#code-form button[type=submit]").await?;
    browser.fill("form#name-form input[name=name]", "Dee Veloper").await?;
    browser.press("form#name-form button[type=submit]").await?;
    browser.press("form#skip-form button[type=submit]").await?;
    browser.wait("#signed-in").await?;
    Ok(())
}

#[tokio::test]
async fn k17_a_sign_in_is_tried_from_the_applications_page() -> Result<()> {
    let polder = Polder::start()?;
    let console = polder.address("console");
    let browser = Chromium::start(Look::DESKTOP).await?;
    become_owner(&browser, &polder, &polder.mailbox()).await?;
    browser.wait("a[href='/tenants/new']").await?;
    polder.api().create_tenant("acme").await?;
    let client = polder.api().create_web_application("acme").await?.client_id;
    let page = format!("{console}/tenants/acme/applications/{client}");

    browser.open(&page).await?;
    browser.picture("try-1-application").await?;
    browser.press("#try-form button[type=submit]").await?;
    sign_in(&browser, &polder).await?;
    browser.picture("try-2-outcome").await?;
    let (at, text) = (browser.url().await?, browser.text().await?);
    ensure!(at.starts_with(&format!("{console}/try-out/callback?")), "{at}");
    for part in [DEVELOPER, "Dee Veloper", "RS256", &client, &polder.issuer("acme"), "urn:polder:acr:email"] {
        ensure!(text.contains(part), "{part} is not in:\n{text}");
    }

    // Loaded again it shows nothing, and nobody else sees anything at that address.
    browser.open(&at).await?;
    browser.wait("#failed").await?;
    ensure!(!browser.text().await?.contains(DEVELOPER), "shown once");
    let stranger = Browser::new().http.get(Url::parse(&at)?).send().await?;
    ensure!(stranger.status() == 400, "{}", stranger.status());
    ensure!(!stranger.text().await?.contains(DEVELOPER), "shown to nobody else");

    // Who is signed in already comes straight back, through all three addresses.
    browser.press("#try-form button[type=submit]").await?;
    browser.wait("#signed-in").await?;

    // The address is the console's alone: nobody else is answered there.
    let back = format!("{console}/try-out/callback");
    let mut authorize = Url::parse(&format!("{}/authorize", polder.issuer("acme")))?;
    authorize.query_pairs_mut().extend_pairs([
        ("client_id", client.as_str()),
        ("response_type", "code"),
        ("scope", "openid"),
        ("state", "x"),
        ("redirect_uri", &back),
        ("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"),
        ("code_challenge_method", "S256"),
    ]);
    browser.open(authorize.as_str()).await?;
    ensure!(browser.url().await?.starts_with(&polder.issuer("acme")), "{}", browser.url().await?);

    // It is in the tenant's log, by the member who did it, and no mistake of the application's but that last one.
    let events = polder.api().get("/tenants/acme/audit-events?action=application.tried_out").await?;
    let events = events["items"].as_array().context("a list")?;
    ensure!(events.len() == 2 && events.iter().all(|event| event["actor_kind"] == "member"), "{events:?}");
    let errors = polder.api().get(&format!("/tenants/acme/applications/{client}/errors")).await?;
    let errors = errors["items"].as_array().context("a list")?;
    ensure!(errors.len() == 1 && errors[0]["kind"] == "redirect_uri", "{errors:?}");
    browser.close().await
}
