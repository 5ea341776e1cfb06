//! How strong and how recent a sign-in an operation needs (RFC 9470).

use std::time::Duration;

use polder_kernel::Timestamp;

use crate::access_token::Claims;
use crate::refused::{Problem, Refused};

/// What an operation asks of the sign-in behind a token.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SignIn<'a> {
    /// Any of these authentication contexts will do; empty for any strength.
    pub acr_values: &'a [&'a str],
    /// The oldest sign-in that will do.
    pub max_age: Option<Duration>,
}

pub(crate) fn check(claims: &Claims, needed: SignIn<'_>, now: Timestamp) -> Result<(), Refused> {
    let strong =
        needed.acr_values.is_empty() || claims.acr.as_deref().is_some_and(|acr| needed.acr_values.contains(&acr));
    // A token that does not say when is as good as one that says never.
    let recent =
        needed.max_age.is_none_or(|most| claims.auth_time.is_some_and(|at| now <= Timestamp::from_seconds(at) + most));
    if strong && recent {
        return Ok(());
    }
    Err(Refused::new(Problem::InsufficientSignIn {
        acr_values: if strong { Vec::new() } else { needed.acr_values.iter().map(|acr| (*acr).to_owned()).collect() },
        max_age: needed.max_age.filter(|_| !recent),
    }))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn b86_both_strength_and_age_are_asked_for_where_they_lack() {
        let claims: Claims =
            serde_json::from_value(json!({ "sub": "ann", "client_id": "shop", "iat": 1000, "exp": 2000,
            "jti": "j", "acr": "urn:email", "auth_time": 1000 }))
            .unwrap();
        let at = Timestamp::from_seconds;
        let asked = |acr_values: &[&str], max_age: Option<u64>, now| {
            let needed = SignIn { acr_values, max_age: max_age.map(Duration::from_secs) };
            check(&claims, needed, at(now)).map_err(|refused| refused.problem().clone())
        };
        let lacks = |acr_values: &[&str], max_age: Option<u64>| {
            Err(Problem::InsufficientSignIn {
                acr_values: acr_values.iter().map(|acr| (*acr).to_owned()).collect(),
                max_age: max_age.map(Duration::from_secs),
            })
        };
        assert_eq!(asked(&[], None, 9_999), Ok(()));
        assert_eq!(asked(&["urn:passkey", "urn:email"], Some(300), 1_300), Ok(()));
        assert_eq!(asked(&["urn:passkey"], Some(300), 1_300), lacks(&["urn:passkey"], None));
        assert_eq!(asked(&["urn:email"], Some(300), 1_301), lacks(&[], Some(300)));
        assert_eq!(asked(&["urn:passkey"], Some(0), 1_301), lacks(&["urn:passkey"], Some(0)));
        let silent = Claims { acr: None, auth_time: None, ..claims.clone() };
        let needed = SignIn { acr_values: &["urn:email"], max_age: Some(Duration::from_secs(1)) };
        assert!(check(&silent, needed, at(1_000)).is_err());
    }
}
