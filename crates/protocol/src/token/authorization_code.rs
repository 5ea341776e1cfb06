//! Whether a stored code may be redeemed (RFC 6749 4.1.3, RFC 7636 4.6).

use polder_kernel::Timestamp;

use crate::pkce::CodeChallenge;
use crate::{Client, Error, ErrorCode, Profile};

/// What a code was bound to when it was issued.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bound {
    /// The application it was issued to.
    pub client_id: String,
    /// The redirect URI it was sent to.
    pub redirect_uri: String,
    /// The PKCE challenge.
    pub code_challenge: Option<CodeChallenge>,
    /// When it ends.
    pub expires_at: Timestamp,
}

/// Checks a presented code against what it is bound to (B13): client, time, redirect URI, PKCE. The
/// answer never says which of them was wrong; the log does.
pub fn check(
    bound: &Bound,
    client: &Client,
    redirect_uri: Option<&str>,
    code_verifier: Option<&str>,
    now: Timestamp,
) -> Result<(), Error> {
    same_client(bound, client)?;
    not_expired(bound, now)?;
    same_redirect_uri(bound, client, redirect_uri)?;
    proof_of_key(bound, code_verifier)
}

/// What the client is told of every refused code.
pub fn refused() -> Error {
    Error::new(ErrorCode::InvalidGrant, "the authorization code is invalid, expired or already used")
}

fn same_client(bound: &Bound, client: &Client) -> Result<(), Error> {
    if bound.client_id == client.id { Ok(()) } else { Err(refused().detail("issued to another client")) }
}

fn not_expired(bound: &Bound, now: Timestamp) -> Result<(), Error> {
    if now < bound.expires_at { Ok(()) } else { Err(refused().detail("expired")) }
}

/// B15: what is sent must be the same text; nothing may be sent only where PKCE binds the code, as
/// OAuth 2.1 has it for the default profile.
fn same_redirect_uri(bound: &Bound, client: &Client, presented: Option<&str>) -> Result<(), Error> {
    match (presented, client.profile) {
        (Some(presented), _) if presented == bound.redirect_uri => Ok(()),
        (Some(_), _) => Err(refused().detail("redirect_uri differs")),
        (None, Profile::Default) if bound.code_challenge.is_some() => Ok(()),
        (None, Profile::Default) => Err(refused().detail("redirect_uri is missing")),
    }
}

/// B30: a challenge makes the verifier mandatory. B31: without one a verifier is refused, since
/// somebody took the challenge out of the authorization request.
fn proof_of_key(bound: &Bound, verifier: Option<&str>) -> Result<(), Error> {
    match (&bound.code_challenge, verifier) {
        (Some(challenge), Some(verifier)) if challenge.verify(verifier) => Ok(()),
        (Some(_), Some(_)) => Err(refused().detail("code_verifier does not fit")),
        (Some(_), None) => Err(refused().detail("code_verifier is missing")),
        (None, Some(_)) => Err(refused().detail("code_verifier without a challenge")),
        (None, None) => Ok(()),
    }
}
