//! The façade's promises, on SQLite and, when `POLDER_TEST_POSTGRES` names a server, on PostgreSQL.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on has failed")]

mod batches;
mod commits;
mod durability;
mod files;
mod full;
mod literals;
mod migrations;
mod portable_sql;
mod readers;
mod server;
mod tails;
mod tenancy;
mod units;
mod values;

use polder_db::testing::{self, TestDatabase};
use polder_db::{Db, Error, args};
use polder_kernel::Timestamp;

/// All databases, each with an empty table `item`.
async fn databases() -> Vec<TestDatabase> {
    let databases = testing::databases().await;
    for database in &databases {
        with_items(&database.db).await;
    }
    databases
}

async fn with_items(db: &Db) {
    const SQL: &str = "CREATE TABLE item (id TEXT PRIMARY KEY, n BIGINT NOT NULL DEFAULT 0, note TEXT, used_at BIGINT);
        CREATE TABLE entry (seq BIGINT PRIMARY KEY, note TEXT NOT NULL)";
    let migration = polder_db::Migration { version: 1, name: "items", sql: SQL };
    db.migrate(&[migration], Timestamp::from_seconds(1)).await.unwrap();
}

async fn insert(db: &Db, id: &str) -> Result<u64, Error> {
    let id = id.to_owned();
    db.write(move |tx| Box::pin(async move { tx.execute("INSERT INTO item (id) VALUES ($1)", &args![id]).await })).await
}

async fn ids(db: &Db) -> Vec<String> {
    let mut tx = db.read().await.unwrap();
    tx.all("SELECT id FROM item ORDER BY id", &[], |row| row.text("id")).await.unwrap()
}
