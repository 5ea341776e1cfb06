//! Organisations: the customers of this installation.

use polder_db::{Error, Tx, args};
use polder_kernel::Timestamp;

use crate::model::OrganisationId;

/// The oldest organisation: the one this installation was made for.
pub async fn first(tx: &mut Tx) -> Result<Option<OrganisationId>, Error> {
    tx.optional("SELECT id FROM organisation WHERE closed_at IS NULL ORDER BY id LIMIT 1", &args![], |row| row.id("id"))
        .await
}

/// Adds an organisation.
pub async fn insert(tx: &mut Tx, id: OrganisationId, name: &str, now: Timestamp) -> Result<(), Error> {
    tx.execute(
        "INSERT INTO organisation (id, name, created_at, updated_at) VALUES ($1, $2, $3, $3)",
        &args![id, name, now],
    )
    .await?;
    Ok(())
}

/// An organisation's name.
pub async fn name(tx: &mut Tx, id: OrganisationId) -> Result<Option<String>, Error> {
    tx.optional("SELECT name FROM organisation WHERE id = $1", &args![id], |row| row.text("name")).await
}

/// Gives an organisation another name.
pub async fn rename(tx: &mut Tx, id: OrganisationId, name: &str, now: Timestamp) -> Result<(), Error> {
    tx.execute(
        "UPDATE organisation SET name = $2, updated_at = $3 WHERE id = $1 AND closed_at IS NULL",
        &args![id, name, now],
    )
    .await?;
    Ok(())
}
