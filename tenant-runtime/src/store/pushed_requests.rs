//! Authorization requests that applications pushed, sealed and capped: `pushed_request` (RFC 9126).

use polder_db::{Error, Tx, args};
use polder_kernel::Timestamp;
use polder_tenant_api::ApplicationId;

/// How many of one application may wait at once, a minute each. None takes another's places.
const CAP: i64 = 5_000;

/// A request to store.
#[derive(Clone, Debug)]
pub struct New {
    /// The keyed hash of its name.
    pub uri_hash: String,
    /// Who pushed it.
    pub application_id: ApplicationId,
    /// The request, sealed.
    pub sealed: String,
    /// Now.
    pub created_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
}

/// Stores a request. `false` when too many of this application wait.
///
/// # Errors
/// When the database fails.
pub async fn add(tx: &mut Tx, new: &New) -> Result<bool, Error> {
    let sql = &[
        "DELETE FROM pushed_request WHERE expires_at <= $4",
        "INSERT INTO pushed_request (uri_hash, application_id, request_sealed, created_at, expires_at) \
         SELECT CAST($1 AS TEXT), CAST($2 AS TEXT), CAST($3 AS TEXT), CAST($4 AS BIGINT), CAST($5 AS BIGINT) \
         WHERE (SELECT COUNT(*) FROM pushed_request WHERE application_id = $2) < CAST($6 AS BIGINT)",
    ];
    let args =
        args![new.uri_hash.as_str(), new.application_id, new.sealed.as_str(), new.created_at, new.expires_at, CAP];
    Ok(tx.batch(sql, &args).await?.last() == Some(&1))
}

/// The sealed request, if this application pushed it and it still waits.
///
/// # Errors
/// When the database fails.
pub async fn find(
    tx: &mut Tx,
    uri_hash: &str,
    application_id: ApplicationId,
    now: Timestamp,
) -> Result<Option<String>, Error> {
    let sql =
        "SELECT request_sealed FROM pushed_request WHERE uri_hash = $1 AND application_id = $2 AND expires_at > $3";
    tx.optional(sql, &args![uri_hash, application_id, now], |row| row.text("request_sealed")).await
}

/// Removes a request that was answered.
///
/// # Errors
/// When the database fails.
pub async fn remove(tx: &mut Tx, uri_hash: &str) -> Result<(), Error> {
    tx.execute("DELETE FROM pushed_request WHERE uri_hash = $1", &args![uri_hash]).await?;
    Ok(())
}
