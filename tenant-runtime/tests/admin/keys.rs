//! What the control plane can do about a tenant's keys, and what it cannot.

use serde_json::{Value, json};

use super::caller::call;
use crate::tenant::Tenant;

async fn ready(tenant: &Tenant) {
    polder_tenant_runtime::keys::signing::round(&tenant.app).await.unwrap();
}

fn kids(page: &Value, state: &str) -> Vec<String> {
    let items = page["items"].as_array().unwrap().iter();
    items.filter(|key| key["state"] == state).map(|key| key["kid"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a06_keys_are_listed_and_rotated_on_request_and_the_log_says_who() {
    let tenant = Tenant::start().await;
    ready(&tenant).await;
    let (status, before) = call(&tenant, "GET", "/keys", None).await;
    assert_eq!((status, kids(&before, "active").len()), (200, 3));
    let (status, page) = call(&tenant, "POST", "/keys/rotate", Some(json!({ "algorithm": "ES256" }))).await;
    assert_eq!((status, kids(&page, "active").len(), kids(&page, "next").len()), (200, 3, 1));
    let (_, again) = call(&tenant, "POST", "/keys/rotate", Some(json!({ "algorithm": "ES256" }))).await;
    assert_eq!(kids(&again, "next"), kids(&page, "next"), "asked twice, made once");
    let emergency = json!({ "algorithm": "ES256", "emergency": true });
    let (status, dropped) = call(&tenant, "POST", "/keys/rotate", Some(emergency)).await;
    assert_eq!((status, kids(&dropped, "removed").len(), kids(&dropped, "active").len()), (200, 2, 3));
    assert_eq!(tenant.audited("key.dropped").await, 2);
    let (_, log) = call(&tenant, "GET", "/audit-events?action=key.dropped", None).await;
    assert_eq!((&log["items"][0]["actor_kind"], &log["items"][0]["actor_id"]), (&json!("member"), &json!("member-1")));
    for private in ["\"d\"", "private", "pkcs8", "sealed"] {
        assert!(!dropped.to_string().contains(private), "{private}");
    }
}

#[tokio::test]
async fn g17_no_call_brings_a_key_in() {
    let tenant = Tenant::start().await;
    ready(&tenant).await;
    let jwks = tenant.app.keys.current().jwks.clone();
    let d = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    let jwk = json!({ "kty": "OKP", "crv": "Ed25519", "d": d, "x": d, "alg": "EdDSA" });
    let seal = json!({ "seal_key": "polder-seal-1.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" });
    for (method, target, body) in [
        ("POST", "/keys", jwk.clone()),
        ("PUT", "/keys", jwk.clone()),
        ("POST", "/keys/rotate", json!({ "key": jwk })),
        ("POST", "/keys/rotate", json!({ "algorithm": "HS256" })),
        ("POST", "/keys/rotate", json!({ "algorithm": "none", "emergency": true })),
        ("PATCH", "/seal-key", seal.clone()),
        ("POST", "/seal-key", seal.clone()),
        ("POST", "/data-keys/rotate", json!({ "category": "index" })),
        ("POST", "/data-keys/rotate", json!({ "category": "nothing" })),
        ("POST", "/data-keys/rotate", json!({ "wrapped": "AAAA" })),
    ] {
        let (status, answer) = call(&tenant, method, target, Some(body)).await;
        assert!((400..500).contains(&status), "{method} {target}: {status} {answer}");
    }
    let (status, problem) = call(&tenant, "POST", "/seal-key/rotate", Some(seal)).await;
    assert_eq!((status, &problem["code"]), (409, &json!("no_next_seal_key")), "there is no file of a next one");
    assert_eq!(tenant.app.keys.current().jwks, jwks, "nothing changed");
    let (_, log) = call(&tenant, "GET", "/audit-events?action=seal_key.rotated", None).await;
    assert_eq!(log["items"], json!([]));
}

#[tokio::test]
async fn p17_data_keys_are_rotated_on_request() {
    let tenant = Tenant::start().await;
    let (status, page) = call(&tenant, "POST", "/data-keys/rotate", Some(json!({ "category": "factors" }))).await;
    assert_eq!(status, 200, "{page}");
    let of = |category: &str| {
        let items = page["items"].as_array().unwrap().iter();
        items.filter(|key| key["category"] == category).map(|key| key["version"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(
        (of("factors"), of("index"), of("messages")),
        (vec![json!(1), json!(2)], vec![json!(1)], vec![json!(1)])
    );
    call(&tenant, "POST", "/data-keys/rotate", Some(json!({}))).await;
    assert_eq!(tenant.count("SELECT COUNT(*) AS n FROM data_key WHERE category = 'index'").await, 1);
    assert_eq!(tenant.audited("data_key.rotated").await, 9);
}
