//! What applications sign with keys of their own: client assertions, request objects, DPoP proofs.
//!
//! As strict as [`crate::jwt`], with three differences: a `kid` is not always there, nor a `typ` (which one is
//! right is the caller's question), and PS256 is taken, which is never signed with here. A key is only ever one
//! that was registered, or for a proof of possession the one inside it; addresses and certificates in a header
//! mean nothing.

use polder_kernel::encoding::from_base64url;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::jwk::PublicKey;
use crate::jwt::{JwtError, MAX_TOKEN};
use crate::strict_json;

/// The most keys of one set.
pub const MAX_KEYS: usize = 10;
/// The most keys of one set that is published for everybody.
const MAX_PUBLISHED: usize = 50;
/// The longest `kid`, in characters.
const MAX_KID: usize = 200;
/// Members that only private and symmetric keys have (RFC 7518, 6).
const PRIVATE: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

/// The public keys an application registered (RFC 7517, 5).
#[derive(Clone, Debug, PartialEq)]
pub struct ForeignKeys {
    keys: Vec<ForeignKey>,
    json: Value,
}

#[derive(Clone, Debug, PartialEq)]
struct ForeignKey {
    kid: Option<String>,
    alg: Option<String>,
    key: PublicKey,
}

/// What a verified text says.
#[derive(Clone, Debug, PartialEq)]
pub struct Foreign {
    /// What kind of token it calls itself.
    pub typ: Option<String>,
    /// What it was signed with.
    pub alg: String,
    /// The claims: always a JSON object.
    pub claims: Value,
}

/// Why a set of keys is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JwksError {
    /// Not an object with a list `keys`.
    #[error("must be an object with a list of keys")]
    Shape,
    /// A private or symmetric key: whoever sent it has to make another.
    #[error("must hold public keys only")]
    Private,
    /// Not a key that signatures are checked with here.
    #[error("keys are EC on P-256, RSA of 2048 bits or more, or Ed25519")]
    Unusable,
    /// Two keys have one name.
    #[error("each kid only once")]
    Twice,
    /// None, or too many.
    #[error("between 1 and 10 keys for signatures")]
    Count,
}

impl ForeignKeys {
    /// Reads a set. Keys for encryption are left out, since nothing is ever encrypted to them.
    ///
    /// # Errors
    /// A [`JwksError`], which its owner may be told.
    pub fn parse(jwks: &Value) -> Result<Self, JwksError> {
        Self::read(jwks, MAX_KEYS, Err(JwksError::Unusable))
    }

    /// Reads a set as an application publishes it for everybody: keys of kinds that are not used here may be among
    /// the others, and are left out.
    ///
    /// # Errors
    /// As [`Self::parse`]; a set without a key that can be used is none.
    pub fn published(jwks: &Value) -> Result<Self, JwksError> {
        Self::read(jwks, MAX_PUBLISHED, Ok(()))
    }

    fn read(jwks: &Value, most: usize, unusable: Result<(), JwksError>) -> Result<Self, JwksError> {
        let listed = jwks.get("keys").and_then(Value::as_array).ok_or(JwksError::Shape)?;
        if listed.len() > most {
            return Err(JwksError::Count);
        }
        let mut keys = Vec::new();
        for jwk in listed {
            let members = jwk.as_object().ok_or(JwksError::Shape)?;
            let key = public(members)?;
            if members.get("use").is_some_and(|usage| usage == "enc") {
                continue;
            }
            let Some(key) = key.filter(|key| key.to_verify_with().is_some()) else {
                unusable?;
                continue;
            };
            let key = ForeignKey { kid: text(members, "kid", MAX_KID)?, alg: text(members, "alg", 16)?, key };
            if key.kid.is_some() && keys.iter().any(|known: &ForeignKey| known.kid == key.kid) {
                return Err(JwksError::Twice);
            }
            keys.push(key);
        }
        if keys.is_empty() {
            return Err(JwksError::Count);
        }
        Ok(Self { keys, json: jwks.clone() })
    }

