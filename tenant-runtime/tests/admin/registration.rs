//! Registration tokens, and the setting they need.

use polder_crypto::{Algorithm, SigningKey};
use polder_kernel::Entropy;
use serde_json::{Value, json};

use super::caller::call;
use crate::tenant::Tenant;

/// A set of one public key.
pub fn jwks() -> Value {
    let (key, _) = SigningKey::generate(Algorithm::Es256, &Entropy::System).unwrap();
    json!({ "keys": [key.public_jwk()] })
}

async fn make(tenant: &Tenant, token: Value) -> (u16, Value) {
    call(tenant, "POST", "/registration-tokens", Some(token)).await
}

#[tokio::test]
async fn b88_registration_tokens_are_made_listed_and_removed_and_shown_once() {
    let tenant = Tenant::start().await;
    let (status, made) = make(&tenant, json!({ "name": "Partners", "uses": 3, "scopes": ["orders:read"] })).await;
    assert_eq!((status, made["token"].as_str().map(str::len)), (201, Some(43)), "{made}");
    assert_eq!((&made["uses"], &made["uses_left"]), (&json!(3), &json!(3)));
    tenant.advance(1);
    let (_, least) = make(&tenant, json!({ "name": "One" })).await;
    assert_eq!((&least["uses"], &least["scopes"]), (&json!(1), &json!([])));
    let (status, page) = call(&tenant, "GET", "/registration-tokens", None).await;
    assert_eq!(status, 200);
    let names: Vec<_> = page["items"].as_array().unwrap().iter().map(|token| token["name"].clone()).collect();
    assert_eq!(names, ["One", "Partners"]);
    assert!(page["items"].as_array().unwrap().iter().all(|token| token.get("token").is_none()));
    assert!(!page.to_string().contains(made["token"].as_str().unwrap()));
    let plain = "SELECT COUNT(*) AS n FROM registration_token WHERE length(hash) <> 43";
    assert_eq!(tenant.count(plain).await, 0);
    let path = format!("/registration-tokens/{}", made["id"].as_str().unwrap());
    assert_eq!(call(&tenant, "DELETE", &path, None).await.0, 204);
    assert_eq!(call(&tenant, "DELETE", &path, None).await.0, 404);
    assert_eq!(tenant.audited("registration_token.created").await, 2);
    assert_eq!(tenant.audited("registration_token.removed").await, 1);
}

#[tokio::test]
async fn b88_a_registration_token_has_bounds_and_so_has_their_number() {
    let tenant = Tenant::start().await;
    for (wrong, pointer) in [
        (json!({ "name": "x", "uses": 0 }), "/uses"),
        (json!({ "name": "x", "uses": 1001 }), "/uses"),
        (json!({ "name": "x", "expires_in_seconds": 59 }), "/expires_in_seconds"),
        (json!({ "name": "x", "expires_in_seconds": 31_536_001 }), "/expires_in_seconds"),
        (json!({ "name": "" }), "/name"),
        (json!({ "name": "x", "scopes": ["openid"] }), "/scopes"),
        (json!({ "name": "x", "scopes": ["a b"] }), "/scopes"),
    ] {
        let (status, problem) = make(&tenant, wrong.clone()).await;
        assert_eq!((status, &problem["errors"][0]["pointer"]), (422, &json!(pointer)), "{wrong} {problem}");
    }
    for unknown in [json!({ "name": "x", "token": "mine" }), json!({}), json!({ "name": "x", "uses": -1 })] {
        assert_eq!(make(&tenant, unknown.clone()).await.0, 422, "{unknown}");
    }
    for n in 0..100 {
        assert_eq!(make(&tenant, json!({ "name": format!("t{n}"), "expires_in_seconds": 60 })).await.0, 201);
    }
    let (status, problem) = make(&tenant, json!({ "name": "x" })).await;
    assert_eq!((status, &problem["code"]), (409, &json!("too_many_tokens")));
    tenant.advance(60);
    assert_eq!(make(&tenant, json!({ "name": "x" })).await.0, 201, "those that are over make room");
    assert_eq!(tenant.count("SELECT COUNT(*) AS n FROM registration_token").await, 1);
}

