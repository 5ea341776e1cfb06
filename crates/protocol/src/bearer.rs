//! Access tokens: how one is presented, and how a bad one is answered (RFC 6750, RFC 9449 7).

use std::fmt::Write;

use polder_kernel::Secret;

use crate::profile::ALGORITHMS;
use crate::{Error, ErrorCode, Params, metadata};

/// A token as it was presented.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Presented {
    /// How.
    pub scheme: Scheme,
    /// The token.
    pub token: Secret<String>,
}

/// The authentication schemes of access tokens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scheme {
    /// Whoever holds the token may use it (RFC 6750).
    #[default]
    Bearer,
    /// Whoever holds its key, too (RFC 9449 7.1).
    Dpop,
}

/// A refusal with its `WWW-Authenticate` challenge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Challenge {
    /// What is wrong; `None` when nothing was presented (B21).
    pub error: Option<Error>,
    /// The scope that would do, with `insufficient_scope` (B23).
    pub scope: Option<&'static str>,
    /// The sign-in that would do, with `insufficient_user_authentication` (B86).
    pub acr_values: Option<&'static str>,
    /// The scheme that was used.
    pub scheme: Scheme,
}

/// The presented token. In the URL it is refused (B24): URLs end up in logs. `form` is the body of a
/// form POST, the only other place (RFC 6750 2.2), and two places are one too many.
pub fn parse(authorization: Option<&str>, query: Option<&str>, form: Option<&Params>) -> Result<Presented, Challenge> {
    let in_query = Params::read(query.unwrap_or_default().as_bytes());
    if in_query.names().any(|name| name == "access_token") {
        return Err(malformed("the access token must not be in the URL"));
    }
    let in_header = authorization.and_then(header);
    let in_body = match form {
        Some(form) if form.fault_of("access_token").is_some() => {
            return Err(malformed("the access token was sent twice"));
        }
        Some(form) => form.get("access_token"),
        None => None,
    };
    match (in_header, in_body.map(|token| (Scheme::Bearer, token))) {
        (Some(_), Some(_)) => Err(malformed("the access token was sent twice")),
        (Some((scheme, token)), None) | (None, Some((scheme, token))) if is_b64token(token) => {
            Ok(Presented { scheme, token: Secret::new(token.to_owned()) })
        }
        (None, None) => Err(Challenge { error: None, scope: None, acr_values: None, scheme: Scheme::Bearer }),
        (Some((scheme, _)), None) | (None, Some((scheme, _))) => Err(invalid_token().under(scheme)),
    }
}

/// The answer to a bad, expired or revoked token: never which (B22).
pub fn invalid_token() -> Challenge {
    Error::new(ErrorCode::InvalidToken, "the access token is invalid, expired or revoked").into()
}

/// The answer to a token without the scope that is needed (B23).
pub fn insufficient_scope(needed: &'static str) -> Challenge {
    let error = Error::new(ErrorCode::InsufficientScope, "the access token lacks a scope");
    Challenge { scope: Some(needed), ..error.into() }
}

/// The answer to a token whose sign-in is weaker than what is asked of everybody by now (RFC 9470 3; B86). An
/// application that sends the person to sign in with these `acr_values` gets one that will do.
pub fn insufficient_user_authentication(acr_values: &'static str) -> Challenge {
    let error = Error::new(ErrorCode::InsufficientUserAuthentication, "a stronger sign-in is required");
    Challenge { acr_values: Some(acr_values), ..error.into() }
}

impl Challenge {
    /// The same, for who used this scheme.
    #[must_use]
    pub fn under(self, scheme: Scheme) -> Self {
        Self { scheme, ..self }
    }

    /// The HTTP status.
    pub fn status(&self) -> u16 {
        match &self.error {
            None => 401,
            // At a resource a proof belongs to the token (RFC 9449 7.1, 9).
            Some(Error { code: ErrorCode::InvalidDpopProof | ErrorCode::UseDpopNonce, .. }) => 401,
            Some(error) => error.status(),
        }
    }

    /// The values of `WWW-Authenticate` at userinfo: of the scheme that was used, or of both where nothing was
    /// presented (B21). Descriptions cannot hold a quote or a backslash, so they need no escaping; the realm is the
    /// issuer, and where more about us stands is said in each, too (RFC 9728 5.1).
    pub fn headers(&self, issuer: &str) -> Vec<String> {
        match (&self.error, self.scheme) {
            (None, _) => vec![self.header(Scheme::Bearer, issuer), self.header(Scheme::Dpop, issuer)],
            (Some(_), scheme) => vec![self.header(scheme, issuer)],
        }
    }

    fn header(&self, scheme: Scheme, issuer: &str) -> String {
        let about = metadata::path::PROTECTED_RESOURCE_USERINFO;
        let mut header = format!("{} realm=\"{issuer}\", resource_metadata=\"{issuer}{about}\"", scheme.as_str());
        if let Some(error) = &self.error {
            let _ = write!(header, ", error=\"{}\", error_description=\"{}\"", error.code, error.description);
        }
        if let Some(scope) = self.scope {
            let _ = write!(header, ", scope=\"{scope}\"");
        }
        if let Some(acr_values) = self.acr_values {
            let _ = write!(header, ", acr_values=\"{acr_values}\"");
        }
        if scheme == Scheme::Dpop {
            let _ = write!(header, ", algs=\"{}\"", ALGORITHMS.join(" "));
        }
        header
    }
}

impl From<Error> for Challenge {
    fn from(error: Error) -> Self {
        Self { error: Some(error), scope: None, acr_values: None, scheme: Scheme::Bearer }
    }
}

impl Scheme {
    /// The name in `Authorization` and `WWW-Authenticate`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Bearer => "Bearer",
            Self::Dpop => "DPoP",
        }
    }
}

