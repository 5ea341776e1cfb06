//! Recovery codes: `recovery_set` with the salt, `recovery_code` with the slow hashes.

use polder_db::{Error, Tx, args};
use polder_kernel::Timestamp;
use polder_kernel::encoding::{base64url, from_base64url};
use polder_tenant_api::UserId;

use crate::error::Internal;

/// A set as its owner sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Set {
    /// How many codes were not used yet.
    pub left: i64,
    /// When it was made.
    pub created_at: Timestamp,
}

/// Puts a set in the place of the one before, whose codes stop working (D17).
pub async fn replace(
    tx: &mut Tx,
    user: UserId,
    salt: &[u8; 16],
    hashes: &[[u8; 32]],
    now: Timestamp,
) -> Result<(), Error> {
    tx.execute("DELETE FROM recovery_code WHERE user_id = $1", &args![user]).await?;
    tx.execute(
        "INSERT INTO recovery_set (user_id, salt, created_at) VALUES ($1, $2, $3) \
         ON CONFLICT (user_id) DO UPDATE SET salt = $2, created_at = $3",
        &args![user, base64url(salt), now],
    )
    .await?;
    for hash in hashes {
        tx.execute("INSERT INTO recovery_code (hash, user_id) VALUES ($1, $2)", &args![base64url(hash), user]).await?;
    }
    Ok(())
}

/// The salt of a person's set.
pub async fn salt(tx: &mut Tx, user: UserId) -> Result<Option<[u8; 16]>, Internal> {
    let sql = "SELECT salt FROM recovery_set WHERE user_id = $1";
    let Some(text) = tx.optional(sql, &args![user], |row| row.text("salt")).await? else { return Ok(None) };
    let salt = from_base64url(&text).and_then(|bytes| bytes.try_into().ok());
    salt.map(Some).ok_or(Internal::Impossible { table: "recovery_set", column: "salt" })
}

/// Uses a code up. `false` when it is none of this person's, or was used: of many parallel uses one wins.
pub async fn consume(tx: &mut Tx, user: UserId, hash: &[u8; 32], now: Timestamp) -> Result<bool, Error> {
    let sql = "UPDATE recovery_code SET used_at = $3 WHERE hash = $2 AND user_id = $1 AND used_at IS NULL";
    Ok(tx.execute(sql, &args![user, base64url(hash), now]).await? == 1)
}

/// The set of a person.
pub async fn of_user(tx: &mut Tx, user: UserId) -> Result<Option<Set>, Error> {
    tx.optional(
        "SELECT s.created_at, (SELECT COUNT(*) FROM recovery_code c WHERE c.user_id = s.user_id AND \
         c.used_at IS NULL) AS left_over FROM recovery_set s WHERE s.user_id = $1",
        &args![user],
        |row| Ok(Set { left: row.int("left_over")?, created_at: row.time("created_at")? }),
    )
    .await
}
