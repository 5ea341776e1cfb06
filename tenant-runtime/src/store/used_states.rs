//! States of providers' answers that counted: `used_state`.

use polder_db::{Error, Tx, args};
use polder_kernel::Timestamp;

/// Marks the state of an answer as used. False when it was: every state counts once (B38).
///
/// # Errors
/// When the database fails.
pub async fn add(tx: &mut Tx, state_hash: &str, expires_at: Timestamp) -> Result<bool, Error> {
    let sql = "INSERT INTO used_state (state_hash, expires_at) VALUES ($1, $2) ON CONFLICT (state_hash) DO NOTHING";
    Ok(tx.execute(sql, &args![state_hash, expires_at]).await? == 1)
}

/// Removes those that would have run out.
///
/// # Errors
/// When the database fails.
pub async fn sweep(tx: &mut Tx, now: Timestamp, limit: i64) -> Result<u64, Error> {
    let sql = "DELETE FROM used_state WHERE state_hash IN (SELECT state_hash FROM used_state WHERE expires_at <= $1 \
               ORDER BY expires_at LIMIT $2)";
    tx.execute(sql, &args![now, limit]).await
}
