//! Browsers people have signed in with: `known_browser`, by keyed hash.

use polder_crypto::Keyring;
use polder_db::{Error, Tx, args};
use polder_kernel::Timestamp;
use polder_tenant_api::UserId;

/// The keyed hash of one person's use of one browser: the same browser is another to everybody else.
pub fn hash(keyring: &Keyring, user: UserId, cookie: &str) -> String {
    keyring.index("known-browser", &[user.as_bytes().as_slice(), cookie.as_bytes()].concat())
}

/// Notes a sign-in with a browser. `true` when this person never used it before.
pub async fn note(tx: &mut Tx, user: UserId, hash: &str, now: Timestamp) -> Result<bool, Error> {
    let seen = "UPDATE known_browser SET last_seen_at = $2 WHERE browser_hash = $1";
    if tx.execute(seen, &args![hash, now]).await? == 1 {
        return Ok(false);
    }
    tx.execute(
        "INSERT INTO known_browser (browser_hash, user_id, first_seen_at, last_seen_at) VALUES ($1, $2, $3, $3) \
         ON CONFLICT (browser_hash) DO NOTHING",
        &args![hash, user, now],
    )
    .await?;
    Ok(true)
}

/// When a person's browsers were used first and last.
pub async fn of_user(tx: &mut Tx, user: UserId) -> Result<Vec<(Timestamp, Timestamp)>, Error> {
    let sql = "SELECT first_seen_at, last_seen_at FROM known_browser WHERE user_id = $1 ORDER BY first_seen_at";
    tx.all(sql, &args![user], |row| Ok((row.time("first_seen_at")?, row.time("last_seen_at")?))).await
}

/// Whether a person has signed in with any browser yet.
pub async fn any(tx: &mut Tx, user: UserId) -> Result<bool, Error> {
    let sql = "SELECT browser_hash FROM known_browser WHERE user_id = $1 LIMIT 1";
    Ok(tx.optional(sql, &args![user], |row| row.text("browser_hash")).await?.is_some())
}
