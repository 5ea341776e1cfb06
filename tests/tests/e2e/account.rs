//! A person runs their own account in a real browser: second step, recovery codes, devices, address, data,
//! and leaving.

use anyhow::{Context, Result, ensure};
use polder_crypto::TotpSecret;
use polder_kernel::Clock;
use polder_tests::browser::{Landed, Page};
use polder_tests::chromium::{Chromium, Look};
use polder_tests::mailbox::{Mailbox, Message};
use polder_tests::{Browser, Polder, RelyingParty, forms};
use serde_json::Value;
use url::Url;

const ANN: &str = "ann@example.test";
const NEW: &str = "ann@new.test";

/// The key on the page with the picture.
pub fn secret(shown: &str) -> Result<TotpSecret> {
    let (mut bytes, mut held, mut bits) = (Vec::new(), 0_u32, 0);
    for letter in shown.chars().filter(|c| !c.is_whitespace()) {
        let value = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".find(letter).context("a letter of base32")?;
        held = (held << 5) | u32::try_from(value)?;
        bits += 5;
        if bits >= 8 {
            bits -= 8;
            bytes.push(u8::try_from((held >> bits) & 0xff)?);
        }
    }
    TotpSecret::from_bytes(&bytes).context("160 bits")
}

/// A code that was not used yet: the app's next one is accepted as well, so nobody waits half a minute.
pub fn code(secret: &TotpSecret, ahead: i64) -> String {
    secret.code(TotpSecret::step_at(Clock::System.now()) + ahead).expose().clone()
}

/// Gives the address and the mailed code on whatever sign-in page is shown.
async fn prove_address(chromium: &Chromium, mailbox: &Mailbox, address: &str) -> Result<()> {
    mailbox.forget(address).await?;
    chromium.fill("form#email-form input[type=email]", address).await?;
    chromium.press("form#email-form button[type=submit]").await?;
    chromium.wait("form#code-form").await?;
    chromium.fill("input[autocomplete=one-time-code]", &mailbox.code(address).await?).await?;
    chromium.press("form#code-form button[type=submit]").await
}

/// A browser without scripts, up to what follows the mailed code.
async fn to_second_step(browser: &Browser, start: &Url, mailbox: &Mailbox, address: &str) -> Result<Page> {
    let page = browser.open(start).await?.page()?;
    let form = forms::form_with(&page.html, "input[type=email]").context("a form for the address")?;
    mailbox.forget(address).await?;
    let page = browser.submit(&page, &form, &[("email", address)]).await?.page()?;
    let form = forms::form(&page.html, "form#code-form").context("a form for the code")?;
    browser.submit(&page, &form, &[("code", &mailbox.code(address).await?)]).await?.page()
}

/// Goes on with a recovery code.
async fn recover(browser: &Browser, page: &Page, code: &str) -> Result<Landed> {
    ensure!(forms::shows(&page.html, "form#totp-form"), "no second step on:\n{}", page.html);
    let mut link = page.url.clone();
    link.query_pairs_mut().append_pair("with", "recovery");
    let page = browser.open(&link).await?.page()?;
    let form = forms::form(&page.html, "form#recovery-form").context("a form for a recovery code")?;
    browser.submit(&page, &form, &[("recovery", code)]).await
}

