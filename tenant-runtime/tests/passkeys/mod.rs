//! Passkeys, as a browser with an authenticator and as an attacker with a program see them.

mod account;
pub mod authenticator;
mod register;
mod session_limit;
mod sign_in;
mod vectors;
mod well_known;

use serde_json::Value;

use crate::browser::{Browser, Form, form};
use crate::tenant::{Answer, Tenant};
use authenticator::{Authenticator, Key, Twist};

/// Somebody who signs in by code and is offered a passkey.
pub async fn offered(tenant: &Tenant, address: &str) -> (Browser, Answer) {
    let mut browser = Browser { takes_offers: true, ..Browser::default() };
    let page = browser.sign_in(tenant, address).await;
    (browser, page)
}

/// Somebody with a passkey, made right after signing in by code, in the browser they made it in.
pub async fn with_passkey(tenant: &Tenant, address: &str) -> (Browser, Key) {
    let (mut browser, page) = offered(tenant, address).await;
    let (answer, key) = accept(tenant, &mut browser, &page, &Authenticator::default(), &Twist::default()).await;
    assert!(crate::browser::has_code(&answer), "{} {}", answer.status, answer.body);
    (browser, key)
}

/// Takes the offer on `page` with an authenticator.
pub async fn accept(
    tenant: &Tenant,
    browser: &mut Browser,
    page: &Answer,
    authenticator: &Authenticator,
    twist: &Twist,
) -> (Answer, Key) {
    let options = options(tenant, browser, page, &[]).await;
    let (credential, key) = authenticator.create(&options, twist);
    let answer = browser.post(tenant, &form(page, "passkey-form"), &[("credential", &credential)]).await;
    (browser.follow(tenant, answer).await, key)
}

/// What a page's script gets to ask the browser for.
pub async fn options(tenant: &Tenant, browser: &mut Browser, page: &Answer, more: &[(&str, &str)]) -> Value {
    let answer = ask(tenant, browser, page, more).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    serde_json::from_str(&answer.body).unwrap()
}

pub async fn ask(tenant: &Tenant, browser: &mut Browser, page: &Answer, more: &[(&str, &str)]) -> Answer {
    let action = page.body.split("data-options=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    browser.post(tenant, &Form { action, ..form(page, "passkey-form") }, more).await
}

/// Signs in with a key in a browser that knows nobody, and gives the last answer.
pub async fn sign_in(tenant: &Tenant, browser: &mut Browser, key: &mut Key, twist: &Twist) -> Answer {
    let page = browser.authorize(tenant, "&prompt=login").await;
    prove(tenant, browser, &page, key, twist).await
}

/// Proves a key on a page that asks for an address.
pub async fn prove(tenant: &Tenant, browser: &mut Browser, page: &Answer, key: &mut Key, twist: &Twist) -> Answer {
    let options = options(tenant, browser, page, &[]).await;
    let credential = key.get(&options, twist);
    let answer = browser.post(tenant, &form(page, "passkey-form"), &[("credential", &credential)]).await;
    browser.follow(tenant, answer).await
}

/// `amr` and `acr` of the newest session.
pub async fn newest_session(tenant: &Tenant) -> (String, String) {
    let mut tx = tenant.app.db.read().await.unwrap();
    let sql = "SELECT amr, acr FROM session ORDER BY authenticated_at DESC, created_at DESC LIMIT 1";
    tx.optional(sql, &[], |row| Ok((row.text("amr")?, row.text("acr")?))).await.unwrap().unwrap()
}
