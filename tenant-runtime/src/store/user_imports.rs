//! Imports of people: `user_import`.

use polder_crypto::{Category, Keyring};
use polder_db::{Error, Row as DbRow, Tx, args};
use polder_kernel::{Email, Timestamp};
use polder_tenant_api::{ImportProblem, UserImportId};
use serde::{Deserialize, Serialize};

use crate::admin::Caller;
use crate::error::Internal;
use crate::imports::Row;

/// What was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Options {
    /// Whether people who are there are changed.
    pub update: bool,
    /// Whether those who are added are invited.
    pub invite: bool,
}

/// An import as the list shows it.
#[derive(Debug)]
pub struct Import {
    /// Names it.
    pub id: UserImportId,
    /// What was asked for.
    pub options: Options,
    /// Who asked.
    pub asked_by: Caller,
    /// What was wrong with lines that were left out.
    pub problems: Vec<ImportProblem>,
    /// How many those were.
    pub wrong: i64,
    /// How many people there are in it.
    pub total: i64,
    /// What became of them.
    pub counts: Counts,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
    /// When it was ended by somebody.
    pub cancelled_at: Option<Timestamp>,
}

/// How far an import has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// People that were dealt with.
    pub done: i64,
    /// People who were added.
    pub created: i64,
    /// People who were changed.
    pub updated: i64,
    /// People who stayed as they were.
    pub skipped: i64,
}

/// The people of an import as they are kept. Some megabytes: to be done before the unit of work, not in it.
///
/// # Errors
/// When they cannot be written.
pub fn sealed(keyring: &Keyring, id: UserImportId, rows: &[Row]) -> Result<String, Internal> {
    Ok(keyring.seal_text(Category::Identifiers, &context(id), &serde_json::to_string(rows)?))
}

/// Puts an import into the queue, with its people [`sealed`]. `false` while another is under way.
///
/// # Errors
/// When the database fails.
pub async fn begin(tx: &mut Tx, import: &Import, sealed: &str) -> Result<bool, Internal> {
    let inserted = tx
        .execute(
            "INSERT INTO user_import (id, options, asked_by, rows_sealed, problems, wrong, total, done, created, updated, \
             skipped, created_at) SELECT CAST($1 AS TEXT), CAST($2 AS TEXT), CAST($3 AS TEXT), CAST($4 AS TEXT), \
             CAST($5 AS TEXT), CAST($6 AS BIGINT), CAST($7 AS BIGINT), 0, 0, 0, 0, CAST($8 AS BIGINT) \
             WHERE NOT EXISTS (SELECT 1 FROM user_import u WHERE u.finished_at IS NULL)",
            &args![
                import.id,
                serde_json::to_string(&import.options)?,
                serde_json::to_string(&import.asked_by)?,
                sealed,
                serde_json::to_string(&import.problems)?,
                import.wrong,
                import.total,
                import.created_at
            ],
        )
        .await?;
    Ok(inserted == 1)
}

/// The import that is under way.
///
/// # Errors
/// When the database fails or a row cannot be.
pub async fn under_way(tx: &mut Tx) -> Result<Option<Import>, Internal> {
    let sql = "SELECT id, options, asked_by, problems, wrong, total, done, created, updated, skipped, created_at, \
               finished_at, cancelled_at FROM user_import WHERE finished_at IS NULL ORDER BY created_at LIMIT 1";
    tx.optional(sql, &args![], Stored::from_row).await?.map(Stored::open).transpose()
}

/// One import.
///
/// # Errors
/// As [`under_way`].
pub async fn find(tx: &mut Tx, id: UserImportId) -> Result<Option<Import>, Internal> {
    let sql = "SELECT id, options, asked_by, problems, wrong, total, done, created, updated, skipped, created_at, \
               finished_at, cancelled_at FROM user_import WHERE id = $1";
    tx.optional(sql, &args![id], Stored::from_row).await?.map(Stored::open).transpose()
}

/// Imports, newest first, from below `cursor`.
///
/// # Errors
/// As [`under_way`].
pub async fn page(tx: &mut Tx, cursor: Option<(Timestamp, UserImportId)>, limit: i64) -> Result<Vec<Import>, Internal> {
    let at = cursor.map_or(Timestamp::from_millis(i64::MAX), |(at, _)| at);
    let id = cursor.map(|(_, id)| id.to_string()).unwrap_or_default();
    let sql = "SELECT id, options, asked_by, problems, wrong, total, done, created, updated, skipped, created_at, \
               finished_at, cancelled_at FROM user_import WHERE (created_at < $1 OR (created_at = $1 AND id < $2)) \
               ORDER BY created_at DESC, id DESC LIMIT $3";
    let rows = tx.all(sql, &args![at, id, limit], Stored::from_row).await?;
    rows.into_iter().map(Stored::open).collect()
}

/// The people of an import, with `None` in the place of those who were erased since; nobody once it has ended.
///
/// # Errors
/// When the database fails or the value does not open.
pub async fn rows(tx: &mut Tx, keyring: &Keyring, id: UserImportId) -> Result<Vec<Option<Row>>, Internal> {
    let sql = "SELECT rows_sealed FROM user_import WHERE id = $1";
    let sealed = tx.optional(sql, &args![id], |row| row.opt_text("rows_sealed")).await?.flatten();
    let Some(sealed) = sealed else { return Ok(Vec::new()) };
    Ok(serde_json::from_str(&keyring.unseal_text(Category::Identifiers, &context(id), &sealed)?)?)
}

