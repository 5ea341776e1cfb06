//! What a tenant and its applications ask of people who sign in: every rule at every way in, as people
//! and as attackers come (B86, C26, D10, D13, E04, E05).

mod acr;
mod enrol;
mod sessions;
mod sign_up;
mod way_back;
mod ways_in;

use polder_tenant_api::{Access, NewApplication, Preferences};
use serde_json::{Value, json};

use crate::admin::caller::call;
use crate::browser::{Browser, form, has_form};
use crate::tenant::{Answer, Tenant, web};

const ANN: &str = "ann@example.test";

/// Changes settings, as an administrator.
async fn choose(tenant: &Tenant, changes: Value) {
    let (status, answer) = call(tenant, "PATCH", "/settings", Some(changes)).await;
    assert_eq!(status, 200, "{answer}");
}

/// An application with these preferences.
async fn application(tenant: &Tenant, preferences: Value) -> String {
    let preferences: Preferences = serde_json::from_value(preferences).unwrap();
    let new = NewApplication { preferences, ..web("Vault", Access::Everyone) };
    tenant.application(new).await.client_id.to_string()
}

/// An application that everybody may use, and that asks for nothing of its own.
async fn lax(tenant: &Tenant) -> String {
    application(tenant, json!({})).await
}

/// Goes on to the application, over the question for a name.
async fn through(tenant: &Tenant, browser: &mut Browser, answer: Answer) -> Answer {
    let answer = browser.follow(tenant, answer).await;
    if !has_form(&answer, "name-form") {
        return answer;
    }
    let answer = browser.post(tenant, &form(&answer, "name-form"), &[("name", "Ann Example")]).await;
    browser.follow(tenant, answer).await
}

/// What a page asks somebody to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Asked {
    Address,
    AppCode,
    Passkey,
    NewPasskey,
    NewFactor,
    Nothing,
}

fn asked(page: &Answer) -> Asked {
    let makes = page.body.contains("/signin/enrol/options");
    match () {
        () if has_form(page, "email-form") => Asked::Address,
        () if has_form(page, "totp-form") && page.body.contains("/signin/second-step") => Asked::AppCode,
        () if makes && has_form(page, "app-form") => Asked::NewFactor,
        () if makes => Asked::NewPasskey,
        () if page.body.contains("action=\"/signin/passkey\"") => Asked::Passkey,
        () => Asked::Nothing,
    }
}
