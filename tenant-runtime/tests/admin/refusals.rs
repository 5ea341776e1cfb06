//! Watchman: every route without an assertion, with a wrong one, and with one used before.

use axum::body::Body;
use axum::extract::Request;
use polder_crypto::{Algorithm, SigningKey};
use polder_kernel::Entropy;
use polder_tenant_api::assertion::{Assertion, TYPE};

use super::caller::{assertion, call, request};
use crate::tenant::{ISSUER, Tenant};

/// Every route but health. An id that exists nowhere is enough: who may not call learns nothing.
const ROUTES: &[(&str, &str)] = &[
    ("GET", "/applications"),
    ("POST", "/applications"),
    ("GET", "/applications/x"),
    ("PATCH", "/applications/x"),
    ("DELETE", "/applications/x"),
    ("GET", "/applications/x/secrets"),
    ("POST", "/applications/x/secrets"),
    ("DELETE", "/applications/x/secrets/y"),
    ("POST", "/applications/x/try-outs"),
    ("POST", "/applications/x/try-outs/end"),
    ("GET", "/applications/x/invitees"),
    ("PUT", "/applications/x/invitees/y"),
    ("DELETE", "/applications/x/invitees/y"),
    ("GET", "/apis"),
    ("GET", "/apis/x"),
    ("PUT", "/apis/x"),
    ("DELETE", "/apis/x"),
    ("GET", "/registration-tokens"),
    ("POST", "/registration-tokens"),
    ("DELETE", "/registration-tokens/x"),
    ("GET", "/connections"),
    ("POST", "/connections"),
    ("GET", "/connections/x"),
    ("PATCH", "/connections/x"),
    ("DELETE", "/connections/x"),
    ("POST", "/connections/x/check"),
    ("GET", "/users"),
    ("POST", "/users"),
    ("GET", "/users/x"),
    ("PATCH", "/users/x"),
    ("DELETE", "/users/x"),
    ("POST", "/users/exports"),
    ("GET", "/users/imports"),
    ("POST", "/users/imports"),
    ("GET", "/users/imports/x"),
    ("DELETE", "/users/imports/x"),
    ("GET", "/users/x/factors"),
    ("DELETE", "/users/x/factors"),
    ("DELETE", "/users/x/authenticator-app"),
    ("DELETE", "/users/x/sessions"),
    ("GET", "/users/x/applications"),
    ("DELETE", "/users/x/applications/y"),
    ("POST", "/users/x/invitation"),
    ("POST", "/users/x/data"),
    ("GET", "/messages"),
    ("GET", "/messages/x"),
    ("GET", "/users/x/passkeys"),
    ("DELETE", "/users/x/passkeys/y"),
    ("GET", "/users/x/connected-accounts"),
    ("DELETE", "/users/x/connected-accounts/y"),
    ("POST", "/users/x/connected-accounts/y/refresh"),
    ("GET", "/sessions"),
    ("DELETE", "/sessions/x"),
    ("GET", "/logout-deliveries"),
    ("POST", "/logout-deliveries/x/retry"),
    ("GET", "/audit-events"),
    ("GET", "/audit-chain"),
    ("GET", "/audit-checkpoint"),
    ("GET", "/audit-verification"),
    ("GET", "/usage"),
    ("GET", "/usage/months/2026-11/recount"),
    ("GET", "/applications/x/errors"),
    ("GET", "/keys"),
    ("POST", "/keys/rotate"),
    ("GET", "/data-keys"),
    ("POST", "/data-keys/rotate"),
    ("GET", "/seal-key"),
    ("POST", "/seal-key/rotate"),
    ("GET", "/branding"),
    ("PUT", "/branding"),
    ("GET", "/branding/logo"),
    ("PUT", "/branding/logo"),
    ("DELETE", "/branding/logo"),
    ("GET", "/profile-fields"),
    ("GET", "/profile-fields/x"),
    ("PUT", "/profile-fields/x"),
    ("DELETE", "/profile-fields/x"),
    ("POST", "/staff-access"),
    ("GET", "/settings"),
    ("PATCH", "/settings"),
];

