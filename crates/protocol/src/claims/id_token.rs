//! The claims of an ID token (OpenID Connect Core 2).

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

/// Who signed in, when and how: nothing about the person beyond `sub`; names and addresses come from
/// userinfo (A07, A14). Times are Unix seconds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IdToken<'a> {
    /// The issuer.
    pub iss: Cow<'a, str>,
    /// The person.
    pub sub: Cow<'a, str>,
    /// The application.
    pub aud: Cow<'a, str>,
    /// When it ends.
    pub exp: i64,
    /// When it was made.
    pub iat: i64,
    /// When the person signed in.
    pub auth_time: i64,
    /// From the request, unchanged; absent when the request had none (A13).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nonce: Option<Cow<'a, str>>,
    /// How strong the sign-in was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acr: Option<Cow<'a, str>>,
    /// How the person signed in (RFC 8176).
    #[serde(default, skip_serializing_if = "<[_]>::is_empty")]
    pub amr: Cow<'a, [String]>,
    /// The session as this application knows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sid: Option<Cow<'a, str>>,
}
