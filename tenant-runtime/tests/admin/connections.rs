//! Connections through the admin API: what is taken, what is shown, and what is refused.

use serde_json::{Value, json};

use super::caller::call;
use crate::browser::Browser;
use crate::tenant::Tenant;

const SECRET: &str = "hush-hush-at-the-provider";

fn google() -> Value {
    json!({ "provider": "google", "client_id": "id.apps.example", "client_secret": SECRET })
}

#[tokio::test]
async fn k5_a_secret_goes_in_and_never_comes_out() {
    let tenant = Tenant::start().await;
    let (status, made) = call(&tenant, "POST", "/connections", Some(google())).await;
    assert_eq!((status, &made["name"], &made["has_secret"]), (201, &json!("Google"), &json!(true)));
    let id = made["id"].as_str().unwrap();
    assert_eq!(made["redirect_uri"], format!("https://login.example.test/signin/callback/{id}"));
    let hosts = made["hosts"].as_array().unwrap();
    assert!(hosts.contains(&json!("accounts.google.com")) && hosts.contains(&json!("oauth2.googleapis.com")));
    let path = format!("/connections/{id}");
    let (status, changed) =
        call(&tenant, "PATCH", &path, Some(json!({ "name": "Werk", "client_secret": "another-hush" }))).await;
    assert_eq!((status, &changed["name"]), (200, &json!("Werk")));
    let (_, listed) = call(&tenant, "GET", "/connections", None).await;
    let (_, shown) = call(&tenant, "GET", &path, None).await;
    assert_eq!(listed["items"][0], shown);
    for answer in [made.clone(), changed, shown] {
        assert!(!answer.to_string().contains("hush"), "{answer}");
    }
    let plain = "SELECT COUNT(*) AS n FROM connection WHERE secret_sealed = 'hush-hush-at-the-provider' \
                 OR secret_sealed = 'another-hush'";
    assert_eq!(tenant.count(plain).await, 0);
    let (_, events) = call(&tenant, "GET", "/audit-events", None).await;
    assert!(!events.to_string().contains("hush"), "{events}");
    assert_eq!((tenant.audited("connection.created").await, tenant.audited("connection.changed").await), (1, 1));
    // The page has its button until it is switched off.
    let mut browser = Browser::default();
    assert!(browser.authorize(&tenant, "").await.body.contains(&format!("/signin/with/{id}?flow=")));
    assert_eq!(call(&tenant, "PATCH", &path, Some(json!({ "disabled": true }))).await.0, 200);
    assert!(!Browser::default().authorize(&tenant, "").await.body.contains("/signin/with/"));
    assert_eq!(call(&tenant, "DELETE", &path, None).await.0, 204);
    assert_eq!(call(&tenant, "DELETE", &path, None).await.0, 404);
}

#[tokio::test]
async fn f13_a_connection_to_what_is_no_public_provider_is_refused() {
    let tenant = Tenant::start().await;
    let oidc = |issuer: &str| {
        json!({ "provider": "oidc", "name": "X", "client_id": "a", "client_secret": "b",
                "configuration": { "issuer": issuer } })
    };
    for issuer in [
        "http://id.example.org",
        "http://127.0.0.1:9000",
        "https://localhost",
        "https://127.0.0.1",
        "https://user@id.example.org",
        "https://id.example.org/?x=1",
        "https://id.example.org/#x",
        "ftp://id.example.org",
        "javascript:alert(1)",
        "id.example.org",
        "",
    ] {
        let (status, problem) = call(&tenant, "POST", "/connections", Some(oidc(issuer))).await;
        assert_eq!(status, 422, "{issuer}: {problem}");
    }
    assert_eq!(call(&tenant, "POST", "/connections", Some(oidc("https://id.example.org/realm"))).await.0, 201);
}

#[tokio::test]
async fn b49_a_connection_says_exactly_who_the_provider_is() {
    let tenant = Tenant::start().await;
    let with = |provider: &str, configuration: Value| json!({ "provider": provider, "name": "X", "client_id": "a", "client_secret": "b", "configuration": configuration });
    let directory = "8eaef023-2b34-4da1-9baa-8bc8c9d6a490";
    for (name, new) in [
        // Everybody's directory is nobody's issuer.
        ("common", with("microsoft", json!({ "directory": "common" }))),
        ("organizations", with("microsoft", json!({ "directory": "organizations" }))),
        ("no directory", with("microsoft", json!({}))),
        ("a path", with("microsoft", json!({ "directory": "../../evil/8eaef023-2b34-4da1-9baa-8bc" }))),
        ("no issuer", with("oidc", json!({}))),
        ("issuer of Google", with("google", json!({ "issuer": "https://evil.example" }))),
        ("no endpoints", with("oauth2", json!({}))),
        ("Apple without key", with("apple", json!({ "team_id": "T", "key_id": "K" }))),
        ("scopes with spaces", with("google", json!({ "scopes": ["openid email"] }))),
        ("no domain", with("google", json!({ "email_domains": ["example"] }))),
        ("a host with a path", with("google", json!({ "hosts": ["example.org/x"] }))),
        ("unknown member", with("google", json!({ "colour": "blue" }))),
        ("no secret", json!({ "provider": "google", "client_id": "a" })),
        (
            "no name",
            json!({ "provider": "oidc", "client_id": "a", "client_secret": "b",
                            "configuration": { "issuer": "https://id.example" } }),
        ),
    ] {
        let (status, problem) = call(&tenant, "POST", "/connections", Some(new)).await;
        assert!([400, 422].contains(&status), "{name}: {status} {problem}");
    }
    let (status, made) =
        call(&tenant, "POST", "/connections", Some(with("microsoft", json!({ "directory": directory })))).await;
    assert_eq!(status, 201, "{made}");
    // Who is behind a connection cannot change: the people it knows would be others.
    let path = format!("/connections/{}", made["id"].as_str().unwrap());
    let other = json!({ "configuration": { "directory": "00000000-0000-0000-0000-000000000001" } });
    assert_eq!(call(&tenant, "PATCH", &path, Some(other)).await.0, 422);
}
