//! The audit log: a hash chain, written in the transaction it describes (F17), and the retention that
//! prunes it and every other table (P13).
//!
//! ```text
//! record(tx, Event) ──kept with the unit──> AuditTail ──number, seal, hash──> audit_event, same COMMIT
//!                                              │ every 1000 events or 15 minutes
//!                                              └──sign head──> audit_checkpoint
//! verify: start ─> event ─> event ─> checkpoint ─> event … head      names the first broken entry
//! retention: daily 03:00 Europe/Amsterdam; the log itself is pruned up to a checkpoint, which is
//!            signed anew as the chain's start
//! ```
//!
//! What it proves: with the checkpoint key's public half, that nothing up to the last checkpoint was
//! changed, removed, added or reordered; compared with a checkpoint kept elsewhere, that the end was not
//! cut off either. Events after the last checkpoint are chained but not yet signed.

mod chain;
pub mod checkpoint;
mod details;
mod entry;
mod error;
mod event;
pub mod exported;
pub mod keeper;
mod listing;
pub mod retention;
mod tail;
mod verify;

pub use chain::{CHAIN, Hash};
pub use checkpoint::{Checkpoint, CheckpointKey};
pub use entry::Entry;
pub use error::Error;
pub use event::{Actor, Event, record};
pub use listing::{Cursor, Filter, Found, list, search};
pub use tail::AuditTail;
pub use verify::{Broken, Progress, Report, Why, verify, verify_against, verify_on};
