//! The `claims` parameter (OpenID Connect Core 5.5): single claims, a context, or a person.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::claims::{asked::AskedClaims, reserved, userinfo};

/// The most values that are read of a list.
const MOST: usize = 8;
/// The most claims that may be asked for in one place.
const MOST_CLAIMS: usize = 50;

/// The single claims that are asked for, by where they are to stand.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wishes {
    /// In userinfo.
    #[serde(rename = "u", default, skip_serializing_if = "Vec::is_empty")]
    pub userinfo: Vec<Wish>,
    /// In the ID token.
    #[serde(rename = "i", default, skip_serializing_if = "Vec::is_empty")]
    pub id_token: Vec<Wish>,
}

/// A single claim. Whether it is essential makes no difference: what is known is told, and an essential claim
/// that is not known is no error (5.5.1).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wish {
    /// Its name.
    #[serde(rename = "n")]
    pub name: String,
    /// The values of which it is to have one; empty for whichever it has.
    #[serde(rename = "v", default, skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<Value>,
}

impl Wishes {
    /// Whether nothing is asked for.
    pub fn is_empty(&self) -> bool {
        self.userinfo.is_empty() && self.id_token.is_empty()
    }

    /// Everything that is asked for, wherever.
    pub fn all(&self) -> impl Iterator<Item = &Wish> {
        self.userinfo.iter().chain(&self.id_token)
    }

    /// Leaves out what does not pass.
    pub fn retain(&mut self, passes: impl Fn(&Wish) -> bool) {
        self.userinfo.retain(&passes);
        self.id_token.retain(&passes);
    }

    /// The names alone, as a grant keeps them.
    pub fn names(&self) -> AskedClaims {
        let names = |wishes: &[Wish]| wishes.iter().map(|wish| wish.name.clone()).collect();
        AskedClaims { userinfo: names(&self.userinfo), id_token: names(&self.id_token) }
    }
}

impl Wish {
    /// Whether a claim of this value would do.
    pub fn accepts(&self, value: Option<&Value>) -> bool {
        self.values.is_empty() || value.is_some_and(|value| self.values.contains(value))
    }
}

/// What the parameter says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Parsed {
    /// What is wished of the context.
    pub acr: Option<Acr>,
    /// Whom the request is about; empty for nobody in particular.
    pub subjects: Vec<String>,
    /// The single claims.
    pub wishes: Wishes,
}

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

/// What is said about one claim.
#[derive(Debug, Default)]
struct Said {
    essential: bool,
    values: Vec<Value>,
}

/// Reads the parameter. Claims that nobody can be told are left out, as is everything else it may hold.
pub(super) fn parse(text: &str) -> Result<Parsed, Malformed> {
    let all: Map<String, Value> = serde_json::from_str(text).map_err(|_| Malformed)?;
    let (userinfo, id_token) = (section(&all, "userinfo")?, section(&all, "id_token")?);
    let mut parsed = Parsed { acr: acr(&id_token)?, ..Parsed::default() };
    for (place, said) in [(&mut parsed.wishes.userinfo, userinfo), (&mut parsed.wishes.id_token, id_token)] {
        for (name, Said { values, .. }) in said {
            if name == "sub" && !values.is_empty() {
                let named = texts(&values)?;
                // Two places that name different people are about nobody: an empty text is no subject.
                if parsed.subjects.is_empty() {
                    parsed.subjects = named;
                } else {
                    parsed.subjects.retain(|subject| named.contains(subject));
                }
                if parsed.subjects.is_empty() {
                    parsed.subjects.push(String::new());
                }
            } else if userinfo::scope_of(&name).is_some() || !reserved::is_reserved(&name) {
                place.push(Wish { name, values });
            }
        }
    }
    Ok(parsed)
}

fn section(all: &Map<String, Value>, name: &str) -> Result<Vec<(String, Said)>, Malformed> {
    match all.get(name) {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(Value::Object(claims)) if claims.len() <= MOST_CLAIMS => {
            claims.iter().map(|(name, wish)| Ok((name.clone(), said(wish)?))).collect()
        }
        Some(_) => Err(Malformed),
    }
}

