//! Signing keys: `signing_key`. The private half is sealed under its own category. A row is never
//! deleted: a kid stays taken for ever (A06).

use polder_crypto::{Algorithm, Jwk};
use polder_db::{Error, Row, Tx, args};
use polder_kernel::Timestamp;

/// A key as it is stored.
#[derive(Clone, Debug)]
pub struct StoredKey {
    /// RFC 7638 thumbprint.
    pub kid: String,
    /// What it signs with.
    pub algorithm: Algorithm,
    /// The public half.
    pub public_jwk: Jwk,
    /// The private half, PKCS#8, sealed; empty once the key signs no more.
    pub private_sealed: String,
    /// When it was made, which is when it was first published.
    pub created_at: Timestamp,
    /// When it may sign first.
    pub active_from: Timestamp,
    /// When it stopped signing.
    pub retired_at: Option<Timestamp>,
    /// When it left the JWKS.
    pub removed_at: Option<Timestamp>,
}

/// Every key still listed in the JWKS, newest first.
///
/// # Errors
/// When the database fails or a row cannot be.
pub async fn listed(tx: &mut Tx) -> Result<Vec<StoredKey>, Error> {
    let sql = "SELECT kid, algorithm, public_jwk, private_sealed, created_at, active_from, retired_at, removed_at \
               FROM signing_key WHERE removed_at IS NULL ORDER BY active_from DESC, created_at DESC, kid";
    tx.all(sql, &args![], StoredKey::from_row).await
}

/// Keys, newest first, those that left the JWKS included; at most `limit`.
///
/// # Errors
/// When the database fails or a row cannot be.
pub async fn all(tx: &mut Tx, limit: i64) -> Result<Vec<StoredKey>, Error> {
    let sql = "SELECT kid, algorithm, public_jwk, private_sealed, created_at, active_from, retired_at, removed_at \
               FROM signing_key ORDER BY active_from DESC, created_at DESC, kid LIMIT $1";
    tx.all(sql, &args![limit], StoredKey::from_row).await
}

/// Adds a key that may sign from `key.active_from`.
///
/// # Errors
/// When the database fails; [`Error::Conflict`] for a kid that was given before.
pub async fn add(tx: &mut Tx, key: &StoredKey, public_jwk: &str) -> Result<(), Error> {
    let sql = "INSERT INTO signing_key (kid, algorithm, public_jwk, private_sealed, created_at, active_from) \
               VALUES ($1, $2, $3, $4, $5, $6)";
    let args = args![
        key.kid.as_str(),
        key.algorithm.as_str(),
        public_jwk,
        key.private_sealed.as_str(),
        key.created_at,
        key.active_from
    ];
    tx.execute(sql, &args).await?;
    Ok(())
}

/// Lets a published key sign earlier than was planned. `false` when it signs already.
///
/// # Errors
/// When the database fails.
pub async fn bring_forward(tx: &mut Tx, kid: &str, active_from: Timestamp) -> Result<bool, Error> {
    let sql = "UPDATE signing_key SET active_from = $2 WHERE kid = $1 AND active_from > $2 AND retired_at IS NULL";
    Ok(tx.execute(sql, &args![kid, active_from]).await? == 1)
}

/// Ends signing: nobody needs the private half from now on, so it goes.
///
/// # Errors
/// When the database fails.
pub async fn retire(tx: &mut Tx, kid: &str, now: Timestamp) -> Result<bool, Error> {
    let sql = "UPDATE signing_key SET retired_at = $2, private_sealed = '' WHERE kid = $1 AND retired_at IS NULL";
    Ok(tx.execute(sql, &args![kid, now]).await? == 1)
}

/// Takes a key out of the JWKS, whatever it was.
///
/// # Errors
/// When the database fails.
pub async fn remove(tx: &mut Tx, kid: &str, now: Timestamp) -> Result<bool, Error> {
    let sql = "UPDATE signing_key SET removed_at = $2, retired_at = COALESCE(retired_at, $2), private_sealed = '' \
               WHERE kid = $1 AND removed_at IS NULL";
    Ok(tx.execute(sql, &args![kid, now]).await? == 1)
}

impl StoredKey {
    fn from_row(row: &Row) -> Result<Self, Error> {
        Ok(Self {
            kid: row.text("kid")?,
            algorithm: row.parse("algorithm")?,
            public_jwk: row.json("public_jwk")?,
            private_sealed: row.text("private_sealed")?,
            created_at: row.time("created_at")?,
            active_from: row.time("active_from")?,
            retired_at: row.opt_time("retired_at")?,
            removed_at: row.opt_time("removed_at")?,
        })
    }
}