#[tokio::test]
async fn every_admin_route_refuses_the_anonymous() {
    let tenant = Tenant::start().await;
    for (method, target) in ROUTES.iter().copied() {
        for authorization in ["", "Bearer", "Bearer ", "Bearer x.y.z", "Basic YTpi", "bearer x"] {
            let mut request = Request::builder().method(method).uri(target).header("content-type", "application/json");
            if !authorization.is_empty() {
                request = request.header("authorization", authorization);
            }
            let answer = tenant.admin(request.body(Body::from("{}")).unwrap()).await;
            assert_eq!(answer.status, 401, "{method} {target} {authorization}");
            assert_eq!(answer.header("content-type"), Some("application/problem+json"));
        }
    }
}

#[tokio::test]
async fn every_admin_route_refuses_the_wrong_role() {
    let tenant = Tenant::start().await;
    let (stranger, _) = SigningKey::generate(Algorithm::EdDsa, &Entropy::System).unwrap();
    let own_key = tenant.app.keys.current();
    let _ = own_key;
    for (method, target) in ROUTES.iter().copied() {
        let claims = assertion(&tenant, method, target, "{}");
        // Another key, and the right key used for another kind of token.
        for (key, typ) in [(&stranger, TYPE), (&tenant.admin_key, "at+jwt"), (&tenant.admin_key, "JWT")] {
            let answer = tenant.admin(request(key, typ, &claims, method, target, "{}")).await;
            assert_eq!(answer.status, 401, "{method} {target} {typ}");
        }
        // Another tenant's, another method's, another path's, another body's, a late one, a long one.
        let now = tenant.clock.now().seconds();
        for wrong in [
            Assertion { aud: "https://other.example.test".into(), ..claims.clone() },
            Assertion { htm: "OPTIONS".into(), ..claims.clone() },
            Assertion { htu: "/elsewhere".into(), ..claims.clone() },
            Assertion { body: String::new(), ..claims.clone() },
            Assertion { iat: now - 60, exp: now, ..claims.clone() },
            Assertion { exp: now + 3600, ..claims.clone() },
            Assertion { iat: now + 30, exp: now + 60, ..claims.clone() },
            Assertion { jti: String::new(), ..claims.clone() },
        ] {
            let answer = tenant.admin(request(&tenant.admin_key, TYPE, &wrong, method, target, "{}")).await;
            assert_eq!(answer.status, 401, "{method} {target} {wrong:?}");
        }
    }
    assert_eq!(tenant.count("SELECT COUNT(*) AS n FROM used_assertion").await, 0, "a refusal leaves no row");
}

#[tokio::test]
async fn an_assertion_works_once_even_in_parallel() {
    let tenant = std::sync::Arc::new(Tenant::start().await);
    let claims = assertion(&tenant, "GET", "/settings", "");
    let mut uses = tokio::task::JoinSet::new();
    for _ in 0..20 {
        let (tenant, claims) = (std::sync::Arc::clone(&tenant), claims.clone());
        uses.spawn(async move {
            tenant.admin(request(&tenant.admin_key, TYPE, &claims, "GET", "/settings", "")).await.status
        });
    }
    let statuses = uses.join_all().await;
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1, "{statuses:?}");
    assert!(statuses.iter().all(|status| [200, 401].contains(status)));
}

