//! Hearing that a session ended (OpenID Connect Back-Channel Logout 1.0), at the relying party.

use std::time::Duration;

use polder_kernel::Timestamp;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::access_token::{Audience, LEEWAY};
use crate::provider::{Provider, Unusable, Unverified};

/// The types of a logout token (2.4).
const TYPES: [&str; 2] = ["logout+jwt", "application/logout+jwt"];
/// The one event.
const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";
/// The oldest token that is taken, also where it says that it lives longer.
const OLDEST: Duration = Duration::from_secs(300);

/// Whose sessions ended. Either name is enough; where both are there both must fit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoggedOut {
    /// The person.
    pub sub: Option<String>,
    /// The session, as ID tokens named it.
    pub sid: Option<String>,
    /// Names the token: one that was seen is refused until `expires_at` (2.6, 7). The caller remembers it.
    pub jti: String,
    /// Until when.
    pub expires_at: Timestamp,
}

/// Why a logout token is not taken. The reasons are for the log; what goes out is 400.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LogoutRefused {
    /// It is not to be believed.
    #[error("the logout token is not to be believed: {0}")]
    Token(&'static str),
    /// The issuer's keys cannot be had; it will send the token again.
    #[error(transparent)]
    Issuer(#[from] Unusable),
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    aud: Audience,
    iat: i64,
    exp: i64,
    jti: String,
    sub: Option<String>,
    sid: Option<String>,
    events: Map<String, Value>,
    nonce: Option<Value>,
}

impl Provider {
    /// Checks a logout token that this application, `client_id`, was sent (2.6): type, signature, issuer,
    /// audience, times, whose session, the event, and no nonce.
    ///
    /// # Errors
    /// [`LogoutRefused`].
    pub async fn logout_token(&self, token: &str, client_id: &str) -> Result<LoggedOut, LogoutRefused> {
        let verified = self.verify(token, &TYPES).await.map_err(|why| match why {
            Unverified::Token(_) => LogoutRefused::Token("it does not verify"),
            Unverified::Issuer(unusable) => unusable.into(),
        })?;
        let claims = verified.claims().map_err(|_| LogoutRefused::Token("it lacks a claim"))?;
        check(claims, (self.issuer(), client_id), self.now()).map_err(LogoutRefused::Token)
    }
}

fn check(claims: Claims, (issuer, client_id): (&str, &str), now: Timestamp) -> Result<LoggedOut, &'static str> {
    if claims.iss != issuer {
        return Err("it is another issuer's");
    }
    if !claims.aud.contains(client_id) {
        return Err("it is for another application");
    }
    let (made, end) = (Timestamp::from_seconds(claims.iat), Timestamp::from_seconds(claims.exp));
    if end + LEEWAY <= now || made + OLDEST <= now {
        return Err("it is too old");
    }
    if now + LEEWAY < made {
        return Err("it does not count yet");
    }
    if claims.nonce.is_some() {
        return Err("it has a nonce, as ID tokens do");
    }
    if !claims.events.get(EVENT).is_some_and(Value::is_object) {
        return Err("it tells of something else");
    }
    if claims.sub.is_none() && claims.sid.is_none() {
        return Err("it says nothing of whose session ended");
    }
    if claims.jti.is_empty() || claims.jti.len() > 256 {
        return Err("it has no name");
    }
    let expires_at = (end + LEEWAY).min(made + OLDEST);
    Ok(LoggedOut { sub: claims.sub, sid: claims.sid, jti: claims.jti, expires_at })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const NOW: i64 = 1_795_248_000;

    fn checked(change: impl Fn(&mut Value)) -> Result<LoggedOut, &'static str> {
        let mut claims = json!({ "iss": "https://acme.example", "aud": "shop", "iat": NOW, "exp": NOW + 120,
            "jti": "j", "sub": "ann", "sid": "s", "events": { EVENT: {} } });
        change(&mut claims);
        let claims = serde_json::from_value(claims).map_err(|_| "claims")?;
        check(claims, ("https://acme.example", "shop"), Timestamp::from_seconds(NOW))
    }

    #[test]
    fn a50_each_check_of_the_specification_refuses_by_itself() {
        let heard = checked(|_| ()).unwrap();
        assert_eq!((heard.sub.as_deref(), heard.sid.as_deref()), (Some("ann"), Some("s")));
        assert_eq!(heard.expires_at, Timestamp::from_seconds(NOW + 150));
        assert!(
            checked(|claims| claims["sid"] = Value::Null).is_ok()
                && checked(|claims| claims["sub"] = Value::Null).is_ok()
        );
        assert!(checked(|claims| claims["aud"] = json!(["shop", "other"])).is_ok());
        for (name, value, why) in [
            ("iss", json!("https://other.example"), "it is another issuer's"),
            ("aud", json!("other"), "it is for another application"),
            ("exp", json!(NOW - 30), "it is too old"),
            ("iat", json!(NOW - 300), "it is too old"),
            ("iat", json!(NOW + 31), "it does not count yet"),
            ("nonce", json!("n"), "it has a nonce, as ID tokens do"),
            ("nonce", json!(""), "it has a nonce, as ID tokens do"),
            ("events", json!({}), "it tells of something else"),
            ("events", json!({ "urn:x": {} }), "it tells of something else"),
            ("events", json!({ EVENT: true }), "it tells of something else"),
            ("events", json!([EVENT]), "claims"),
            ("jti", json!(""), "it has no name"),
            ("jti", json!(null), "claims"),
            ("exp", json!(null), "claims"),
        ] {
            assert_eq!(checked(|claims| claims[name] = value.clone()), Err(why), "{name}: {value}");
        }
        let nobody = |claims: &mut Value| (claims["sub"], claims["sid"]) = (Value::Null, Value::Null);
        assert_eq!(checked(nobody), Err("it says nothing of whose session ended"));
    }
}
