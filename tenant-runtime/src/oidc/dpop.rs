//! Proofs of possession at our endpoints (RFC 9449).
//!
//! A proof is checked when a request comes in, and used, once, where the request is otherwise in order: so only
//! who holds credentials, a code or a token of ours makes us remember anything. A nonce is a keyed hash over the
//! time: nothing is stored of it, and a restart changes nothing.

use axum::response::Response;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use polder_crypto::{constant_time_eq, foreign, sha256};
use polder_kernel::encoding::{base64url, from_base64url};
use polder_protocol::bearer::{Challenge, Presented, Scheme, invalid_token};
use polder_protocol::claims::AccessToken;
use polder_protocol::dpop::{self, Expected, needs_nonce, refused};
use polder_protocol::{Client, Error, Profile};

use super::once::Once;
use crate::App;
use crate::error::Internal;

/// The header a proof comes in.
pub const PROOF: HeaderName = HeaderName::from_static("dpop");
/// The header a nonce goes out in.
pub const NONCE: HeaderName = HeaderName::from_static("dpop-nonce");

/// How long a nonce is taken, in seconds.
const NONCE_LIFETIME: i64 = 300;

/// A proof that is genuine and for this very request, not yet used.
#[derive(Clone, Debug)]
pub struct Proof {
    /// The thumbprint of the key that signed it.
    pub jkt: String,
    once: Once,
}

impl Proof {
    /// Uses the proof (11.1).
    ///
    /// # Errors
    /// `invalid_dpop_proof` when it was used before.
    pub async fn take(&self, app: &App) -> Result<Result<(), Error>, Internal> {
        let first = self.once.take(app).await?;
        Ok(if first { Ok(()) } else { Err(refused("the DPoP proof was used before")) })
    }
}

/// The proof that came with a request of `client` to one of our endpoints, where one came.
///
/// # Errors
/// `invalid_dpop_proof`, also when this application has to send one; `use_dpop_nonce`.
pub fn at_endpoint(app: &App, headers: &HeaderMap, path: &str, client: &Client) -> Result<Option<Proof>, Error> {
    if !headers.contains_key(PROOF) {
        return Ok(None);
    }
    let url = app.issuer.url(path);
    let expected = Expected { method: Method::POST.as_str(), url: &url, ath: None };
    read(app, headers, expected, client.profile)
}

/// As [`at_endpoint`], where tokens are given: an application whose tokens have to be bound does without none.
///
/// # Errors
/// As [`at_endpoint`].
pub fn at_token(app: &App, headers: &HeaderMap, path: &str, client: &Client) -> Result<Option<Proof>, Error> {
    match at_endpoint(app, headers, path, client)? {
        None if client.must_bind_tokens() => Err(refused("this application needs a DPoP proof")),
        proof => Ok(proof),
    }
}

/// Whether a token may be used the way it was presented (7): a bound one with a proof of its key, and never as
/// a bearer token; any other never as a bound one (B66).
///
/// # Errors
/// A challenge, in the words of the scheme that was used.
pub async fn at_resource(
    app: &App,
    headers: &HeaderMap,
    (method, path): (&Method, &str),
    presented: &Presented,
    claims: &AccessToken<'_>,
) -> Result<Result<(), Challenge>, Internal> {
    let challenge = |error: Error| Challenge::from(error).under(Scheme::Dpop);
    let bound = match (presented.scheme, &claims.cnf) {
        (Scheme::Bearer, None) => return Ok(Ok(())),
        (Scheme::Dpop, Some(bound)) => bound,
        (scheme, _) => return Ok(Err(invalid_token().under(scheme))),
    };
    let (url, ath) = (app.issuer.url(path), base64url(&sha256(presented.token.expose().as_bytes())));
    let expected = Expected { method: method.as_str(), url: &url, ath: Some(&ath) };
    let profile = app.applications.enabled(&claims.client_id).map(|application| application.client.profile);
    let proof = match read(app, headers, expected, profile.unwrap_or_default()) {
        Ok(Some(proof)) if proof.jkt == bound.jkt => proof,
        Ok(Some(_)) => return Ok(Err(invalid_token().under(Scheme::Dpop))),
        Ok(None) => return Ok(Err(challenge(refused("the access token needs a DPoP proof")))),
        Err(error) => return Ok(Err(challenge(error))),
    };
    Ok(proof.take(app).await?.map_err(challenge))
}

/// Adds a fresh nonce to the answer of a request that came with a proof (8.2).
pub fn add_nonce(app: &App, asked: &HeaderMap, response: &mut Response) {
    if !asked.contains_key(PROOF) {
        return;
    }
    if let Ok(nonce) = HeaderValue::from_str(&nonce(app)) {
        response.headers_mut().insert(NONCE, nonce);
    }
}

fn read(app: &App, headers: &HeaderMap, expected: Expected<'_>, profile: Profile) -> Result<Option<Proof>, Error> {
    let mut sent = headers.get_all(PROOF).iter();
    let (Some(text), more) = (sent.next(), sent.next()) else { return Ok(None) };
    if more.is_some() {
        return Err(refused("more than one DPoP proof was sent"));
    }
    let text = text.to_str().map_err(|_| refused("the DPoP proof is no JWT"))?;
    let demands = profile.demands();
    let (signed, jkt) = foreign::verify_possession(text, demands.algorithms)
        .map_err(|error| refused("the DPoP proof is not signed by the public key in it").detail(error.to_string()))?;
    let accepted = dpop::check(signed.typ.as_deref(), &signed.claims, expected, app.clock.now())?;
    match &accepted.nonce {
        Some(nonce) if !is_ours(app, nonce) => return Err(needs_nonce()),
        None if demands.dpop_nonce => return Err(needs_nonce()),
        _ => {}
    }
    let once = Once::new(app, "dpop-proof", (&jkt, &accepted.jti), accepted.until);
    Ok(Some(Proof { jkt, once }))
}

fn nonce(app: &App) -> String {
    let made = app.clock.now().seconds().to_be_bytes();
    base64url(&[made.as_slice(), &nonce_mac(app, made)].concat())
}

fn is_ours(app: &App, nonce: &str) -> bool {
    let Some(bytes) = from_base64url(nonce) else { return false };
    let Some((made, mac)) = bytes.split_first_chunk::<8>() else { return false };
    let age = app.clock.now().seconds().saturating_sub(i64::from_be_bytes(*made));
    constant_time_eq(mac, &nonce_mac(app, *made)) && (0..=NONCE_LIFETIME).contains(&age)
}

fn nonce_mac(app: &App, made: [u8; 8]) -> [u8; 16] {
    let mut short = [0; 16];
    short.copy_from_slice(&app.keyring.mac("dpop-nonce", &[&made])[..16]);
    short
}