#[tokio::test]
async fn an_assertion_is_for_one_query_and_one_body() {
    let tenant = Tenant::start().await;
    let claims = assertion(&tenant, "GET", "/users?limit=1", "");
    let answer = tenant.admin(request(&tenant.admin_key, TYPE, &claims, "GET", "/users?limit=100", "")).await;
    assert_eq!(answer.status, 401);
    let claims = assertion(&tenant, "POST", "/users", r#"{"email":"ann@example.test"}"#);
    let other = r#"{"email":"eve@example.test"}"#;
    let answer = tenant.admin(request(&tenant.admin_key, TYPE, &claims, "POST", "/users", other)).await;
    assert_eq!(answer.status, 401);
    assert_eq!(tenant.count("SELECT COUNT(*) AS n FROM user_account").await, 0);
}

#[tokio::test]
async fn f21_health_answers_whoever_holds_the_socket() {
    let tenant = Tenant::start().await;
    let answer = tenant.admin(Request::builder().uri("/health").body(Body::empty()).unwrap()).await;
    assert_eq!(answer.status, 200);
    let health: polder_tenant_api::Health = serde_json::from_str(&answer.body).unwrap();
    assert_eq!(health.issuer, ISSUER);
}

#[tokio::test]
async fn e09_bodies_must_be_json_of_the_right_shape() {
    let tenant = Tenant::start().await;
    let body = r#"{"email":"ann@example.test"}"#;
    let claims = assertion(&tenant, "POST", "/users", body);
    let mut plain = request(&tenant.admin_key, TYPE, &claims, "POST", "/users", body);
    plain.headers_mut().insert("content-type", "text/plain".parse().unwrap());
    assert_eq!(tenant.admin(plain).await.status, 415);
    let unknown = serde_json::json!({ "email": "ann@example.test", "admin": true });
    assert_eq!(call(&tenant, "POST", "/users", Some(unknown)).await.0, 422);
}

#[tokio::test]
async fn e21_no_call_brings_in_a_key_makes_a_session_or_moves_a_person_unseen() {
    let tenant = Tenant::start().await;
    let jwk = serde_json::to_value(tenant.admin_key.public_jwk()).unwrap();
    for target in ["/keys", "/sessions", "/grants", "/tokens", "/signing-keys", "/codes"] {
        for method in ["POST", "PUT", "PATCH"] {
            let (status, _) = call(&tenant, method, target, Some(jwk.clone())).await;
            assert!([404, 405].contains(&status), "{method} {target}: {status}");
        }
    }
    let (_, ann) = call(&tenant, "POST", "/users", Some(serde_json::json!({ "email": "ann@example.test" }))).await;
    let target = format!("/users/{}", ann["id"].as_str().unwrap());
    for changes in [
        serde_json::json!({ "email": "eve@example.test", "email_verified": true }),
        serde_json::json!({ "email_verified": true }),
        serde_json::json!({ "id": "x" }),
        serde_json::json!({ "name": "Eve", "email_index": "x" }),
    ] {
        assert_eq!(call(&tenant, "PATCH", &target, Some(changes.clone())).await.0, 422, "{changes}");
    }
    assert_eq!(call(&tenant, "GET", &target, None).await.1["email"], "ann@example.test");
    let moved = serde_json::json!({ "email": "eve@example.test" });
    assert_eq!(call(&tenant, "PATCH", &target, Some(moved)).await.1["email_verified"], false);
    let told: Vec<String> = tenant.mails().await.iter().map(|mail| mail.to.as_str().to_owned()).collect();
    assert_eq!(told, ["ann@example.test"], "the address they had hears of it");
    let verified = serde_json::json!({ "email": "bob@example.test", "email_verified": true });
    assert_eq!(call(&tenant, "POST", "/users", Some(verified)).await.0, 422);
    assert_eq!(tenant.count("SELECT COUNT(*) AS n FROM session").await, 0);
}

#[tokio::test]
async fn a_method_override_is_not_believed_and_a_used_assertion_stays_used() {
    let tenant = Tenant::start().await;
    let target = format!("/applications/{}", tenant.client_id);
    let claims = assertion(&tenant, "GET", &target, "");
    let mut sent = request(&tenant.admin_key, TYPE, &claims, "GET", &target, "");
    for name in ["x-http-method-override", "x-http-method", "x-method-override"] {
        sent.headers_mut().insert(name, "DELETE".parse().unwrap());
    }
    assert_eq!(tenant.admin(sent).await.status, 200);
    assert!(tenant.app.applications.enabled(&tenant.client_id).is_some());
    // Sweeping forgets it only once time alone refuses it.
    for seconds in [29, 1, 1, 60] {
        tenant.advance(seconds);
        polder_tenant_runtime::jobs::sweep::round(&tenant.app).await.unwrap();
        let again = request(&tenant.admin_key, TYPE, &claims, "GET", &target, "");
        assert_eq!(tenant.admin(again).await.status, 401);
    }
    assert_eq!(tenant.count("SELECT COUNT(*) AS n FROM used_assertion").await, 0);
}
