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

/// Adds an organisation that somebody makes who signed up by themselves.
pub async fn insert_signed_up(tx: &mut Tx, id: OrganisationId, name: &str, now: Timestamp) -> Result<(), Error> {
    tx.execute(
        "INSERT INTO organisation (id, name, created_at, updated_at, signed_up_at) VALUES ($1, $2, $3, $3, $3)",
        &args![id, name, now],
    )
    .await?;
    Ok(())
}

/// How many organisations were made by people who signed up since, counted up to `most`. Nothing that such a person
/// does afterwards takes one off.
pub async fn signed_up_since(tx: &mut Tx, since: Timestamp, most: i64) -> Result<i64, Error> {
    let counted = tx
        .optional(
            "SELECT COUNT(*) AS n FROM (SELECT id FROM organisation WHERE signed_up_at > $1 LIMIT $2) AS recent",
            &args![since, most],
            |row| row.int("n"),
        )
        .await?;
    Ok(counted.unwrap_or_default())
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
