//! What the `claims` parameter says about `acr` (OpenID Connect Core 5.5.1.1).

use serde_json::{Map, Value};

/// The most values that are read of a list.
const MOST: usize = 8;

/// A wish for a context.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Acr {
    /// One of these has to be reached.
    Essential(Vec<String>),
    /// One of these would be nice.
    Voluntary(Vec<String>),
}

/// It is no JSON, or not of the form that the specification gives it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Malformed;

/// Reads what is wished of `acr` in the ID token. An essential one without values is no wish for anything:
/// the claim is always there.
pub(super) fn acr(text: &str) -> Result<Option<Acr>, Malformed> {
    let all: Map<String, Value> = serde_json::from_str(text).map_err(|_| Malformed)?;
    let section = |name: &str| match all.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Object(claims)) => Ok(Some(claims)),
        Some(_) => Err(Malformed),
    };
    section("userinfo")?;
    let wish = match section("id_token")?.and_then(|claims| claims.get("acr")) {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::Object(wish)) => wish,
        Some(_) => return Err(Malformed),
    };
    let values = values(wish)?;
    let essential = match wish.get("essential") {
        None => false,
        Some(Value::Bool(essential)) => *essential,
        Some(_) => return Err(Malformed),
    };
    Ok(match (values.is_empty(), essential) {
        (true, _) => None,
        (false, true) => Some(Acr::Essential(values)),
        (false, false) => Some(Acr::Voluntary(values)),
    })
}

fn values(wish: &Map<String, Value>) -> Result<Vec<String>, Malformed> {
    let text = |value: &Value| value.as_str().map(str::to_owned).ok_or(Malformed);
    match (wish.get("value"), wish.get("values")) {
        (None, None) => Ok(Vec::new()),
        (Some(value), None) => Ok(vec![text(value)?]),
        (None, Some(Value::Array(values))) if (1..=MOST).contains(&values.len()) => values.iter().map(text).collect(),
        _ => Err(Malformed),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn b86_what_is_wished_of_acr_is_read_and_nothing_else() {
        let one = || vec!["a".to_owned()];
        for (text, wish) in [
            ("{}", None),
            (r#"{"userinfo":{"name":null,"email":{"essential":true}}}"#, None),
            (r#"{"id_token":{"acr":null,"auth_time":{"essential":true}}}"#, None),
            (r#"{"id_token":{"acr":{"essential":true}}}"#, None),
            (r#"{"id_token":{"acr":{"value":"a"}}}"#, Some(Acr::Voluntary(one()))),
            (r#"{"id_token":{"acr":{"essential":false,"values":["a"]}}}"#, Some(Acr::Voluntary(one()))),
            (r#"{"id_token":{"acr":{"essential":true,"value":"a"}}}"#, Some(Acr::Essential(one()))),
        ] {
            assert_eq!(acr(text), Ok(wish), "{text}");
        }
    }

    #[test]
    fn a26_what_is_no_such_thing_is_refused() {
        for text in [
            "",
            "[]",
            "{\"id_token\":7}",
            r#"{"userinfo":[]}"#,
            r#"{"id_token":{"acr":"a"}}"#,
            r#"{"id_token":{"acr":{"essential":"yes","value":"a"}}}"#,
            r#"{"id_token":{"acr":{"value":"a","values":["b"]}}}"#,
            r#"{"id_token":{"acr":{"values":[]}}}"#,
            r#"{"id_token":{"acr":{"values":[1]}}}"#,
        ] {
            assert_eq!(acr(text), Err(Malformed), "{text}");
        }
    }
}
