//! Tenant names that are safe in a host name, a path and a container label.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A tenant's short name: 3 to 32 of a-z, 0-9 and inner hyphens, a letter first.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Slug(String);

/// Why a text is not a slug.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SlugError {
    /// The shape is wrong.
    #[error("a slug has 3 to 32 characters: a-z, 0-9 and hyphens inside, starting with a letter")]
    Shape,
    /// The name is kept for Polder itself, or would mislead people (G24).
    #[error("this name is reserved")]
    Reserved,
}

/// Names that would mislead people or collide with a host name of Polder's own (G24).
pub const RESERVED: &[&str] = &[
    "abuse",
    "account",
    "accounts",
    "admin",
    "administrator",
    "api",
    "app",
    "apps",
    "assets",
    "auth",
    "autoconfig",
    "autodiscover",
    "billing",
    "blog",
    "cdn",
    "console",
    "control",
    "dashboard",
    "dns",
    "docs",
    "edge",
    "email",
    "ftp",
    "gateway",
    "help",
    "hostmaster",
    "idp",
    "imap",
    "info",
    "internal",
    "issuer",
    "localhost",
    "localdomain",
    "login",
    "logout",
    "mail",
    "mailbox",
    "metrics",
    "mta-sts",
    "ns1",
    "ns2",
    "ns3",
    "oauth",
    "oidc",
    "openid",
    "passkey",
    "passkeys",
    "polder",
    "pop",
    "pop3",
    "postmaster",
    "proxy",
    "public",
    "root",
    "saml",
    "secure",
    "security",
    "signin",
    "signup",
    "smtp",
    "ssl",
    "sso",
    "static",
    "status",
    "support",
    "system",
    "tenant",
    "tenants",
    "token",
    "webmail",
    "webmaster",
    "well-known",
    "wpad",
    "www",
    "www1",
    "www2",
];

impl Slug {
    /// The name of the tenant the console itself signs in at; made by Polder, never by a customer.
    pub fn platform() -> Self {
        Self("platform".to_owned())
    }

    /// Whether a customer may choose this name.
    ///
    /// # Errors
    /// [`SlugError::Reserved`] for names kept for Polder and for punycode lookalikes.
    pub fn check_free(&self) -> Result<(), SlugError> {
        let reserved = RESERVED.contains(&self.0.as_str()) || self.0 == "platform" || self.0.starts_with("xn--");
        if reserved { Err(SlugError::Reserved) } else { Ok(()) }
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Slug {
    type Err = SlugError;
    fn from_str(text: &str) -> Result<Self, SlugError> {
        let bytes = text.as_bytes();
        let shaped = (3..=32).contains(&bytes.len())
            && bytes.iter().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-'))
            && bytes[0].is_ascii_lowercase()
            && bytes[bytes.len() - 1] != b'-';
        if shaped { Ok(Self(text.to_owned())) } else { Err(SlugError::Shape) }
    }
}

impl TryFrom<String> for Slug {
    type Error = SlugError;
    fn try_from(text: String) -> Result<Self, SlugError> {
        text.parse()
    }
}

impl From<Slug> for String {
    fn from(slug: Slug) -> Self {
        slug.0
    }
}

impl fmt::Display for Slug {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn g24_hostile_and_malformed_names_are_refused() {
        for wrong in
            ["", "ab", "Acme", "1acme", "-acme", "acme-", "ac me", "acme.", "ac/me", "a\u{301}cme", "../etc", "a'b\"c"]
        {
            assert_eq!(wrong.parse::<Slug>(), Err(SlugError::Shape), "{wrong}");
        }
        assert_eq!("a".repeat(33).parse::<Slug>(), Err(SlugError::Shape));
    }

    #[test]
    fn g24_reserved_names_are_well_formed_but_not_free() {
        for name in RESERVED.iter().copied().chain(["platform", "xn--acme"]) {
            let slug: Slug = name.parse().unwrap();
            assert_eq!(slug.check_free(), Err(SlugError::Reserved), "{name}");
        }
        assert_eq!("acme".parse::<Slug>().unwrap().check_free(), Ok(()));
    }
}
