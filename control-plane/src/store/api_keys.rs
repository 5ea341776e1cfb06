//! Keys of the public API, as keyed hashes.

use polder_db::{Error, Tx, args};
use polder_kernel::Timestamp;

use crate::model::{ApiKeyId, OrganisationId};

/// What a presented key stands for.
#[derive(Clone, Copy, Debug)]
pub struct Holder {
    /// The key's id.
    pub id: ApiKeyId,
    /// Whose tenants it reaches.
    pub organisation_id: OrganisationId,
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
    /// The member who made it, or `polder`.
    pub created_by: String,
}

/// The holder of a living key with this hash.
pub async fn by_hash(tx: &mut Tx, key_hash: &str, now: Timestamp) -> Result<Option<Holder>, Error> {
    tx.optional(
        "SELECT id, organisation_id FROM api_key
         WHERE key_hash = $1 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > $2)",
        &args![key_hash, now],
        |row| Ok(Holder { id: row.id("id")?, organisation_id: row.id("organisation_id")? }),
    )
    .await
}

/// Adds a key.
pub async fn insert(tx: &mut Tx, key: &NewApiKey, now: Timestamp) -> Result<(), Error> {
    tx.execute(
        "INSERT INTO api_key (id, organisation_id, name, key_hash, created_by, created_at)
         VALUES ($1, $2, $3, $4, $5, $6)",
        &args![
            key.id,
            key.organisation_id,
            key.name.as_str(),
            key.key_hash.as_str(),
            key.created_by.as_str(),
            now
        ],
    )
    .await?;
    Ok(())
}

/// Ends every living key that `created_by` made under this name.
pub async fn revoke_named(tx: &mut Tx, created_by: &str, name: &str, now: Timestamp) -> Result<u64, Error> {
    tx.execute(
        "UPDATE api_key SET revoked_at = $3 WHERE created_by = $1 AND name = $2 AND revoked_at IS NULL",
        &args![created_by, name, now],
    )
    .await
}
