//! What verifying a file found.

use polder_kernel::Timestamp;
use serde::Serialize;

/// What is known of a file, up to where it breaks if it does.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Found {
    /// Whether nothing is wrong.
    pub intact: bool,
    /// The first thing that is wrong.
    pub broken: Option<Break>,
    /// Lines that are right.
    pub lines: u64,
    /// Events that hang together.
    pub events: u64,
    /// The number before the first event: 0, or where retention cut.
    pub start: i64,
    /// The number of the last event that hangs together.
    pub head: i64,
    /// When the first and the last of them were committed.
    pub first_at: Option<Timestamp>,
    /// See `first_at`.
    pub last_at: Option<Timestamp>,
    /// The hash of the last.
    pub head_hash: String,
    /// The event that the signed checkpoint covers, and all before it; none before the checkpoint was verified.
    pub signed_through: Option<i64>,
    /// When the checkpoint was signed.
    pub signed_at: Option<Timestamp>,
    /// The thumbprint (RFC 7638) of the key that signed it.
    pub key: Option<String>,
    /// Whether that key was given, rather than taken from the file.
    pub key_given: bool,
    /// The number of a checkpoint that was kept elsewhere, once it was found to fit.
    pub kept_through: Option<i64>,
    /// How many events have details.
    pub details: Details,
}

/// Details of events, by what can be said of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Details {
    /// In the open, and those that the chain commits to.
    pub verified: u64,
    /// In the open, without a commitment: written before there were any.
    pub unproved: u64,
    /// Sealed only: their person was erased, or they were left out.
    pub sealed: u64,
}

/// Where a file breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Break {
    /// The line, from 1; that after the last where something is missing there.
    pub line: u64,
    /// The number of the event it is about, where it is about one.
    pub seq: Option<i64>,
    /// What is wrong.
    pub why: Why,
}

/// How a file can be broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// The line is none of this format: something in it was changed, added or taken away.
    Unreadable,
    /// The event's hash is not that of its fields.
    Changed,
    /// The event does not follow the one before it: it is another log's, or one of the two was changed.
    Detached,
    /// The details in the open are not those that the event commits to.
    DetailsChanged,
    /// The event of this number is not where it belongs: it was removed, or lines changed places.
    Missing,
    /// A line stands where none of its kind may: put in, doubled, or moved.
    Misplaced,
    /// The file ends before its checkpoint.
    Cut,
    /// A checkpoint was not signed by the log's key.
    ForgedCheckpoint,
    /// A genuine checkpoint says that another event stood here.
    Rewritten,
    /// The file names another key than the one that was given.
    OtherKey,
    /// The checkpoint that was kept elsewhere is of another log.
    OtherLog,
    /// The checkpoint that was kept elsewhere covers events that are not in the file: its end was cut off, or it is
    /// older.
    EndsEarly,
}

/// Why a file cannot be verified at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unlike {
    /// It is a list of events, which is no chain.
    List,
    /// It is something else.
    Strange,
}
