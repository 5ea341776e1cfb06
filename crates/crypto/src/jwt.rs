//! Verifying JWTs strictly (RFC 7515, 7519 and the best current practice, RFC 8725).
//!
//! The signature itself is `jsonwebtoken`'s work. Everything it leaves to taste is decided here: one
//! algorithm per key, a `kid` that is only ever looked up in a map, no `crit`, one spelling of base64url,
//! no JSON key twice. Time and audience are the caller's: it has the clock and knows who it is.

use std::collections::HashMap;
use std::fmt;

use polder_kernel::encoding::from_base64url;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::jwk::Jwks;
use crate::signing::Algorithm;
use crate::strict_json;

/// Longer tokens are refused unread, in bytes.
pub const MAX_TOKEN: usize = 16 * 1024;

/// Public keys, ready to verify with.
#[derive(Clone, Default)]
pub struct Verifier {
    keys: HashMap<String, (Algorithm, jsonwebtoken::DecodingKey)>,
}

/// What a verified token says.
#[derive(Clone, Debug, PartialEq)]
pub struct Verified {
    /// The header's members that count.
    pub header: Header,
    /// The claims: always a JSON object.
    pub claims: Value,
}

/// The header of a verified token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// What it was signed with.
    pub alg: Algorithm,
    /// The key that signed it.
    pub kid: String,
    /// What kind of token it is.
    pub typ: String,
}

/// Why a token is refused. For logs and tests: what goes out is one `invalid_token` for all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JwtError {
    /// Not three canonical segments of strict JSON, or too long.
    #[error("not a well-formed token")]
    Malformed,
    /// `crit` names extensions, and none are understood (RFC 7515, 4.1.11).
    #[error("the token has critical headers")]
    Critical,
    /// The token is of another kind (RFC 8725, 3.11).
    #[error("not a token of this kind")]
    Type,
    /// No such key here, or no `kid`.
    #[error("signed by an unknown key")]
    UnknownKey,
    /// Not an algorithm that is allowed here, or not this key's.
    #[error("signed with a wrong algorithm")]
    Algorithm,
    /// The signature is not this key's over these bytes.
    #[error("the signature is wrong")]
    Signature,
    /// The claims are not of the wanted shape.
    #[error("the claims have an unexpected shape")]
    Claims,
}

impl Verifier {
    /// A verifier with these keys. A key that is malformed or weak is left out, so that what it signed
    /// is refused; of two with one `kid` the first counts.
    pub fn new(jwks: &Jwks) -> Self {
        let mut keys = HashMap::new();
        for jwk in &jwks.keys {
            if let Some(key) = jwk.key.decoding_key(jwk.alg) {
                keys.entry(jwk.kid.clone()).or_insert((jwk.alg, key));
            }
        }
        Self { keys }
    }

    /// Verifies a compact JWS whose `typ` is one of `types` (compared as written) and whose algorithm
    /// is one of `algorithms` and its key's own. Does not look at times or audiences.
    ///
    /// # Errors
    /// A [`JwtError`]; the claims were looked at only when the signature was right.
    pub fn verify(&self, token: &str, types: &[&str], algorithms: &[Algorithm]) -> Result<Verified, JwtError> {
        if token.len() > MAX_TOKEN {
            return Err(JwtError::Malformed);
        }
        let (message, signature) = token.rsplit_once('.').ok_or(JwtError::Malformed)?;
        let (header, payload) = message.split_once('.').ok_or(JwtError::Malformed)?;
        let header = read_header(header)?;
        if !types.contains(&header.typ.as_str()) {
            return Err(JwtError::Type);
        }
        let (algorithm, key) = self.keys.get(&header.kid).ok_or(JwtError::UnknownKey)?;
        if header.alg != *algorithm || !algorithms.contains(algorithm) {
            return Err(JwtError::Algorithm);
        }
        // `verify` decodes the signature too, but this decoder's strictness is ours to rely on.
        from_base64url(signature).ok_or(JwtError::Malformed)?;
        match jsonwebtoken::crypto::verify(signature, message.as_bytes(), key, in_library(*algorithm)) {
            Ok(true) => {}
            Ok(false) | Err(_) => return Err(JwtError::Signature),
        }
        let claims = from_base64url(payload).and_then(|bytes| strict_json::parse(&bytes));
        let claims = claims.filter(Value::is_object).ok_or(JwtError::Malformed)?;
        Ok(Verified { header, claims })
    }
}

impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.keys.keys()).finish()
    }
}

impl Verified {
    /// The claims as a type.
    ///
    /// # Errors
    /// [`JwtError::Claims`].
    pub fn claims<T: DeserializeOwned>(&self) -> Result<T, JwtError> {
        T::deserialize(&self.claims).map_err(|_| JwtError::Claims)
    }
}

fn read_header(encoded: &str) -> Result<Header, JwtError> {
    let json = from_base64url(encoded).and_then(|bytes| strict_json::parse(&bytes)).ok_or(JwtError::Malformed)?;
    let Value::Object(members) = json else { return Err(JwtError::Malformed) };
    if members.contains_key("crit") {
        return Err(JwtError::Critical);
    }
    let text = |name: &str| members.get(name).and_then(Value::as_str);
    let alg = text("alg").and_then(|alg| alg.parse().ok()).ok_or(JwtError::Algorithm)?;
    let typ = text("typ").ok_or(JwtError::Type)?.to_owned();
    let kid = text("kid").ok_or(JwtError::UnknownKey)?.to_owned();
    Ok(Header { alg, kid, typ })
}

pub(crate) fn in_library(algorithm: Algorithm) -> jsonwebtoken::Algorithm {
    match algorithm {
        Algorithm::Es256 => jsonwebtoken::Algorithm::ES256,
        Algorithm::Rs256 => jsonwebtoken::Algorithm::RS256,
        Algorithm::EdDsa => jsonwebtoken::Algorithm::EdDSA,
    }
}
