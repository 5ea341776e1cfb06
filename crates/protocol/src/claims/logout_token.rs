//! The claims of a logout token (OpenID Connect Back-Channel Logout 1.0, 2.4).

use std::borrow::Cow;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// How long one may be used: the two minutes that the specification names.
pub const LIFETIME: Duration = Duration::from_secs(120);

/// Says that a session ended. It never has a `nonce`, so that it cannot be taken for an ID token. Times are
/// Unix seconds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogoutToken<'a> {
    /// The issuer.
    pub iss: Cow<'a, str>,
    /// The person; absent where they were erased before it could be made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sub: Option<Cow<'a, str>>,
    /// The application that is told.
    pub aud: Cow<'a, str>,
    /// When it was made.
    pub iat: i64,
    /// When it is of no more use.
    pub exp: i64,
    /// Names it: each attempt to deliver has another.
    pub jti: Cow<'a, str>,
    /// The session as this application knows it.
    pub sid: Cow<'a, str>,
    /// What happened.
    pub events: Events,
}

/// Exactly one event: the session ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Events {
    /// The event has nothing to say.
    #[serde(rename = "http://schemas.openid.net/event/backchannel-logout")]
    pub session_ended: Nothing,
}

/// `{}`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Nothing {}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a50_a_logout_token_has_the_one_event_and_no_nonce() {
        let token = LogoutToken {
            iss: "https://practice.example.test".into(),
            sub: Some("ann".into()),
            aud: "coach".into(),
            iat: 1,
            exp: 121,
            jti: "j".into(),
            sid: "s".into(),
            events: Events::default(),
        };
        let expected = json!({ "iss": "https://practice.example.test", "sub": "ann", "aud": "coach", "iat": 1,
            "exp": 121, "jti": "j", "sid": "s",
            "events": { "http://schemas.openid.net/event/backchannel-logout": {} } });
        assert_eq!(serde_json::to_value(&token).unwrap(), expected);
        assert_eq!(serde_json::from_value::<LogoutToken<'static>>(expected).unwrap(), token);
        let nobody = LogoutToken { sub: None, ..token };
        assert!(serde_json::to_value(nobody).unwrap().get("sub").is_none());
    }
}
