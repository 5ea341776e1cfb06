//! The `prompt` parameter (OpenID Connect Core 3.1.2.1).

use serde::{Deserialize, Serialize};

use crate::{Error, ErrorCode};

/// Which pages the client wants shown, or that none may be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Prompts {
    /// No page at all: answer at once, with an error if a page would be needed.
    #[serde(skip_serializing_if = "is_false")]
    pub none: bool,
    /// Sign in again, even with a live session.
    #[serde(skip_serializing_if = "is_false")]
    pub login: bool,
    /// Ask whether to go on as this person.
    #[serde(skip_serializing_if = "is_false")]
    pub consent: bool,
    /// Let the person choose who to be.
    #[serde(skip_serializing_if = "is_false")]
    pub select_account: bool,
}

/// The values understood, for `prompt_values_supported`.
pub const SUPPORTED: [&str; 4] = ["none", "login", "consent", "select_account"];

impl Prompts {
    /// Reads a space-separated list. An unknown value, and `none` with another, is refused with
    /// `invalid_request`.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let mut prompts = Self::default();
        for value in text.split(' ').filter(|value| !value.is_empty()) {
            match value {
                "none" => prompts.none = true,
                "login" => prompts.login = true,
                "consent" => prompts.consent = true,
                "select_account" => prompts.select_account = true,
                _ => return Err(Error::new(ErrorCode::InvalidRequest, "prompt has an unknown value")),
            }
        }
        if prompts.none && (prompts.login || prompts.consent || prompts.select_account) {
            return Err(Error::new(ErrorCode::InvalidRequest, "prompt=none cannot be combined with another value"));
        }
        Ok(prompts)
    }

    /// Whether a page is asked for even where a live session would do.
    pub const fn wants_page(self) -> bool {
        self.login || self.consent || self.select_account
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it with a reference")]
const fn is_false(flag: &bool) -> bool {
    !*flag
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a18_none_stands_alone() {
        assert_eq!(Prompts::parse("none"), Ok(Prompts { none: true, ..Prompts::default() }));
        for other in ["login", "consent", "select_account"] {
            for text in [format!("none {other}"), format!("{other} none")] {
                assert_eq!(Prompts::parse(&text).unwrap_err().code, ErrorCode::InvalidRequest, "{text}");
            }
        }
    }

    #[test]
    fn a17_values_combine_and_unknown_ones_are_refused() {
        let both = Prompts::parse("login select_account").unwrap();
        assert!(both.login && both.select_account && !both.consent && both.wants_page());
        assert!(!Prompts::parse("").unwrap().wants_page());
        for wrong in ["create", "Login", "none,login", "login\tconsent"] {
            assert_eq!(Prompts::parse(wrong).unwrap_err().code, ErrorCode::InvalidRequest, "{wrong:?}");
        }
    }

    #[test]
    fn a04_every_advertised_value_is_understood() {
        assert!(SUPPORTED.iter().all(|value| Prompts::parse(value).is_ok()));
    }
}
