//! The tenant's APIs: `api`.

use polder_db::{Error, Row, Tx, args};
use polder_kernel::Timestamp;

/// An API as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredApi {
    /// Names it.
    pub name: String,
    /// The audience of its tokens.
    pub identifier: String,
    /// What people call it.
    pub title: Option<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// Every API, in the order they were made.
///
/// # Errors
/// When the database fails or a row cannot be.
pub async fn all(tx: &mut Tx) -> Result<Vec<StoredApi>, Error> {
    let sql = "SELECT name, identifier, title, created_at, updated_at FROM api ORDER BY created_at, name";
    tx.all(sql, &args![], |row: &Row| {
        Ok(StoredApi {
            name: row.text("name")?,
            identifier: row.text("identifier")?,
            title: row.opt_text("title")?,
            created_at: row.time("created_at")?,
            updated_at: row.time("updated_at")?,
        })
    })
    .await
}

/// Stores an API, or what may change of the one of its name. `false` when another has its identifier, or it has
/// another by now.
///
/// # Errors
/// When the database fails.
pub async fn put(tx: &mut Tx, api: &StoredApi) -> Result<bool, Error> {
    let sql = "INSERT INTO api (name, identifier, title, created_at, updated_at) SELECT CAST($1 AS TEXT), \
               CAST($2 AS TEXT), CAST($3 AS TEXT), CAST($4 AS BIGINT), CAST($5 AS BIGINT) \
               WHERE NOT EXISTS (SELECT 1 FROM api other WHERE other.identifier = $2 AND other.name <> $1) \
               ON CONFLICT (name) DO UPDATE SET title = excluded.title, updated_at = excluded.updated_at \
               WHERE api.identifier = excluded.identifier";
    let StoredApi { name, identifier, title, created_at, updated_at } = api;
    let args = args![name.as_str(), identifier.as_str(), title.as_deref(), *created_at, *updated_at];
    Ok(tx.execute(sql, &args).await? == 1)
}

/// Removes an API. True if it was there.
///
/// # Errors
/// When the database fails.
pub async fn remove(tx: &mut Tx, name: &str) -> Result<bool, Error> {
    Ok(tx.execute("DELETE FROM api WHERE name = $1", &args![name]).await? == 1)
}
