//! Challenges that were answered: `used_challenge` (C01).

use polder_db::{Error, Tx, args};
use polder_kernel::Timestamp;

/// How many may be remembered at once: visitors who proved nothing cannot fill the database. Each is
/// forgotten within minutes, when its challenge would have expired anyway.
const CAP: i64 = 50_000;

/// Notes that a challenge was answered. `false` when it was before, or when too many were.
pub async fn add(tx: &mut Tx, hash: &str, now: Timestamp, expires_at: Timestamp) -> Result<bool, Error> {
    tx.execute("DELETE FROM used_challenge WHERE expires_at <= $1", &args![now]).await?;
    let rows = tx
        .execute(
            "INSERT INTO used_challenge (challenge_hash, expires_at) \
             SELECT CAST($1 AS TEXT), CAST($2 AS BIGINT) \
             WHERE (SELECT COUNT(*) FROM used_challenge) < CAST($3 AS BIGINT) \
             ON CONFLICT (challenge_hash) DO NOTHING",
            &args![hash, expires_at, CAP],
        )
        .await?;
    Ok(rows == 1)
}
