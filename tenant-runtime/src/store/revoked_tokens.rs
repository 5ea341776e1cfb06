//! Access tokens revoked one by one: `revoked_token`.

use polder_db::{Error, Tx, args};
use polder_kernel::Timestamp;

/// Remembers that this token stands no more, until it would have expired anyway.
///
/// # Errors
/// When the database fails.
pub async fn add(tx: &mut Tx, jti: &str, expires_at: Timestamp) -> Result<(), Error> {
    let sql = "INSERT INTO revoked_token (jti, expires_at) VALUES ($1, $2) ON CONFLICT (jti) DO NOTHING";
    tx.execute(sql, &args![jti, expires_at]).await?;
    Ok(())
}

/// Whether this token was revoked by itself.
///
/// # Errors
/// When the database fails.
pub async fn contains(tx: &mut Tx, jti: &str) -> Result<bool, Error> {
    let found = tx.optional("SELECT jti FROM revoked_token WHERE jti = $1", &args![jti], |row| row.text("jti")).await?;
    Ok(found.is_some())
}
