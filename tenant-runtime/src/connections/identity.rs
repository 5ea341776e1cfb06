//! Who a provider says signed in.

use polder_kernel::{Email, Timestamp};
use serde::{Deserialize, Serialize};

use super::tokens::Tokens;

/// The longest subject, in bytes (OpenID Connect Core, 2).
pub const LONGEST_SUBJECT: usize = 255;

/// What is kept of a person's account at a provider.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Profile {
    /// Who vouches: the issuer, or the address of an OAuth 2 server.
    pub issuer: String,
    /// Whom it vouches for; never given to anybody else.
    pub subject: String,
    /// The address it tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// The name it tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

impl Profile {
    /// What the person is called there, as they would recognise it.
    pub fn account(&self) -> Option<&str> {
        self.email.as_deref().or(self.name.as_deref())
    }

    /// The address, where it is one.
    pub fn address(&self) -> Option<Email> {
        self.email.as_deref()?.parse().ok()
    }
}

/// What a provider vouched for, checked.
#[derive(Clone, Serialize, Deserialize)]
pub struct Vouched {
    /// Who it is.
    pub profile: Profile,
    /// Whether the provider gives out addresses of this domain itself, and says that it is proved.
    pub email_by_authority: bool,
    /// Whether a second factor was used, as far as this connection's word on that counts.
    pub second_factor: bool,
    /// When the person proved themselves to the provider, if it says so.
    pub authenticated_at: Option<Timestamp>,
    /// Its tokens, where they are to be kept.
    pub tokens: Option<Tokens>,
}

impl std::fmt::Debug for Vouched {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Vouched(…)")
    }
}
