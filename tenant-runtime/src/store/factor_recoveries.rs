//! Ways back for people who lost their factors: `factor_recovery` (D18).

use polder_db::{Error, Row, Tx, args};
use polder_kernel::{Timestamp, id_kind};
use polder_tenant_api::UserId;

id_kind!(
    /// Names one way back.
    RecoveryId,
    RecoveryKind
);

/// A way back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Recovery {
    /// When it was asked for.
    pub requested_at: Timestamp,
    /// From when it can be finished.
    pub ready_at: Timestamp,
    /// Until when.
    pub expires_at: Timestamp,
}

/// Asks for one. `false` when one waits already: asking again shortens nothing.
pub async fn ask(
    tx: &mut Tx,
    id: RecoveryId,
    user: UserId,
    cancel_hash: &str,
    recovery: Recovery,
) -> Result<bool, Error> {
    let Recovery { requested_at, ready_at, expires_at } = recovery;
    tx.execute(
        "UPDATE factor_recovery SET ended_at = $2, ended_reason = 'expired' \
         WHERE user_id = $1 AND ended_at IS NULL AND expires_at <= $2",
        &args![user, requested_at],
    )
    .await?;
    let rows = tx
        .execute(
            "INSERT INTO factor_recovery (id, user_id, cancel_hash, requested_at, ready_at, expires_at) \
             VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING",
            &args![id, user, cancel_hash, requested_at, ready_at, expires_at],
        )
        .await?;
    Ok(rows == 1)
}

/// The one that a person waits for, or can finish.
pub async fn open_of(tx: &mut Tx, user: UserId, now: Timestamp) -> Result<Option<Recovery>, Error> {
    tx.optional(
        "SELECT requested_at, ready_at, expires_at FROM factor_recovery \
         WHERE user_id = $1 AND ended_at IS NULL AND expires_at > $2",
        &args![user, now],
        recovery,
    )
    .await
}

/// Finishes it. `false` when there is none, it is not time yet, or somebody else just did.
pub async fn finish(tx: &mut Tx, user: UserId, now: Timestamp) -> Result<bool, Error> {
    let rows = tx
        .execute(
            "UPDATE factor_recovery SET ended_at = $2, ended_reason = 'finished' \
             WHERE user_id = $1 AND ended_at IS NULL AND ready_at <= $2 AND expires_at > $2",
            &args![user, now],
        )
        .await?;
    Ok(rows == 1)
}

/// Ends it because the person used what they said they lost. `false` when there was none.
pub async fn proved(tx: &mut Tx, user: UserId, now: Timestamp) -> Result<bool, Error> {
    let rows = tx
        .execute(
            "UPDATE factor_recovery SET ended_at = $2, ended_reason = 'proved' WHERE user_id = $1 AND ended_at IS NULL",
            &args![user, now],
        )
        .await?;
    Ok(rows == 1)
}

/// Stops it by what the link in a notice holds, and gives whose it was.
pub async fn cancel(tx: &mut Tx, cancel_hash: &str, now: Timestamp) -> Result<Option<UserId>, Error> {
    tx.optional(
        "UPDATE factor_recovery SET ended_at = $2, ended_reason = 'cancelled' \
         WHERE cancel_hash = $1 AND ended_at IS NULL AND expires_at > $2 RETURNING user_id",
        &args![cancel_hash, now],
        |row| row.id("user_id"),
    )
    .await
}

/// Whether stopping it would work.
pub async fn can_cancel(tx: &mut Tx, cancel_hash: &str, now: Timestamp) -> Result<bool, Error> {
    let sql = "SELECT id FROM factor_recovery WHERE cancel_hash = $1 AND ended_at IS NULL AND expires_at > $2";
    Ok(tx.optional(sql, &args![cancel_hash, now], |row| row.text("id")).await?.is_some())
}

/// Notes that an administrator took a person's factors away, and ends whatever they waited for.
pub async fn reset(tx: &mut Tx, id: RecoveryId, user: UserId, cancel_hash: &str, now: Timestamp) -> Result<(), Error> {
    tx.execute(
        "UPDATE factor_recovery SET ended_at = $2, ended_reason = 'reset' WHERE user_id = $1 AND ended_at IS NULL",
        &args![user, now],
    )
    .await?;
    tx.execute(
        "INSERT INTO factor_recovery (id, user_id, cancel_hash, requested_at, ready_at, expires_at, ended_at, \
         ended_reason) VALUES ($1, $2, $3, $4, $4, $4, $4, 'reset')",
        &args![id, user, cancel_hash, now],
    )
    .await?;
    Ok(())
}

/// When a person's factors were last taken away by a way back, or by an administrator.
pub async fn last_done(tx: &mut Tx, user: UserId) -> Result<Option<Timestamp>, Error> {
    tx.optional(
        "SELECT ended_at FROM factor_recovery WHERE user_id = $1 AND ended_reason IN ('finished', 'reset') \
         AND ended_at IS NOT NULL ORDER BY ended_at DESC LIMIT 1",
        &args![user],
        |row| row.time("ended_at"),
    )
    .await
}

/// All of a person's, oldest first, with when and how they ended.
pub async fn of_user(tx: &mut Tx, user: UserId) -> Result<Vec<(Recovery, Option<Timestamp>, Option<String>)>, Error> {
    tx.all(
        "SELECT requested_at, ready_at, expires_at, ended_at, ended_reason FROM factor_recovery \
         WHERE user_id = $1 ORDER BY requested_at, id",
        &args![user],
        |row| Ok((recovery(row)?, row.opt_time("ended_at")?, row.opt_text("ended_reason")?)),
    )
    .await
}

fn recovery(row: &Row) -> Result<Recovery, Error> {
    Ok(Recovery {
        requested_at: row.time("requested_at")?,
        ready_at: row.time("ready_at")?,
        expires_at: row.time("expires_at")?,
    })
}
