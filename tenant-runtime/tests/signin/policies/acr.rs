//! Contexts that applications ask for, and what their tokens say (B86, RFC 9470).

use serde_json::json;

use super::{ANN, Asked, asked};
use crate::browser::{Browser, has_code};
use crate::passkeys::authenticator::Twist;
use crate::passkeys::{sign_in, with_passkey};
use crate::tenant::Tenant;

/// The `acr` that the newest code stands for.
async fn answered(tenant: &Tenant) -> String {
    let mut tx = tenant.app.db.read().await.unwrap();
    let sql = "SELECT request FROM authorization_code ORDER BY created_at DESC, grant_id DESC LIMIT 1";
    let bound = tx.optional(sql, &[], |row| row.text("request")).await.unwrap().unwrap();
    serde_json::from_str::<serde_json::Value>(&bound).unwrap()["acr"].as_str().unwrap().to_owned()
}

fn insisting(values: &serde_json::Value) -> String {
    let claims = json!({ "id_token": { "acr": { "essential": true, "values": values } } }).to_string();
    format!("&{}", serde_urlencoded::to_string([("claims", claims)]).unwrap())
}

#[tokio::test]
async fn a16_wishes_that_nobody_knows_never_cause_an_error() {
    let tenant = Tenant::start().await;
    let mut browser = Browser::default();
    let page = browser.authorize(&tenant, "&acr_values=1%202").await;
    assert!(has_code(&browser.finish(&tenant, page, ANN).await));
    assert_eq!(answered(&tenant).await, "urn:polder:acr:email");
    tenant.advance(1);
    assert!(has_code(&browser.authorize(&tenant, "&acr_values=urn:polder:acr:email%20mfa").await), "one will do");
    assert_eq!(answered(&tenant).await, "urn:polder:acr:email");
}

#[tokio::test]
async fn b86_a_context_that_no_sign_in_reaches_is_refused_and_says_so() {
    let tenant = Tenant::start().await;
    let mut browser = Browser::default();
    for values in [json!(["urn:mace:incommon:iap:silver"]), json!(["", "x"])] {
        let answer = browser.authorize(&tenant, &insisting(&values)).await;
        assert!(answer.location().contains("error=unmet_authentication_requirements"), "{}", answer.location());
        assert!(answer.location().contains("state=the-state") && answer.location().contains("iss="));
    }
    let malformed = browser.authorize(&tenant, "&claims=%5B%5D").await;
    assert!(malformed.location().contains("error=invalid_request"), "A26: {}", malformed.location());
    let page = browser.authorize(&tenant, &insisting(&json!(["x", "urn:polder:acr:mfa"]))).await;
    assert_eq!(asked(&browser.finish(&tenant, page, ANN).await), Asked::NewFactor, "one of them can be reached");
}

#[tokio::test]
async fn b86_a_stronger_sign_in_meets_a_weaker_wish_and_is_told_in_its_words() {
    let tenant = Tenant::start().await;
    let (_, mut key) = with_passkey(&tenant, ANN).await;
    tenant.advance(1);
    let mut browser = Browser::default();
    assert!(has_code(&sign_in(&tenant, &mut browser, &mut key, &Twist::default()).await));
    for (more, acr) in [
        (String::new(), "urn:polder:acr:passkey"),
        ("&acr_values=mfa".into(), "mfa"),
        ("&acr_values=urn:polder:acr:mfa%20phr".into(), "phr"),
        ("&acr_values=phr%20urn:polder:acr:passkey".into(), "phr"),
        (insisting(&json!(["urn:polder:acr:email"])), "urn:polder:acr:email"),
        (insisting(&json!(["urn:polder:acr:mfa", "urn:polder:acr:passkey"])), "urn:polder:acr:passkey"),
    ] {
        tenant.advance(1);
        assert!(has_code(&browser.authorize(&tenant, &format!("{more}&prompt=none")).await), "{more}");
        assert_eq!(answered(&tenant).await, acr, "{more}");
    }
}
