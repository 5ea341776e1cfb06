//! Data keys: a new version seals at once, rows are resealed in batches behind it, and the old version
//! goes when nothing is under it any more (P17).

use std::time::Duration;

use polder_crypto::{Category, SealError, WrappedKey};
use polder_db::{Error, Tx, args};
use polder_kernel::Timestamp;
use serde_json::json;

use super::By;
use super::columns::{COLUMNS, Column, bounds};
use crate::App;
use crate::error::Internal;
use crate::store::data_keys::{self, StoredDataKey};

/// How long an old version stays after it sealed last, whatever is under it: a request under way may yet
/// write what it sealed before, and cookies of waiting sign-ins and opaque access tokens are elsewhere alone.
pub const STAYS: Duration = Duration::from_secs(2 * 3600);

const SOON: Duration = Duration::from_secs(600);
const SELDOM: Duration = Duration::from_secs(6 * 3600);

/// Rows per transaction: requests get their turn between two.
const BATCH: i64 = 200;

/// What a round did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Resealed {
    /// Rows sealed under the newest version now.
    pub rows: u64,
    /// Rows that do not open: they stay as they are, and so does their key.
    pub unreadable: u64,
    /// Old versions that are gone.
    pub removed: u64,
}

/// Lets a new version of these categories seal from now on. `Index` is passed over: it never rotates.
///
/// # Errors
/// When the database fails; then nothing changed.
pub async fn rotate(app: &App, categories: &[Category], by: &By) -> Result<(), Internal> {
    let _custody = app.custody.lock().await;
    let stored = stored(app).await?;
    let seal = app.seal.current();
    let mut made = Vec::new();
    for category in categories.iter().copied().filter(|category| *category != Category::Index) {
        let newest = stored.iter().filter(|row| row.key.category == category).map(|row| row.key.version).max();
        made.push(WrappedKey::generate(&seal, category, newest.unwrap_or(0) + 1, &app.entropy));
    }
    let (now, by, new) = (app.clock.now(), by.clone(), made.clone());
    app.db
        .write(move |tx| {
            Box::pin(async move {
                data_keys::add(tx, &new, now).await?;
                for key in &new {
                    data_keys::retire_below(tx, key.category, key.version, now).await?;
                    let details = json!({ "category": key.category.as_str(), "version": key.version });
                    polder_audit::record(tx, by.event("data_key.rotated").details(details));
                }
                Ok::<_, Internal>(())
            })
        })
        .await?;
    adopt(app).await?;
    app.reseal.notify_one();
    Ok(())
}

/// Reseals what is under old versions and removes those under which nothing is left. Killed anywhere, it
/// goes on where it was: the rows themselves say what is left.
///
/// # Errors
/// When the database fails; what was not done is done next time.
pub async fn round(app: &App) -> Result<Resealed, Internal> {
    let mut done = Resealed::default();
    rotate_if_due(app).await?;
    let old: Vec<StoredDataKey> = stored(app).await?.into_iter().filter(|row| row.retired_at.is_some()).collect();
    for category in Category::ALL.into_iter().filter(|category| old.iter().any(|row| row.key.category == *category)) {
        for column in COLUMNS.iter().filter(|column| column.category == category) {
            reseal(app, column, &mut done).await?;
        }
    }
    if done.rows > 0 {
        tracing::info!(rows = done.rows, "resealed under the newest data keys");
    }
    for row in &old {
        done.removed += u64::from(remove_if_free(app, row).await?);
    }
    Ok(done)
}

/// How long the next round can wait: little while requests may still write what an old version sealed,
/// long while one only waits for retention.
///
/// # Errors
/// When the database fails.
pub async fn pause(app: &App) -> Result<Duration, Internal> {
    let now = app.clock.now();
    let stored = stored(app).await?;
    let fresh = stored.iter().filter_map(|row| row.retired_at).any(|retired| now.since(retired) < STAYS + SOON);
    Ok(if fresh { SOON } else { SELDOM })
}

