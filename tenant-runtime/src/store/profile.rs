//! The tenant's own profile fields and what people filled in: `profile_field`, `profile_value`.

use std::collections::HashMap;

use polder_crypto::{Category, Keyring};
use polder_db::{Error, Row, Tx, args, list};
use polder_kernel::{Timestamp, id_kind};
use polder_tenant_api::{FieldValues, UserId, UserKind};
use serde_json::Value;

use crate::error::Internal;
use crate::fields::Field;

id_kind!(
    /// Names a value: its seal is bound to it.
    ValueId,
    ValueKind
);

/// Every field, in the order in which people see them.
///
/// # Errors
/// When the database fails or a row cannot be.
pub async fn fields(tx: &mut Tx) -> Result<Vec<Field>, Internal> {
    let sql = "SELECT name, definition, claim_since, created_at, updated_at FROM profile_field \
               ORDER BY COALESCE(position, $1), created_at, name";
    let rows = tx
        .all(sql, &args![i64::MAX], |row: &Row| {
            let times = (row.time("claim_since")?, row.time("created_at")?, row.time("updated_at")?);
            Ok((row.text("name")?, row.text("definition")?, times))
        })
        .await?;
    let field = |(name, definition, (claim_since, created_at, updated_at)): (String, String, _)| {
        Ok(Field { name, definition: serde_json::from_str(&definition)?, claim_since, created_at, updated_at })
    };
    rows.into_iter().map(field).collect()
}

/// Stores a field in place of the one of its name.
///
/// # Errors
/// When the database fails.
pub async fn put_field(tx: &mut Tx, field: &Field) -> Result<(), Internal> {
    let sql = "INSERT INTO profile_field (name, definition, claim_since, created_at, updated_at) \
               VALUES ($1, $2, $3, $4, $5) ON CONFLICT (name) DO UPDATE SET definition = excluded.definition, \
               claim_since = excluded.claim_since, updated_at = excluded.updated_at";
    let definition = serde_json::to_string(&field.definition)?;
    tx.execute(sql, &args![field.name.as_str(), definition, field.claim_since, field.created_at, field.updated_at])
        .await?;
    Ok(())
}

/// Puts a field in its place among the others.
///
/// # Errors
/// When the database fails.
pub async fn put_at(tx: &mut Tx, name: &str, position: i64) -> Result<(), Error> {
    tx.execute("UPDATE profile_field SET position = $2 WHERE name = $1", &args![name, position]).await?;
    Ok(())
}

/// Removes a field and everything that was filled in.
///
/// # Errors
/// When the database fails.
pub async fn remove_field(tx: &mut Tx, name: &str) -> Result<(), Error> {
    let sql = &["DELETE FROM profile_value WHERE field = $1", "DELETE FROM profile_field WHERE name = $1"];
    tx.batch(sql, &args![name]).await?;
    Ok(())
}

/// What a person filled in, or somebody for them, by field.
///
/// # Errors
/// When the database fails or a value does not open.
pub async fn values(tx: &mut Tx, keyring: &Keyring, user: UserId) -> Result<FieldValues, Internal> {
    let sql = "SELECT id, field, value_sealed FROM profile_value WHERE user_id = $1 ORDER BY field";
    let row = |row: &Row| Ok((row.id::<ValueKind>("id")?, row.text("field")?, row.text("value_sealed")?));
    let rows = tx.all(sql, &args![user], row).await?;
    let open = |(id, field, sealed): (ValueId, String, String)| {
        let json = keyring.unseal_text(Category::Identifiers, &context(id), &sealed)?;
        Ok((field, serde_json::from_str(&json)?))
    };
    rows.into_iter().map(open).collect()
}

/// What these people filled in, by person and field.
///
/// # Errors
/// As [`values`].
pub async fn values_of(
    tx: &mut Tx,
    keyring: &Keyring,
    users: &[UserId],
) -> Result<HashMap<UserId, FieldValues>, Internal> {
    let mut all: HashMap<UserId, FieldValues> = HashMap::new();
    for group in list::groups::<16, _>(users.iter().copied()) {
        let sql = "SELECT id, user_id, field, value_sealed FROM profile_value WHERE user_id IN ($1, $2, $3, $4, $5, $6, \
                   $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)";
        let row = |row: &Row| {
            Ok((row.id::<UserKind>("user_id")?, row.id("id")?, row.text("field")?, row.text("value_sealed")?))
        };
        for (user, id, field, sealed) in tx.all(sql, &group, row).await? {
            let json = keyring.unseal_text(Category::Identifiers, &context(id), &sealed)?;
            all.entry(user).or_default().insert(field, serde_json::from_str(&json)?);
        }
    }
    Ok(all)
}

/// Stores a value in place of the one before, or none. A field that is gone meanwhile takes nothing.
///
/// # Errors
/// When the database fails.
pub async fn set_value(
    tx: &mut Tx,
    keyring: &Keyring,
    (id, user): (ValueId, UserId),
    (field, value): (&str, Option<&Value>),
    now: Timestamp,
) -> Result<(), Internal> {
    tx.execute("DELETE FROM profile_value WHERE user_id = $1 AND field = $2", &args![user, field]).await?;
    let Some(value) = value else { return Ok(()) };
    let sealed = keyring.seal_text(Category::Identifiers, &context(id), &serde_json::to_string(value)?);
    let sql = "INSERT INTO profile_value (id, user_id, field, value_sealed, updated_at) SELECT CAST($1 AS TEXT), \
               CAST($2 AS TEXT), name, CAST($4 AS TEXT), CAST($5 AS BIGINT) FROM profile_field WHERE name = $3";
    tx.execute(sql, &args![id, user, field, sealed, now]).await?;
    Ok(())
}

fn context(id: ValueId) -> String {
    format!("profile_value.value_sealed:{id}")
}
