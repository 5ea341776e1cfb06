//! The control plane, as the tenant sees it.

use axum::body::Body;
use axum::extract::Request;
use polder_crypto::{SigningKey, sha256};
use polder_kernel::Entropy;
use polder_kernel::encoding::base64url;
use polder_tenant_api::assertion::{Actor, Assertion, TYPE};
use serde_json::Value;

use crate::tenant::{Answer, Tenant};

/// The assertion for a request, right in every part.
pub fn assertion(tenant: &Tenant, method: &str, target: &str, body: &str) -> Assertion {
    let now = tenant.clock.now().seconds();
    Assertion {
        aud: tenant.app.issuer.as_str().to_owned(),
        sub: "member-1".to_owned(),
        actor: Actor::Member,
        iat: now,
        exp: now + 30,
        jti: Entropy::System.token().expose().clone(),
        htm: method.to_owned(),
        htu: target.to_owned(),
        body: base64url(&sha256(body.as_bytes())),
        request_id: Some("00000000000000ff".to_owned()),
    }
}

/// A request with this assertion, signed by `key`.
pub fn request(key: &SigningKey, typ: &str, claims: &Assertion, method: &str, target: &str, body: &str) -> Request {
    let token = key.sign_jwt(typ, claims).unwrap();
    Request::builder()
        .method(method)
        .uri(target)
        .header("host", "admin")
        .header("authorization", format!("Bearer {token}"))
        .header("content-type", "application/json")
        .body(Body::from(body.to_owned()))
        .unwrap()
}

/// A call of the control plane.
pub async fn call(tenant: &Tenant, method: &str, target: &str, body: Option<Value>) -> (u16, Value) {
    let body = body.map(|value| value.to_string()).unwrap_or_default();
    let claims = assertion(tenant, method, target, &body);
    let answer = tenant.admin(request(&tenant.admin_key, TYPE, &claims, method, target, &body)).await;
    (answer.status, json(&answer))
}

fn json(answer: &Answer) -> Value {
    serde_json::from_str(&answer.body).unwrap_or(Value::Null)
}
