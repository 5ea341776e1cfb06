//! Bearer tokens: how one is presented, and how a bad one is answered (RFC 6750).

use std::fmt::Write;

use polder_kernel::Secret;

use crate::{Error, ErrorCode, Params};

/// A refusal with its `WWW-Authenticate` challenge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Challenge {
    /// What is wrong; `None` when nothing was presented (B21).
    pub error: Option<Error>,
    /// The scope that would do, with `insufficient_scope` (B23).
    pub scope: Option<&'static str>,
}

/// The presented token. In the URL it is refused (B24): URLs end up in logs. `form` is the body of a
/// form POST, the only other place (RFC 6750 2.2), and two places are one too many.
pub fn parse(
    authorization: Option<&str>,
    query: Option<&str>,
    form: Option<&Params>,
) -> Result<Secret<String>, Challenge> {
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
    match (in_header, in_body) {
        (Some(_), Some(_)) => Err(malformed("the access token was sent twice")),
        (Some(token), None) | (None, Some(token)) if is_b64token(token) => Ok(Secret::new(token.to_owned())),
        (None, None) => Err(Challenge { error: None, scope: None }),
        _ => Err(invalid_token()),
    }
}

/// The answer to a bad, expired or revoked token: never which (B22).
pub fn invalid_token() -> Challenge {
    let error = Error::new(ErrorCode::InvalidToken, "the access token is invalid, expired or revoked");
    Challenge { error: Some(error), scope: None }
}

/// The answer to a token without the scope that is needed (B23).
pub fn insufficient_scope(needed: &'static str) -> Challenge {
    let error = Error::new(ErrorCode::InsufficientScope, "the access token lacks a scope");
    Challenge { error: Some(error), scope: Some(needed) }
}

impl Challenge {
    /// The HTTP status.
    pub fn status(&self) -> u16 {
        self.error.as_ref().map_or(401, Error::status)
    }

    /// The value of `WWW-Authenticate`. Descriptions cannot hold a quote or a backslash, so they need no
    /// escaping; the realm is the issuer.
    pub fn header(&self, issuer: &str) -> String {
        let mut header = format!("Bearer realm=\"{issuer}\"");
        if let Some(error) = &self.error {
            let _ = write!(header, ", error=\"{}\", error_description=\"{}\"", error.code, error.description);
        }
        if let Some(scope) = self.scope {
            let _ = write!(header, ", scope=\"{scope}\"");
        }
        header
    }
}

fn malformed(description: &'static str) -> Challenge {
    Challenge { error: Some(Error::new(ErrorCode::InvalidRequest, description)), scope: None }
}

/// What follows the scheme `Bearer`, in any case (RFC 9110 11.1). Another scheme presents no token.
fn header(value: &str) -> Option<&str> {
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("Bearer").then(|| token.trim_matches(' '))
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
            |authorization, form: &str| parse(authorization, None, Some(&params(form))).unwrap().expose().clone();
        assert_eq!(token(Some("Bearer abc.d-e_f~+/=="), ""), "abc.d-e_f~+/==");
        assert_eq!(token(None, "access_token=abc"), "abc");
    }

    #[test]
    fn a58_the_scheme_is_read_in_any_case() {
        for scheme in ["Bearer", "bearer", "BEARER"] {
            assert!(parse(Some(&format!("{scheme} abc")), None, None).is_ok(), "{scheme}");
        }
    }

    #[test]
    fn b21_without_a_token_the_challenge_has_no_error() {
        for authorization in [None, Some("Basic abc"), Some("Bearer"), Some("DPoP abc"), Some("")] {
            let challenge = refused(authorization, Some("a=b"), "");
            assert_eq!(challenge.status(), 401);
            assert_eq!(challenge.header(ISSUER), "Bearer realm=\"https://practice.example.test\"");
        }
    }

    #[test]
    fn b22_a_bad_token_is_invalid_and_not_why() {
        for wrong in ["Bearer a b", "Bearer =", "Bearer a=b", "Bearer \u{e9}", "Bearer a\"b"] {
            assert_eq!(refused(Some(wrong), None, ""), invalid_token(), "{wrong}");
        }
        let header = invalid_token().header(ISSUER);
        assert!(header.contains("error=\"invalid_token\"") && invalid_token().status() == 401, "{header}");
    }

    #[test]
    fn b23_a_missing_scope_is_named() {
        let challenge = insufficient_scope("openid");
        assert_eq!(challenge.status(), 403);
        assert!(challenge.header(ISSUER).ends_with(", scope=\"openid\""));
        assert!(challenge.header(ISSUER).contains("error=\"insufficient_scope\""));
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
}
