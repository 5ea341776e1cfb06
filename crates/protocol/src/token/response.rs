//! The successful answer of the token endpoint.

use serde::Serialize;

use crate::Scope;

/// RFC 6749 5.1. Goes out as JSON with `Cache-Control: no-store` and `Pragma: no-cache` (B16).
#[derive(Clone, Serialize)]
pub struct Response {
    /// The access token.
    pub access_token: String,
    /// How the access token is used.
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
    /// RFC 9449 5.
    #[serde(rename = "DPoP")]
    Dpop,
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn response() -> Response {
        Response {
            access_token: "hunter2".to_owned(),
            token_type: TokenType::Bearer,
            expires_in: 900,
            refresh_token: None,
            id_token: None,
            scope: Scope::default(),
        }
    }

    #[test]
    fn b16_the_answer_has_the_members_of_the_rfc() {
        let bare = serde_json::to_value(response()).unwrap();
        assert_eq!(bare, json!({ "access_token": "hunter2", "token_type": "Bearer", "expires_in": 900 }));
        let full = Response {
            refresh_token: Some("r".to_owned()),
            id_token: Some("i".to_owned()),
            scope: Scope::parse("openid email").unwrap(),
            ..response()
        };
        let full = serde_json::to_value(full).unwrap();
        assert_eq!(
            (&full["refresh_token"], &full["id_token"], &full["scope"]),
            (&json!("r"), &json!("i"), &json!("openid email"))
        );
    }

    #[test]
    fn f16_tokens_do_not_print() {
        assert!(!format!("{:?}", response()).contains("hunter2"));
    }
}
