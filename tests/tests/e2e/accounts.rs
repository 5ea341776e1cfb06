//! Two people at one computer: both stay signed in, each application gets whom it was told, and each signs
//! out alone.

use anyhow::{Context, Result, ensure};
use polder_tests::chromium::{Chromium, Look};
use polder_tests::mailbox::Mailbox;
use polder_tests::relying_party::REDIRECT;
use polder_tests::{Browser, Polder, RelyingParty, forms};
use reqwest::Method;
use serde_json::json;
use url::Url;

const ANN: &str = "ann@example.test";
const BOB: &str = "bob@example.test";

/// From an authorization request to the application, as somebody who is not signed in here yet.
async fn sign_in(browser: &Chromium, mailbox: &Mailbox, (address, name): (&str, &str)) -> Result<()> {
    mailbox.forget(address).await?;
    browser.fill("form#email-form input[type=email]", address).await?;
    browser.press("form#email-form button[type=submit]").await?;
    browser.wait("form#code-form").await?;
    browser.fill("input[autocomplete=one-time-code]", &mailbox.code(address).await?).await?;
    browser.press("form#code-form button[type=submit]").await?;
    browser.fill("form#name-form input[name=name]", name).await?;
    browser.press("form#name-form button[type=submit]").await?;
    browser.press("form#skip-form button[type=submit]").await?;
    browser.wait_for_url(REDIRECT).await.map(|_| ())
}

fn with(authorize: &Url, name: &str, value: &str) -> String {
    let mut url = authorize.clone();
    url.query_pairs_mut().append_pair(name, value);
    url.to_string()
}

/// Whom the application was told, and the ID token that says so.
async fn told(browser: &Chromium, client: &RelyingParty) -> Result<(String, String)> {
    let landed = browser.wait_for_url(REDIRECT).await?;
    let tokens = client.redeem(&client.code(&landed.parse()?)?).await?;
    let hint = tokens.id.context("an ID token")?;
    let (status, person) = client.userinfo(&tokens.access).await?;
    ensure!(status == 200, "{person}");
    Ok((person["email"].as_str().context("an address")?.to_owned(), hint))
}

#[tokio::test]
async fn e19_two_people_at_one_computer_choose_who_goes_on_and_sign_out_alone() -> Result<()> {
    let polder = Polder::start()?;
    let (mailbox, issuer) = (polder.mailbox(), polder.issuer("practice"));
    let application = polder.api().create_web_application("practice").await?;
    let client = RelyingParty::discover(&issuer, &application).await?;
    let authorize = client.authorize_url("openid profile email")?;
    let browser = Chromium::start(Look::DESKTOP).await?;

    browser.open(authorize.as_str()).await?;
    sign_in(&browser, &mailbox, (ANN, "Ann Example")).await?;
    // Somebody else, by way of the page that asks whether to go on as her.
    browser.open(&with(&authorize, "prompt", "select_account")).await?;
    browser.wait("form#continue-form").await?;
    browser.press("form#switch-form button[type=submit]").await?;
    sign_in(&browser, &mailbox, (BOB, "Bob Example")).await?;

    // Both are here: the person says who.
    for (prompt, form, address) in [("select_account", "continue-1", BOB), ("", "continue-2", ANN)] {
        let url = if prompt.is_empty() { authorize.to_string() } else { with(&authorize, "prompt", prompt) };
        browser.open(&url).await?;
        browser.wait("ul.people").await?;
        browser.picture(&format!("accounts-chooser-{form}")).await?;
        let text = browser.text().await?;
        ensure!(text.contains(ANN) && text.contains(BOB), "{text}");
        browser.press(&format!("form#{form} button[type=submit]")).await?;
        let (who, _) = told(&browser, &client).await?;
        ensure!(who == address, "{address} was chosen, and the application was told {who}");
    }
    // Without a word nobody is guessed at; with one, it is whom the application means.
    browser.open(&with(&authorize, "prompt", "none")).await?;
    let landed = browser.wait_for_url(REDIRECT).await?;
    ensure!(landed.contains("error=account_selection_required"), "{landed}");
    let mut meant = authorize.clone();
    meant.query_pairs_mut().append_pair("prompt", "none").append_pair("login_hint", BOB);
    browser.open(meant.as_str()).await?;
    let (who, hint) = told(&browser, &client).await?;
    ensure!(who == BOB, "{who}");

    // Each account's own pages, and the way between them.
    browser.open(&format!("{issuer}/account/profile")).await?;
    browser.wait("a.whose").await?;
    browser.picture("accounts-account-page").await?;
    ensure!(browser.text().await?.contains(ANN), "she was chosen last");
    browser.open(&format!("{issuer}/")).await?;
    browser.wait("ul.people").await?;
    browser.picture("accounts-home").await?;
    browser.press("form#account-2 button[type=submit]").await?;
    browser.wait("body.account").await?;
    ensure!(browser.text().await?.contains(BOB), "{}", browser.text().await?);

    // The application signs Bob out, and nobody else.
    let mut end: Url = format!("{issuer}/end_session").parse()?;
    end.query_pairs_mut().append_pair("id_token_hint", &hint);
    browser.open(end.as_str()).await?;
    browser.wait("main.card h1").await?;
    browser.picture("accounts-signed-out").await?;
    browser.open(&with(&authorize, "prompt", "none")).await?;
    let (who, _) = told(&browser, &client).await?;
    ensure!(who == ANN, "{who}");
    browser.close().await
}

#[tokio::test]
async fn e18_a_customer_limits_sessions_by_the_public_api() -> Result<()> {
    let polder = Polder::start()?;
    let (api, mailbox, issuer) = (polder.api(), polder.mailbox(), polder.issuer("practice"));
    let application = api.create_web_application("practice").await?;
    let client = RelyingParty::discover(&issuer, &application).await?;
    let authorize = client.authorize_url("openid")?;
    Browser::new().sign_in(&authorize, &mailbox, ANN).await?;
    let limit = json!({ "session_limit": 1, "at_session_limit": "refuse" });
    let (status, settings) = api.call(Method::PATCH, "/tenants/practice/settings", Some(limit)).await?;
    ensure!(status == 200 && settings["session_limit"] == 1, "{status} {settings}");
    let (status, refused) =
        api.call(Method::PATCH, "/tenants/practice/settings", Some(json!({ "session_limit": 5000 }))).await?;
    ensure!(status == 422, "{status} {refused}");
    let document = api.get("/openapi.json").await?;
    let known = &document["components"]["schemas"]["SettingsChanges"]["properties"];
    ensure!(known["session_limit"].is_object() && known["at_session_limit"].is_object(), "{known}");
    let events = api.get("/tenants/practice/audit-events").await?;
    ensure!(events.to_string().contains("settings.changed"), "{events}");

    // One more has to wait until the first one ends.
    let phone = Browser::new();
    let page = phone.open(&authorize).await?.page()?;
    let form = forms::form_with(&page.html, "input[type=email]").context("a form for the address")?;
    mailbox.forget(ANN).await?;
    let page = phone.submit(&page, &form, &[("email", ANN)]).await?.page()?;
    let form = forms::form(&page.html, "form#code-form").context("a form for the code")?;
    let page = phone.submit(&page, &form, &[("code", &mailbox.code(ANN).await?)]).await?.page()?;
    let form = forms::form(&page.html, "form#end-1").with_context(|| page.html.clone())?;
    let landed = phone.submit(&page, &form, &[]).await?;
    let answer = phone.skip_offer(landed).await?.elsewhere()?;
    client.redeem(&client.code(&answer)?).await?;
    Ok(())
}
