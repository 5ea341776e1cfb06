//! Who a token is for (RFC 7519 4.1.3): one, or several.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

/// The `aud` claim.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Audience<'a> {
    /// A token for one, as most are.
    One(Cow<'a, str>),
    /// A token for each of them.
    Each(Vec<String>),
}

impl Audience<'_> {
    /// For all of these, of which there is at least one.
    pub fn of(mut all: Vec<String>) -> Self {
        match all.pop() {
            Some(only) if all.is_empty() => Self::One(Cow::Owned(only)),
            last => {
                all.extend(last);
                Self::Each(all)
            }
        }
    }

    /// Whether `who` is among them.
    pub fn contains(&self, who: &str) -> bool {
        match self {
            Self::One(one) => one == who,
            Self::Each(each) => each.iter().any(|one| one == who),
        }
    }
}

impl<'a> From<&'a str> for Audience<'a> {
    fn from(one: &'a str) -> Self {
        Self::One(Cow::Borrowed(one))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn b78_an_audience_is_a_text_or_a_list() {
        let one: Audience<'static> = serde_json::from_str(r#""https://api.example""#).unwrap();
        let each: Audience<'static> = serde_json::from_str(r#"["https://api.example","https://id.example"]"#).unwrap();
        assert!(one.contains("https://api.example") && !one.contains("https://id.example") && !one.contains("https"));
        assert!(each.contains("https://id.example") && !each.contains("https://id.example/"));
        assert_eq!(serde_json::to_string(&Audience::from("a")).unwrap(), r#""a""#);
        let of =
            |all: &[&str]| serde_json::to_string(&Audience::of(all.iter().map(|&a| a.to_owned()).collect())).unwrap();
        assert_eq!((of(&["a"]).as_str(), of(&["a", "b"]).as_str()), (r#""a""#, r#"["a","b"]"#));
        assert!(serde_json::from_str::<Audience<'static>>("1").is_err());
    }
}
