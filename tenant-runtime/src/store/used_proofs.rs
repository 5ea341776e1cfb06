//! Proofs of work that were given: `used_proof` (D22). Apart from the challenges of passkeys, which no flood
//! of forms may crowd out.

use polder_db::{Error, Tx, args};
use polder_kernel::Timestamp;

/// How many may be remembered at once. Each cost its sender some work or a quarter of a minute, and is
/// forgotten within minutes.
const CAP: i64 = 50_000;

/// Notes that a proof was given. `false` when it was before, or when too many were.
pub async fn add(tx: &mut Tx, hash: &str, now: Timestamp, expires_at: Timestamp) -> Result<bool, Error> {
    tx.execute("DELETE FROM used_proof WHERE expires_at <= $1", &args![now]).await?;
    let rows = tx
        .execute(
            "INSERT INTO used_proof (proof_hash, expires_at) SELECT CAST($1 AS TEXT), CAST($2 AS BIGINT) \
             WHERE (SELECT COUNT(*) FROM used_proof) < CAST($3 AS BIGINT) ON CONFLICT (proof_hash) DO NOTHING",
            &args![hash, expires_at, CAP],
        )
        .await?;
    Ok(rows == 1)
}
