//! Data keys by category, wrapped under the tenant's seal key: `data_key`.

use polder_crypto::WrappedKey;
use polder_db::{Error, Tx, args};
use polder_kernel::Timestamp;

/// Every data key, also retired ones: old values are still sealed under them.
///
/// # Errors
/// When the database fails or a row cannot be.
pub async fn all(tx: &mut Tx) -> Result<Vec<WrappedKey>, Error> {
    tx.all("SELECT category, version, wrapped FROM data_key ORDER BY category, version", &args![], |row| {
        Ok(WrappedKey {
            category: row.parse("category")?,
            version: u32::try_from(row.int("version")?).map_err(|_| impossible_version())?,
            wrapped: row.text("wrapped")?,
        })
    })
    .await
}

/// Stores freshly made data keys.
///
/// # Errors
/// When the database fails.
pub async fn add(tx: &mut Tx, keys: &[WrappedKey], now: Timestamp) -> Result<(), Error> {
    for key in keys {
        let sql = "INSERT INTO data_key (category, version, wrapped, created_at) VALUES ($1, $2, $3, $4)";
        tx.execute(sql, &args![key.category.as_str(), i64::from(key.version), key.wrapped.as_str(), now]).await?;
    }
    Ok(())
}

fn impossible_version() -> Error {
    Error::Column { column: "version".to_owned(), problem: "is out of range" }
}
