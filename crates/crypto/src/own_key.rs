//! Tokens that bring the key they are signed with, such as proofs of possession (RFC 9449, 4.2).
//!
//! Such a signature says that whoever made it holds the key, and nothing about who that is: the caller compares
//! the thumbprint.

use polder_kernel::encoding::from_base64url;
use serde::Deserialize;
use serde_json::Value;

use crate::jwk::PublicKey;
use crate::jwt::{Header, JwtError, MAX_TOKEN, Verified, in_library};
use crate::signing::Algorithm;
use crate::strict_json;

/// Members of a JWK that only its owner may know (RFC 7518, 6.2.2, 6.3.2, 6.4.1).
const PRIVATE: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

/// Verifies a compact JWS by the `jwk` of its header. Its `typ` is one of `types` and its algorithm one of
/// `algorithms` and the key's own. The header's `kid` is the thumbprint of the key (RFC 7638), whatever it says.
/// Does not look at times or audiences.
///
/// # Errors
/// A [`JwtError`]; the claims were looked at only when the signature was right.
pub fn verify_by_own_key(token: &str, types: &[&str], algorithms: &[Algorithm]) -> Result<Verified, JwtError> {
    if token.len() > MAX_TOKEN {
        return Err(JwtError::Malformed);
    }
    let (message, signature) = token.rsplit_once('.').ok_or(JwtError::Malformed)?;
    let (header, payload) = message.split_once('.').ok_or(JwtError::Malformed)?;
    let json = from_base64url(header).and_then(|bytes| strict_json::parse(&bytes)).ok_or(JwtError::Malformed)?;
    let Value::Object(members) = json else { return Err(JwtError::Malformed) };
    if members.contains_key("crit") {
        return Err(JwtError::Critical);
    }
    let text = |name: &str| members.get(name).and_then(Value::as_str);
    let typ = text("typ").filter(|typ| types.contains(typ)).ok_or(JwtError::Type)?.to_owned();
    let alg: Algorithm = text("alg").and_then(|alg| alg.parse().ok()).ok_or(JwtError::Algorithm)?;
    if !algorithms.contains(&alg) {
        return Err(JwtError::Algorithm);
    }
    let jwk = members.get("jwk").and_then(Value::as_object).ok_or(JwtError::UnknownKey)?;
    if PRIVATE.iter().any(|name| jwk.contains_key(*name)) {
        return Err(JwtError::UnknownKey);
    }
    let key = PublicKey::deserialize(Value::Object(jwk.clone())).map_err(|_| JwtError::UnknownKey)?;
    let decoding = key.decoding_key(alg).ok_or(JwtError::Algorithm)?;
    from_base64url(signature).ok_or(JwtError::Malformed)?;
    match jsonwebtoken::crypto::verify(signature, message.as_bytes(), &decoding, in_library(alg)) {
        Ok(true) => {}
        Ok(false) | Err(_) => return Err(JwtError::Signature),
    }
    let claims = from_base64url(payload).and_then(|bytes| strict_json::parse(&bytes));
    let claims = claims.filter(Value::is_object).ok_or(JwtError::Malformed)?;
    Ok(Verified { header: Header { alg, kid: key.thumbprint(), typ }, claims })
}
