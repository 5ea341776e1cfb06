//! Data keys, wrapped under the platform's seal key.

use polder_crypto::WrappedKey;
use polder_db::{Error, Tx, args};
use polder_kernel::Timestamp;

/// Every key.
///
/// # Errors
/// Storage.
pub async fn all(tx: &mut Tx) -> Result<Vec<WrappedKey>, Error> {
    tx.all("SELECT category, version, wrapped FROM data_key", &[], |row| {
        Ok(WrappedKey {
            category: row.parse("category")?,
            version: u32::try_from(row.int("version")?).unwrap_or(0),
            wrapped: row.text("wrapped")?,
        })
    })
    .await
}

/// Adds a key unless one is there.
///
/// # Errors
/// Storage.
pub async fn add(tx: &mut Tx, key: &WrappedKey, now: Timestamp) -> Result<(), Error> {
    tx.execute(
        "INSERT INTO data_key (category, version, wrapped, created_at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
        &args![key.category.as_str(), i64::from(key.version), key.wrapped.as_str(), now],
    )
    .await
    .map(|_| ())
}
