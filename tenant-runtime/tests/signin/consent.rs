//! Consent to applications of somebody else (B97).

use std::sync::Arc;

use polder_tenant_api::{Access, NewApplication};

use crate::browser::{Browser, form, has_code, has_form};
use crate::tenant::{Answer, Tenant, person, web};

async fn of_others(tenant: &Tenant) -> String {
    let new = NewApplication { third_party: true, ..web("Fitness Pal", Access::Everyone) };
    let application = tenant.application(new).await;
    assert!(application.third_party);
    application.client_id.to_string()
}

/// Ann, signed in, at the page that asks.
async fn asked(tenant: &Tenant, client: &str) -> (Browser, Answer) {
    tenant.person(person("ann@example.test", Some("Ann"), &[])).await;
    let mut browser = Browser::default();
    assert!(has_code(&browser.sign_in(tenant, "ann@example.test").await));
    let page = browser.authorize_at(tenant, client, "").await;
    assert_eq!(page.status, 200, "{}", page.body);
    assert!(has_form(&page, "consent-form"), "{}", page.body);
    (browser, page)
}

#[tokio::test]
async fn b97_the_page_names_client_origin_scopes_and_account_and_is_asked_once() {
    let tenant = Tenant::start().await;
    let client = of_others(&tenant).await;
    let (mut browser, page) = asked(&tenant, &client).await;
    for said in ["Fitness Pal", "app.example.test", "e-mail address", "name and language", "Ann", "@example.test"] {
        assert!(page.body.contains(said), "{said} is missing: {}", page.body);
    }
    assert!(has_form(&page, "switch-form") && has_form(&page, "cancel-form"));
    assert!(has_code(&browser.post(&tenant, &form(&page, "consent-form"), &[]).await));
    assert_eq!(tenant.audited("consent.given").await, 1);
    assert!(has_code(&browser.authorize_at(&tenant, &client, "").await), "remembered");
    assert!(has_code(&browser.authorize_at(&tenant, &client, "&prompt=none").await));
    // The tenant's own application never asks.
    assert!(has_code(&browser.authorize(&tenant, "").await));
}

#[tokio::test]
async fn b97_silence_is_refused_and_no_is_an_answer() {
    let tenant = Tenant::start().await;
    let client = of_others(&tenant).await;
    let (mut browser, page) = asked(&tenant, &client).await;
    let silent = browser.authorize_at(&tenant, &client, "&prompt=none").await;
    assert!(silent.location().contains("error=consent_required"), "{}", silent.location());
    let refused = browser.post(&tenant, &form(&page, "cancel-form"), &[]).await;
    assert!(refused.location().contains("error=access_denied"), "{}", refused.location());
    assert!(has_form(&browser.authorize_at(&tenant, &client, "").await, "consent-form"));
    assert_eq!(tenant.count("SELECT COUNT(*) AS n FROM consent").await, 0);
}

#[tokio::test]
async fn b97_more_than_was_agreed_to_and_prompt_consent_ask_again() {
    let tenant = Tenant::start().await;
    let client = of_others(&tenant).await;
    let (mut browser, page) = asked(&tenant, &client).await;
    browser.post(&tenant, &form(&page, "consent-form"), &[]).await;
    let wider = crate::browser::authorize_url(&client, crate::tenant::CALLBACK, "")
        .replace("scope=openid+profile+email", "scope=openid+profile+email+roles");
    let answer = browser.get(&tenant, &wider).await;
    let page = browser.follow(&tenant, answer).await;
    assert!(has_form(&page, "consent-form"), "{}", page.body);
    assert!(has_code(&browser.post(&tenant, &form(&page, "consent-form"), &[]).await));
    tenant.advance(60);
    let page = browser.authorize_at(&tenant, &client, "&prompt=consent").await;
    assert!(has_form(&page, "consent-form"));
    assert!(!has_code(&browser.post(&tenant, &form(&page, "consent-form"), &[("person", "x")]).await));
    assert!(has_code(&browser.post(&tenant, &form(&page, "consent-form"), &[]).await));
    // One holds, and what was agreed to before stays on record (P8).
    assert_eq!(tenant.count("SELECT COUNT(*) AS n FROM consent WHERE ended_at IS NULL").await, 1);
    assert_eq!(tenant.count("SELECT COUNT(*) AS n FROM consent WHERE ended_reason = 'replaced'").await, 2);
}

#[tokio::test]
async fn b98_consent_counts_for_the_person_on_the_page_in_the_browser_that_saw_it() {
    let tenant = Tenant::start().await;
    let client = of_others(&tenant).await;
    let (browser, page) = asked(&tenant, &client).await;
    // A stranger's browser with the same form.
    let mut stranger = Browser::default();
    let answer = stranger.post(&tenant, &form(&page, "consent-form"), &[]).await;
    assert!(!has_code(&answer), "{answer:?}");
    // The same browser after somebody else signed in: Ann's page agrees to nothing for Bob.
    tenant.person(person("bob@example.test", Some("Bob"), &[])).await;
    let mut shared = browser;
    tenant.advance(1);
    let again = shared.authorize(&tenant, "&prompt=login").await;
    shared.finish(&tenant, again, "bob@example.test").await;
    let answer = shared.post(&tenant, &form(&page, "consent-form"), &[]).await;
    assert!(!has_code(&answer), "{answer:?}");
    assert_eq!(tenant.count("SELECT COUNT(*) AS n FROM consent").await, 0);
}

#[tokio::test]
async fn b97_b98_pressing_continue_or_reloading_agrees_to_nothing() {
    let tenant = Tenant::start().await;
    let client = of_others(&tenant).await;
    let (mut browser, page) = asked(&tenant, &client).await;
    let go_on = crate::browser::Form { action: "/signin/continue".into(), ..form(&page, "consent-form") };
    assert!(!has_code(&browser.post(&tenant, &go_on, &[]).await));
    assert_eq!(tenant.count("SELECT COUNT(*) AS n FROM consent").await, 0);
}

#[tokio::test]
async fn p8_b97_a_withdrawn_consent_ends_what_the_application_holds_and_is_asked_again() {
    let tenant = Tenant::start().await;
    let client = of_others(&tenant).await;
    let (mut browser, page) = asked(&tenant, &client).await;
    assert!(has_code(&browser.post(&tenant, &form(&page, "consent-form"), &[]).await));
    assert_eq!(tenant.count("SELECT COUNT(*) AS n FROM authorization_code WHERE used_at IS NULL").await, 2);
    let (app, application) = (Arc::clone(&tenant.app), client.parse().unwrap());
    let withdrawn = tenant.app.db.write(move |tx| {
        Box::pin(async move {
            let sql = "SELECT user_id FROM consent WHERE ended_at IS NULL";
            let user = tx.optional(sql, &[], |row| row.id("user_id")).await?.unwrap();
            let now = app.clock.now();
            polder_tenant_runtime::store::consents::withdraw(tx, user, application, now).await
        })
    });
    assert!(withdrawn.await.unwrap());
    // The code that waited is dead; the one of another application is not.
    assert_eq!(tenant.count("SELECT COUNT(*) AS n FROM authorization_code WHERE used_at IS NULL").await, 1);
    assert!(has_form(&browser.authorize_at(&tenant, &client, "").await, "consent-form"));
    assert_eq!(tenant.count("SELECT COUNT(*) AS n FROM consent WHERE ended_reason = 'withdrawn'").await, 1);
}
