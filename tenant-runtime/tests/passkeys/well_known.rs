//! The well-known addresses that belong to passkeys.

use serde_json::{Value, json};

use crate::browser::Browser;
use crate::tenant::{ISSUER, Tenant};

#[tokio::test]
async fn c30_c31_documents_are_json_at_their_own_address() {
    let tenant = Tenant::start().await;
    let page = format!("{ISSUER}/account/passkeys");
    for (path, expected) in [
        ("/.well-known/webauthn", json!({ "origins": [ISSUER] })),
        ("/.well-known/passkey-endpoints", json!({ "enroll": page, "manage": page })),
    ] {
        let answer = Browser::default().get(&tenant, path).await;
        assert_eq!((answer.status, answer.header("content-type")), (200, Some("application/json")), "{path}");
        assert_eq!(serde_json::from_str::<Value>(&answer.body).unwrap(), expected);
    }
}

#[tokio::test]
async fn c32_change_password_leads_to_the_account_and_unknown_addresses_nowhere() {
    let tenant = Tenant::start().await;
    let answer = Browser::default().get(&tenant, "/.well-known/change-password").await;
    assert_eq!((answer.status, answer.location()), (303, "/account/passkeys"));
    let none = "/.well-known/resource-that-should-not-exist-whose-status-code-should-not-be-200";
    assert_eq!(Browser::default().get(&tenant, none).await.status, 404);
}
