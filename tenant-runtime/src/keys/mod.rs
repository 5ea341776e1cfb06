//! Custody of the tenant's keys: how they are rotated, and how old ones go (A06, P17, G17).
//!
//! ```text
//! signing key   next ──published long enough──> active ──a newer one is active──> retired ──last token expired──> removed
//!                 └──────────────── emergency: dropped at once, a new one is active ─────────────────────────────────^
//! data key      newest (seals) ──rotate──> retired (opens) ──rows resealed in batches──> nothing is under it ──> deleted
//! seal key      FILE ──FILE.next appears──> all data keys rewrapped, one transaction ──> FILE.next takes FILE's place
//! ```
//!
//! What comes next is always told from what is stored, so a process that was killed anywhere goes on
//! where it was. The private half of a signing key is destroyed the moment it signs no more. A version of
//! a data key goes only when nothing is sealed under it, looked up in the very transaction that deletes it.
//!
//! Two kinds of sealed values are never resealed. Details of audit events: their sealed text is part of the
//! hash chain; an old version of `audit_details` stays until retention has removed the last event under it.
//! And the `index` category never rotates: stored hashes (addresses, cookies, client secrets) could not be
//! made anew from what is stored, and derived refresh tokens would all die.

mod columns;
pub mod data;
pub mod schedule;
pub mod seal;
pub mod signing;

use polder_audit::{Actor, Event};

use crate::admin::Caller;

pub use columns::{COLUMNS, Column};
pub use schedule::Schedule;
pub use seal::{Seal, SealKeys};

/// Who has keys rotated: the schedule, or somebody through the admin API.
#[derive(Clone, Debug)]
pub enum By {
    /// The program by itself: what is due, and what an operator laid beside its files.
    Schedule,
    /// Whom the control plane names.
    Caller(Caller),
}

impl By {
    fn event(&self, action: &'static str) -> Event {
        match self {
            Self::Schedule => Event::new(action, Actor::system("keys")),
            Self::Caller(caller) => caller.event(action),
        }
    }
}