fn malformed(description: &'static str) -> Challenge {
    Error::new(ErrorCode::InvalidRequest, description).into()
}

/// What follows one of our schemes, in any case (RFC 9110 11.1). Another scheme presents no token.
fn header(value: &str) -> Option<(Scheme, &str)> {
    let (name, token) = value.split_once(' ')?;
    let scheme =
        [Scheme::Bearer, Scheme::Dpop].into_iter().find(|scheme| name.eq_ignore_ascii_case(scheme.as_str()))?;
    Some((scheme, token.trim_matches(' ')))
}

/// RFC 6750 2.1 `b64token`.
fn is_b64token(token: &str) -> bool {
    let body = token.trim_end_matches('=');
    !body.is_empty() && body.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~+/".contains(&b))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::{ISSUER, params};

    fn refused(authorization: Option<&str>, query: Option<&str>, form: &str) -> Challenge {
        parse(authorization, query, Some(&params(form))).unwrap_err()
    }

    #[test]
    fn a12_a_token_in_the_header_or_in_the_form() {
        let token =
            |authorization, form: &str| parse(authorization, None, Some(&params(form))).unwrap().token.expose().clone();
        assert_eq!(token(Some("Bearer abc.d-e_f~+/=="), ""), "abc.d-e_f~+/==");
        assert_eq!(token(None, "access_token=abc"), "abc");
    }

    #[test]
    fn a58_the_scheme_is_read_in_any_case() {
        for (name, scheme) in [
            ("Bearer", Scheme::Bearer),
            ("bearer", Scheme::Bearer),
            ("BEARER", Scheme::Bearer),
            ("DPoP", Scheme::Dpop),
            ("dpop", Scheme::Dpop),
        ] {
            assert_eq!(parse(Some(&format!("{name} abc")), None, None).unwrap().scheme, scheme, "{name}");
        }
    }

    #[test]
    fn b21_without_a_token_the_challenge_has_no_error() {
        for authorization in [None, Some("Basic abc"), Some("Bearer"), Some("DPoP"), Some("")] {
            let challenge = refused(authorization, Some("a=b"), "");
            assert_eq!(challenge.status(), 401);
            let realm = "realm=\"https://practice.example.test\"";
            let about =
                "resource_metadata=\"https://practice.example.test/.well-known/oauth-protected-resource/userinfo\"";
            assert_eq!(
                challenge.headers(ISSUER),
                [
                    format!("Bearer {realm}, {about}"),
                    format!("DPoP {realm}, {about}, algs=\"ES256 PS256 EdDSA Ed25519 RS256\"")
                ]
            );
        }
    }

    #[test]
    fn b22_a_bad_token_is_invalid_and_not_why() {
        for wrong in ["Bearer a b", "Bearer =", "Bearer a=b", "Bearer \u{e9}", "Bearer a\"b"] {
            assert_eq!(refused(Some(wrong), None, ""), invalid_token(), "{wrong}");
        }
        let header = invalid_token().headers(ISSUER).remove(0);
        assert!(header.contains("error=\"invalid_token\"") && invalid_token().status() == 401, "{header}");
    }

    #[test]
    fn b66_a_refusal_speaks_of_the_scheme_that_was_used() {
        let headers = invalid_token().under(Scheme::Dpop).headers(ISSUER);
        assert!(headers.len() == 1 && headers[0].starts_with("DPoP ") && headers[0].contains("algs="), "{headers:?}");
        assert_eq!(refused(Some("DPoP a b"), None, ""), invalid_token().under(Scheme::Dpop));
        let proof: Challenge = crate::dpop::needs_nonce().into();
        assert_eq!(proof.status(), 401);
    }

    #[test]
    fn b23_a_missing_scope_is_named() {
        let challenge = insufficient_scope("openid");
        assert_eq!(challenge.status(), 403);
        assert!(challenge.headers(ISSUER)[0].ends_with(", scope=\"openid\""));
        assert!(challenge.headers(ISSUER)[0].contains("error=\"insufficient_scope\""));
    }

    #[test]
    fn b24_a_token_in_the_url_or_in_two_places_is_refused() {
        for challenge in [
            refused(None, Some("access_token=abc"), ""),
            refused(Some("Bearer abc"), Some("x=1&access%5Ftoken=abc"), ""),
            refused(Some("Bearer abc"), None, "access_token=abc"),
        ] {
            assert_eq!(challenge.status(), 400);
            assert_eq!(challenge.error.unwrap().code, ErrorCode::InvalidRequest);
        }
        let twice = Params::read(b"access_token=a&access_token=b");
        assert_eq!(parse(None, None, Some(&twice)).unwrap_err().status(), 400);
    }

    #[test]
    fn b86_b87_a_challenge_says_which_sign_in_would_do_and_where_more_stands() {
        let challenge = insufficient_user_authentication("urn:polder:acr:mfa");
        assert_eq!(challenge.status(), 401);
        let header = challenge.headers(ISSUER).remove(0);
        assert!(header.contains("error=\"insufficient_user_authentication\""), "{header}");
        assert!(header.ends_with(", acr_values=\"urn:polder:acr:mfa\""), "{header}");
        let about = format!(", resource_metadata=\"{ISSUER}/.well-known/oauth-protected-resource/userinfo\"");
        let bound = challenge.clone().under(Scheme::Dpop);
        assert!(bound.headers(ISSUER)[0].contains(", acr_values=\"urn:polder:acr:mfa\""), "{bound:?}");
        for challenge in [challenge, bound, invalid_token(), refused(None, None, "")] {
            for header in challenge.headers(ISSUER) {
                assert_eq!(header.matches(&about).count(), 1, "{header}");
            }
        }
    }
}
