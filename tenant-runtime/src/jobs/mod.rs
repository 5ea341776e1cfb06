//! Work that no request waits for: mail, word of ended sessions, imports of people, sweeping, keys, months of usage,
//! retention and checkpoints of the audit log.

pub mod keys;
pub mod logouts;
pub mod outbox;
pub mod refusals;
pub mod retention;
pub mod secret_uses;
pub mod sweep;
pub mod usage;

use std::sync::Arc;

use tokio::task::JoinSet;

use crate::App;
use crate::imports::work;

/// Starts every job. They run until the set is dropped or shut down; each survives its own failures.
pub fn start(app: &Arc<App>) -> JoinSet<()> {
    let mut jobs = JoinSet::new();
    jobs.spawn(outbox::run(Arc::clone(app)));
    jobs.spawn(logouts::run(Arc::clone(app)));
    jobs.spawn(sweep::run(Arc::clone(app)));
    jobs.spawn(retention::run(Arc::clone(app)));
    jobs.spawn(work::run(Arc::clone(app)));
    jobs.spawn(refusals::run(Arc::clone(app)));
    jobs.spawn(secret_uses::run(Arc::clone(app)));
    jobs.spawn(usage::run(Arc::clone(app)));
    jobs.spawn(keys::signing(Arc::clone(app)));
    jobs.spawn(keys::data(Arc::clone(app)));
    jobs
}
