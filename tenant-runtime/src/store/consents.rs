//! What people agreed to: `consent`. At most one holds per person and application.

use polder_crypto::{Category, Keyring};
use polder_db::{Error, Row, Tx, args};
use polder_kernel::Timestamp;
use polder_tenant_api::{ApplicationId, UserId};

use super::sessions::Metadata;
use super::{grants, logout_deliveries};
use crate::error::Internal;
use crate::model::Consent;

/// The consent that holds between a person and an application.
///
/// # Errors
/// When the database fails or a row cannot be.
pub async fn holding(tx: &mut Tx, user: UserId, application: ApplicationId) -> Result<Option<Consent>, Error> {
    let sql = "SELECT id, user_id, application_id, scope, text_version, given_at, ended_at FROM consent \
               WHERE user_id = $1 AND application_id = $2 AND ended_at IS NULL";
    tx.optional(sql, &args![user, application], consent).await
}

/// Everything a person agreed to, ended or not, newest first; at most 200.
///
/// # Errors
/// As [`holding`].
pub async fn of_user(tx: &mut Tx, user: UserId) -> Result<Vec<Consent>, Error> {
    let sql = "SELECT id, user_id, application_id, scope, text_version, given_at, ended_at FROM consent \
               WHERE user_id = $1 ORDER BY given_at DESC, id LIMIT 200";
    tx.all(sql, &args![user], consent).await
}

/// Where a consent was given from (P8).
///
/// # Errors
/// When the database fails or a row cannot be.
pub async fn given_from(tx: &mut Tx, keyring: &Keyring, consent: &Consent) -> Result<Metadata, Internal> {
    let sql = "SELECT metadata_sealed FROM consent WHERE id = $1";
    let Some(sealed) = tx.optional(sql, &args![consent.id], |row| row.text("metadata_sealed")).await? else {
        return Ok(Metadata::default());
    };
    Ok(serde_json::from_str(&keyring.unseal_text(Category::SessionMetadata, &context(consent), &sealed)?)?)
}

/// Stores an answer in place of the one before. `metadata` is where it was given from.
///
/// # Errors
/// When the database fails, or `metadata` cannot be sealed.
pub async fn give(tx: &mut Tx, keyring: &Keyring, given: &Consent, metadata: &Metadata) -> Result<(), Internal> {
    let metadata = keyring.seal_text(Category::SessionMetadata, &context(given), &serde_json::to_string(metadata)?);
    let sql = &[
        "UPDATE consent SET ended_at = $7, ended_reason = 'replaced' \
         WHERE user_id = $2 AND application_id = $3 AND ended_at IS NULL",
        "INSERT INTO consent (id, user_id, application_id, scope, text_version, metadata_sealed, given_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
    ];
    let args = args![
        given.id,
        given.user_id,
        given.application_id,
        given.scope.to_string(),
        given.text_version.as_str(),
        metadata,
        given.given_at
    ];
    tx.batch(sql, &args).await?;
    Ok(())
}

/// Takes a consent back: nothing the application holds of this person works any more, codes under way
/// included. `true` if there was something to end.
///
/// # Errors
/// When the database fails.
pub async fn withdraw(tx: &mut Tx, user: UserId, application: ApplicationId, now: Timestamp) -> Result<bool, Error> {
    let end = "UPDATE consent SET ended_at = $3, ended_reason = 'withdrawn' \
               WHERE user_id = $1 AND application_id = $2 AND ended_at IS NULL";
    let ended = tx.execute(end, &args![user, application, now]).await?;
    let codes = "DELETE FROM authorization_code WHERE user_id = $1 AND application_id = $2 AND used_at IS NULL";
    tx.execute(codes, &args![user, application]).await?;
    let grants = grants::revoke_of_user_at(tx, application, user, "consent_withdrawn", now).await?;
    if ended + grants > 0 {
        logout_deliveries::queue_for_withdrawn(tx, user, application, now).await?;
    }
    Ok(ended + grants > 0)
}

/// Ends what everybody agreed to with an application that is not what it was.
///
/// # Errors
/// When the database fails.
pub async fn end_all(tx: &mut Tx, application: ApplicationId, now: Timestamp) -> Result<(), Error> {
    let sql = "UPDATE consent SET ended_at = $2 WHERE application_id = $1 AND ended_at IS NULL";
    tx.execute(sql, &args![application, now]).await?;
    Ok(())
}

fn context(consent: &Consent) -> String {
    format!("consent.metadata_sealed:{}", consent.id)
}

fn consent(row: &Row) -> Result<Consent, Error> {
    Ok(Consent {
        id: row.id("id")?,
        user_id: row.id("user_id")?,
        application_id: row.id("application_id")?,
        scope: row.parse("scope")?,
        text_version: row.text("text_version")?,
        given_at: row.time("given_at")?,
        ended_at: row.opt_time("ended_at")?,
    })
}
