//! What an access token says, and whether that is for this API (RFC 9068).

use std::time::Duration;

use polder_kernel::Timestamp;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::refused::{Problem, Refused};

/// The types of a JWT access token (RFC 9068, 2.1 and 4): an ID token is none (B78).
pub(crate) const TYPES: [&str; 2] = ["at+jwt", "application/at+jwt"];

/// By how much clocks may differ.
pub(crate) const LEEWAY: Duration = Duration::from_secs(30);

/// The claims of an access token. Times are Unix seconds.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Claims {
    /// The issuer.
    #[serde(default)]
    pub iss: String,
    /// The person; the application itself where there is none.
    pub sub: String,
    /// Who the token is for.
    #[serde(default)]
    pub aud: Audience,
    /// The application that was given the token.
    pub client_id: String,
    /// When it was made.
    pub iat: i64,
    /// When it ends.
    pub exp: i64,
    /// Names the token.
    pub jti: String,
    /// From when it counts.
    pub nbf: Option<i64>,
    /// What was granted, separated by spaces.
    #[serde(default)]
    pub scope: String,
    /// When the person signed in.
    pub auth_time: Option<i64>,
    /// How strong the sign-in was.
    pub acr: Option<String>,
    /// How the person signed in (RFC 8176).
    #[serde(default)]
    pub amr: Vec<String>,
    /// The session, as the application knows it.
    pub sid: Option<String>,
    /// The person's roles.
    #[serde(default)]
    pub roles: Vec<String>,
    /// The key that whoever uses the token must hold (RFC 7800).
    pub cnf: Option<Confirmation>,
    /// Everything else.
    #[serde(flatten)]
    pub more: Map<String, Value>,
}

/// One audience, or several.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum Audience {
    /// One.
    One(String),
    /// Several, or none.
    Each(Vec<String>),
}

impl Default for Audience {
    fn default() -> Self {
        Self::Each(Vec::new())
    }
}

impl Audience {
    /// Whether `who` is among them.
    pub fn contains(&self, who: &str) -> bool {
        match self {
            Self::One(one) => one == who,
            Self::Each(all) => all.iter().any(|one| one == who),
        }
    }
}

/// How the holder of a token is told from whoever found it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Confirmation {
    /// The thumbprint of the key that signs the proofs (RFC 9449, 6.1).
    pub jkt: Option<String>,
}

/// Checks what RFC 9068, 4 asks beyond the signature.
pub(crate) fn check(claims: &Claims, (issuer, audience): (&str, &str), now: Timestamp) -> Result<(), Refused> {
    let refuse = |why| Err(Refused::new(Problem::InvalidToken(why)));
    if claims.iss != issuer {
        return refuse("it is another issuer's");
    }
    if !claims.aud.contains(audience) {
        return refuse("it is for another audience");
    }
    times(claims, now)
}

/// Whether it counts now.
pub(crate) fn times(claims: &Claims, now: Timestamp) -> Result<(), Refused> {
    let refuse = |why| Err(Refused::new(Problem::InvalidToken(why)));
    if Timestamp::from_seconds(claims.exp) + LEEWAY <= now {
        return refuse("it has expired");
    }
    let latest = (now + LEEWAY).seconds();
    if claims.iat > latest || claims.nbf.is_some_and(|from| from > latest) {
        return refuse("it does not count yet");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const NOW: i64 = 1_795_248_000;

    fn checked(change: impl Fn(&mut Value)) -> Result<(), Problem> {
        let mut claims = json!({ "iss": "https://acme.example", "aud": ["https://api.example", "https://acme.example"],
            "sub": "ann", "client_id": "shop", "iat": NOW - 60, "exp": NOW + 240, "jti": "j", "scope": "openid" });
        change(&mut claims);
        let claims = serde_json::from_value(claims).map_err(|_| Problem::InvalidToken("claims"))?;
        let now = Timestamp::from_seconds(NOW);
        check(&claims, ("https://acme.example", "https://api.example"), now)
            .map_err(|refused| refused.problem().clone())
    }

    #[test]
    fn b77_b78_only_this_issuers_token_for_this_api_at_this_time() {
        assert_eq!(checked(|_| ()), Ok(()));
        assert_eq!(checked(|claims| claims["aud"] = json!("https://api.example")), Ok(()));
        for (change, why) in [
            (("iss", json!("https://other.example")), "it is another issuer's"),
            (("iss", json!("https://acme.example/")), "it is another issuer's"),
            (("aud", json!("https://acme.example")), "it is for another audience"),
            (("aud", json!([])), "it is for another audience"),
            (("exp", json!(NOW - 31)), "it has expired"),
            (("iat", json!(NOW + 31)), "it does not count yet"),
            (("nbf", json!(NOW + 31)), "it does not count yet"),
        ] {
            assert_eq!(
                checked(|claims| claims[change.0] = change.1.clone()),
                Err(Problem::InvalidToken(why)),
                "{change:?}"
            );
        }
        for missing in ["sub", "client_id", "iat", "exp", "jti"] {
            let change = |claims: &mut Value| drop(claims.as_object_mut().unwrap().remove(missing));
            assert_eq!(checked(change), Err(Problem::InvalidToken("claims")), "{missing}");
        }
        assert_eq!(checked(|claims| claims["exp"] = json!(NOW - 29)), Ok(()), "clocks differ");
    }
}
