//! Reading tokens as applications and attackers do.

use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{DecodingKey, Validation};
use polder_kernel::encoding::{base64url, from_base64url};
use serde_json::Value;

use super::World;

/// Claims without any check.
pub fn claims(token: &str) -> Value {
    part(token, 1)
}

/// The header without any check.
pub fn header(token: &str) -> Value {
    part(token, 0)
}

fn part(token: &str, index: usize) -> Value {
    let part = token.split('.').nth(index).unwrap_or_else(|| panic!("not a JWT: {token}"));
    serde_json::from_slice(&from_base64url(part).unwrap()).unwrap()
}

/// Checks the signature with the published keys, by a library that knows nothing of us.
pub async fn verified(world: &World, token: &str) -> Value {
    let jwks: JwkSet = serde_json::from_slice(&world.get("/jwks.json", &[]).await.body).unwrap();
    let header = jsonwebtoken::decode_header(token).unwrap();
    let jwk = jwks.find(header.kid.as_ref().unwrap()).expect("kid is published");
    let mut validation = Validation::new(header.alg);
    validation.validate_aud = false;
    validation.validate_exp = false;
    // Signed userinfo and signed introspection have no end.
    validation.required_spec_claims.clear();
    jsonwebtoken::decode::<Value>(token, &DecodingKey::from_jwk(jwk).unwrap(), &validation).unwrap().claims
}

/// The same token with other claims; the signature stays and no longer fits.
pub fn with_claims(token: &str, change: impl FnOnce(&mut Value)) -> String {
    let mut claims = claims(token);
    change(&mut claims);
    let parts: Vec<&str> = token.split('.').collect();
    format!("{}.{}.{}", parts[0], base64url(claims.to_string().as_bytes()), parts[2])
}

/// The same claims without a signature.
pub fn unsigned(token: &str) -> String {
    let parts: Vec<&str> = token.split('.').collect();
    let mut header = header(token);
    header["alg"] = "none".into();
    format!("{}.{}.", base64url(header.to_string().as_bytes()), parts[1])
}
