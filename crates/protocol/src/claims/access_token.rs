//! The claims of an access token (RFC 9068 2.2).

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::Audience;
use crate::Scope;

/// What an API learns: no name, no address (B77). Times are Unix seconds. Without a person, `sub` is the
/// `client_id`, and nothing is said about a sign-in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessToken<'a> {
    /// The issuer.
    pub iss: Cow<'a, str>,
    /// Who the token is for.
    pub aud: Audience<'a>,
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
    /// The key whose holder may use the token, and nobody else (RFC 7800 3, RFC 9449 6).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cnf: Option<Confirmation<'a>>,
}

/// The key a token is bound to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Confirmation<'a> {
    /// Its RFC 7638 thumbprint.
    pub jkt: Cow<'a, str>,
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn machine() -> AccessToken<'static> {
        AccessToken {
            iss: "https://practice.example.test".into(),
            aud: "https://practice.example.test".into(),
            sub: "nightly".into(),
            client_id: "nightly".into(),
            iat: 1,
            exp: 901,
            jti: "j".into(),
            scope: Scope::parse("api:read").unwrap(),
            auth_time: None,
            acr: None,
            amr: Cow::Borrowed(&[]),
            sid: None,
            roles: None,
            cnf: None,
        }
    }

    fn names(token: &AccessToken) -> BTreeSet<String> {
        serde_json::to_value(token).unwrap().as_object().unwrap().keys().cloned().collect()
    }

    #[test]
    fn b77_the_claims_of_rfc_9068_and_none_about_a_person() {
        let required = ["aud", "client_id", "exp", "iat", "iss", "jti", "scope", "sub"];
        assert_eq!(names(&machine()), required.map(str::to_owned).into());
        let person = AccessToken {
            auth_time: Some(1),
            acr: Some("1".into()),
            amr: vec!["otp".to_owned()].into(),
            sid: Some("s".into()),
            ..machine()
        };
        let more: BTreeSet<_> = names(&person).difference(&names(&machine())).cloned().collect();
        assert_eq!(more, ["acr", "amr", "auth_time", "sid"].map(str::to_owned).into());
        let text = serde_json::to_string(&person).unwrap();
        assert_eq!(serde_json::from_str::<AccessToken<'static>>(&text).unwrap(), person);
    }

    #[test]
    fn b59_a_bound_token_names_its_key() {
        let bound = AccessToken { cnf: Some(Confirmation { jkt: "k".into() }), ..machine() };
        assert_eq!(serde_json::to_value(bound).unwrap()["cnf"], serde_json::json!({ "jkt": "k" }));
    }

    #[test]
    fn b05_an_empty_scope_is_left_out() {
        let none = AccessToken { scope: Scope::default(), ..machine() };
        assert!(!names(&none).contains("scope"));
    }
}