/// Every version is a year old at most when it stops sealing.
async fn rotate_if_due(app: &App) -> Result<(), Internal> {
    let now = app.clock.now();
    let due: Vec<Category> = stored(app)
        .await?
        .into_iter()
        .filter(|row| row.retired_at.is_none() && now.since(row.created_at) >= app.rotation.data_period)
        .map(|row| row.key.category)
        .filter(|category| *category != Category::Index)
        .collect();
    if due.is_empty() { Ok(()) } else { rotate(app, &due, &By::Schedule).await }
}

async fn reseal(app: &App, column: &Column, done: &mut Resealed) -> Result<(), Internal> {
    let Some(replace) = column.replace else { return Ok(()) };
    let mut after = String::new();
    loop {
        let batch = batch(app, column, &after).await?;
        let Some((last, _)) = batch.last() else { return Ok(()) };
        after.clone_from(last);
        let mut fresh = Vec::with_capacity(batch.len());
        for (key, old) in batch {
            let context = format!("{}.{}:{key}", column.table, column.column);
            match app.keyring.reseal(column.category, &context, &old) {
                Ok(new) => fresh.push((new, key, old)),
                Err(SealError::Sealed(_)) => done.unreadable += 1,
                Err(error) => return Err(error.into()),
            }
        }
        done.rows += exchange(app, replace, fresh).await?;
    }
}

/// One batch of values that the newest version did not seal, after the row `after`.
async fn batch(app: &App, column: &Column, after: &str) -> Result<Vec<(String, String)>, Error> {
    let (from, to) = bounds(app.keyring.newest(column.category));
    let mut tx = app.db.read().await?;
    tx.all(column.others, &args![after, from, to, BATCH], |row| Ok((row.text("row_key")?, row.text("sealed")?))).await
}

/// Puts the new values in place of the old ones. A row that was changed meanwhile keeps what it has.
async fn exchange(app: &App, replace: &'static str, fresh: Vec<(String, String, String)>) -> Result<u64, Error> {
    app.db
        .write(move |tx| {
            Box::pin(async move {
                let mut rows = 0;
                for (new, key, old) in fresh {
                    rows += tx.execute(replace, &args![new, key, old]).await?;
                }
                Ok::<_, Error>(rows)
            })
        })
        .await
}

/// Removes an old version if its time is up and nothing is under it. The look that counts and the removal
/// are one unit of work, and there is one writer: nothing can be written under it in between.
async fn remove_if_free(app: &App, row: &StoredDataKey) -> Result<bool, Internal> {
    let due = row.retired_at.is_some_and(|retired: Timestamp| app.clock.now().since(retired) >= STAYS);
    if !due {
        return Ok(false);
    }
    let (category, version) = (row.key.category, row.key.version);
    if is_used(&mut app.db.read().await?, category, version).await? {
        return Ok(false);
    }
    let _custody = app.custody.lock().await;
    let removed = app
        .db
        .write(move |tx| {
            Box::pin(async move {
                if is_used(tx, category, version).await? || !data_keys::remove(tx, category, version).await? {
                    return Ok::<_, Internal>(false);
                }
                let details = json!({ "category": category.as_str(), "version": version });
                polder_audit::record(tx, By::Schedule.event("data_key.removed").details(details));
                Ok(true)
            })
        })
        .await?;
    if removed {
        adopt(app).await?;
    }
    Ok(removed)
}

async fn is_used(tx: &mut Tx, category: Category, version: u32) -> Result<bool, Error> {
    let (from, to) = bounds(version);
    for column in COLUMNS.iter().filter(|column| column.category == category) {
        let any = tx.optional(column.any, &args![from.as_str(), to.as_str()], |row| row.text("row_key")).await?;
        if any.is_some() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Brings the keyring to what is stored.
async fn adopt(app: &App) -> Result<(), Internal> {
    let rows: Vec<WrappedKey> = stored(app).await?.into_iter().map(|row| row.key).collect();
    Ok(app.keyring.adopt(&app.seal.current(), &rows)?)
}

async fn stored(app: &App) -> Result<Vec<StoredDataKey>, Error> {
    data_keys::stored(&mut app.db.read().await?).await
}
