//! ID tokens of providers (OpenID Connect Core, 3.1.3.7; B99).
//!
//! The library checks signature, issuer, audience, nonce and end, with the keys and algorithms that the
//! provider advertised, of which only asymmetric ones count: `none` and those keyed by our own secret
//! prove nothing. What it leaves to taste is refused here once more, from the claims themselves: a claim
//! that is missing is a refusal, never a default.

use std::str::FromStr;
use std::time::Duration;

use chrono::DateTime;
use openidconnect::core::{CoreIdToken, CoreIdTokenVerifier, CoreJwsSigningAlgorithm as Alg};
use openidconnect::{ClaimsVerificationError, ClientId, IssuerUrl, Nonce, SignatureVerificationError};
use polder_crypto::strict_json;
use polder_kernel::Timestamp;
use polder_kernel::encoding::from_base64url;
use serde_json::{Map, Value};

use super::Problem;
use super::attempt;
use super::discovery::Metadata;

/// Longer tokens are refused unread, in bytes.
const LONGEST: usize = 16 * 1024;
/// How far a provider's clock may be ahead of ours.
const AHEAD: Duration = Duration::from_secs(60);

/// Signatures that prove who signed.
const ASYMMETRIC: [Alg; 10] = [
    Alg::RsaSsaPkcs1V15Sha256,
    Alg::RsaSsaPkcs1V15Sha384,
    Alg::RsaSsaPkcs1V15Sha512,
    Alg::RsaSsaPssSha256,
    Alg::RsaSsaPssSha384,
    Alg::RsaSsaPssSha512,
    Alg::EcdsaP256Sha256,
    Alg::EcdsaP384Sha384,
    Alg::EcdsaP521Sha512,
    Alg::EdDsa,
];

/// Why an ID token is refused.
#[derive(Debug)]
pub enum Refused {
    /// No key that is known made it: perhaps the provider has new ones.
    Key,
    /// It is not to be believed.
    No(&'static str),
}

impl From<Refused> for Problem {
    fn from(refused: Refused) -> Self {
        Self::Untrusted(match refused {
            Refused::Key => "its ID token is signed by none of its keys",
            Refused::No(why) => why,
        })
    }
}

/// What an ID token has to fit.
#[derive(Clone, Copy, Debug)]
pub struct Expected<'a> {
    /// Who signs.
    pub issuer: &'a str,
    /// Whom it is for.
    pub client_id: &'a str,
    /// What it was asked with.
    pub nonce: &'a str,
    /// The time.
    pub now: Timestamp,
}

/// The claims of an ID token that is all that it has to be.
///
/// # Errors
/// [`Refused`].
pub fn check(token: &str, metadata: &Metadata, expected: Expected<'_>) -> Result<Map<String, Value>, Refused> {
    if token.len() > LONGEST {
        return Err(Refused::No("its ID token is too long"));
    }
    let parsed = CoreIdToken::from_str(token).map_err(|_| Refused::No("its ID token cannot be read"))?;
    let issuer = IssuerUrl::new(expected.issuer.to_owned()).map_err(|_| Refused::No("the issuer is not an address"))?;
    let now = DateTime::from_timestamp_millis(expected.now.millis()).ok_or(Refused::No("the clock is wrong"))?;
    let advertised = metadata.id_token_signing_alg_values_supported();
    let allowed = ASYMMETRIC.into_iter().filter(|algorithm| advertised.contains(algorithm));
    let client = ClientId::new(expected.client_id.to_owned());
    let verifier = CoreIdTokenVerifier::new_public_client(client, issuer, metadata.jwks().clone())
        .set_allowed_algs(allowed.collect::<Vec<_>>())
        .set_time_fn(move || now);
    parsed.claims(&verifier, &Nonce::new(expected.nonce.to_owned())).map_err(|error| refused(&error))?;
    let claims = payload(token).ok_or(Refused::No("its ID token is not plain JSON"))?;
    own_list(&claims, expected)?;
    Ok(claims)
}

fn refused(error: &ClaimsVerificationError) -> Refused {
    use ClaimsVerificationError as E;
    match error {
        E::SignatureVerification(
            SignatureVerificationError::NoMatchingKey
            | SignatureVerificationError::AmbiguousKeyId(_)
            | SignatureVerificationError::CryptoError(_)
            | SignatureVerificationError::InvalidKey(_),
        ) => Refused::Key,
        E::SignatureVerification(_) => Refused::No("its ID token is signed in a way that does not count"),
        E::InvalidIssuer(_) => Refused::No("its ID token is of another issuer"),
        E::InvalidAudience(_) => Refused::No("its ID token is for somebody else"),
        E::InvalidNonce(_) => Refused::No("its ID token was asked for by somebody else"),
        E::Expired(_) => Refused::No("its ID token has ended"),
        _ => Refused::No("its ID token does not verify"),
    }
}

fn payload(token: &str) -> Option<Map<String, Value>> {
    let payload = token.split('.').nth(1).and_then(from_base64url)?;
    match strict_json::parse(&payload)? {
        Value::Object(claims) => Some(claims),
        _ => None,
    }
}

fn own_list(claims: &Map<String, Value>, expected: Expected<'_>) -> Result<(), Refused> {
    let text = |name: &str| claims.get(name).and_then(Value::as_str);
    let time = |name: &str| claims.get(name).and_then(Value::as_i64).map(Timestamp::from_seconds);
    let now = expected.now;
    let for_us_alone = match claims.get("aud") {
        Some(Value::String(one)) => one == expected.client_id,
        Some(Value::Array(all)) => !all.is_empty() && all.iter().all(|one| one.as_str() == Some(expected.client_id)),
        _ => false,
    };
    let checks = [
        (text("iss") == Some(expected.issuer), "its ID token is of another issuer"),
        (for_us_alone, "its ID token is for somebody else"),
        (
            claims.get("azp").is_none_or(|azp| azp.as_str() == Some(expected.client_id)),
            "its ID token was made for another party",
        ),
        (time("exp").is_some_and(|exp| now < exp), "its ID token has ended, or does not say when"),
        (time("iat").is_some_and(|iat| iat <= now + AHEAD), "its ID token does not say when it was made"),
        // It answers a request of this hour: an old one was made for another.
        (time("iat").is_some_and(|iat| now <= iat + attempt::LIFETIME), "its ID token is old"),
        (time("nbf").is_none_or(|nbf| nbf <= now + AHEAD), "its ID token is of the future"),
        (text("nonce") == Some(expected.nonce), "its ID token was asked for by somebody else"),
        (text("sub").is_some_and(|sub| !sub.is_empty()), "its ID token names nobody"),
    ];
    match checks.into_iter().find(|(holds, _)| !holds) {
        Some((_, why)) => Err(Refused::No(why)),
        None => Ok(()),
    }
}
