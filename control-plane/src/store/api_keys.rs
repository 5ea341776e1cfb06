//! Keys of the public API, as keyed hashes.

use polder_db::{Error, Tx, args};
use polder_kernel::Timestamp;

use crate::model::{ApiKeyId, KeyAccess, OrganisationId};

/// What a presented key stands for.
#[derive(Clone, Copy, Debug)]
pub struct Holder {
    /// The key's id.
    pub id: ApiKeyId,
    /// Whose tenants it reaches.
    pub organisation_id: OrganisationId,
    /// What it may do.
    pub access: KeyAccess,
    /// When it was last used, as far as that was written down.
    pub last_used_at: Option<Timestamp>,
}

/// A key to keep.
#[derive(Clone, Debug)]
pub struct NewApiKey {
    /// Names it.
    pub id: ApiKeyId,
    /// Whose tenants it reaches.
    pub organisation_id: OrganisationId,
    /// What its maker calls it.
    pub name: String,
    /// Its keyed hash.
    pub key_hash: String,
    /// What it may do.
    pub access: KeyAccess,
    /// The member who made it, or `polder`.
    pub created_by: String,
}

/// A key as a list shows it.
#[derive(Clone, Debug)]
pub struct Listed {
    /// Names it.
    pub id: ApiKeyId,
    /// What its maker calls it.
    pub name: String,
    /// What it may do.
    pub access: KeyAccess,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last used, to the minute.
    pub last_used_at: Option<Timestamp>,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
}

/// The holder of a living key with this hash.
pub async fn by_hash(tx: &mut Tx, key_hash: &str, now: Timestamp) -> Result<Option<Holder>, Error> {
    tx.optional(
        "SELECT id, organisation_id, access, last_used_at FROM api_key
         WHERE key_hash = $1 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > $2)",
        &args![key_hash, now],
        |row| {
            Ok(Holder {
                id: row.id("id")?,
                organisation_id: row.id("organisation_id")?,
                access: row.parse("access")?,
                last_used_at: row.opt_time("last_used_at")?,
            })
        },
    )
    .await
}

/// The newest hundred keys of an organisation.
pub async fn list(tx: &mut Tx, organisation: OrganisationId) -> Result<Vec<Listed>, Error> {
    tx.all(
        "SELECT id, name, access, created_at, last_used_at, revoked_at FROM api_key
         WHERE organisation_id = $1 ORDER BY created_at DESC, id DESC LIMIT 100",
        &args![organisation],
        |row| {
            Ok(Listed {
                id: row.id("id")?,
                name: row.text("name")?,
                access: row.parse("access")?,
                created_at: row.time("created_at")?,
                last_used_at: row.opt_time("last_used_at")?,
                revoked_at: row.opt_time("revoked_at")?,
            })
        },
    )
    .await
}

/// Adds a key.
pub async fn insert(tx: &mut Tx, key: &NewApiKey, now: Timestamp) -> Result<(), Error> {
    tx.execute(
        "INSERT INTO api_key (id, organisation_id, name, key_hash, access, created_by, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
        &args![
            key.id,
            key.organisation_id,
            key.name.as_str(),
            key.key_hash.as_str(),
            key.access.as_str(),
            key.created_by.as_str(),
            now
        ],
    )
    .await?;
    Ok(())
}

/// Writes down that a key was used now.
pub async fn used(tx: &mut Tx, id: ApiKeyId, now: Timestamp) -> Result<(), Error> {
    tx.execute("UPDATE api_key SET last_used_at = $2 WHERE id = $1", &args![id, now]).await?;
    Ok(())
}

/// Ends a living key of this organisation; `false` when there is none.
pub async fn revoke(tx: &mut Tx, organisation: OrganisationId, id: ApiKeyId, now: Timestamp) -> Result<bool, Error> {
    let ended = tx
        .execute(
            "UPDATE api_key SET revoked_at = $3 WHERE id = $1 AND organisation_id = $2 AND revoked_at IS NULL",
            &args![id, organisation, now],
        )
        .await?;
    Ok(ended == 1)
}

/// Ends every living key that `created_by` made under this name.
pub async fn revoke_named(tx: &mut Tx, created_by: &str, name: &str, now: Timestamp) -> Result<u64, Error> {
    tx.execute(
        "UPDATE api_key SET revoked_at = $3 WHERE created_by = $1 AND name = $2 AND revoked_at IS NULL",
        &args![created_by, name, now],
    )
    .await
}
