//! Proofs that a client holds the key its token is bound to, at the API (RFC 9449, 4.3 and 7.1).

use std::time::Duration;

use polder_crypto::{Algorithm, constant_time_eq, sha256, verify_by_own_key};
use polder_kernel::Timestamp;
use polder_kernel::encoding::base64url;
use serde::Deserialize;
use url::Url;

use crate::replay::Seen;

/// What a proof may be signed with: the quick ones first.
pub(crate) const ALGORITHMS: [Algorithm; 3] = [Algorithm::Es256, Algorithm::EdDsa, Algorithm::Rs256];

/// How old a proof may be, and by how much a clock may be ahead.
const WINDOW: Duration = Duration::from_secs(60);
/// The longest `jti`, in bytes.
const LONGEST_JTI: usize = 256;

/// What a proof says.
#[derive(Deserialize)]
struct Proof {
    jti: String,
    htm: String,
    htu: String,
    iat: i64,
    ath: Option<String>,
    exp: Option<i64>,
    nbf: Option<i64>,
}

/// The request a proof has to be for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Request<'a> {
    /// Its method.
    pub(crate) method: &'a str,
    /// Its address as clients know it, without query.
    pub(crate) url: &'a Url,
    /// The access token it carries.
    pub(crate) token: &'a str,
    /// The thumbprint of the key that the token is bound to.
    pub(crate) jkt: &'a str,
}

