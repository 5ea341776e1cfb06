//! A log as a file that can be verified without a server (F17): NDJSON, one [`Line`] each, oldest event first.
//!
//! ```text
//! log          the format, the public key, and where the chain starts if retention cut it
//! event …      what the hash is made of, the hash before it, its own
//! checkpoint   the hash of the last event, signed: it ends the file and covers all of it
//! ```
//!
//! The details of an event stand in the column sealed, with a commitment; in the file they are in the open as well for
//! who may read them, with the salt that ties them to the commitment. Those of erased people are not, and the chain
//! verifies all the same. `docs/audit.md` describes every field.

mod check;
mod found;
mod kept;
mod read;

use polder_crypto::Jwk;
use polder_kernel::Timestamp;
use serde::{Deserialize, Serialize};

pub use self::check::Check;
pub use self::found::{Break, Details, Found, Unlike, Why};
pub use self::kept::{Kept, NotKept};
pub use self::read::{Part, Place, read};

use crate::checkpoint::Checkpoint;
use crate::entry::Entry;

/// What a file says it is.
pub const FORMAT: &str = "polder-audit/1";

/// One line of the file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Line {
    /// The first.
    Log(Head),
    /// An event.
    Event(Box<Link>),
    /// The last.
    Checkpoint(Checkpoint),
}

/// What the file is, and what its checkpoint is verified with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Head {
    /// [`FORMAT`].
    pub format: String,
    /// The public half of the log's own key.
    pub key: Jwk,
    /// The checkpoint after which the chain starts, where retention removed what was before.
    pub start: Option<Checkpoint>,
}

/// An event, with all that its hash is made of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Link {
    /// Which writer's chain: 0.
    pub chain: i64,
    /// Its number, without gaps.
    pub seq: i64,
    /// When it was committed, Unix milliseconds.
    pub at: Timestamp,
    /// What happened.
    pub action: String,
    /// What kind of actor did it.
    pub actor_kind: String,
    /// Which one.
    pub actor_id: String,
    /// The person it concerns.
    pub user_id: Option<String>,
    /// The application it concerns.
    pub application_id: Option<String>,
    /// The session it happened in.
    pub session_id: Option<String>,
    /// The request that caused it.
    pub request_id: Option<String>,
    /// The details as they stand in the column: sealed, and the commitment behind a `~`.
    pub details_sealed: Option<String>,
    /// The details in the open: JSON as text, byte for byte what the commitment is made of.
    pub details: Option<String>,
    /// What the commitment was made with.
    pub details_salt: Option<String>,
    /// The hash of the event before.
    pub previous: String,
    /// The hash of all this but `details` and `details_salt`.
    pub hash: String,
}

impl Link {
    /// The row that the hash is made of, and what stands beside it in the open.
    fn into_parts(self) -> (Entry, Option<String>, Option<String>) {
        let entry = Entry {
            chain: self.chain,
            seq: self.seq,
            at: self.at,
            action: self.action,
            actor_kind: self.actor_kind,
            actor_id: self.actor_id,
            user_id: self.user_id,
            application_id: self.application_id,
            session_id: self.session_id,
            request_id: self.request_id,
            details_sealed: self.details_sealed,
            hash: self.hash,
        };
        (entry, self.details, self.details_salt)
    }
}
