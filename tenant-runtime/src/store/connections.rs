//! Outside identity providers: `connection`.

use polder_crypto::{Category, Keyring};
use polder_db::{Error, Row, Tx, args};
use polder_kernel::Secret;
use polder_tenant_api::connections::{ConnectionId, Provider};

use crate::error::Internal;
use crate::model::Connection;

/// Every connection, oldest first.
///
/// # Errors
/// When the database fails or a row cannot be.
pub async fn all(tx: &mut Tx) -> Result<Vec<Connection>, Error> {
    let sql = "SELECT id, provider, name, client_id, secret_sealed, configuration, created_at, updated_at, disabled_at \
               FROM connection ORDER BY created_at, id";
    tx.all(sql, &args![], connection).await
}

/// One connection.
///
/// # Errors
/// As [`all`].
pub async fn find(tx: &mut Tx, id: ConnectionId) -> Result<Option<Connection>, Error> {
    let sql = "SELECT id, provider, name, client_id, secret_sealed, configuration, created_at, updated_at, disabled_at \
               FROM connection WHERE id = $1";
    tx.optional(sql, &args![id], connection).await
}

/// Whether a connection is there and switched on, at this moment of the transaction.
///
/// # Errors
/// When the database fails.
pub async fn is_enabled(tx: &mut Tx, id: ConnectionId) -> Result<bool, Error> {
    let sql = "SELECT id FROM connection WHERE id = $1 AND disabled_at IS NULL";
    Ok(tx.optional(sql, &args![id], |row| row.text("id")).await?.is_some())
}

/// What we prove ourselves with.
///
/// # Errors
/// When the database fails or the seal does not open.
pub async fn secret(tx: &mut Tx, keyring: &Keyring, id: ConnectionId) -> Result<Option<Secret<String>>, Internal> {
    let sql = "SELECT secret_sealed FROM connection WHERE id = $1";
    let sealed = tx.optional(sql, &args![id], |row| row.opt_text("secret_sealed")).await?.flatten();
    let open = |sealed: String| keyring.unseal_text(Category::ProviderTokens, &context(id), &sealed).map(Secret::new);
    Ok(sealed.map(open).transpose()?)
}

/// Stores a new connection, if there are fewer than `most`. True if it was stored.
///
/// # Errors
/// When the database fails.
pub async fn add(
    tx: &mut Tx,
    keyring: &Keyring,
    connection: &Connection,
    secret: Option<&str>,
    most: i64,
) -> Result<bool, Internal> {
    let sealed = secret.map(|secret| keyring.seal_text(Category::ProviderTokens, &context(connection.id), secret));
    let sql = "INSERT INTO connection (id, provider, name, client_id, secret_sealed, configuration, created_at, \
               updated_at) SELECT CAST($1 AS TEXT), CAST($2 AS TEXT), CAST($3 AS TEXT), CAST($4 AS TEXT), \
               CAST($5 AS TEXT), CAST($6 AS TEXT), CAST($7 AS BIGINT), CAST($8 AS BIGINT) \
               WHERE (SELECT COUNT(*) FROM connection) < CAST($9 AS BIGINT)";
    let args = args![
        connection.id,
        connection.provider.as_str(),
        connection.name.as_str(),
        connection.client_id.as_str(),
        sealed,
        serde_json::to_string(&connection.configuration)?,
        connection.created_at,
        connection.updated_at,
        most
    ];
    Ok(tx.execute(sql, &args).await? == 1)
}

/// Stores what may change of a connection; a secret replaces the one before.
///
/// # Errors
/// When the database fails.
pub async fn update(
    tx: &mut Tx,
    keyring: &Keyring,
    connection: &Connection,
    secret: Option<&str>,
) -> Result<bool, Internal> {
    let sealed = secret.map(|secret| keyring.seal_text(Category::ProviderTokens, &context(connection.id), secret));
    let sql = "UPDATE connection SET name = $2, client_id = $3, secret_sealed = COALESCE($4, secret_sealed), \
               configuration = $5, updated_at = $6, disabled_at = $7 WHERE id = $1";
    let args = args![
        connection.id,
        connection.name.as_str(),
        connection.client_id.as_str(),
        sealed,
        serde_json::to_string(&connection.configuration)?,
        connection.updated_at,
        connection.disabled_at
    ];
    Ok(tx.execute(sql, &args).await? == 1)
}

/// Removes a connection, with the accounts connected through it. True if it was there.
///
/// # Errors
/// When the database fails.
pub async fn remove(tx: &mut Tx, id: ConnectionId) -> Result<bool, Error> {
    Ok(tx.execute("DELETE FROM connection WHERE id = $1", &args![id]).await? == 1)
}

fn connection(row: &Row) -> Result<Connection, Error> {
    let provider = row.text("provider")?;
    let known = Provider::ALL.into_iter().find(|known| known.as_str() == provider);
    let wrong = || Error::Column { column: "provider".to_owned(), problem: "holds a name that cannot be" };
    Ok(Connection {
        id: row.id("id")?,
        provider: known.ok_or_else(wrong)?,
        name: row.text("name")?,
        client_id: row.text("client_id")?,
        has_secret: row.opt_text("secret_sealed")?.is_some(),
        configuration: row.json("configuration")?,
        created_at: row.time("created_at")?,
        updated_at: row.time("updated_at")?,
        disabled_at: row.opt_time("disabled_at")?,
    })
}

fn context(id: ConnectionId) -> String {
    format!("connection.secret_sealed:{id}")
}
