//! A key of an application, and what its developer's library signs with it, right or wrong.

use std::sync::atomic::{AtomicU64, Ordering};

use jsonwebtoken::EncodingKey;
use jsonwebtoken::crypto::sign;
use polder_crypto::{Algorithm, Jwk, SigningKey};
use polder_kernel::Entropy;
use polder_kernel::encoding::base64url;
use serde_json::{Value, json};

use super::world::rsa;
use super::{ISSUER, World};

/// `client_assertion_type`.
pub const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// A key with the algorithm it signs with.
#[derive(Clone)]
pub struct Signer {
    /// As headers name it.
    pub alg: String,
    key: Option<EncodingKey>,
    jwk: Jwk,
}

impl Signer {
    /// A new P-256 key.
    pub fn new() -> Self {
        Self::of("ES256")
    }

    /// A key for this algorithm; `none` signs nothing.
    pub fn of(alg: &str) -> Self {
        let generate = |algorithm| {
            let (key, pkcs8) = SigningKey::generate(algorithm, &Entropy::System).unwrap();
            (key.public_jwk().clone(), pkcs8.expose().clone())
        };
        let (key, jwk) = match alg {
            "EdDSA" | "Ed25519" => {
                let (jwk, pkcs8) = generate(Algorithm::EdDsa);
                (Some(EncodingKey::from_ed_der(&pkcs8)), jwk)
            }
            "RS256" | "PS256" | "RS512" => {
                let jwk = SigningKey::from_pkcs8(Algorithm::Rs256, rsa()).unwrap().public_jwk().clone();
                // The PKCS#1 key within its PKCS#8 envelope.
                (Some(EncodingKey::from_rsa_der(&rsa()[26..])), jwk)
            }
            "HS256" => (Some(EncodingKey::from_secret(b"a secret of both")), generate(Algorithm::Es256).0),
            "none" => (None, generate(Algorithm::Es256).0),
            _ => {
                let (jwk, pkcs8) = generate(Algorithm::Es256);
                (Some(EncodingKey::from_ec_der(&pkcs8)), jwk)
            }
        };
        Self { alg: alg.to_owned(), key, jwk }
    }

    /// The public key, without the algorithm: one key may sign with several.
    pub fn jwk(&self) -> Value {
        let mut jwk = serde_json::to_value(&self.jwk).unwrap();
        jwk.as_object_mut().unwrap().remove("alg");
        jwk
    }

    /// The set to register.
    pub fn jwks(&self) -> Value {
        json!({ "keys": [self.jwk()] })
    }

    pub fn jkt(&self) -> String {
        self.jwk.key.thumbprint()
    }

    /// Signs these very bytes.
    pub fn sign(&self, header: &Value, claims: &Value) -> String {
        let part = |json: &Value| base64url(json.to_string().as_bytes());
        let message = format!("{}.{}", part(header), part(claims));
        let signature = self.key.as_ref().map(|key| {
            let alg = match self.alg.as_str() {
                "EdDSA" | "Ed25519" => jsonwebtoken::Algorithm::EdDSA,
                "RS256" => jsonwebtoken::Algorithm::RS256,
                "PS256" => jsonwebtoken::Algorithm::PS256,
                "RS512" => jsonwebtoken::Algorithm::RS512,
                "HS256" => jsonwebtoken::Algorithm::HS256,
                _ => jsonwebtoken::Algorithm::ES256,
            };
            sign(message.as_bytes(), key, alg).unwrap()
        });
        format!("{message}.{}", signature.unwrap_or_default())
    }

    fn header(&self, typ: &str) -> Value {
        json!({ "alg": self.alg, "kid": self.jwk.kid, "typ": typ })
    }

    /// A client assertion; `changes` replace claims, `null` removes one.
    pub fn assertion(&self, world: &World, client_id: &str, changes: &Value) -> String {
        let now = world.clock.now().seconds();
        let claims = json!({
            "iss": client_id, "sub": client_id, "aud": ISSUER, "iat": now, "exp": now + 60, "jti": fresh(),
        });
        self.sign(&self.header("JWT"), &changed(claims, changes))
    }

    /// A DPoP proof for a POST to this path.
    pub fn proof(&self, world: &World, path: &str) -> String {
        self.proof_with(world, path, &json!({}))
    }

    /// As [`proof`](Self::proof), with changed claims.
    pub fn proof_with(&self, world: &World, path: &str, changes: &Value) -> String {
        let now = world.clock.now().seconds();
        let claims = json!({ "jti": fresh(), "htm": "POST", "htu": format!("{ISSUER}{path}"), "iat": now });
        self.sign(&self.proof_header(), &changed(claims, changes))
    }

    /// The header of a proof.
    pub fn proof_header(&self) -> Value {
        json!({ "typ": "dpop+jwt", "alg": self.alg, "jwk": self.jwk() })
    }

    /// A request object.
    pub fn request_object(&self, world: &World, client_id: &str, parameters: &Value) -> String {
        let now = world.clock.now().seconds();
        let claims = json!({ "iss": client_id, "client_id": client_id, "aud": ISSUER, "nbf": now, "exp": now + 300 });
        self.sign(&self.header("oauth-authz-req+jwt"), &changed(claims, parameters))
    }
}

/// `claims` with these changes.
pub fn changed(mut claims: Value, changes: &Value) -> Value {
    for (name, value) in changes.as_object().unwrap() {
        claims[name] = value.clone();
    }
    claims.as_object_mut().unwrap().retain(|_, value| !value.is_null());
    claims
}

/// A `jti` that was never used.
pub fn fresh() -> String {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    format!("jti-{}", NEXT.fetch_add(1, Ordering::Relaxed))
}