/// Keeps an import as it is until the unit of work ends, and gives the hashes of the addresses that are to be left out of
/// it. `None` when it has ended.
///
/// # Errors
/// When the database fails or the row cannot be.
pub async fn hold(tx: &mut Tx, id: UserImportId) -> Result<Option<Vec<String>>, Internal> {
    // A statement that writes: whoever is about to erase somebody waits, or was first.
    let sql = "UPDATE user_import SET done = done WHERE id = $1 AND finished_at IS NULL RETURNING forgotten";
    let Some(forgotten) = tx.optional(sql, &args![id], |row| row.opt_text("forgotten")).await? else {
        return Ok(None);
    };
    Ok(Some(listed(forgotten.as_deref())?))
}

/// Takes the people with these addresses out of the import that is under way, where one is and they are in it.
///
/// # Errors
/// As [`rows`].
pub async fn forget(tx: &mut Tx, keyring: &Keyring, addresses: &[Email]) -> Result<(), Internal> {
    let sql = "UPDATE user_import SET done = done WHERE finished_at IS NULL RETURNING id, forgotten, rows_sealed";
    let row = |row: &DbRow| Ok((row.id("id")?, row.opt_text("forgotten")?, row.opt_text("rows_sealed")?));
    let Some((id, forgotten, Some(sealed))) = tx.optional(sql, &args![], row).await? else { return Ok(()) };
    let text = keyring.unseal_text(Category::Identifiers, &context(id), &sealed)?;
    let mut rows: Vec<Option<Row>> = serde_json::from_str(&text)?;
    let mut forgotten = listed(forgotten.as_deref())?;
    let before = forgotten.len();
    for address in addresses {
        for row in &mut rows {
            if row.as_ref().is_some_and(|row| row.email == address.as_str()) {
                *row = None;
                forgotten.push(address_hash(keyring, address));
            }
        }
    }
    if forgotten.len() == before {
        return Ok(());
    }
    let sealed = keyring.seal_text(Category::Identifiers, &context(id), &serde_json::to_string(&rows)?);
    let sql = "UPDATE user_import SET forgotten = $2, rows_sealed = $3 WHERE id = $1";
    tx.execute(sql, &args![id, serde_json::to_string(&forgotten)?, sealed]).await?;
    Ok(())
}

/// The keyed hash that keeps an address out of an import.
pub fn address_hash(keyring: &Keyring, address: &Email) -> String {
    keyring.index("user-import-forgotten", address.as_str().as_bytes())
}

fn listed(forgotten: Option<&str>) -> Result<Vec<String>, Internal> {
    Ok(forgotten.map(serde_json::from_str).transpose()?.unwrap_or_default())
}

/// Moves an import on from where it was found. `false` when it is elsewhere, or ended: nothing may be kept of what was
/// done for it.
///
/// # Errors
/// When the database fails.
pub async fn advance(
    tx: &mut Tx,
    id: UserImportId,
    (from, to): (Counts, Counts),
    now: Timestamp,
) -> Result<bool, Error> {
    let rows = tx
        .execute(
            "UPDATE user_import SET done = $3, created = $4, updated = $5, skipped = $6, \
             finished_at = CASE WHEN $3 >= total THEN $7 ELSE finished_at END, \
             rows_sealed = CASE WHEN $3 >= total THEN NULL ELSE rows_sealed END, \
             forgotten = CASE WHEN $3 >= total THEN NULL ELSE forgotten END \
             WHERE id = $1 AND done = $2 AND finished_at IS NULL",
            &args![id, from.done, to.done, to.created, to.updated, to.skipped, now],
        )
        .await?;
    Ok(rows == 1)
}

/// Ends an import before its end. `false` when it had ended.
///
/// # Errors
/// When the database fails.
pub async fn cancel(tx: &mut Tx, id: UserImportId, now: Timestamp) -> Result<bool, Error> {
    let sql = "UPDATE user_import SET cancelled_at = $2, finished_at = $2, rows_sealed = NULL, forgotten = NULL \
               WHERE id = $1 AND finished_at IS NULL";
    Ok(tx.execute(sql, &args![id, now]).await? == 1)
}

fn context(id: UserImportId) -> String {
    format!("user_import.rows_sealed:{id}")
}

struct Stored {
    options: String,
    asked_by: String,
    problems: String,
    rest: (UserImportId, i64, i64, Counts),
    times: (Timestamp, Option<Timestamp>, Option<Timestamp>),
}

impl Stored {
    fn from_row(row: &DbRow) -> Result<Self, Error> {
        let counts = Counts {
            done: row.int("done")?,
            created: row.int("created")?,
            updated: row.int("updated")?,
            skipped: row.int("skipped")?,
        };
        Ok(Self {
            options: row.text("options")?,
            asked_by: row.text("asked_by")?,
            problems: row.text("problems")?,
            rest: (row.id("id")?, row.int("wrong")?, row.int("total")?, counts),
            times: (row.time("created_at")?, row.opt_time("finished_at")?, row.opt_time("cancelled_at")?),
        })
    }

    fn open(self) -> Result<Import, Internal> {
        let (id, wrong, total, counts) = self.rest;
        let (created_at, finished_at, cancelled_at) = self.times;
        Ok(Import {
            id,
            options: serde_json::from_str(&self.options)?,
            asked_by: serde_json::from_str(&self.asked_by)?,
            problems: serde_json::from_str(&self.problems)?,
            wrong,
            total,
            counts,
            created_at,
            finished_at,
            cancelled_at,
        })
    }
}
