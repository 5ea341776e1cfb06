//! The categories of sealed data: one data key each, so that one key opens one kind of thing (P17).

use std::fmt;
use std::str::FromStr;

/// What kind of data a key seals.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Category {
    /// Addresses, names: what says who a person is.
    Identifiers,
    /// Where and with what a session was started.
    SessionMetadata,
    /// Tokens of outside identity providers, and what we prove ourselves to them with.
    ProviderTokens,
    /// Secrets of second factors.
    Factors,
    /// Details of audit events, and the keys of persons that seal theirs.
    AuditDetails,
    /// Private signing keys.
    SigningKeys,
    /// Outbound messages.
    Messages,
    /// Waiting requests in cookies.
    Flow,
    /// Keyed hashes and derived tokens. Never rotated in place: stored hashes could not be made anew.
    Index,
}

impl Category {
    /// Every category.
    pub const ALL: [Self; 9] = [
        Self::Identifiers,
        Self::SessionMetadata,
        Self::ProviderTokens,
        Self::Factors,
        Self::AuditDetails,
        Self::SigningKeys,
        Self::Messages,
        Self::Flow,
        Self::Index,
    ];

    /// The name that columns and sealed values carry. Changing one makes its data unreadable.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Identifiers => "identifiers",
            Self::SessionMetadata => "session_metadata",
            Self::ProviderTokens => "provider_tokens",
            Self::Factors => "factors",
            Self::AuditDetails => "audit_details",
            Self::SigningKeys => "signing_keys",
            Self::Messages => "messages",
            Self::Flow => "flow",
            Self::Index => "index",
        }
    }
}

impl fmt::Display for Category {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The text names no category.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a category of sealed data")]
pub struct UnknownCategory;

impl FromStr for Category {
    type Err = UnknownCategory;
    fn from_str(text: &str) -> Result<Self, UnknownCategory> {
        Self::ALL.into_iter().find(|c| c.as_str() == text).ok_or(UnknownCategory)
    }
}
