//! Asking the issuer about a token (RFC 7662).

use polder_kernel::{Secret, Timestamp};
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::access_token::{Claims, times};
use crate::provider::{Provider, Unusable};
use crate::refused::{Problem, Refused};

/// What the API proves itself to the issuer with.
#[derive(Clone)]
pub(crate) struct Credentials {
    pub(crate) id: String,
    pub(crate) secret: Secret<String>,
}

#[derive(Deserialize)]
struct Answer {
    active: bool,
    #[serde(flatten)]
    claims: Map<String, Value>,
}

/// What the issuer says of a token. It is asked each time: its answer is as old as the answer.
pub(crate) async fn ask(
    provider: &Provider,
    credentials: &Credentials,
    (token, audience): (&str, &str),
    now: Timestamp,
) -> Result<Claims, Refused> {
    let unavailable = |Unusable(why)| Refused::new(Problem::Unavailable(why));
    let known = provider.known().await.map_err(unavailable)?;
    let endpoint = known.metadata.introspection_endpoint.as_deref();
    let endpoint = endpoint.ok_or_else(|| unavailable(Unusable("the issuer answers no questions about tokens")))?;
    let form = [("token", token), ("token_type_hint", "access_token")];
    let asking = provider.http().post(endpoint, (&credentials.id, credentials.secret.expose()), &form);
    let answer: Answer = asking.await.map_err(unavailable)?;
    read(answer, (provider.issuer(), audience), now)
}

fn read(answer: Answer, (issuer, audience): (&str, &str), now: Timestamp) -> Result<Claims, Refused> {
    let invalid = |why| Refused::new(Problem::InvalidToken(why));
    if !answer.active {
        return Err(invalid("the issuer says that it is not active"));
    }
    let mut said = answer.claims;
    // Only what RFC 7662 leaves open is filled in; who it is about and when it ends must be said.
    said.entry("jti").or_insert_with(|| Value::from(""));
    said.entry("iat").or_insert_with(|| Value::from(now.seconds()));
    let claims: Claims =
        serde_json::from_value(Value::Object(said)).map_err(|_| invalid("the issuer says too little"))?;
    if !claims.iss.is_empty() && claims.iss != issuer {
        return Err(invalid("it is another issuer's"));
    }
    if !claims.aud.contains(audience) {
        return Err(invalid("it is for another audience"));
    }
    times(&claims, now)?;
    Ok(claims)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const NOW: i64 = 1_795_248_000;

    fn said(answer: Value) -> Result<Claims, Problem> {
        let answer = serde_json::from_value(answer).unwrap();
        let now = Timestamp::from_seconds(NOW);
        read(answer, ("https://acme.example", "https://api.example"), now).map_err(|refused| refused.problem().clone())
    }

    #[test]
    fn b75_b78_an_answer_is_held_to_audience_and_time_as_well() {
        let good = json!({ "active": true, "sub": "ann", "client_id": "shop", "exp": NOW + 60, "scope": "orders:read",
            "aud": "https://api.example", "iss": "https://acme.example", "token_type": "Bearer" });
        assert_eq!(said(good.clone()).unwrap().scope, "orders:read");
        for (name, value, why) in [
            ("active", json!(false), "the issuer says that it is not active"),
            ("aud", json!("https://other.example"), "it is for another audience"),
            ("aud", json!([]), "it is for another audience"),
            ("iss", json!("https://evil.example"), "it is another issuer's"),
            ("exp", json!(NOW - 31), "it has expired"),
            ("exp", json!(null), "the issuer says too little"),
            ("sub", json!(null), "the issuer says too little"),
        ] {
            let mut answer = good.clone();
            answer[name] = value;
            assert_eq!(said(answer), Err(Problem::InvalidToken(why)), "{name}");
        }
        let mut silent = good;
        silent.as_object_mut().unwrap().remove("aud");
        assert_eq!(said(silent), Err(Problem::InvalidToken("it is for another audience")));
    }
}
