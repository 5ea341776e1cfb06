//! Lockouts: `lockout`, one row per counter that is full (K19).

use polder_db::{Error, Row, Tx, args};
use polder_kernel::Timestamp;
use polder_tenant_api::{LockoutId, LockoutKind, UserId};

/// A lockout to note.
#[derive(Debug)]
pub struct NewLockout<'a> {
    /// Names it.
    pub id: LockoutId,
    /// The keyed name of the counter that is full.
    pub counter: &'a str,
    /// What has to wait.
    pub kind: LockoutKind,
    /// The keyed name of the address's own counter, where it is about an address.
    pub address: Option<&'a str>,
    /// The person, where it is about one.
    pub user: Option<UserId>,
    /// Whom or what, sealed.
    pub details_sealed: String,
    /// When it is over by itself.
    pub ends_at: Timestamp,
}

/// A lockout as stored.
#[derive(Debug)]
pub struct StoredLockout {
    /// Names it.
    pub id: LockoutId,
    /// What has to wait.
    pub kind: LockoutKind,
    /// The person, where it is about one.
    pub user: Option<UserId>,
    /// Whom or what, sealed.
    pub details_sealed: String,
    /// When it began.
    pub began_at: Timestamp,
    /// When it is over by itself.
    pub ends_at: Timestamp,
}

/// A lockout that was lifted.
#[derive(Debug)]
pub struct Lifted {
    /// The counter that was full.
    pub counter: String,
    /// What had to wait.
    pub kind: LockoutKind,
    /// The address's own counter.
    pub address: Option<String>,
    /// The person.
    pub user: Option<UserId>,
}

/// Whether this lockout stands there already.
pub async fn is_noted(tx: &mut Tx, counter: &str, ends_at: Timestamp) -> Result<bool, Error> {
    let sql = "SELECT id FROM lockout WHERE counter_key = $1 AND ends_at >= $2";
    Ok(tx.optional(sql, &args![counter, ends_at], |row| row.text("id")).await?.is_some())
}

/// Notes one in the place of an earlier one of the same counter. `false` when it stands there already.
pub async fn put(tx: &mut Tx, lockout: &NewLockout<'_>, now: Timestamp) -> Result<bool, Error> {
    let rows = tx
        .execute(
            "INSERT INTO lockout (id, counter_key, kind, address_key, user_id, details_sealed, began_at, ends_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (counter_key) DO UPDATE SET id = excluded.id, \
             kind = excluded.kind, address_key = excluded.address_key, user_id = excluded.user_id, \
             details_sealed = excluded.details_sealed, began_at = excluded.began_at, ends_at = excluded.ends_at \
             WHERE lockout.ends_at < excluded.ends_at",
            &args![
                lockout.id,
                lockout.counter,
                lockout.kind.as_str(),
                lockout.address,
                lockout.user,
                lockout.details_sealed.as_str(),
                now,
                lockout.ends_at
            ],
        )
        .await?;
    Ok(rows == 1)
}

/// Those that are not over, newest first; of one person where one is named.
pub async fn live(tx: &mut Tx, user: Option<UserId>, now: Timestamp, limit: i64) -> Result<Vec<StoredLockout>, Error> {
    match user {
        Some(user) => {
            let sql = "SELECT id, kind, user_id, details_sealed, began_at, ends_at FROM lockout \
                       WHERE user_id = $1 AND ends_at > $2 ORDER BY began_at DESC, id LIMIT $3";
            tx.all(sql, &args![user, now, limit], stored).await
        }
        None => {
            let sql = "SELECT id, kind, user_id, details_sealed, began_at, ends_at FROM lockout \
                       WHERE ends_at > $1 ORDER BY began_at DESC, id LIMIT $2";
            tx.all(sql, &args![now, limit], stored).await
        }
    }
}

/// Removes one and gives what it was about.
pub async fn remove(tx: &mut Tx, id: LockoutId) -> Result<Option<Lifted>, Error> {
    let sql = "DELETE FROM lockout WHERE id = $1 RETURNING counter_key, kind, address_key, user_id";
    tx.optional(sql, &args![id], |row| {
        Ok(Lifted {
            counter: row.text("counter_key")?,
            kind: row.parse("kind")?,
            address: row.opt_text("address_key")?,
            user: row.opt_id("user_id")?,
        })
    })
    .await
}

/// Removes those of an address: its person proved themselves, or is being erased.
pub async fn forget_address(tx: &mut Tx, address: &str) -> Result<(), Error> {
    tx.execute("DELETE FROM lockout WHERE address_key = $1", &args![address]).await?;
    Ok(())
}

fn stored(row: &Row) -> Result<StoredLockout, Error> {
    Ok(StoredLockout {
        id: row.id("id")?,
        kind: row.parse("kind")?,
        user: row.opt_id("user_id")?,
        details_sealed: row.text("details_sealed")?,
        began_at: row.time("began_at")?,
        ends_at: row.time("ends_at")?,
    })
}