    /// The set as it was registered.
    pub fn as_json(&self) -> &Value {
        &self.json
    }

    /// Verifies a compact JWS by one of these keys, with one of these algorithms. Does not look at type,
    /// times or audiences.
    ///
    /// # Errors
    /// A [`JwtError`]; the claims were looked at only when the signature was right.
    pub fn verify(&self, token: &str, algorithms: &[&str]) -> Result<Foreign, JwtError> {
        let parts = Parts::of(token)?;
        let alg = parts.algorithm(algorithms)?;
        let kid = match parts.header.get("kid") {
            None => None,
            Some(Value::String(kid)) => Some(kid),
            Some(_) => return Err(JwtError::UnknownKey),
        };
        let named = self.keys.iter().filter(|key| kid.is_none() || key.kid.as_ref() == kid);
        let fitting = named.filter(|key| key.alg.as_deref().is_none_or(|own| same(own, alg)));
        let mut refused = JwtError::UnknownKey;
        for key in fitting {
            match parts.signed_by(&key.key, alg) {
                Ok(()) => return parts.open(alg),
                Err(error) => refused = error,
            }
        }
        Err(refused)
    }
}

/// Verifies a compact JWS by the public key in its own header (RFC 9449, 4.2): what it proves is possession of
/// that key, which is named by its thumbprint (RFC 7638) in the answer.
///
/// # Errors
/// A [`JwtError`].
pub fn verify_possession(token: &str, algorithms: &[&str]) -> Result<(Foreign, String), JwtError> {
    let parts = Parts::of(token)?;
    let alg = parts.algorithm(algorithms)?;
    let members = parts.header.get("jwk").and_then(Value::as_object).ok_or(JwtError::UnknownKey)?;
    let key = public(members).ok().flatten().ok_or(JwtError::UnknownKey)?;
    parts.signed_by(&key, alg)?;
    Ok((parts.open(alg)?, key.thumbprint()))
}

/// Whether a text is a JWS without a signature, by its own word (RFC 7518, 3.6).
pub fn is_unsigned(token: &str) -> bool {
    let header = token.split('.').next().and_then(from_base64url).and_then(|bytes| strict_json::parse(&bytes));
    header.is_some_and(|header| header.get("alg").and_then(Value::as_str).is_some_and(|alg| alg == "none"))
}

/// A compact JWS taken apart; nothing is proved yet.
struct Parts<'a> {
    header: Map<String, Value>,
    message: &'a str,
    payload: &'a str,
    signature: &'a str,
}

impl<'a> Parts<'a> {
    fn of(token: &'a str) -> Result<Self, JwtError> {
        if token.len() > MAX_TOKEN {
            return Err(JwtError::Malformed);
        }
        let (message, signature) = token.rsplit_once('.').ok_or(JwtError::Malformed)?;
        let (header, payload) = message.split_once('.').ok_or(JwtError::Malformed)?;
        let header = from_base64url(header).and_then(|bytes| strict_json::parse(&bytes));
        let Some(Value::Object(header)) = header else { return Err(JwtError::Malformed) };
        if header.contains_key("crit") {
            return Err(JwtError::Critical);
        }
        Ok(Self { header, message, payload, signature })
    }

    fn algorithm<'b>(&self, algorithms: &[&'b str]) -> Result<&'b str, JwtError> {
        let named = self.header.get("alg").and_then(Value::as_str);
        algorithms.iter().find(|allowed| Some(**allowed) == named).copied().ok_or(JwtError::Algorithm)
    }

    fn signed_by(&self, key: &PublicKey, alg: &str) -> Result<(), JwtError> {
        let in_library = in_library(alg, key).ok_or(JwtError::Algorithm)?;
        let key = key.to_verify_with().ok_or(JwtError::UnknownKey)?;
        from_base64url(self.signature).ok_or(JwtError::Malformed)?;
        match jsonwebtoken::crypto::verify(self.signature, self.message.as_bytes(), &key, in_library) {
            Ok(true) => Ok(()),
            Ok(false) | Err(_) => Err(JwtError::Signature),
        }
    }

    fn open(&self, alg: &str) -> Result<Foreign, JwtError> {
        let typ = match self.header.get("typ") {
            None => None,
            Some(Value::String(typ)) => Some(typ.clone()),
            Some(_) => return Err(JwtError::Type),
        };
        let claims = from_base64url(self.payload).and_then(|bytes| strict_json::parse(&bytes));
        let claims = claims.filter(Value::is_object).ok_or(JwtError::Malformed)?;
        Ok(Foreign { typ, alg: alg.to_owned(), claims })
    }
}

