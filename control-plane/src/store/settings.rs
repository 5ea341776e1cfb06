//! What this installation is, by name.

use polder_db::{Error, Tx, args};
use polder_kernel::Timestamp;

/// The key of the public API that `dev.json` shows, sealed.
pub const DEV_API_KEY: &str = "dev.api_key";

/// The data folder that this database belongs to, by its id.
pub const INSTALLATION: &str = "installation";

/// Whether people may make an organisation of their own: `open`, or anything else.
pub const SIGN_UP: &str = "sign_up";

/// The value of a setting.
pub async fn get(tx: &mut Tx, name: &'static str) -> Result<Option<String>, Error> {
    tx.optional("SELECT value FROM setting WHERE name = $1", &args![name], |row| row.text("value")).await
}

/// Gives a setting a value.
pub async fn set(tx: &mut Tx, name: &'static str, value: &str, now: Timestamp) -> Result<(), Error> {
    tx.execute(
        "INSERT INTO setting (name, value, updated_at) VALUES ($1, $2, $3)
         ON CONFLICT (name) DO UPDATE SET value = excluded.value, updated_at = excluded.updated_at",
        &args![name, value, now],
    )
    .await?;
    Ok(())
}
