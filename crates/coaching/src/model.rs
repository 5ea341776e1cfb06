//! Coaches, clients, and what ties them.

use std::fmt;
use std::str::FromStr;

use polder_kernel::{Email, Timestamp, id_kind};

id_kind!(
    /// Names a coach or a client.
    MemberId,
    MemberKind
);
id_kind!(
    /// Names a coach working with a client.
    EngagementId,
    EngagementKind
);
id_kind!(
    /// Names a signed-in browser.
    SessionId,
    SessionKind
);

/// The two doors of the platform: two applications at the identity provider (P1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Side {
    /// `/coach`.
    Coach,
    /// `/portal`.
    Portal,
}

impl Side {
    /// The name in paths, cookies and columns.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Coach => "coach",
            Self::Portal => "portal",
        }
    }
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The text names no side.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("neither coach nor portal")]
pub struct UnknownSide;

impl FromStr for Side {
    type Err = UnknownSide;
    fn from_str(text: &str) -> Result<Self, UnknownSide> {
        [Self::Coach, Self::Portal].into_iter().find(|s| s.as_str() == text).ok_or(UnknownSide)
    }
}

/// Somebody who has signed in.
#[derive(Clone, Debug)]
pub struct Member {
    /// Names them here.
    pub id: MemberId,
    /// Which door they came through.
    pub side: Side,
    /// The address the identity provider verified.
    pub email: Email,
    /// Their name.
    pub name: String,
}

/// A coach's tie to a client, as the coach sees it.
#[derive(Clone, Debug)]
pub struct Engagement {
    /// The invited address.
    pub email: String,
    /// The name the coach knows the client by.
    pub name: String,
    /// When the invitation was sent.
    pub invited_at: Timestamp,
    /// When the client signed in and was linked.
    pub linked_at: Option<Timestamp>,
}
