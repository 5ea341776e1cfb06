//! Whether a stored code may be redeemed (RFC 6749 4.1.3, RFC 7636 4.6).

use polder_kernel::Timestamp;

use crate::pkce::CodeChallenge;
use crate::{Client, Error, ErrorCode};

/// What a code was bound to when it was issued.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bound {
    /// The application it was issued to.
    pub client_id: String,
    /// The redirect URI it was sent to.
    pub redirect_uri: String,
    /// The PKCE challenge.
    pub code_challenge: Option<CodeChallenge>,
    /// The thumbprint of the key it was asked for with (RFC 9449 10).
    pub dpop_jkt: Option<String>,
    /// When it ends.
    pub expires_at: Timestamp,
}

/// What comes with a code.
#[derive(Clone, Copy, Debug, Default)]
pub struct Presented<'a> {
    /// The redirect URI of the authorization request.
    pub redirect_uri: Option<&'a str>,
    /// The PKCE verifier.
    pub code_verifier: Option<&'a str>,
    /// The thumbprint of the key that a DPoP proof was signed with.
    pub jkt: Option<&'a str>,
}

/// Checks a presented code against what it is bound to (B13): client, time, redirect URI, PKCE, key. The
/// answer never says which of them was wrong; the log does.
pub fn check(bound: &Bound, client: &Client, presented: Presented<'_>, now: Timestamp) -> Result<(), Error> {
    same_client(bound, client)?;
    not_expired(bound, now)?;
    same_redirect_uri(bound, client, presented.redirect_uri)?;
    proof_of_key(bound, presented.code_verifier)?;
    same_key(bound, presented.jkt)
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
    let bound_by_pkce = bound.code_challenge.is_some() && !client.profile.demands().redirect_uri_again;
    match presented {
        Some(presented) if presented == bound.redirect_uri => Ok(()),
        Some(_) => Err(refused().detail("redirect_uri differs")),
        None if bound_by_pkce => Ok(()),
        None => Err(refused().detail("redirect_uri is missing")),
    }
}

/// B68: a code that was asked for with a key is given to its holder alone.
fn same_key(bound: &Bound, jkt: Option<&str>) -> Result<(), Error> {
    match &bound.dpop_jkt {
        Some(wanted) if jkt != Some(wanted.as_str()) => Err(refused().detail("bound to another key")),
        _ => Ok(()),
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::{CHALLENGE, VERIFIER, spa, web};
    use crate::{ErrorCode, Profile};

    const URI: &str = "https://coach.example.test/cb";

    fn bound() -> Bound {
        Bound {
            client_id: "coach".to_owned(),
            redirect_uri: URI.to_owned(),
            code_challenge: CodeChallenge::from_stored(CHALLENGE),
            dpop_jkt: None,
            expires_at: Timestamp::from_seconds(60),
        }
    }

    fn run(bound: &Bound, uri: Option<&str>, verifier: Option<&str>, now: i64) -> Result<(), ErrorCode> {
        let presented = Presented { redirect_uri: uri, code_verifier: verifier, jkt: None };
        let result = check(bound, &web(), presented, Timestamp::from_seconds(now));
        result.map_err(|error| {
            // The answer never says what was wrong.
            assert_eq!(error.body(), refused().body());
            error.code
        })
    }

    const REFUSED: Result<(), ErrorCode> = Err(ErrorCode::InvalidGrant);

    #[test]
    fn b13_a_code_is_bound_to_client_and_time() {
        assert_eq!(run(&bound(), Some(URI), Some(VERIFIER), 59), Ok(()));
        assert_eq!(run(&bound(), Some(URI), Some(VERIFIER), 60), REFUSED);
        let presented = Presented { redirect_uri: Some(URI), code_verifier: Some(VERIFIER), jkt: None };
        let other = check(&bound(), &spa(), presented, Timestamp::from_seconds(1));
        assert_eq!(other.map_err(|error| error.code), REFUSED);
    }

    #[test]
    fn b15_a_different_redirect_uri_is_always_refused() {
        for wrong in
            ["https://coach.example.test/cb/", "https://coach.example.test/cb2?x=1", "https://COACH.example.test/cb"]
        {
            assert_eq!(run(&bound(), Some(wrong), Some(VERIFIER), 1), REFUSED, "{wrong}");
        }
    }

    #[test]
    fn b15_it_may_be_left_out_only_where_pkce_binds_the_code() {
        assert_eq!(run(&bound(), None, Some(VERIFIER), 1), Ok(()));
        assert_eq!(run(&bound(), None, None, 1), REFUSED);
        assert_eq!(run(&Bound { code_challenge: None, ..bound() }, None, None, 1), REFUSED);
    }

    #[test]
    fn b15_in_compat_it_is_always_sent_again() {
        let compat = Client { profile: Profile::Compat, ..web() };
        let presented = |redirect_uri| Presented { redirect_uri, code_verifier: Some(VERIFIER), jkt: None };
        assert_eq!(check(&bound(), &compat, presented(Some(URI)), Timestamp::from_seconds(1)), Ok(()));
        assert!(check(&bound(), &compat, presented(None), Timestamp::from_seconds(1)).is_err());
    }

    #[test]
    fn b68_a_code_asked_for_with_a_key_needs_that_key() {
        let bound = Bound { dpop_jkt: Some("one".to_owned()), ..bound() };
        for (jkt, fits) in [(Some("one"), true), (Some("two"), false), (None, false)] {
            let presented = Presented { redirect_uri: Some(URI), code_verifier: Some(VERIFIER), jkt };
            let result = check(&bound, &web(), presented, Timestamp::from_seconds(1));
            assert_eq!(result.map_err(|error| error.code), if fits { Ok(()) } else { REFUSED }, "{jkt:?}");
        }
    }

    #[test]
    fn b30_a_challenge_makes_the_verifier_mandatory() {
        assert_eq!(run(&bound(), Some(URI), None, 1), REFUSED);
        for wrong in [CHALLENGE, "short", &"a".repeat(43)] {
            assert_eq!(run(&bound(), Some(URI), Some(wrong), 1), REFUSED, "{wrong}");
        }
    }

    #[test]
    fn b31_a_verifier_without_a_challenge_is_refused() {
        let stripped = Bound { code_challenge: None, ..bound() };
        assert_eq!(run(&stripped, Some(URI), Some(VERIFIER), 1), REFUSED);
        assert_eq!(run(&stripped, Some(URI), None, 1), Ok(()));
    }
}
