//! Data keys by category, wrapped under the control plane's own seal key.

use polder_crypto::{Category, WrappedKey};
use polder_db::{Error, Row, Tx, args};
use polder_kernel::Timestamp;

/// Every data key.
pub async fn list(tx: &mut Tx) -> Result<Vec<WrappedKey>, Error> {
    tx.all("SELECT category, version, wrapped FROM data_key ORDER BY category, version", &args![], from_row).await
}

/// Adds the keys that are not there yet.
pub async fn insert(tx: &mut Tx, keys: &[WrappedKey], now: Timestamp) -> Result<(), Error> {
    for key in keys {
        tx.execute(
            "INSERT INTO data_key (category, version, wrapped, created_at) VALUES ($1, $2, $3, $4)
             ON CONFLICT (category, version) DO NOTHING",
            &args![key.category.as_str(), i64::from(key.version), key.wrapped.as_str(), now],
        )
        .await?;
    }
    Ok(())
}

fn from_row(row: &Row) -> Result<WrappedKey, Error> {
    let version = u32::try_from(row.int("version")?).unwrap_or_default();
    Ok(WrappedKey { category: row.parse::<Category>("category")?, version, wrapped: row.text("wrapped")? })
}
