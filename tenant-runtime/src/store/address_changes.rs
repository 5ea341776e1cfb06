//! Changes of the address somebody signs in with: `address_code` while the new one is being proved, and
//! `address_change` while the old one can still undo it.

use polder_crypto::{Category, Keyring};
use polder_db::{Error, Tx, args};
use polder_kernel::{Email, Timestamp};
use polder_tenant_api::{SessionId, UserId};

use crate::error::Internal;

/// Tries that a code allows.
pub const MAX_TRIES: i64 = 5;

/// A code on its way to a new address.
#[derive(Debug)]
pub struct NewCode<'a> {
    /// Whose address it becomes.
    pub user: UserId,
    /// The session that asked.
    pub session: SessionId,
    /// The new address.
    pub email: &'a Email,
    /// Keyed hash over person, session and code.
    pub code_hash: &'a str,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
}

/// A stored code.
#[derive(Clone, Debug)]
pub struct StoredCode {
    /// The new address.
    pub email: Email,
    /// Keyed hash over person, session and code.
    pub code_hash: String,
    /// Tries spent.
    pub tries: i64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
}

/// Puts a code in the place of the person's earlier one.
pub async fn put_code(tx: &mut Tx, keyring: &Keyring, code: &NewCode<'_>) -> Result<(), Error> {
    let address = keyring.seal_text(Category::Identifiers, &code_context(code.user), code.email.as_str());
    tx.execute(
        "INSERT INTO address_code (user_id, session_id, address_sealed, code_hash, tries, created_at, expires_at) \
         VALUES ($1, $2, $3, $4, 0, $5, $6) ON CONFLICT (user_id) DO UPDATE SET session_id = $2, \
         address_sealed = $3, code_hash = $4, tries = 0, created_at = $5, expires_at = $6, used_at = NULL",
        &args![code.user, code.session, address, code.code_hash, code.created_at, code.expires_at],
    )
    .await?;
    Ok(())
}

/// The code this session waits for, whether or not it has run out.
pub async fn code_of(
    tx: &mut Tx,
    keyring: &Keyring,
    user: UserId,
    session: SessionId,
) -> Result<Option<StoredCode>, Internal> {
    let row = tx
        .optional(
            "SELECT address_sealed, code_hash, tries, created_at, expires_at FROM address_code \
             WHERE user_id = $1 AND session_id = $2 AND used_at IS NULL",
            &args![user, session],
            |row| {
                Ok((
                    row.text("address_sealed")?,
                    row.text("code_hash")?,
                    row.int("tries")?,
                    row.time("created_at")?,
                    row.time("expires_at")?,
                ))
            },
        )
        .await?;
    let Some((sealed, code_hash, tries, created_at, expires_at)) = row else { return Ok(None) };
    let email = open(keyring, &code_context(user), &sealed, "address_code")?;
    Ok(Some(StoredCode { email, code_hash, tries, created_at, expires_at }))
}

/// Spends one try before anything is compared. `None` when there is none to spend.
pub async fn spend_try(tx: &mut Tx, user: UserId, session: SessionId, now: Timestamp) -> Result<Option<i64>, Error> {
    tx.optional(
        "UPDATE address_code SET tries = tries + 1 WHERE user_id = $1 AND session_id = $2 AND used_at IS NULL \
         AND tries < $3 AND expires_at > $4 RETURNING tries",
        &args![user, session, MAX_TRIES, now],
        |row| row.int("tries"),
    )
    .await
}

/// Uses the code up. `false` when somebody else just did.
pub async fn consume(tx: &mut Tx, user: UserId, session: SessionId, now: Timestamp) -> Result<bool, Error> {
    let sql = "UPDATE address_code SET used_at = $3 WHERE user_id = $1 AND session_id = $2 AND used_at IS NULL \
               AND expires_at > $3";
    Ok(tx.execute(sql, &args![user, session, now]).await? == 1)
}

/// Drops a code that is no longer wanted.
pub async fn drop_code(tx: &mut Tx, user: UserId) -> Result<(), Error> {
    tx.execute("DELETE FROM address_code WHERE user_id = $1", &args![user]).await?;
    Ok(())
}

/// Remembers an old address until `expires_at`, to be taken back by whoever holds `undo_hash`'s secret.
pub async fn remember(
    tx: &mut Tx,
    keyring: &Keyring,
    (user, old): (UserId, &Email),
    undo_hash: &str,
    (now, expires_at): (Timestamp, Timestamp),
) -> Result<(), Error> {
    let sealed = keyring.seal_text(Category::Identifiers, &change_context(undo_hash), old.as_str());
    tx.execute(
        "INSERT INTO address_change (undo_hash, user_id, old_address_index, old_address_sealed, created_at, \
         expires_at) VALUES ($1, $2, $3, $4, $5, $6)",
        &args![undo_hash, user, super::users::email_index(keyring, old), sealed, now, expires_at],
    )
    .await?;
    Ok(())
}

