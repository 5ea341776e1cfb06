//! What a key of the public API may do.

use std::fmt;
use std::str::FromStr;

/// What a key of the public API may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyAccess {
    /// See.
    Read,
    /// See and change.
    Write,
}

impl KeyAccess {
    /// The name in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
        }
    }
}

impl fmt::Display for KeyAccess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The text names no access.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an access of a key")]
pub struct NotAnAccess;

impl FromStr for KeyAccess {
    type Err = NotAnAccess;
    fn from_str(text: &str) -> Result<Self, NotAnAccess> {
        [Self::Read, Self::Write].into_iter().find(|access| access.as_str() == text).ok_or(NotAnAccess)
    }
}