/// The public key of a JWK; `None` where it is of a kind that is not used here.
fn public(members: &Map<String, Value>) -> Result<Option<PublicKey>, JwksError> {
    if PRIVATE.iter().any(|name| members.contains_key(*name)) {
        return Err(JwksError::Private);
    }
    Ok(PublicKey::deserialize(&Value::Object(members.clone())).ok())
}

fn text(members: &Map<String, Value>, name: &str, longest: usize) -> Result<Option<String>, JwksError> {
    match members.get(name) {
        None => Ok(None),
        Some(Value::String(text)) if text.len() <= longest => Ok(Some(text.clone())),
        Some(_) => Err(JwksError::Shape),
    }
}

/// An algorithm is its key's own: there is no key that two kinds of algorithms are tried with.
fn in_library(alg: &str, key: &PublicKey) -> Option<jsonwebtoken::Algorithm> {
    match (alg, key) {
        ("ES256", PublicKey::Ec { .. }) => Some(jsonwebtoken::Algorithm::ES256),
        ("PS256", PublicKey::Rsa { .. }) => Some(jsonwebtoken::Algorithm::PS256),
        ("RS256", PublicKey::Rsa { .. }) => Some(jsonwebtoken::Algorithm::RS256),
        ("EdDSA" | "Ed25519", PublicKey::Okp { .. }) => Some(jsonwebtoken::Algorithm::EdDSA),
        _ => None,
    }
}

/// RFC 9864 gave EdDSA with Ed25519 a name of its own.
fn same(one: &str, other: &str) -> bool {
    let plain = |alg| if alg == "Ed25519" { "EdDSA" } else { alg };
    plain(one) == plain(other)
}

#[cfg(test)]
mod tests {
    use polder_kernel::Entropy;
    use polder_kernel::encoding::base64url;
    use serde_json::json;

    use super::*;
    use crate::{Algorithm, SigningKey};

    const ALL: [&str; 5] = ["ES256", "PS256", "EdDSA", "Ed25519", "RS256"];

    fn key(algorithm: Algorithm) -> SigningKey {
        SigningKey::generate(algorithm, &Entropy::seeded(1)).unwrap().0
    }

    fn set(keys: &[&SigningKey]) -> Value {
        json!({ "keys": keys.iter().map(|key| serde_json::to_value(key.public_jwk()).unwrap()).collect::<Vec<_>>() })
    }

    #[test]
    fn b70_a_registered_key_verifies_and_no_other() {
        for algorithm in [Algorithm::Es256, Algorithm::EdDsa, Algorithm::Rs256] {
            let (own, other) = (key(algorithm), SigningKey::generate(algorithm, &Entropy::seeded(2)).unwrap().0);
            let keys = ForeignKeys::parse(&set(&[&own])).unwrap();
            let signed = own.sign_jwt("JWT", &json!({ "sub": "a" })).unwrap();
            let read = keys.verify(&signed, &ALL).unwrap();
            assert_eq!((read.typ.as_deref(), &read.claims), (Some("JWT"), &json!({ "sub": "a" })));
            let foreign = other.sign_jwt("JWT", &json!({ "sub": "a" })).unwrap();
            assert_eq!(keys.verify(&foreign, &ALL), Err(JwtError::UnknownKey));
            let claimed = other.called(own.kid()).sign_jwt("JWT", &json!({ "sub": "a" })).unwrap();
            assert_eq!(keys.verify(&claimed, &ALL), Err(JwtError::Signature));
            let without = ALL.iter().copied().filter(|alg| *alg != algorithm.as_str()).collect::<Vec<_>>();
            assert_eq!(keys.verify(&signed, &without), Err(JwtError::Algorithm));
        }
    }

