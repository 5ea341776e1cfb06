//! Signing keys: `signing_key`. The private half is sealed under its own category.

use polder_crypto::{Algorithm, Jwk};
use polder_db::{Error, Tx, args};
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
    /// The private half, PKCS#8, sealed.
    pub private_sealed: String,
    /// When it may sign first.
    pub active_from: Timestamp,
    /// When it stopped signing.
    pub retired_at: Option<Timestamp>,
}

/// Every key still listed in the JWKS, newest first.
///
/// # Errors
/// When the database fails or a row cannot be.
pub async fn listed(tx: &mut Tx) -> Result<Vec<StoredKey>, Error> {
    let sql = "SELECT kid, algorithm, public_jwk, private_sealed, active_from, retired_at FROM signing_key \
               WHERE removed_at IS NULL ORDER BY active_from DESC, kid";
    tx.all(sql, &args![], |row| {
        Ok(StoredKey {
            kid: row.text("kid")?,
            algorithm: row.parse("algorithm")?,
            public_jwk: row.json("public_jwk")?,
            private_sealed: row.text("private_sealed")?,
            active_from: row.time("active_from")?,
            retired_at: row.opt_time("retired_at")?,
        })
    })
    .await
}

/// Adds a key that may sign from `key.active_from`.
///
/// # Errors
/// When the database fails.
pub async fn add(tx: &mut Tx, key: &StoredKey, public_jwk: &str, now: Timestamp) -> Result<(), Error> {
    let sql = "INSERT INTO signing_key (kid, algorithm, public_jwk, private_sealed, created_at, active_from) \
               VALUES ($1, $2, $3, $4, $5, $6)";
    let args =
        args![key.kid.as_str(), key.algorithm.as_str(), public_jwk, key.private_sealed.as_str(), now, key.active_from];
    tx.execute(sql, &args).await?;
    Ok(())
}
