//! What a tenant asks of people who sign in, in a real browser.

use anyhow::{Context, Result, ensure};
use polder_tests::chromium::{Chromium, Look};
use polder_tests::relying_party::REDIRECT;
use polder_tests::{Polder, RelyingParty};
use reqwest::Method;
use serde_json::{Value, json};

use crate::account::{code, secret};
use crate::passkeys::{by_code, sign_out};

const ANN: &str = "ann@example.test";
const LAPTOP: Look = Look { dark: true, ..Look::DESKTOP };
const POCKET: Look = Look { dark: false, language: "en", ..Look::PHONE };

async fn choose(polder: &Polder, changes: Value) -> Result<()> {
    let (status, answer) = polder.api().call(Method::PATCH, "/tenants/practice/settings", Some(changes)).await?;
    ensure!(status == 200, "{answer}");
    Ok(())
}

/// What the application learns when a browser arrives at it.
async fn claims(client: &RelyingParty, browser: &Chromium, client_id: &str) -> Result<Value> {
    let landed = browser.wait_for_url(REDIRECT).await?;
    let tokens = client.redeem(&client.code(&landed.parse()?)?).await?;
    client.verify(tokens.id.as_deref().context("an ID token")?, client_id, "JWT").await
}

/// Where a second factor is required: set up at sign-in, asked for the next time, and no passkey needed.
#[tokio::test]
async fn p4_d13_a_required_second_factor_is_set_up_at_sign_in() -> Result<()> {
    let polder = Polder::start()?;
    let (mailbox, issuer) = (polder.mailbox(), polder.issuer("practice"));
    let application = polder.api().create_web_application("practice").await?;
    let client = RelyingParty::discover(&issuer, &application).await?;
    let authorize = client.authorize_url("openid profile email")?.to_string();
    choose(&polder, json!({ "second_factor": "required" })).await?;

    let browser = Chromium::start(Look::DESKTOP).await?;
    browser.open(&authorize).await?;
    by_code(&browser, &mailbox, ANN).await?;
    browser.wait("form#app-form").await?;
    browser.picture("q1-make-factor").await?;
    browser.press("form#app-form button[type=submit]").await?;
    let key = secret(&browser.wait("#totp-secret").await?.text().await?)?;
    browser.picture("q2-set-up-app").await?;
    browser.fill("form#totp-form #code", &code(&key, 0)).await?;
    browser.press("form#totp-form button[type=submit]").await?;
    browser.wait("form#codes-form").await?;
    browser.picture("q3-take-codes").await?;
    browser.press("form#codes-form button[type=submit]").await?;
    browser.fill("input[autocomplete=name]", "Ann Example").await?;
    browser.press("form#name-form button[type=submit]").await?;
    browser.press("form#skip-form button[type=submit]").await?;
    let learnt = claims(&client, &browser, &application.client_id).await?;
    ensure!(learnt["acr"] == "urn:polder:acr:mfa" && learnt["amr"] == json!(["otp", "mfa"]), "{learnt}");

    // On the phone it is asked for, and there is a way back without it.
    let phone = Chromium::start(Look::PHONE).await?;
    phone.open(&authorize).await?;
    by_code(&phone, &mailbox, ANN).await?;
    phone.wait("form#totp-form").await?;
    phone.picture("q4-second-step-phone").await?;
    phone.press("a[href*='with=lost']").await?;
    phone.wait("form#lost-form").await?;
    phone.picture("q5-lost-phone").await?;
    phone.press("form#lost-form button[type=submit]").await?;
    phone.wait("main:not(:has(form))").await?;
    phone.picture("q6-waits-phone").await?;
    phone.press("a[href^='/signin?flow']").await?;
    phone.fill("form#totp-form #code", &code(&key, 1)).await?;
    phone.press("form#totp-form button[type=submit]").await?;
    phone.wait_for_url(REDIRECT).await?;
    phone.close().await?;
    browser.close().await
}

/// Where a passkey is required: made at sign-in, and a code by e-mail opens nothing from then on.
#[tokio::test]
async fn c26_d13_a_required_passkey_is_made_at_sign_in_and_no_code_gets_around_it() -> Result<()> {
    let polder = Polder::start()?;
    let (mailbox, issuer) = (polder.mailbox(), polder.issuer("practice"));
    let application = polder.api().create_web_application("practice").await?;
    let client = RelyingParty::discover(&issuer, &application).await?;
    let authorize = client.authorize_url("openid profile email")?.to_string();
    choose(&polder, json!({ "passkeys": "required" })).await?;

    let browser = Chromium::start(LAPTOP).await?;
    let authenticator = browser.add_authenticator().await?;
    browser.open(&authorize).await?;
    by_code(&browser, &mailbox, ANN).await?;
    browser.wait("#passkey-create").await?;
    ensure!(!browser.shows("form#skip-form").await? && !browser.shows("form#app-form").await?, "nothing else will do");
    browser.picture("q7-make-passkey-dark").await?;
    browser.press("#passkey-create").await?;
    browser.fill("input[autocomplete=name]", "Ann Example").await?;
    browser.press("form#name-form button[type=submit]").await?;
    let learnt = claims(&client, &browser, &application.client_id).await?;
    ensure!(learnt["acr"] == "urn:polder:acr:passkey", "{learnt}");
    ensure!(browser.credentials(&authenticator).await?.len() == 1);
    sign_out(&browser, &issuer).await?;
    browser.open(&authorize).await?;
    let learnt = claims(&client, &browser, &application.client_id).await?;
    ensure!(learnt["amr"].as_array().is_some_and(|amr| !amr.contains(&json!("otp"))), "{learnt}");

    // Somebody who reads the mail, on a device without it.
    let thief = Chromium::start(POCKET).await?;
    thief.add_authenticator().await?;
    thief.open(&authorize).await?;
    by_code(&thief, &mailbox, ANN).await?;
    thief.wait("form#passkey-form").await?;
    thief.wait("a[href*='with=lost']").await?;
    ensure!(!thief.shows("#passkey-create").await?, "no passkey is made beside hers");
    thief.picture("q8-prove-passkey-phone").await?;
    thief.open(&format!("{issuer}/account")).await?;
    thief.wait("a[href*='with=lost']").await?;
    ensure!(!thief.url().await?.contains("/account"), "nor is the account open");
    thief.close().await?;
    browser.close().await
}