/// Checks a proof and notes that it was used.
///
/// # Errors
/// What is wrong with it.
pub(crate) fn check(proof: &str, request: Request<'_>, seen: &Seen, now: Timestamp) -> Result<(), &'static str> {
    let verified =
        verify_by_own_key(proof, &["dpop+jwt"], &ALGORITHMS).map_err(|_| "the proof is not signed as it says")?;
    let claims: Proof = verified.claims().map_err(|_| "the proof lacks a claim")?;
    if !constant_time_eq(verified.header.kid.as_bytes(), request.jkt.as_bytes()) {
        return Err("the proof is by another key than the token's");
    }
    if claims.htm != request.method {
        return Err("the proof is for another method");
    }
    if without_query(&claims.htu).as_ref() != Some(request.url) {
        return Err("the proof is for another address");
    }
    let hash = base64url(&sha256(request.token.as_bytes()));
    if !claims.ath.is_some_and(|ath| constant_time_eq(ath.as_bytes(), hash.as_bytes())) {
        return Err("the proof is for another token");
    }
    let made = Timestamp::from_seconds(claims.iat);
    let early = now + WINDOW < made || claims.nbf.is_some_and(|from| now + WINDOW < Timestamp::from_seconds(from));
    if early || made + WINDOW < now || claims.exp.is_some_and(|end| Timestamp::from_seconds(end) + WINDOW <= now) {
        return Err("the proof was not made just now");
    }
    if claims.jti.is_empty() || claims.jti.len() > LONGEST_JTI {
        return Err("the proof has no name of its own");
    }
    // Bound to the key, so that nobody uses up names of another's proofs.
    let name = sha256(format!("{} {}", request.jkt, claims.jti).as_bytes());
    if !seen.is_new(name, made + WINDOW + WINDOW, now) {
        return Err("the proof was used before");
    }
    Ok(())
}

/// The address as a parser reads it: `HTTPS://API.example:443/a` is `https://api.example/a` (9449, 4.3).
fn without_query(text: &str) -> Option<Url> {
    let mut url = Url::parse(text).ok()?;
    url.set_query(None);
    url.set_fragment(None);
    Some(url)
}

#[cfg(test)]
mod tests {
    use polder_crypto::{Jwk, SigningKey};
    use polder_kernel::{Entropy, Secret};
    use serde_json::{Value, json};

    use super::*;

    const NOW: i64 = 1_795_248_000;
    const TOKEN: &str = "a.b.c";

    /// A proof as a client makes it, with its key in the header.
    fn proof(key: &Key, typ: &str, jwk: &Value, claims: &Value) -> String {
        let header = json!({ "typ": typ, "alg": "ES256", "jwk": jwk });
        let part = |value: &Value| base64url(value.to_string().as_bytes());
        let message = format!("{}.{}", part(&header), part(claims));
        let private = jsonwebtoken::EncodingKey::from_ec_der(key.private.expose());
        let signature =
            jsonwebtoken::crypto::sign(message.as_bytes(), &private, jsonwebtoken::Algorithm::ES256).unwrap();
        format!("{message}.{signature}")
    }

    struct Key {
        private: Secret<Vec<u8>>,
        public: Jwk,
    }

    fn key() -> Key {
        let (key, private) = SigningKey::generate(Algorithm::Es256, &Entropy::System).unwrap();
        Key { private, public: key.public_jwk().clone() }
    }

    fn claims() -> Value {
        json!({ "jti": "p-1", "htm": "GET", "htu": "https://api.example/orders", "iat": NOW,
            "ath": base64url(&sha256(TOKEN.as_bytes())) })
    }

    fn jwk(key: &Key) -> Value {
        let mut jwk = serde_json::to_value(&key.public).unwrap();
        for name in ["alg", "use", "kid"] {
            jwk.as_object_mut().unwrap().remove(name);
        }
        jwk
    }

    fn at(key: &Key, text: &str, seen: &Seen, now: i64) -> Result<(), &'static str> {
        let url = Url::parse("https://api.example/orders").unwrap();
        let request = Request { method: "GET", url: &url, token: TOKEN, jkt: &key.public.kid };
        check(text, request, seen, Timestamp::from_seconds(now))
    }

    #[test]
    fn b63_a_proof_is_for_one_request_and_works_once() {
        let (key, seen) = (key(), Seen::default());
        let good = proof(&key, "dpop+jwt", &jwk(&key), &claims());
        assert_eq!(at(&key, &good, &seen, NOW), Ok(()));
        assert_eq!(at(&key, &good, &seen, NOW + 59), Err("the proof was used before"));
        // The query and the spelling of the address do not matter.
        for (name, htu) in [("p-2", "https://api.example/orders?page=2#x"), ("p-3", "HTTPS://API.example:443/orders")] {
            let mut claims = claims();
            (claims["jti"], claims["htu"]) = (json!(name), json!(htu));
            assert_eq!(at(&key, &proof(&key, "dpop+jwt", &jwk(&key), &claims), &seen, NOW), Ok(()), "{htu}");
        }
    }

    #[test]
    fn b60_b61_b62_b64_every_other_proof_is_refused_for_what_is_wrong_with_it() {
        let (key, other, seen) = (key(), key(), Seen::default());
        for ((name, value), why) in [
            (("htm", json!("POST")), "the proof is for another method"),
            (("htm", json!("get")), "the proof is for another method"),
            (("htu", json!("https://api.example/order")), "the proof is for another address"),
            (("htu", json!("http://api.example/orders")), "the proof is for another address"),
            (("htu", json!("https://evil.example/orders")), "the proof is for another address"),
            (("htu", json!("/orders")), "the proof is for another address"),
            (("ath", json!("x")), "the proof is for another token"),
            (("ath", json!(null)), "the proof is for another token"),
            (("iat", json!(NOW - 61)), "the proof was not made just now"),
            (("iat", json!(NOW + 61)), "the proof was not made just now"),
            (("exp", json!(NOW - 61)), "the proof was not made just now"),
            (("nbf", json!(NOW + 61)), "the proof was not made just now"),
            (("jti", json!("")), "the proof has no name of its own"),
            (("jti", json!("x".repeat(257))), "the proof has no name of its own"),
            (("jti", json!(7)), "the proof lacks a claim"),
            (("iat", json!("now")), "the proof lacks a claim"),
        ] {
            let mut claims = claims();
            claims[name] = value.clone();
            let refused = at(&key, &proof(&key, "dpop+jwt", &jwk(&key), &claims), &seen, NOW);
            assert_eq!(refused, Err(why), "{name}: {value}");
        }
        let unsigned = Err("the proof is not signed as it says");
        let good = jwk(&key);
        assert_eq!(at(&key, &proof(&key, "JWT", &good, &claims()), &seen, NOW), unsigned);
        assert_eq!(at(&key, &proof(&key, "dpop+jwt", &jwk(&other), &claims()), &seen, NOW), unsigned);
        let mut private = good.clone();
        private["d"] = json!("AA");
        assert_eq!(at(&key, &proof(&key, "dpop+jwt", &private, &claims()), &seen, NOW), unsigned);
        assert_eq!(at(&key, &proof(&key, "dpop+jwt", &Value::Null, &claims()), &seen, NOW), unsigned);
        let by_another = proof(&other, "dpop+jwt", &jwk(&other), &claims());
        assert_eq!(at(&key, &by_another, &seen, NOW), Err("the proof is by another key than the token's"));
        for text in ["", "a.b", "a.b.c", "..."] {
            assert_eq!(at(&key, text, &seen, NOW), unsigned, "{text}");
        }
    }
}
