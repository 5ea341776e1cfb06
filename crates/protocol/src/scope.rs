//! Scopes: an ordered set of tokens (RFC 6749 3.3).

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::{Error, ErrorCode};

/// Asks for an ID token and userinfo.
pub const OPENID: &str = "openid";
/// Asks for name, language and time of change.
pub const PROFILE: &str = "profile";
/// Asks for the address.
pub const EMAIL: &str = "email";
/// Asks for refresh tokens that outlive the session (OpenID Connect Core 11).
pub const OFFLINE_ACCESS: &str = "offline_access";
/// Asks for the person's roles in this tenant.
pub const ROLES: &str = "roles";

/// The scopes every application may ask for. They are about a person.
pub const STANDARD: [&str; 5] = [OPENID, PROFILE, EMAIL, OFFLINE_ACCESS, ROLES];

/// The longest scope text, in bytes.
const MAX_BYTES: usize = 2048;

/// A set of scope tokens in the order they were first named. Shown, stored and sent as one
/// space-separated text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scope(Vec<String>);

impl Scope {
    /// Reads a space-separated text. Refuses characters outside RFC 6749 3.3 with `invalid_scope`.
    pub fn parse(text: &str) -> Result<Self, Error> {
        if text.len() > MAX_BYTES || !text.bytes().all(|b| b == b' ' || is_token_byte(b)) {
            return Err(Error::new(ErrorCode::InvalidScope, "scope is malformed"));
        }
        Ok(text.split(' ').filter(|token| !token.is_empty()).collect())
    }

    /// Whether a token is in the set.
    pub fn contains(&self, token: &str) -> bool {
        self.0.iter().any(|own| own == token)
    }

    /// Whether every token is in `other`.
    pub fn is_subset(&self, other: &Self) -> bool {
        self.0.iter().all(|token| other.contains(token))
    }

    /// The tokens that are in both, in this one's order.
    #[must_use]
    pub fn intersect(&self, other: &Self) -> Self {
        self.iter().filter(|token| other.contains(token)).collect()
    }

    /// This set without one token.
    #[must_use]
    pub fn without(&self, token: &str) -> Self {
        self.iter().filter(|own| *own != token).collect()
    }

    /// Whether nothing is asked for.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The tokens in order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }
}

/// Whether a text is one scope token: NQCHAR of RFC 6749 appendix A.
pub fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(is_token_byte)
}

const fn is_token_byte(b: u8) -> bool {
    matches!(b, 0x21 | 0x23..=0x5b | 0x5d..=0x7e)
}

impl<'a> FromIterator<&'a str> for Scope {
    fn from_iter<I: IntoIterator<Item = &'a str>>(tokens: I) -> Self {
        let mut scope = Self::default();
        for token in tokens {
            if !scope.contains(token) {
                scope.0.push(token.to_owned());
            }
        }
        scope
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join(" "))
    }
}

impl std::str::FromStr for Scope {
    type Err = Error;
    fn from_str(text: &str) -> Result<Self, Error> {
        Self::parse(text)
    }
}

impl Serialize for Scope {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Scope {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn b05_syntax_is_enforced() {
        for wrong in ["a\"b", "a\\b", "a\tb", "a\nb", "caf\u{e9}", "a\0"] {
            assert_eq!(Scope::parse(wrong).unwrap_err().code, ErrorCode::InvalidScope, "{wrong:?}");
        }
        assert!(Scope::parse(&"a ".repeat(2000)).is_err());
        assert!(Scope::parse("").unwrap().is_empty());
        assert!(is_token("api:read") && !is_token("") && !is_token("a b") && !is_token("a\"b"));
    }

    #[test]
    fn a15_order_does_not_matter_and_is_kept() {
        let scope = Scope::parse(" profile  openid profile ").unwrap();
        assert_eq!(scope.to_string(), "profile openid");
        assert!(scope.is_subset(&Scope::parse("openid profile email").unwrap()));
        assert!(!Scope::parse("openid profile email").unwrap().is_subset(&scope));
        assert_eq!(scope.intersect(&Scope::parse("openid x").unwrap()).to_string(), "openid");
        assert_eq!(scope.without("profile").to_string(), "openid");
    }

    #[test]
    fn it_is_one_text_in_json() {
        let scope = Scope::parse("openid email").unwrap();
        let json = serde_json::to_string(&scope).unwrap();
        assert_eq!(json, "\"openid email\"");
        assert_eq!(serde_json::from_str::<Scope>(&json).unwrap(), scope);
    }
}
