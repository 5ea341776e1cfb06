//! Refresh tokens: their text, and what to do with one that is presented.
//!
//! ```text
//! token = base64url( grant id, 16 bytes | generation, 4 bytes big-endian | MAC over both, 32 bytes )
//!
//! presented == current          -> Rotate   the successor is issued
//! presented == current - 1
//!     within the grace window   -> Repeat   the same successor again: its answer was lost
//!     after it                  -> Reuse    the family dies
//! presented <  current - 1      -> Reuse    the successor was used already
//! ```

use std::time::Duration;

use polder_kernel::encoding::{base64url, from_base64url};
use polder_kernel::{Secret, Timestamp};

use crate::{Error, ErrorCode, Scope};

/// How long a just-used token still gives its successor again, unless settings say otherwise.
pub const GRACE: Duration = Duration::from_secs(20);

const BYTES: usize = 16 + 4 + 32;

/// What a refresh token says. Nothing is proved until the MAC was compared with one made by the caller
/// over [`Presented::mac_parts`].
#[derive(Clone, PartialEq, Eq)]
pub struct Presented {
    /// The grant, which is the family.
    pub grant_id: [u8; 16],
    /// Which token of the family this is.
    pub generation: u32,
    /// The keyed hash over both.
    pub mac: [u8; 32],
}

/// A family as it is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Family {
    /// The generation that may be used next.
    pub generation: u32,
    /// When that generation came to be by a rotation; `None` for the first.
    pub rotated_at: Option<Timestamp>,
    /// When it ends if it is not used.
    pub idle_expires_at: Timestamp,
    /// When it ends however it is used.
    pub expires_at: Timestamp,
    /// Whether it was ended.
    pub revoked: bool,
}

/// What to do with a genuine token of the right client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Advance the family to this generation and issue its token.
    Rotate {
        /// The generation to store and to issue.
        generation: u32,
    },
    /// Issue the token of this, the current generation again; store nothing.
    Repeat {
        /// The generation to issue.
        generation: u32,
    },
    /// Two hold the same token, and one of them stole it: end the family, say so in the audit log.
    Reuse,
    /// The family has ended, by time or by hand. Nothing more happens.
    Expired,
}

/// How long a family lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lifetime {
    /// Without use.
    pub idle: Duration,
    /// In all; no rotation extends it (B45).
    pub absolute: Duration,
}

impl Presented {
    /// Reads a token. `None` unless it is the one spelling of a token (B26).
    pub fn parse(text: &str) -> Option<Self> {
        let bytes: [u8; BYTES] = from_base64url(text)?.try_into().ok()?;
        let (grant_id, rest) = bytes.split_first_chunk::<16>()?;
        let (generation, rest) = rest.split_first_chunk::<4>()?;
        let mac: [u8; 32] = rest.try_into().ok()?;
        Some(Self { grant_id: *grant_id, generation: u32::from_be_bytes(*generation), mac })
    }

    /// The token's text.
    pub fn text(&self) -> Secret<String> {
        let mut bytes = [0; BYTES];
        bytes[..16].copy_from_slice(&self.grant_id);
        bytes[16..20].copy_from_slice(&self.generation.to_be_bytes());
        bytes[20..].copy_from_slice(&self.mac);
        Secret::new(base64url(&bytes))
    }

    /// What the MAC is made over.
    pub fn mac_parts(grant_id: &[u8; 16], generation: u32) -> ([u8; 16], [u8; 4]) {
        (*grant_id, generation.to_be_bytes())
    }
}

/// The MAC is the secret of the token: it does not print.
impl std::fmt::Debug for Presented {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Presented").field("generation", &self.generation).finish_non_exhaustive()
    }
}

/// Decides about a genuine token. The caller has compared the MAC, and refuses another client's token
/// before coming here: a stranger's mistake must not end a family (A27).
pub fn decide(stored: &Family, presented: u32, now: Timestamp, grace: Duration) -> Decision {
    if stored.revoked || now >= stored.expires_at || now >= stored.idle_expires_at {
        return Decision::Expired;
    }
    // Ahead of what is stored: the database was put back to an earlier moment. Nobody stole anything.
    if presented > stored.generation {
        return Decision::Expired;
    }
    if presented == stored.generation {
        return match stored.generation.checked_add(1) {
            Some(generation) => Decision::Rotate { generation },
            None => Decision::Expired,
        };
    }
    // The predecessor of an unused successor, and only while the window is open. Had the successor been
    // used, the stored generation would be further on.
    let in_grace = stored.rotated_at.is_some_and(|rotated_at| now < rotated_at + grace);
    if presented + 1 == stored.generation && in_grace {
        return Decision::Repeat { generation: stored.generation };
    }
    Decision::Reuse
}

/// What the client is told of every refused refresh token: not why.
pub fn refused() -> Error {
    Error::new(ErrorCode::InvalidGrant, "the refresh token is invalid, expired or revoked")
}

/// The scope of the access token: as granted, or the part of it that was asked for. The refresh token
/// keeps the whole (B19).
pub fn scope(granted: &Scope, requested: Option<&Scope>) -> Result<Scope, Error> {
    match requested {
        None => Ok(granted.clone()),
        Some(requested) if requested.is_subset(granted) => Ok(requested.clone()),
        Some(_) => Err(Error::new(ErrorCode::InvalidScope, "a requested scope was not granted")),
    }
}

impl Lifetime {
    /// Thirty days without use, ninety in all.
    pub const DEFAULT: Self =
        Self { idle: Duration::from_secs(30 * 86_400), absolute: Duration::from_secs(90 * 86_400) };

    /// When a family that begins now ends: (without use, in all).
    pub fn begin(self, now: Timestamp) -> (Timestamp, Timestamp) {
        let expires_at = now + self.absolute;
        (self.extend(now, expires_at), expires_at)
    }

    /// When a family that is used now ends without further use: never after its absolute end.
    pub fn extend(self, now: Timestamp, expires_at: Timestamp) -> Timestamp {
        (now + self.idle).min(expires_at)
    }
}
