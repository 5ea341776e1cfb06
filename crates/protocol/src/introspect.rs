//! Token introspection (RFC 7662).

use std::borrow::Cow;

use polder_kernel::Secret;
use serde::Serialize;

use crate::claims::{Audience, Confirmation};
use crate::{AuthMethod, Client, Error, Params, Scope, client_auth};

/// What is asked. `token_type_hint` is read by nobody: what a token is can be seen from its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// The token, of whatever kind.
    pub token: Secret<String>,
}

/// The answer: all about a live token, or `{"active":false}` and never why (B75).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Response<'a> {
    /// Whether the token is live and the caller may know it.
    pub active: bool,
    /// What was granted.
    #[serde(skip_serializing_if = "Scope::is_empty")]
    pub scope: Scope,
    /// The application it was issued to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_id: Option<Cow<'a, str>>,
    /// `Bearer` or `DPoP` for an access token; absent for a refresh token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_type: Option<&'static str>,
    /// When it ends, in Unix seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exp: Option<i64>,
    /// When it was made, in Unix seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub iat: Option<i64>,
    /// The person, or the application itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sub: Option<Cow<'a, str>>,
    /// Who it is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub aud: Option<Audience<'a>>,
    /// The issuer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub iss: Option<Cow<'a, str>>,
    /// Names the token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jti: Option<Cow<'a, str>>,
    /// When the person signed in (RFC 9470 6.2).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auth_time: Option<i64>,
    /// How strong the sign-in was (RFC 9470 6.2).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub acr: Option<Cow<'a, str>>,
    /// The session as the application knows it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sid: Option<Cow<'a, str>>,
    /// The key whose holder may use it (RFC 9449 6.2).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cnf: Option<Confirmation<'a>>,
}

/// What a signed answer says (RFC 9701 5).
#[derive(Clone, Debug, Serialize)]
pub struct Signed<'a> {
    /// The issuer.
    pub iss: &'a str,
    /// Who asked.
    pub aud: &'a str,
    /// When it was made, in Unix seconds.
    pub iat: i64,
    /// The answer itself.
    pub token_introspection: &'a Response<'a>,
}

/// The `typ` of a signed answer, and with `application/` before it its media type (RFC 9701 5).
pub const SIGNED_TYPE: &str = "token-introspection+jwt";

/// Whether an `Accept` header asks for a signed answer (RFC 9701 4). Whoever takes anything gets JSON.
pub fn wants_signed(accept: &str) -> bool {
    accept.split(',').any(|wanted| {
        let media_type = wanted.split(';').next().unwrap_or_default().trim();
        media_type.strip_prefix("application/").is_some_and(|rest| rest.eq_ignore_ascii_case(SIGNED_TYPE))
    })
}

impl Request {
    /// Reads the request of an authenticated client. A public client proved nothing, so to ask is not
    /// for it (RFC 7662 2.1).
    pub fn parse(params: &Params, client: &Client) -> Result<Self, Error> {
        if client.auth_method == AuthMethod::None {
            return Err(client_auth::refused().detail("a public client may not introspect"));
        }
        Ok(Self { token: Secret::new(params.require("token")?.to_owned()) })
    }
}

impl Response<'_> {
    /// The answer about everything else: unknown, expired, revoked, somebody else's.
    pub fn inactive() -> Self {
        Self::default()
    }
}

/// Whether a caller may know about an access token: it was issued to the caller, or it is for the caller's
/// own audience (B75). The issuer as audience is what every application has that chose none, so it makes
/// nobody the audience of another's tokens.
pub fn may_see(caller: &Client, client_id: &str, audience: &Audience<'_>, issuer: &str) -> bool {
    caller.id == client_id || (audience.contains(&caller.audience) && caller.audience != issuer)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::ErrorCode;
    use crate::sample::{ISSUER, params, spa, web};

    #[test]
    fn b75_an_inactive_answer_says_nothing_else() {
        assert_eq!(serde_json::to_value(Response::inactive()).unwrap(), json!({ "active": false }));
    }

    #[test]
    fn b76_a_signed_answer_is_asked_for_by_its_media_type() {
        for accept in ["application/token-introspection+jwt", "text/html, application/Token-Introspection+JWT;q=0.5"] {
            assert!(wants_signed(accept), "{accept}");
        }
        for accept in ["", "*/*", "application/json", "application/jwt", "token-introspection+jwt"] {
            assert!(!wants_signed(accept), "{accept}");
        }
    }

    #[test]
    fn b75_a_public_client_may_not_ask() {
        assert_eq!(Request::parse(&params("token=x"), &spa()).unwrap_err().code, ErrorCode::InvalidClient);
        assert_eq!(Request::parse(&params("token="), &web()).unwrap_err().code, ErrorCode::InvalidRequest);
        assert_eq!(Request::parse(&params("token=x&token_type_hint=nonsense"), &web()).unwrap().token.expose(), "x");
    }

    #[test]
    fn b75_a_caller_sees_its_own_tokens_and_those_for_its_audience() {
        let api = Client { id: "api".to_owned(), audience: "https://api.example.test".to_owned(), ..web() };
        assert!(may_see(&api, "api", &"https://practice.example.test".into(), ISSUER));
        assert!(may_see(&api, "coach", &"https://api.example.test".into(), ISSUER));
        assert!(!may_see(&api, "coach", &"https://practice.example.test".into(), ISSUER));
        assert!(!may_see(&api, "coach", &"https://api.example.test/".into(), ISSUER));
        // Both chose no audience of their own.
        assert!(!may_see(&web(), "portal", &ISSUER.into(), ISSUER));
        assert!(may_see(&web(), &web().id, &ISSUER.into(), ISSUER));
    }
}
