//! Passkeys, in a real browser with authenticators in software.

use anyhow::{Context, Result, ensure};
use polder_tests::chromium::{Chromium, Look};
use polder_tests::mailbox::Mailbox;
use polder_tests::relying_party::REDIRECT;
use polder_tests::{Polder, RelyingParty};

const ANN: &str = "ann@example.test";

/// Types the address and the mailed code.
pub async fn by_code(browser: &Chromium, mailbox: &Mailbox, address: &str) -> Result<()> {
    browser.wait("form#email-form").await?;
    mailbox.forget(address).await?;
    browser.fill("input[type=email]", address).await?;
    browser.press("form#email-form button[type=submit]").await?;
    browser.wait("form#code-form").await?;
    browser.fill("input[autocomplete=one-time-code]", &mailbox.code(address).await?).await?;
    browser.press("form#code-form button[type=submit]").await
}

pub async fn sign_out(browser: &Chromium, issuer: &str) -> Result<()> {
    browser.open(&format!("{issuer}/")).await?;
    browser.press("form#sign-out-form button[type=submit]").await?;
    browser.wait("main:not(:has(form#sign-out-form))").await.map(|_| ())
}

/// Sign up by code, take the offer, sign out, sign in with nothing typed; remove the passkey on another
/// device, and the first device forgets it.
#[tokio::test]
async fn c25_c27_c29_a_passkey_lives_from_the_offer_to_being_signalled_away() -> Result<()> {
    let polder = Polder::start()?;
    let (api, mailbox, issuer) = (polder.api(), polder.mailbox(), polder.issuer("practice"));
    let application = api.create_web_application("practice").await?;
    let client = RelyingParty::discover(&issuer, &application).await?;
    let authorize = client.authorize_url("openid profile email")?.to_string();

    let first = Chromium::start(Look::DESKTOP).await?;
    let authenticator = first.add_authenticator().await?;
    first.open(&authorize).await?;
    first.wait("#passkey-get").await?;
    first.picture("p1-email").await?;
    by_code(&first, &mailbox, ANN).await?;
    first.fill("input[autocomplete=name]", "Ann Example").await?;
    first.press("form#name-form button[type=submit]").await?;
    first.wait("form#skip-form").await?;
    first.picture("p2-offer").await?;
    first.press("#passkey-create").await?;
    first.wait_for_url(REDIRECT).await?;
    let kept = first.credentials(&authenticator).await?;
    ensure!(kept.len() == 1 && kept[0]["isResidentCredential"] == true, "{kept:?}");

    // Signed out, and in again without a key pressed.
    sign_out(&first, &issuer).await?;
    first.open(&authorize).await?;
    let landed = first.wait_for_url(REDIRECT).await?;
    let code = client.code(&landed.parse()?)?;
    let tokens = client.redeem(&code).await?;
    let claims = client.verify(tokens.id.as_deref().context("an ID token")?, &application.client_id, "JWT").await?;
    ensure!(claims["acr"] == "urn:polder:acr:passkey", "{claims}");
    ensure!(claims["amr"].as_array().is_some_and(|amr| amr.iter().any(|word| word == "mfa")), "{claims}");

    first.open(&format!("{issuer}/account/passkeys")).await?;
    first.wait("li.key").await?;
    first.picture("p5-account").await?;

    // Another device, without the passkey: in by code, and the passkey goes.
    let second = Chromium::start(Look::PHONE).await?;
    second.add_authenticator().await?;
    second.open(&authorize).await?;
    second.wait("#passkey-get").await?;
    second.picture("p3-email-phone").await?;
    by_code(&second, &mailbox, ANN).await?;
    second.wait_for_url(REDIRECT).await?;
    second.open(&format!("{issuer}/account/passkeys")).await?;
    second.wait("li.key").await?;
    second.picture("p5-account-phone").await?;
    second.press("form.remove button[type=submit]").await?;
    second.wait("main:not(:has(form.remove))").await?;
    second.picture("p6-account-removed-phone").await?;
    // Somebody new on this device would rather not.
    sign_out(&second, &issuer).await?;
    second.open(&authorize).await?;
    by_code(&second, &mailbox, "bob@example.test").await?;
    second.press("form#name-form button[type=submit]").await?;
    second.wait("form#skip-form").await?;
    second.picture("p4-offer-phone").await?;
    second.press("form#skip-form button[type=submit]").await?;
    second.wait_for_url(REDIRECT).await?;
    second.close().await?;

    // The first device offers it once more, is told, and forgets it.
    sign_out(&first, &issuer).await?;
    first.open(&authorize).await?;
    first.wait("[data-gone]").await?;
    first.picture("p7-removed").await?;
    let mut left = first.credentials(&authenticator).await?;
    for _ in 0..100 {
        if left.is_empty() {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        left = first.credentials(&authenticator).await?;
    }
    ensure!(left.is_empty(), "{left:?}");
    ensure!(first.shows("form#email-form").await?, "a code still works");
    first.close().await
}