#[tokio::test]
async fn b56_b88_the_settings_are_off_unless_chosen() {
    let tenant = Tenant::start().await;
    let change = async |change: Value| call(&tenant, "PATCH", "/settings", Some(change)).await;
    for wrong in [json!({ "registration_limit": 0 }), json!({ "registration_limit": 1001 })] {
        assert_eq!(change(wrong).await.0, 422);
    }
    let all = json!({
        "registration": true, "registration_limit": 7, "require_pushed_authorization_requests": true,
    });
    let (status, chosen) = change(all.clone()).await;
    assert_eq!(status, 200);
    for (name, value) in all.as_object().unwrap() {
        assert_eq!(&chosen[name], value, "{name}");
    }
}

#[tokio::test]
async fn a35_a39_addresses_and_algorithms_of_applications_are_held_to_the_rules() {
    let tenant = Tenant::start().await;
    let make = async |preferences: Value, more: Value| {
        let mut new = json!({ "name": "x", "type": "machine", "preferences": preferences });
        for (name, value) in more.as_object().unwrap() {
            new[name] = value.clone();
        }
        call(&tenant, "POST", "/applications", Some(new)).await
    };
    let by_key = json!({ "token_endpoint_auth_method": "private_key_jwt" });
    for (wrong, pointer) in [
        (json!({ "jwks_uri": "http://app.example/jwks" }), "/preferences/jwks_uri"),
        (json!({ "jwks_uri": "https://app.example:8443/jwks" }), "/preferences/jwks_uri"),
        (json!({ "jwks_uri": "https://169.254.169.254/jwks" }), "/preferences/jwks_uri"),
        (json!({ "jwks_uri": "file:///etc/passwd" }), "/preferences/jwks_uri"),
        (json!({ "jwks_uri": "https://app.example/jwks#x" }), "/preferences/jwks_uri"),
        (
            json!({ "jwks_uri": "https://app.example/jwks", "initiate_login_uri": "http://app.example/" }),
            "/preferences/initiate_login_uri",
        ),
        (
            json!({ "jwks_uri": "https://app.example/jwks", "token_endpoint_auth_signing_alg": "HS256" }),
            "/preferences/token_endpoint_auth_signing_alg",
        ),
        (
            json!({ "jwks_uri": "https://app.example/jwks", "request_object_signing_alg": "none" }),
            "/preferences/request_object_signing_alg",
        ),
        (json!({}), "/jwks"),
    ] {
        let (status, problem) = make(wrong.clone(), by_key.clone()).await;
        assert_eq!((status, &problem["errors"][0]["pointer"]), (422, &json!(pointer)), "{wrong} {problem}");
    }
    let there = json!({ "jwks_uri": "https://app.example/jwks" });
    let (status, made) = make(there.clone(), by_key.clone()).await;
    assert_eq!((status, &made["preferences"], made.get("jwks")), (201, &there, None), "{made}");
    // One place for keys.
    let key = jwks();
    let both = json!({ "token_endpoint_auth_method": "private_key_jwt", "jwks": key });
    assert_eq!(make(there.clone(), both.clone()).await.0, 422);
    let path = format!("/applications/{}", made["client_id"].as_str().unwrap());
    let change = async |change: Value| call(&tenant, "PATCH", &path, Some(change)).await;
    assert_eq!(change(json!({ "jwks": key })).await.0, 422);
    assert_eq!(change(json!({ "preferences": {} })).await.0, 422, "without either there are none");
    let (status, moved) = change(json!({ "jwks": key, "preferences": {} })).await;
    assert_eq!((status, &moved["jwks"]), (200, &key), "{moved}");
    let (status, back) = change(json!({ "preferences": there })).await;
    assert_eq!((status, back.get("jwks")), (200, None), "{back}");
}
