//! The tenant's settings: `setting`, one row per name.

use polder_db::{Error, Tx, args};
use polder_kernel::Timestamp;

/// The value stored under `name`.
///
/// # Errors
/// When the database fails.
pub async fn get(tx: &mut Tx, name: &str) -> Result<Option<String>, Error> {
    tx.optional("SELECT value FROM setting WHERE name = $1", &args![name], |row| row.text("value")).await
}

/// Every setting, as name and value.
///
/// # Errors
/// When the database fails.
pub async fn all(tx: &mut Tx) -> Result<Vec<(String, String)>, Error> {
    tx.all("SELECT name, value FROM setting ORDER BY name", &args![], |row| Ok((row.text("name")?, row.text("value")?)))
        .await
}

/// Stores `value` under `name`, replacing what was there.
///
/// # Errors
/// When the database fails.
pub async fn put(tx: &mut Tx, name: &str, value: &str, now: Timestamp) -> Result<(), Error> {
    let sql = "INSERT INTO setting (name, value, updated_at) VALUES ($1, $2, $3) \
               ON CONFLICT (name) DO UPDATE SET value = excluded.value, updated_at = excluded.updated_at";
    tx.execute(sql, &args![name, value, now]).await?;
    Ok(())
}
