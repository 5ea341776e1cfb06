//! What counts once: client assertions, DPoP proofs and pushed requests that were used: `used_jti`. They are
//! noted only for who proved who they are, or who holds a code or token of ours.

use polder_db::{Error, Tx, args};
use polder_kernel::Timestamp;

/// Notes a use. `false` when there was one before: the primary key decides (B63, B70).
///
/// # Errors
/// When the database fails.
pub async fn take(tx: &mut Tx, jti_hash: &str, now: Timestamp, expires_at: Timestamp) -> Result<bool, Error> {
    let sql = &[
        "DELETE FROM used_jti WHERE expires_at <= $2",
        "INSERT INTO used_jti (jti_hash, expires_at) VALUES ($1, $3) ON CONFLICT (jti_hash) DO NOTHING",
    ];
    Ok(tx.batch(sql, &args![jti_hash, now, expires_at]).await?.last() == Some(&1))
}
