//! What this installation is, by name.

use polder_db::{Error, Tx, args};
use polder_kernel::Timestamp;

/// The sealed key that signs checkpoints of the audit log.
pub const CHECKPOINT_KEY: &str = "checkpoint_key";

/// The value of a setting.
pub async fn get(tx: &mut Tx, name: &'static str) -> Result<Option<String>, Error> {
    tx.optional("SELECT value FROM setting WHERE name = $1", &args![name], |row| row.text("value")).await
}

/// Sets a setting unless it has a value.
pub async fn set_once(tx: &mut Tx, name: &'static str, value: &str, now: Timestamp) -> Result<(), Error> {
    tx.execute(
        "INSERT INTO setting (name, value, updated_at) VALUES ($1, $2, $3) ON CONFLICT (name) DO NOTHING",
        &args![name, value, now],
    )
    .await?;
    Ok(())
}
