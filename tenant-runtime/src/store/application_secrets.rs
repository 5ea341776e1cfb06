//! The secrets of one application, to look at and to take back: `application_secret`.

use polder_db::{Error, Tx, args};
use polder_kernel::Timestamp;
use polder_tenant_api::{ApplicationId, ApplicationSecretId};

/// A secret that still works.
#[derive(Clone, Copy, Debug)]
pub struct StoredSecret {
    /// Names it.
    pub id: ApplicationSecretId,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it stops working.
    pub expires_at: Option<Timestamp>,
    /// When it was last used, to the minute.
    pub last_used_at: Option<Timestamp>,
}

/// Those that work at `now`, newest first.
///
/// # Errors
/// When the database fails or a row cannot be.
pub async fn working(tx: &mut Tx, application: ApplicationId, now: Timestamp) -> Result<Vec<StoredSecret>, Error> {
    let sql = "SELECT id, created_at, expires_at, last_used_at FROM application_secret WHERE application_id = $1 \
               AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > $2) ORDER BY created_at DESC, id DESC";
    tx.all(sql, &args![application, now], |row| {
        Ok(StoredSecret {
            id: row.id("id")?,
            created_at: row.time("created_at")?,
            expires_at: row.opt_time("expires_at")?,
            last_used_at: row.opt_time("last_used_at")?,
        })
    })
    .await
}

/// Notes when secrets were last used. An older time than is known changes nothing; one that is gone is nobody's.
///
/// # Errors
/// When the database fails.
pub async fn used(tx: &mut Tx, uses: &[(ApplicationSecretId, Timestamp)]) -> Result<(), Error> {
    let sql = "UPDATE application_secret SET last_used_at = $2 \
               WHERE id = $1 AND (last_used_at IS NULL OR last_used_at < $2)";
    for (id, at) in uses {
        tx.execute(sql, &args![*id, *at]).await?;
    }
    Ok(())
}

/// Takes one back, unless it is the last that works: an application without any could not sign anybody in. True if
/// it was taken back.
///
/// # Errors
/// When the database fails.
pub async fn revoke(
    tx: &mut Tx,
    application: ApplicationId,
    secret: ApplicationSecretId,
    now: Timestamp,
) -> Result<bool, Error> {
    // Two that are taken back at once would each see the other working: the application's row is their turnstile.
    tx.execute("UPDATE application SET updated_at = updated_at WHERE id = $1", &args![application]).await?;
    let sql = "UPDATE application_secret SET revoked_at = $3 \
               WHERE id = $1 AND application_id = $2 AND revoked_at IS NULL \
               AND (expires_at IS NULL OR expires_at > $3) AND EXISTS (SELECT 1 FROM application_secret AS other \
               WHERE other.application_id = $2 AND other.id <> $1 AND other.revoked_at IS NULL \
               AND (other.expires_at IS NULL OR other.expires_at > $3))";
    Ok(tx.execute(sql, &args![secret, application, now]).await? == 1)
}
