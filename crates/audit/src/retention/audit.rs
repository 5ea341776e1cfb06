//! Pruning the log itself: only up to a checkpoint, which is signed anew as the start of the chain.

use polder_db::{Db, Tx, args};
use polder_kernel::Timestamp;
use serde::Serialize;

use crate::Error;
use crate::chain::CHAIN;
use crate::checkpoint::{Checkpoint, CheckpointKey, Role};

/// How far the log was pruned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Pruned {
    /// The chain now starts after this event; 0 when nothing was ever pruned.
    pub through: i64,
    /// Events removed in this run.
    pub removed: u64,
}

/// Removes events older than `cutoff`, as far as the newest checkpoint that is older too.
///
/// First the checkpoint becomes the start, then the events before it go: at every moment in between the
/// log verifies.
pub(super) async fn prune(db: &Db, key: &CheckpointKey, cutoff: Timestamp, batch: u32) -> Result<Pruned, Error> {
    let Some(start) = move_start(db, key, cutoff).await? else { return Ok(Pruned { through: 0, removed: 0 }) };
    let mut removed = 0;
    loop {
        // The moment is asked for again: when a clock was wrong, an event may be younger than its checkpoint
        // says, and nothing goes before its time.
        let gone =
            db.write(move |tx| Box::pin(async move { tx.prune_audit(CHAIN, (start, cutoff), batch).await })).await?;
        removed += gone;
        if gone < u64::from(batch) {
            return Ok(Pruned { through: start, removed });
        }
    }
}

/// Signs the newest checkpoint before `cutoff` as the start, if it is not already; where the chain starts.
async fn move_start(db: &Db, key: &CheckpointKey, cutoff: Timestamp) -> Result<Option<i64>, Error> {
    let Some(checkpoint) = newest_before(&mut db.read().await?, cutoff).await? else { return Ok(None) };
    // Whoever can write to the database could plant one, to have it signed as the start.
    let role = checkpoint.verified(key.verifier());
    let Some(role) = role else { return Err(Error::Checkpoint { chain: CHAIN, seq: checkpoint.seq }) };
    let seq = checkpoint.seq;
    if role == Role::Along {
        let signed = checkpoint.as_start(key)?;
        // The start is the first checkpoint: those before it go with the events they covered.
        db.write(move |tx| Box::pin(async move { tx.start_audit_at(CHAIN, seq, &signed.signature).await })).await?;
    }
    Ok(Some(seq))
}

async fn newest_before(tx: &mut Tx, cutoff: Timestamp) -> Result<Option<Checkpoint>, polder_db::Error> {
    const SQL: &str = "SELECT * FROM audit_checkpoint WHERE chain = $1 AND at < $2 ORDER BY seq DESC LIMIT 1";
    tx.optional(SQL, &args![CHAIN, cutoff], Checkpoint::from_row).await
}
