//! Authorization requests too large for a cookie, sealed and capped: `pending_request`.

use polder_db::{Error, Tx, args};
use polder_kernel::Timestamp;

/// How many may wait at once: visitors who proved nothing cannot fill the database.
const CAP: i64 = 1000;

/// Stores a sealed request under the keyed hash of its id. False when too many are waiting.
///
/// # Errors
/// When the database fails.
pub async fn add(
    tx: &mut Tx,
    id_hash: &str,
    sealed: &str,
    now: Timestamp,
    expires_at: Timestamp,
) -> Result<bool, Error> {
    tx.execute("DELETE FROM pending_request WHERE expires_at <= $1", &args![now]).await?;
    let sql = "INSERT INTO pending_request (id_hash, request_sealed, created_at, expires_at) \
               SELECT $1, $2, $3, $4 WHERE (SELECT COUNT(*) FROM pending_request) < $5";
    Ok(tx.execute(sql, &args![id_hash, sealed, now, expires_at, CAP]).await? == 1)
}

/// The sealed request, if it still waits.
///
/// # Errors
/// When the database fails.
pub async fn find(tx: &mut Tx, id_hash: &str, now: Timestamp) -> Result<Option<String>, Error> {
    let sql = "SELECT request_sealed FROM pending_request WHERE id_hash = $1 AND expires_at > $2";
    tx.optional(sql, &args![id_hash, now], |row| row.text("request_sealed")).await
}

/// Removes a request that was answered.
///
/// # Errors
/// When the database fails.
pub async fn remove(tx: &mut Tx, id_hash: &str) -> Result<(), Error> {
    tx.execute("DELETE FROM pending_request WHERE id_hash = $1", &args![id_hash]).await?;
    Ok(())
}
