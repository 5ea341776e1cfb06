//! The job that signs checkpoints and runs retention when they are due.

use std::time::Duration;

use polder_db::{Db, args};
use polder_kernel::Clock;

use crate::Error;
use crate::chain::CHAIN;
use crate::checkpoint::{self, Checkpoint, CheckpointKey};
use crate::retention::{self, Schedule};

/// How often it is looked: the machine may have slept, or its clock may have been set.
const LOOK_EVERY: Duration = Duration::from_secs(60);
/// Unsigned events are signed once they are this many,
const UNSIGNED_EVENTS: i64 = 1_000;
/// or once the last checkpoint is this old.
const UNSIGNED_FOR: Duration = Duration::from_secs(15 * 60);

/// Runs until it is dropped. Failures are logged and tried again.
pub async fn keep(db: Db, schedule: Schedule, key: CheckpointKey, clock: Clock) {
    loop {
        if let Err(error) = look(&db, &schedule, &key, &clock).await {
            tracing::error!(%error, "the audit log was not looked after");
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// Does what is due now.
///
/// # Errors
/// The database's; what was not done is still due.
pub async fn look(db: &Db, schedule: &Schedule, key: &CheckpointKey, clock: &Clock) -> Result<(), Error> {
    sign_if_due(db, key, clock).await?;
    retention::run_if_due(db, schedule, key, clock).await?;
    Ok(())
}

/// Signs the head when enough events or enough time came since the last checkpoint.
async fn sign_if_due(db: &Db, key: &CheckpointKey, clock: &Clock) -> Result<Option<Checkpoint>, Error> {
    const HEAD: &str = "SELECT seq FROM audit_event WHERE chain = $1 ORDER BY seq DESC LIMIT 1";
    let mut tx = db.read().await?;
    let Some(head) = tx.optional(HEAD, &args![CHAIN], |row| row.int("seq")).await? else { return Ok(None) };
    let due = checkpoint::latest(&mut tx).await?.is_none_or(|last| {
        let unsigned = head - last.seq;
        unsigned >= UNSIGNED_EVENTS || (unsigned > 0 && clock.now().since(last.at) >= UNSIGNED_FOR)
    });
    drop(tx);
    if due { Ok(checkpoint::write(db, key).await?) } else { Ok(None) }
}