fn said(wish: &Value) -> Result<Said, Malformed> {
    let wish = match wish {
        Value::Null => return Ok(Said::default()),
        Value::Object(wish) => wish,
        _ => return Err(Malformed),
    };
    let essential = match wish.get("essential") {
        None => false,
        Some(Value::Bool(essential)) => *essential,
        Some(_) => return Err(Malformed),
    };
    let values = match (wish.get("value"), wish.get("values")) {
        (None, None) => Vec::new(),
        (Some(value), None) => vec![value.clone()],
        (None, Some(Value::Array(values))) if (1..=MOST).contains(&values.len()) => values.clone(),
        _ => return Err(Malformed),
    };
    Ok(Said { essential, values })
}

/// An essential context without values is no wish for anything: the claim is always there.
fn acr(id_token: &[(String, Said)]) -> Result<Option<Acr>, Malformed> {
    let Some((_, said)) = id_token.iter().find(|(name, _)| name == "acr") else { return Ok(None) };
    let values = texts(&said.values)?;
    Ok(match (values.is_empty(), said.essential) {
        (true, _) => None,
        (false, true) => Some(Acr::Essential(values)),
        (false, false) => Some(Acr::Voluntary(values)),
    })
}

fn texts(values: &[Value]) -> Result<Vec<String>, Malformed> {
    values.iter().map(|value| value.as_str().map(str::to_owned).ok_or(Malformed)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn b86_what_is_wished_of_acr_is_read() {
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
            assert_eq!(parse(text).unwrap().acr, wish, "{text}");
        }
    }

    #[test]
    fn a26_single_claims_are_read_and_those_nobody_can_be_told_left_out() {
        let text = r#"{"userinfo":{"name":{"essential":true},"member_number":{"values":[1,2]},"iss":null,"phone_number":null},
                       "id_token":{"email":null,"auth_time":{"essential":true},"acr":null,"amr":null},"other":7}"#;
        let wishes = parse(text).unwrap().wishes;
        assert_eq!(wishes.names().userinfo, ["member_number", "name"]);
        assert_eq!(wishes.names().id_token, ["email"]);
        let number = &wishes.userinfo[0];
        assert!(number.accepts(Some(&2.into())) && !number.accepts(Some(&3.into())) && !number.accepts(None));
        assert!(wishes.id_token[0].accepts(None));
        let stored = serde_json::to_string(&wishes).unwrap();
        assert_eq!(serde_json::from_str::<Wishes>(&stored).unwrap(), wishes);
    }

    #[test]
    fn a26_a_subject_with_a_value_says_whom_the_request_is_about() {
        let subjects = |text: &str| parse(text).unwrap().subjects;
        assert_eq!(subjects(r#"{"id_token":{"sub":null},"userinfo":{"sub":{"essential":true}}}"#), [""; 0]);
        assert_eq!(subjects(r#"{"id_token":{"sub":{"value":"a"}}}"#), ["a"]);
        assert_eq!(subjects(r#"{"id_token":{"sub":{"values":["a","b"]}},"userinfo":{"sub":{"value":"b"}}}"#), ["b"]);
        // Nobody is both.
        assert_eq!(subjects(r#"{"id_token":{"sub":{"value":"a"}},"userinfo":{"sub":{"value":"b"}}}"#), [""]);
    }

    #[test]
    fn a26_what_is_no_such_thing_is_refused() {
        let many = (0..51).map(|n| format!("\"c{n}\":null")).collect::<Vec<_>>().join(",");
        let many = format!("{{\"userinfo\":{{{many}}}}}");
        for text in [
            "",
            "[]",
            "{\"id_token\":7}",
            r#"{"userinfo":[]}"#,
            r#"{"userinfo":{"name":true}}"#,
            r#"{"userinfo":{"name":{"essential":1}}}"#,
            r#"{"userinfo":{"sub":{"value":7}}}"#,
            r#"{"id_token":{"acr":"a"}}"#,
            r#"{"id_token":{"acr":{"essential":"yes","value":"a"}}}"#,
            r#"{"id_token":{"acr":{"value":"a","values":["b"]}}}"#,
            r#"{"id_token":{"acr":{"values":[]}}}"#,
            r#"{"id_token":{"acr":{"values":[1]}}}"#,
            &many,
        ] {
            assert_eq!(parse(text), Err(Malformed), "{text}");
        }
    }
}
