//! Admin assertions already used: `used_assertion`.

use polder_db::{Error, Tx, args};
use polder_kernel::Timestamp;

/// Marks an assertion as used. `false` when it was used before: the primary key decides.
pub async fn take(tx: &mut Tx, jti: &str, expires_at: Timestamp) -> Result<bool, Error> {
    let rows = tx
        .execute(
            "INSERT INTO used_assertion (jti, expires_at) VALUES ($1, $2) ON CONFLICT (jti) DO NOTHING",
            &args![jti, expires_at],
        )
        .await?;
    Ok(rows == 1)
}

/// Forgets assertions that could not be used again anyway; at most `limit` at a time.
pub async fn sweep(tx: &mut Tx, before: Timestamp, limit: i64) -> Result<u64, Error> {
    tx.execute(
        "DELETE FROM used_assertion WHERE jti IN (SELECT jti FROM used_assertion WHERE expires_at < $1 \
         ORDER BY expires_at LIMIT $2)",
        &args![before, limit],
    )
    .await
}
