//! Who may register an application, and which applications did: `registration_token`, `application`.

use polder_db::{Error, Row, Tx, args};
use polder_kernel::Timestamp;
use polder_tenant_api::{ApplicationId, RegistrationTokenId};

/// A token that applications are registered with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredToken {
    /// Names it.
    pub id: RegistrationTokenId,
    /// What it is for.
    pub name: String,
    /// Scopes beyond the standard ones that an application may be registered with.
    pub scopes: Vec<String>,
    /// How many applications in all.
    pub uses: u32,
    /// How many more.
    pub uses_left: u32,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it stops working.
    pub expires_at: Timestamp,
}

/// Every token, in no order.
///
/// # Errors
/// When the database fails or a row cannot be.
pub async fn tokens(tx: &mut Tx) -> Result<Vec<StoredToken>, Error> {
    let sql = "SELECT id, name, scopes, uses, uses_left, created_at, expires_at FROM registration_token";
    tx.all(sql, &args![], token).await
}

/// The token of this keyed hash, while it is good for anything.
///
/// # Errors
/// When the database fails or a row cannot be.
pub async fn live(tx: &mut Tx, hash: &str, now: Timestamp) -> Result<Option<StoredToken>, Error> {
    let sql = "SELECT id, name, scopes, uses, uses_left, created_at, expires_at FROM registration_token \
               WHERE hash = $1 AND uses_left > 0 AND expires_at > $2";
    tx.optional(sql, &args![hash, now], token).await
}

/// Stores a token by its keyed hash, after those that are over were removed. `false` when there are `most` already.
///
/// # Errors
/// When the database fails.
pub async fn add(tx: &mut Tx, token: &StoredToken, hash: &str, most: i64) -> Result<bool, Error> {
    let scopes = serde_json::to_string(&token.scopes).map_err(|error| Error::Other(error.to_string()))?;
    let over = "DELETE FROM registration_token WHERE expires_at <= $1 OR uses_left = 0";
    tx.execute(over, &args![token.created_at]).await?;
    let sql = "INSERT INTO registration_token (id, name, hash, scopes, uses, uses_left, created_at, expires_at) \
               SELECT CAST($1 AS TEXT), CAST($2 AS TEXT), CAST($3 AS TEXT), CAST($4 AS TEXT), CAST($5 AS BIGINT), \
               CAST($5 AS BIGINT), CAST($6 AS BIGINT), CAST($7 AS BIGINT) \
               WHERE (SELECT COUNT(*) FROM registration_token) < CAST($8 AS BIGINT)";
    let uses = i64::from(token.uses);
    let args =
        args![token.id, token.name.as_str(), hash, scopes.as_str(), uses, token.created_at, token.expires_at, most];
    Ok(tx.execute(sql, &args).await? == 1)
}

/// Removes a token: nothing is registered with it any more. Its name, if it was there.
///
/// # Errors
/// When the database fails.
pub async fn remove(tx: &mut Tx, id: RegistrationTokenId) -> Result<Option<String>, Error> {
    let sql = "DELETE FROM registration_token WHERE id = $1 RETURNING name";
    tx.optional(sql, &args![id], |row| row.text("name")).await
}

/// Uses a token for one application. `false` when it is over or used up.
///
/// # Errors
/// When the database fails.
pub async fn use_once(tx: &mut Tx, id: RegistrationTokenId, now: Timestamp) -> Result<bool, Error> {
    let sql = "UPDATE registration_token SET uses_left = uses_left - 1 \
               WHERE id = $1 AND uses_left > 0 AND expires_at > $2";
    Ok(tx.execute(sql, &args![id, now]).await? == 1)
}

/// How many applications registered themselves.
///
/// # Errors
/// When the database fails.
pub async fn count(tx: &mut Tx) -> Result<i64, Error> {
    let sql = "SELECT COUNT(*) AS n FROM application WHERE registered_with IS NOT NULL";
    Ok(tx.optional(sql, &args![], |row| row.int("n")).await?.unwrap_or_default())
}

/// Stores what an application manages its registration with, by keyed hash.
///
/// # Errors
/// When the database fails.
pub async fn set_manager(tx: &mut Tx, id: ApplicationId, hash: &str) -> Result<(), Error> {
    tx.execute("UPDATE application SET registration_hash = $2 WHERE id = $1", &args![id, hash]).await?;
    Ok(())
}

/// The application whose registration the token of this keyed hash manages.
///
/// # Errors
/// When the database fails.
pub async fn managed(tx: &mut Tx, hash: &str) -> Result<Option<ApplicationId>, Error> {
    tx.optional("SELECT id FROM application WHERE registration_hash = $1", &args![hash], |row| row.id("id")).await
}

/// Revokes a token that was used where it has no business (RFC 7592, 2.1). The application it was of.
///
/// # Errors
/// When the database fails.
pub async fn revoke(tx: &mut Tx, hash: &str) -> Result<Option<ApplicationId>, Error> {
    let sql = "UPDATE application SET registration_hash = NULL WHERE registration_hash = $1 RETURNING id";
    tx.optional(sql, &args![hash], |row| row.id("id")).await
}

fn token(row: &Row) -> Result<StoredToken, Error> {
    let number = |column: &str| {
        let problem = "holds a number that cannot be";
        u32::try_from(row.int(column)?).map_err(|_| Error::Column { column: column.to_owned(), problem })
    };
    Ok(StoredToken {
        id: row.id("id")?,
        name: row.text("name")?,
        scopes: row.json("scopes")?,
        uses: number("uses")?,
        uses_left: number("uses_left")?,
        created_at: row.time("created_at")?,
        expires_at: row.time("expires_at")?,
    })
}
