//! The console in a real browser: the first owner, a tenant made with live progress, an application
//! whose secret is shown once.

use anyhow::{Context, Result, ensure};
use polder_tests::chromium::{Chromium, Look};
use polder_tests::mailbox::Mailbox;
use polder_tests::{Browser, Polder, forms};
use reqwest::Method;
use url::Url;

const OWNER: &str = "owner@example.test";

/// The one-time link that the first start printed.
fn invitation(polder: &Polder) -> Result<String> {
    let printed = std::fs::read_to_string(polder.log())?;
    let link =
        printed.split_whitespace().find(|word| word.contains("/invitation/")).context("no invitation was printed")?;
    Ok(link.to_owned())
}

/// The first owner, by the link of the first start, signed in to the console.
pub async fn become_owner(browser: &Chromium, polder: &Polder, mailbox: &Mailbox) -> Result<()> {
    browser.open(&invitation(polder)?).await?;
    browser.picture("c1-invitation").await?;
    browser.fill("input[name=name]", "Olga Owner").await?;
    browser.fill("input[name=email]", OWNER).await?;
    if browser.shows("input[name=organisation]").await? {
        browser.fill("input[name=organisation]", "Example Ltd").await?;
    }
    mailbox.forget(OWNER).await?;
    browser.press("main form button[type=submit]").await?;
    // At the tenant `platform`, like anybody's people anywhere.
    // The form by its id: the invitation's own page asks for an address too.
    browser.wait("form#email-form, form#code-form").await?;
    if browser.shows("form#email-form").await? {
        browser.press("form#email-form button[type=submit]").await?;
    }
    browser.wait("form#code-form").await?;
    browser.fill("input[autocomplete=one-time-code]", &mailbox.code(OWNER).await?).await?;
    browser.press("form#code-form button[type=submit]").await?;
    // A passkey is offered.
    browser.wait("form#skip-form, a[href='/tenants/new']").await?;
    if browser.shows("form#skip-form").await? {
        browser.press("form#skip-form button[type=submit]").await?;
    }
    Ok(())
}

#[tokio::test]
async fn k10_the_first_owner_makes_a_tenant_and_an_application() -> Result<()> {
    let polder = Polder::start()?;
    let mailbox = polder.mailbox();
    let console = polder.address("console");
    let browser = Chromium::start(Look::DESKTOP).await?;
    browser.open(&console).await?;
    browser.picture("c0-signed-out").await?;
    become_owner(&browser, &polder, &mailbox).await?;
    browser.wait("a[href='/tenants/new']").await?;
    browser.picture("c2-tenants").await?;

    browser.open(&format!("{console}/tenants/new")).await?;
    browser.fill("input[name=name]", "Acme").await?;
    browser.fill("input[name=slug]", "acme").await?;
    browser.picture("c3-new-tenant").await?;
    browser.press("main form button[type=submit]").await?;
    // The progress page, or the tenant itself if that was quicker.
    browser.wait("main:not(:has(input[name=slug]))").await?;
    browser.picture("c4-progress").await?;
    // The page follows the steps by itself and ends on the tenant, or offers the way there.
    let mut running = false;
    for _ in 0..200 {
        if polder.api().get("/tenants/acme").await?["state"] == "running" {
            running = true;
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(25)).await;
    }
    ensure!(running, "the tenant does not come up");
    browser.open(&format!("{console}/tenants/acme")).await?;
    browser.wait("a[href='/tenants/acme/applications']").await?;
    browser.picture("c5-tenant").await?;

    browser.open(&format!("{console}/tenants/acme/applications/new")).await?;
    browser.fill("input[name=name]", "Shop").await?;
    browser.fill("textarea[name=redirect_uris]", "http://localhost:3000/callback").await?;
    browser.picture("c6-new-application").await?;
    browser.press("main form button[type=submit]").await?;
    browser.wait("pre").await?;
    browser.picture("c7-application-created").await?;
    let text = browser.text().await?;
    let made = polder.api().get("/tenants/acme/applications").await?;
    let client_id = made["items"][0]["client_id"].as_str().context("an application")?;
    assert!(text.contains(client_id) && text.contains("openid-client") && text.contains("Authlib"), "{text}");
    let secret = text.split_whitespace().find(|word| word.len() == 43 && !word.contains('.')).map(str::to_owned);
    let secret = secret.with_context(|| format!("no secret on the page:\n{text}"))?;
    browser.open(&format!("{console}/tenants/acme/applications/{client_id}")).await?;
    browser.wait("main form").await?;
    browser.picture("c8-application").await?;
    assert!(!browser.page.source().await?.contains(&secret), "the secret is shown once");

    for (page, picture) in [("users", "c9-people"), ("audit", "c10-audit")] {
        browser.open(&format!("{console}/tenants/acme/{page}")).await?;
        browser.wait("main h1, main h2").await?;
        browser.picture(picture).await?;
    }
    // The same on a phone, in the dark, in Dutch.
    let phone = Chromium::start(Look::PHONE).await?;
    phone.open(&console).await?;
    phone.picture("p0-signed-out").await?;
    phone.close().await?;
    browser.close().await
}

#[tokio::test]
async fn g22_the_invitation_works_once_and_strangers_have_no_access() -> Result<()> {
    let polder = Polder::start()?;
    let mailbox = polder.mailbox();
    let link = Url::parse(&invitation(&polder)?)?;
    let first = Chromium::start(Look::DESKTOP).await?;
    become_owner(&first, &polder, &mailbox).await?;
    first.wait("a[href='/tenants/new']").await?;
    first.close().await?;

    let second = Browser::new();
    let page = second.open(&link).await?.page()?;
    assert!(forms::shows(&page.html, "#token-problem"), "{}", page.html);
    let form = forms::form_with(&page.html, "input[name=email]").context("the form")?;
    let again =
        [("name", "Eve"), ("email", "eve@example.test"), ("token", link.path().rsplit('/').next().unwrap_or_default())];
    let refused = second.submit(&page, &form, &again).await?.page()?;
    assert!(refused.status.is_client_error(), "{}", refused.status);
    // The customer's tenant at the console is not open to sign-up: no code goes to a stranger.
    let console = Url::parse(&polder.address("console"))?;
    let landed = second.open(&console.join("/signin")?).await?;
    let page = second.open(&landed.elsewhere()?).await?.page()?;
    let form = forms::form_with(&page.html, "input[type=email]").context("the e-mail form")?;
    let page = second.submit(&page, &form, &[("email", "stranger@example.test")]).await?.page()?;
    assert!(forms::shows(&page.html, "input[autocomplete=one-time-code]"), "d10: the page is the same");
    tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    assert!(mailbox.messages("stranger@example.test").await?.is_empty());

    // Without a session every page of the console leads to sign-in, and every form is refused.
    for path in ["/tenants/new", "/tenants/practice", "/tenants/practice/users", "/tenants/practice/audit", "/api-keys"]
    {
        let answer = second.http.get(console.join(path)?).send().await?;
        assert_eq!(answer.status(), 303, "{path}");
    }
    for path in ["/tenants", "/tenants/practice/applications", "/api-keys"] {
        let answer = second.http.request(Method::POST, console.join(path)?).form(&[("name", "x")]).send().await?;
        assert!([303, 401, 403].contains(&answer.status().as_u16()), "{path}: {}", answer.status());
    }
    Ok(())
}
