//! Demonstrating proof of possession (RFC 9449): what a proof has to say.
//!
//! The signature by the key inside the proof, that a `jti` counts once, and whether a nonce is ours are the
//! caller's to see to.

use polder_kernel::Timestamp;
use serde::Deserialize;
use serde_json::Value;
use url::Url;

use crate::jwt_times::{SKEW, Seconds};
use crate::{Error, ErrorCode};

/// The `typ` of a proof.
pub const TYPE: &str = "dpop+jwt";

/// How old a proof may be, and how far ahead its clock, in seconds (B62).
const WINDOW: i64 = 300;
/// The longest `jti`, in characters.
const LONGEST_JTI: usize = 256;

/// What a proof is for.
#[derive(Clone, Copy, Debug)]
pub struct Expected<'a> {
    /// The HTTP method.
    pub method: &'a str,
    /// The address, without query and fragment.
    pub url: &'a str,
    /// The hash of the access token it comes with, as [`Accepted`] documents; `None` where none comes (7.1).
    pub ath: Option<&'a str>,
}

/// A proof that says what it must.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accepted {
    /// Names it among all that this key signed.
    pub jti: String,
    /// The nonce of ours that it claims to carry.
    pub nonce: Option<String>,
    /// Until when it must be remembered.
    pub until: Timestamp,
}

#[derive(Deserialize)]
struct Claims {
    jti: String,
    htm: String,
    htu: String,
    iat: Seconds,
    #[serde(default)]
    nbf: Option<Seconds>,
    #[serde(default)]
    exp: Option<Seconds>,
    #[serde(default)]
    ath: Option<String>,
    #[serde(default)]
    nonce: Option<String>,
}

/// Checks what a genuine proof says (4.3, B60-B64).
///
/// # Errors
/// `invalid_dpop_proof`.
pub fn check(typ: Option<&str>, claims: &Value, expected: Expected<'_>, now: Timestamp) -> Result<Accepted, Error> {
    if typ != Some(TYPE) {
        return Err(refused("typ of the DPoP proof must be dpop+jwt"));
    }
    let claims = Claims::deserialize(claims)
        .map_err(|_| refused("the DPoP proof needs jti, htm, htu and iat of the right kind"))?;
    if claims.htm != expected.method {
        return Err(refused("htm of the DPoP proof is not the method of the request"));
    }
    if !is_same_address(&claims.htu, expected.url) {
        return Err(refused("htu of the DPoP proof is not the address of the request"));
    }
    let age = now.seconds().saturating_sub(claims.iat.0);
    if !(-WINDOW..=WINDOW).contains(&age) {
        return Err(refused("iat of the DPoP proof is not recent"));
    }
    if claims.nbf.is_some_and(|nbf| nbf.is_to_come(now)) || claims.exp.is_some_and(|exp| exp.is_over(now)) {
        return Err(refused("the DPoP proof is not good now"));
    }
    if claims.jti.is_empty() || claims.jti.len() > LONGEST_JTI {
        return Err(refused("jti of the DPoP proof is empty or too long"));
    }
    if expected.ath.is_some() && claims.ath.as_deref() != expected.ath {
        return Err(refused("ath of the DPoP proof is not the hash of the access token"));
    }
    let until = Timestamp::from_seconds(claims.iat.0.saturating_add(WINDOW + 1));
    Ok(Accepted { jti: claims.jti, nonce: claims.nonce, until })
}

/// A proof that is none.
pub fn refused(description: &'static str) -> Error {
    Error::new(ErrorCode::InvalidDpopProof, description)
}

/// A proof that has to carry a nonce of ours (8); the answer brings one.
pub fn needs_nonce() -> Error {
    Error::new(ErrorCode::UseDpopNonce, "use the nonce of the DPoP-Nonce header in the DPoP proof")
}

/// Whether a text can be the thumbprint of a key (10): SHA-256 as base64url.
pub fn is_thumbprint(text: &str) -> bool {
    polder_kernel::encoding::from_base64url(text).is_some_and(|hash| hash.len() == 32)
}

/// Without query and fragment; scheme and host in any case, the default port said or not (4.3).
fn is_same_address(claimed: &str, ours: &str) -> bool {
    let (Ok(mut claimed), Ok(ours)) = (Url::parse(claimed), Url::parse(ours)) else { return false };
    claimed.set_query(None);
    claimed.set_fragment(None);
    claimed == ours
}

