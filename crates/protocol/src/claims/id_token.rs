//! The claims of an ID token (OpenID Connect Core 2).

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

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
    /// Claims that the tenant defines and that the scope grants (K9); never one that has a meaning here.
    #[serde(flatten)]
    pub custom: Map<String, Value>,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn claims() -> IdToken<'static> {
        IdToken {
            iss: "https://practice.example.test".into(),
            sub: "ann".into(),
            aud: "coach".into(),
            exp: 2,
            iat: 1,
            auth_time: 1,
            nonce: None,
            acr: None,
            amr: Cow::Borrowed(&[]),
            sid: None,
            custom: Map::new(),
        }
    }

    #[test]
    fn a07_a13_nothing_that_was_not_asked_for() {
        let bare = serde_json::to_value(claims()).unwrap();
        let expected = json!({ "iss": "https://practice.example.test", "sub": "ann", "aud": "coach", "exp": 2, "iat": 1, "auth_time": 1 });
        assert_eq!(bare, expected);
    }

    #[test]
    fn a10_all_claims_are_read_back() {
        let full = IdToken {
            nonce: Some("n".into()),
            acr: Some("1".into()),
            amr: vec!["otp".to_owned()].into(),
            sid: Some("s".into()),
            custom: [("member_number".to_owned(), json!(17))].into_iter().collect(),
            ..claims()
        };
        let text = serde_json::to_string(&full).unwrap();
        assert_eq!(serde_json::from_str::<IdToken<'static>>(&text).unwrap(), full);
    }
}
