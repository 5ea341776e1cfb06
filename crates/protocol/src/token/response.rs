//! The successful answer of the token endpoint.

use serde::Serialize;

use crate::Scope;

/// RFC 6749 5.1. Goes out as JSON with `Cache-Control: no-store` and `Pragma: no-cache` (B16).
#[derive(Clone, Serialize)]
pub struct Response {
    /// The access token.
    pub access_token: String,
    /// Always `Bearer`.
    pub token_type: TokenType,
    /// Seconds the access token lives.
    pub expires_in: u64,
    /// The next refresh token, where the grant has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refresh_token: Option<String>,
    /// The ID token, where `openid` was granted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id_token: Option<String>,
    /// What was granted: always said, so that it is said when it differs (B05). RFC 6749 has no
    /// spelling for an empty scope.
    #[serde(skip_serializing_if = "Scope::is_empty")]
    pub scope: Scope,
}

/// How the access token is used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub enum TokenType {
    /// RFC 6750.
    #[default]
    Bearer,
}

/// Tokens do not print.
impl std::fmt::Debug for Response {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Response")
            .field("expires_in", &self.expires_in)
            .field("refresh_token", &self.refresh_token.is_some())
            .field("id_token", &self.id_token.is_some())
            .field("scope", &self.scope)
            .finish_non_exhaustive()
    }
}