/// The newest mail to somebody whose subject has these words.
async fn mail_about(mailbox: &Mailbox, to: &str, words: &str) -> Result<Message> {
    for _ in 0..100 {
        if let Some(found) = mailbox.messages(to).await?.into_iter().find(|mail| mail.subject.contains(words)) {
            return Ok(found);
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    anyhow::bail!("no mail to {to} about {words}")
}

#[tokio::test]
async fn p4_e10_d17_d19_h02_h04_a_person_runs_their_own_account() -> Result<()> {
    let polder = Polder::start()?;
    let (mailbox, issuer) = (polder.mailbox(), polder.issuer("practice"));
    let application = polder.api().create_web_application("practice").await?;
    let client = RelyingParty::discover(&issuer, &application).await?;
    let chromium = Chromium::start(Look::DESKTOP).await?;

    // In, by way of the account itself.
    chromium.open(&format!("{issuer}/account")).await?;
    prove_address(&chromium, &mailbox, ANN).await?;
    chromium.fill("form#name-form input[name=name]", "Ann Example").await?;
    chromium.press("form#name-form button[type=submit]").await?;
    chromium.wait("form#skip-form").await?;
    chromium.press("form#skip-form button[type=submit]").await?;
    chromium.wait("body.account").await?;
    chromium.picture("account-overview").await?;

    // An authenticator app.
    chromium.open(&format!("{issuer}/account/second-factor")).await?;
    chromium.press("form#set-up-form button").await?;
    let shown = chromium.wait("#totp-secret").await?.text().await?;
    chromium.picture("account-set-up").await?;
    let app = secret(&shown)?;
    chromium.fill("form#totp-form input[name=code]", &code(&app, 0)).await?;
    chromium.press("form#totp-form button[type=submit]").await?;
    mail_about(&mailbox, ANN, "Second step switched on").await?;

    // Codes on paper, once the app has been used to sign in.
    chromium.press("form#make-form button").await?;
    prove_address(&chromium, &mailbox, ANN).await?;
    chromium.fill("form#totp-form input[name=code]", &code(&app, 1)).await?;
    chromium.press("form#totp-form button[type=submit]").await?;
    chromium.press("form#make-form button").await?;
    chromium.wait("ol.codes").await?;
    chromium.picture("account-recovery-codes").await?;
    let html = chromium.page.source().await?;
    let codes: Vec<String> = forms::text(&html, "ol.codes").context("codes")?.split(' ').map(str::to_owned).collect();
    ensure!(codes.len() == 10, "{codes:?}");

    // Another device, in an application, by a recovery code; that code works once.
    let phone = Browser::new();
    let page = to_second_step(&phone, &client.authorize_url("openid offline_access")?, &mailbox, ANN).await?;
    let answer = recover(&phone, &page, &codes[0]).await?.elsewhere()?;
    let tokens = client.redeem(&client.code(&answer)?).await?;
    ensure!(client.introspect(&tokens.access).await?["active"] == true);
    let thief = Browser::new();
    let page = to_second_step(&thief, &client.authorize_url("openid")?, &mailbox, ANN).await?;
    let refused = recover(&thief, &page, &codes[0]).await?.page()?;
    ensure!(refused.status == 422, "a recovery code worked twice");
    mail_about(&mailbox, ANN, "Recovery code used").await?;

    // That device is ended, and the application knows at once.
    chromium.open(&format!("{issuer}/account/sessions")).await?;
    chromium.picture("account-devices").await?;
    chromium.press("form#end-others-form button").await?;
    chromium.wait("p[role=status]").await?;
    ensure!(client.introspect(&tokens.access).await?["active"] == false, "the token outlived its device");
    let refresh = tokens.refresh.as_deref().context("a refresh token")?;
    ensure!(client.try_refresh(refresh).await?.0 == 400, "so did the refresh token");

    // Another address, and back by the link in the mail to the old one.
    chromium.open(&format!("{issuer}/account/email")).await?;
    mailbox.forget(NEW).await?;
    chromium.fill("form#email-form input[type=email]", NEW).await?;
    chromium.press("form#email-form button[type=submit]").await?;
    chromium.wait("form#code-form").await?;
    chromium.fill("form#code-form input[name=code]", &mailbox.code(NEW).await?).await?;
    chromium.press("form#code-form button[type=submit]").await?;
    chromium.wait("p[role=status]").await?;
    let told = mail_about(&mailbox, ANN, "was changed").await?;
    let link = told.text.split_whitespace().find(|word| word.contains("/account/email/undo")).context("a link")?;
    let owner = Browser::new();
    let page = owner.open(&link.parse()?).await?.page()?;
    let form = forms::form(&page.html, "form#undo-form").context("a form to undo")?;
    let page = owner.submit(&page, &form, &[]).await?.page()?;
    ensure!(page.status.is_success(), "{}", page.html);
    chromium.open(&format!("{issuer}/account")).await?;
    chromium.wait("form#email-form").await?;

    // Everything to take along, and then everything gone.
    let account: Url = format!("{issuer}/account/data").parse()?;
    let page = to_second_step(&owner, &account, &mailbox, ANN).await?;
    let page = recover(&owner, &page, &codes[1]).await?.page()?;
    let form = forms::form(&page.html, "form#download-form").with_context(|| page.html.clone())?;
    let answer = owner.post(&page, &form, &[]).await?;
    ensure!(answer.headers()["content-disposition"].to_str()?.starts_with("attachment"));
    let file: Value = answer.json().await?;
    ensure!(file["format"] == "polder.account/1" && file["profile"]["email"] == ANN, "{file}");
    let text = file.to_string();
    ensure!(!text.contains(&shown.replace(' ', "")) && !codes.iter().any(|code| text.contains(code)), "no secrets");
    let page = owner.open(&format!("{issuer}/account/delete").parse()?).await?.page()?;
    let form = forms::form(&page.html, "form#delete-form").with_context(|| page.html.clone())?;
    let page = owner.submit(&page, &form, &[("confirm", "delete")]).await?.page()?;
    ensure!(page.status.is_success() && !forms::shows(&page.html, "form"), "{}", page.html);
    let stranger = Browser::new();
    let page = to_second_step(&stranger, &account, &mailbox, ANN).await?;
    ensure!(forms::shows(&page.html, "form#name-form"), "the address begins anew:\n{}", page.html);
    chromium.close().await
}
