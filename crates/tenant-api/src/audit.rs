//! What verifying an audit log found.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A verification of the whole log, or how far it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AuditVerification {
    /// Whether it goes on.
    pub state: VerificationState,
    /// When it began.
    pub started_at: String,
    /// When it was through; null while it goes on.
    pub finished_at: Option<String>,
    /// Entries that hang together.
    pub entries: u64,
    /// The number before the first entry: 0, or where retention cut.
    pub start: i64,
    /// The number of the last entry that hangs together.
    pub head: i64,
    /// Its hash.
    pub head_hash: String,
    /// Checkpoints that are genuine and fit.
    pub checkpoints: u64,
    /// The number of the last event that a genuine checkpoint covers: up to there nothing can be rewritten by whoever
    /// has only the database.
    pub signed_through: i64,
    /// The first thing that is wrong, if anything is.
    pub broken: Option<AuditBreak>,
}

/// The end of the log, signed: what to keep elsewhere, so that whoever rewrites the log or cuts it off later is found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AuditCheckpoint {
    /// The number of the last event that it covers.
    pub seq: i64,
    /// When it was signed.
    pub at: String,
    /// The hash of that event, which covers all before it.
    pub hash: String,
    /// All of this as a JWT of type `polder-checkpoint+jwt`, signed with `key`.
    pub signature: String,
    /// The public half of the log's own key (RFC 7517). It stays the same for as long as there is the log.
    #[schema(value_type = Object)]
    pub key: serde_json::Value,
}

/// How far a verification is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum VerificationState {
    /// It goes on: ask again.
    Running,
    /// It is through, and nothing is wrong.
    Intact,
    /// Something is wrong: see `broken`.
    Broken,
    /// The log could not be read; ask again.
    Failed,
}

/// Where a log breaks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AuditBreak {
    /// The number of the entry, or of the missing one.
    pub seq: i64,
    /// What is wrong there: `changed`, `missing`, `unreadable`, `forged_checkpoint`, `rewritten` or `foreign_chain`.
    pub why: String,
}