/// Uses an undo up and gives whose address goes back to what, and since when it was another. Every later change of
/// the same person is undone with it: whoever took an account over may have changed its address twice.
pub async fn undo(
    tx: &mut Tx,
    keyring: &Keyring,
    undo_hash: &str,
    now: Timestamp,
) -> Result<Option<(UserId, Email, Timestamp)>, Internal> {
    let row = tx
        .optional(
            "UPDATE address_change SET undone_at = $2 WHERE undo_hash = $1 AND undone_at IS NULL AND expires_at > $2 \
             RETURNING user_id, old_address_sealed, created_at",
            &args![undo_hash, now],
            |row| Ok((row.id("user_id")?, row.text("old_address_sealed")?, row.time("created_at")?)),
        )
        .await?;
    let Some((user, sealed, created_at)) = row else { return Ok(None) };
    tx.execute(
        "UPDATE address_change SET undone_at = $3 WHERE user_id = $1 AND created_at >= $2 AND undone_at IS NULL",
        &args![user, created_at, now],
    )
    .await?;
    let old = open(keyring, &change_context(undo_hash), &sealed, "address_change")?;
    Ok(Some((user, old, created_at)))
}

/// An address that somebody had and can take back.
#[derive(Debug)]
pub struct Former {
    /// The address.
    pub address: Email,
    /// When it was changed.
    pub changed_at: Timestamp,
    /// Until when it is kept.
    pub kept_until: Timestamp,
}

/// The addresses a person had that are still kept.
pub async fn of_user(tx: &mut Tx, keyring: &Keyring, user: UserId) -> Result<Vec<Former>, Internal> {
    let rows = tx
        .all(
            "SELECT undo_hash, old_address_sealed, created_at, expires_at FROM address_change WHERE user_id = $1 \
             ORDER BY created_at",
            &args![user],
            |row| {
                let at = (row.time("created_at")?, row.time("expires_at")?);
                Ok((row.text("undo_hash")?, row.text("old_address_sealed")?, at))
            },
        )
        .await?;
    let former = |(undo_hash, sealed, (changed_at, kept_until)): (String, String, (Timestamp, Timestamp))| {
        let address = open(keyring, &change_context(&undo_hash), &sealed, "address_change")?;
        Ok(Former { address, changed_at, kept_until })
    };
    rows.into_iter().map(former).collect()
}

/// Whether an undo would work.
pub async fn can_undo(tx: &mut Tx, undo_hash: &str, now: Timestamp) -> Result<bool, Error> {
    let sql = "SELECT user_id FROM address_change WHERE undo_hash = $1 AND undone_at IS NULL AND expires_at > $2";
    Ok(tx.optional(sql, &args![undo_hash, now], |row| row.text("user_id")).await?.is_some())
}

/// Whether an address is kept for somebody who may want it back. Nobody else signs up with it meanwhile.
pub async fn is_kept(tx: &mut Tx, keyring: &Keyring, email: &Email, now: Timestamp) -> Result<bool, Error> {
    kept_for(tx, keyring, email, now).await.map(|user| user.is_some())
}

/// For whom an address is kept.
pub async fn kept_for(tx: &mut Tx, keyring: &Keyring, email: &Email, now: Timestamp) -> Result<Option<UserId>, Error> {
    tx.optional(
        "SELECT user_id FROM address_change WHERE old_address_index = $1 AND undone_at IS NULL AND expires_at > $2 \
         LIMIT 1",
        &args![super::users::email_index(keyring, email), now],
        |row| row.id("user_id"),
    )
    .await
}

/// The addresses that are kept for a person, each once.
pub async fn kept_of(tx: &mut Tx, keyring: &Keyring, user: UserId, now: Timestamp) -> Result<Vec<Email>, Internal> {
    let rows = tx
        .all(
            "SELECT undo_hash, old_address_sealed FROM address_change \
             WHERE user_id = $1 AND undone_at IS NULL AND expires_at > $2 ORDER BY created_at, undo_hash",
            &args![user, now],
            |row| Ok((row.text("undo_hash")?, row.text("old_address_sealed")?)),
        )
        .await?;
    let mut kept: Vec<Email> = Vec::new();
    for (hash, sealed) in rows {
        let email = open(keyring, &change_context(&hash), &sealed, "address_change")?;
        if !kept.contains(&email) {
            kept.push(email);
        }
    }
    Ok(kept)
}

fn open(keyring: &Keyring, context: &str, sealed: &str, table: &'static str) -> Result<Email, Internal> {
    let text = keyring.unseal_text(Category::Identifiers, context, sealed)?;
    text.parse().map_err(|_| Internal::Impossible { table, column: "address_sealed" })
}

fn code_context(user: UserId) -> String {
    format!("address_code.address_sealed:{user}")
}

fn change_context(undo_hash: &str) -> String {
    format!("address_change.old_address_sealed:{undo_hash}")
}
