//! The claims of an access token (RFC 9068 2.2).

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::Scope;

/// What an API learns: no name, no address (B77). Times are Unix seconds. Without a person, `sub` is the
/// `client_id`, and nothing is said about a sign-in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessToken<'a> {
    /// The issuer.
    pub iss: Cow<'a, str>,
    /// Who the token is for.
    pub aud: Cow<'a, str>,
    /// The person, or the application itself.
    pub sub: Cow<'a, str>,
    /// The application.
    pub client_id: Cow<'a, str>,
    /// When it was made.
    pub iat: i64,
    /// When it ends.
    pub exp: i64,
    /// Names the token.
    pub jti: Cow<'a, str>,
    /// What was granted; absent when nothing was.
    #[serde(default, skip_serializing_if = "Scope::is_empty")]
    pub scope: Scope,
    /// When the person signed in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auth_time: Option<i64>,
    /// How strong the sign-in was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acr: Option<Cow<'a, str>>,
    /// How the person signed in (RFC 8176).
    #[serde(default, skip_serializing_if = "<[_]>::is_empty")]
    pub amr: Cow<'a, [String]>,
    /// The session as this application knows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sid: Option<Cow<'a, str>>,
    /// The person's roles in this tenant, where the scope `roles` was granted (RFC 9068 2.2.3.1).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub roles: Option<Cow<'a, [String]>>,
}