    #[test]
    fn b80_what_is_changed_is_refused() {
        let own = key(Algorithm::Es256);
        let keys = ForeignKeys::parse(&set(&[&own])).unwrap();
        let signed = own.sign_jwt("JWT", &json!({ "sub": "a" })).unwrap();
        let parts: Vec<&str> = signed.split('.').collect();
        let header = |header: Value| base64url(header.to_string().as_bytes());
        for (wrong, error) in [
            (format!("{}.{}.", parts[0], parts[1]), JwtError::Signature),
            (format!("{}.{}", parts[0], parts[1]), JwtError::Malformed),
            (format!("{}.{}.{}=", parts[0], parts[1], parts[2]), JwtError::Malformed),
            (format!("{}.e30.{}", parts[0], parts[2]), JwtError::Signature),
            (format!("{}.{}.", header(json!({ "alg": "none" })), parts[1]), JwtError::Algorithm),
            (format!("{}.{}.{}", header(json!({ "alg": "HS256" })), parts[1], parts[2]), JwtError::Algorithm),
            (
                format!("{}.{}.{}", header(json!({ "alg": "ES256", "crit": ["b64"] })), parts[1], parts[2]),
                JwtError::Critical,
            ),
            (
                format!("{}.{}.{}", header(json!({ "alg": "ES256", "kid": 1 })), parts[1], parts[2]),
                JwtError::UnknownKey,
            ),
            ("a".repeat(MAX_TOKEN + 1), JwtError::Malformed),
        ] {
            assert_eq!(keys.verify(&wrong, &ALL), Err(error), "{wrong}");
        }
        assert!(is_unsigned(&format!("{}.{}.", header(json!({ "alg": "none" })), parts[1])) && !is_unsigned(&signed));
    }

    #[test]
    fn b70_a_set_holds_public_keys_that_can_be_used() {
        let own = key(Algorithm::Es256);
        let public = set(&[&own])["keys"][0].clone();
        let with = |name: &str, value: Value| {
            let mut key = public.clone();
            key[name] = value;
            json!({ "keys": [key] })
        };
        for (wrong, error) in [
            (json!([]), JwksError::Shape),
            (json!({}), JwksError::Shape),
            (json!({ "keys": {} }), JwksError::Shape),
            (json!({ "keys": [1] }), JwksError::Shape),
            (json!({ "keys": [] }), JwksError::Count),
            (json!({ "keys": vec![public.clone(); MAX_KEYS + 1] }), JwksError::Count),
            (json!({ "keys": [public, public] }), JwksError::Twice),
            (with("d", json!("AA")), JwksError::Private),
            (json!({ "keys": [{ "kty": "oct", "k": "AA" }] }), JwksError::Private),
            (json!({ "keys": [{ "kty": "oct" }] }), JwksError::Unusable),
            (with("crv", json!("P-384")), JwksError::Unusable),
            (with("x", json!("AA")), JwksError::Unusable),
            (json!({ "keys": [{ "kty": "RSA", "n": base64url(&[255; 128]), "e": "AQAB" }] }), JwksError::Unusable),
            (with("kid", json!(1)), JwksError::Shape),
            (with("use", json!("enc")), JwksError::Count),
        ] {
            assert_eq!(ForeignKeys::parse(&wrong), Err(error), "{wrong}");
        }
        assert!(ForeignKeys::parse(&with("x5c", json!(["ignored"]))).is_ok());
    }

    #[test]
    fn b70_a_name_that_is_asked_for_must_be_there() {
        let own = key(Algorithm::Es256);
        let mut jwks = set(&[&own]);
        jwks["keys"][0].as_object_mut().unwrap().remove("kid");
        let keys = ForeignKeys::parse(&jwks).unwrap();
        assert_eq!(keys.verify(&own.sign_jwt("JWT", &json!({})).unwrap(), &ALL), Err(JwtError::UnknownKey));
    }
}
