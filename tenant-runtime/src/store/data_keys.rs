//! Data keys by category, wrapped under the tenant's seal key: `data_key`.

use polder_crypto::{Category, WrappedKey};
use polder_db::{Error, Tx, args};
use polder_kernel::Timestamp;

/// A data key as it is stored.
#[derive(Clone, Debug)]
pub struct StoredDataKey {
    /// The key, wrapped.
    pub key: WrappedKey,
    /// When it was made.
    pub created_at: Timestamp,
    /// When a newer version took over.
    pub retired_at: Option<Timestamp>,
}

/// Every data key with its dates, by category and version.
///
/// # Errors
/// When the database fails or a row cannot be.
pub async fn stored(tx: &mut Tx) -> Result<Vec<StoredDataKey>, Error> {
    let sql = "SELECT category, version, wrapped, created_at, retired_at FROM data_key ORDER BY category, version";
    tx.all(sql, &args![], |row| {
        let key = WrappedKey {
            category: row.parse("category")?,
            version: u32::try_from(row.int("version")?).map_err(|_| impossible_version())?,
            wrapped: row.text("wrapped")?,
        };
        Ok(StoredDataKey { key, created_at: row.time("created_at")?, retired_at: row.opt_time("retired_at")? })
    })
    .await
}

/// Every data key, also retired ones: old values are still sealed under them.
///
/// # Errors
/// When the database fails or a row cannot be.
pub async fn all(tx: &mut Tx) -> Result<Vec<WrappedKey>, Error> {
    Ok(stored(tx).await?.into_iter().map(|stored| stored.key).collect())
}

/// Stores freshly made data keys.
///
/// # Errors
/// When the database fails; [`Error::Conflict`] for a version that is there already.
pub async fn add(tx: &mut Tx, keys: &[WrappedKey], now: Timestamp) -> Result<(), Error> {
    for key in keys {
        let sql = "INSERT INTO data_key (category, version, wrapped, created_at) VALUES ($1, $2, $3, $4)";
        tx.execute(sql, &args![key.category.as_str(), i64::from(key.version), key.wrapped.as_str(), now]).await?;
    }
    Ok(())
}

/// Marks every version below `newest` as one that seals no more.
///
/// # Errors
/// When the database fails.
pub async fn retire_below(tx: &mut Tx, category: Category, newest: u32, now: Timestamp) -> Result<(), Error> {
    let sql = "UPDATE data_key SET retired_at = $3 WHERE category = $1 AND version < $2 AND retired_at IS NULL";
    tx.execute(sql, &args![category.as_str(), i64::from(newest), now]).await?;
    Ok(())
}

/// Destroys a retired version. Whatever is still sealed under it is lost: the caller has looked, in
/// this same unit of work.
///
/// # Errors
/// When the database fails.
pub async fn remove(tx: &mut Tx, category: Category, version: u32) -> Result<bool, Error> {
    let sql = "DELETE FROM data_key WHERE category = $1 AND version = $2 AND retired_at IS NOT NULL";
    Ok(tx.execute(sql, &args![category.as_str(), i64::from(version)]).await? == 1)
}

/// Replaces a wrapped key by the same one under another seal key. `false` when it is no longer `old`.
///
/// # Errors
/// When the database fails.
pub async fn rewrap(tx: &mut Tx, old: &WrappedKey, new: &WrappedKey) -> Result<bool, Error> {
    let sql = "UPDATE data_key SET wrapped = $4 WHERE category = $1 AND version = $2 AND wrapped = $3";
    let args = args![old.category.as_str(), i64::from(old.version), old.wrapped.as_str(), new.wrapped.as_str()];
    Ok(tx.execute(sql, &args).await? == 1)
}

fn impossible_version() -> Error {
    Error::Column { column: "version".to_owned(), problem: "is out of range" }
}