/// How long proofs of the right window may be remembered at most, in seconds from now: for a table's retention.
pub const REMEMBERED: i64 = 2 * WINDOW + SKEW;

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const NOW: i64 = 1_000_000;
    const URL: &str = "https://practice.example.test/token";

    fn run(typ: Option<&str>, change: Value, ath: Option<&str>) -> Result<Accepted, Error> {
        let mut claims = json!({ "jti": "a", "htm": "POST", "htu": URL, "iat": NOW });
        let Value::Object(change) = change else { panic!("not an object") };
        for (name, value) in change {
            claims[name] = value;
        }
        claims.as_object_mut().unwrap().retain(|_, value| !value.is_null());
        check(typ, &claims, Expected { method: "POST", url: URL, ath }, Timestamp::from_seconds(NOW))
    }

    fn wrong(change: Value) {
        let text = change.to_string();
        assert_eq!(run(Some(TYPE), change, None).unwrap_err().code, ErrorCode::InvalidDpopProof, "{text}");
    }

    #[test]
    fn b60_the_type_is_its_own() {
        assert!(run(Some(TYPE), json!({}), None).is_ok());
        for typ in [None, Some("JWT"), Some("dpop"), Some("DPoP+JWT"), Some("at+jwt")] {
            assert_eq!(run(typ, json!({}), None).unwrap_err().code, ErrorCode::InvalidDpopProof, "{typ:?}");
        }
    }

    #[test]
    fn b61_every_claim_is_asked_for_and_right() {
        for name in ["jti", "htm", "htu", "iat"] {
            wrong(json!({ name: null }));
            wrong(json!({ name: {} }));
        }
        for change in [
            json!({ "jti": "" }),
            json!({ "jti": "j".repeat(257) }),
            json!({ "jti": 7 }),
            json!({ "htm": "GET" }),
            json!({ "htm": "post" }),
            json!({ "htu": "https://practice.example.test/userinfo" }),
            json!({ "htu": "https://other.test/token" }),
            json!({ "htu": "http://practice.example.test/token" }),
            json!({ "htu": "https://practice.example.test:8443/token" }),
            json!({ "htu": "https://user@practice.example.test/token" }),
            json!({ "htu": "https://practice.example.test/token/" }),
            json!({ "htu": "/token" }),
            json!({ "htu": [URL] }),
            json!({ "nonce": 1 }),
        ] {
            wrong(change);
        }
        for htu in [
            "HTTPS://Practice.Example.Test/token",
            "https://practice.example.test:443/token",
            "https://practice.example.test/token?a=b#c",
        ] {
            assert!(run(Some(TYPE), json!({ "htu": htu }), None).is_ok(), "{htu}");
        }
    }

    #[test]
    fn b62_a59_the_time_is_recent() {
        for iat in [NOW - 10, NOW + 10, NOW - 300, NOW + 300] {
            let accepted = run(Some(TYPE), json!({ "iat": iat }), None).unwrap();
            assert!(accepted.until.seconds() > iat + 300, "remembered for as long as it is taken");
            assert!(accepted.until.seconds() <= NOW + REMEMBERED);
        }
        for iat in [NOW - 301, NOW + 301, NOW - 3600, NOW + 3600, 0, i64::MAX, i64::MIN] {
            wrong(json!({ "iat": iat }));
        }
        wrong(json!({ "exp": NOW - 3600 }));
        wrong(json!({ "nbf": NOW + 3600 }));
        assert!(run(Some(TYPE), json!({ "exp": NOW + 5, "nbf": NOW + 8 }), None).is_ok());
    }

    #[test]
    fn b64_the_access_token_is_named_by_its_hash() {
        assert!(run(Some(TYPE), json!({ "ath": "right" }), Some("right")).is_ok());
        for ath in [json!("wrong"), json!(null), json!("")] {
            let error = run(Some(TYPE), json!({ "ath": ath }), Some("right")).unwrap_err();
            assert_eq!(error.code, ErrorCode::InvalidDpopProof, "{ath}");
        }
    }

    #[test]
    fn b68_a_thumbprint_has_32_bytes() {
        assert!(is_thumbprint("NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"));
        for wrong in
            ["", "abc", "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs=", "NzbLsXh8uDCcd+6MNwXF4W/7noWXFZAfHkxZsRGC9Xs"]
        {
            assert!(!is_thumbprint(wrong), "{wrong}");
        }
    }
}
