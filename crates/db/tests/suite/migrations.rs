//! The schema is what the program brings, or nothing runs.

use polder_db::testing::databases;
use polder_db::{Error, Migration};
use polder_kernel::Timestamp;

const FIRST: Migration = Migration {
    version: 1,
    name: "first",
    sql: "CREATE TABLE a (id TEXT PRIMARY KEY); CREATE TABLE b (id TEXT PRIMARY KEY)",
};
const SECOND: Migration = Migration { version: 2, name: "second", sql: "ALTER TABLE a ADD COLUMN n BIGINT" };
const NOW: Timestamp = Timestamp::from_seconds(1);

#[tokio::test(flavor = "multi_thread")]
async fn migrations_are_applied_once_and_in_order() {
    for database in databases().await {
        let db = &database.db;
        db.migrate(&[FIRST], NOW).await.unwrap();
        db.migrate(&[SECOND, FIRST], NOW).await.unwrap();
        db.migrate(&[FIRST, SECOND], NOW).await.unwrap();
        let mut tx = db.read().await.unwrap();
        assert_eq!(tx.all("SELECT n FROM a", &[], |row| row.int("n")).await, Ok(vec![]), "{}", database.name);
        let versions =
            tx.all("SELECT version FROM schema_migration ORDER BY version", &[], |row| row.int("version")).await;
        assert_eq!(versions, Ok(vec![1, 2]));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_migration_is_refused() {
    for database in databases().await {
        database.db.migrate(&[FIRST], NOW).await.unwrap();
        let changed = Migration { sql: "CREATE TABLE a (id TEXT PRIMARY KEY)", ..FIRST };
        let refused = database.db.migrate(&[changed], NOW).await;
        assert!(matches!(refused, Err(Error::Migration(_))), "{}: {refused:?}", database.name);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_of_a_newer_program_is_refused() {
    for database in databases().await {
        database.db.migrate(&[FIRST, SECOND], NOW).await.unwrap();
        let refused = database.db.migrate(&[FIRST], NOW).await;
        assert!(matches!(refused, Err(Error::Migration(_))), "{}: {refused:?}", database.name);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_migration_that_comes_in_below_what_was_applied_is_refused() {
    for database in databases().await {
        let third = Migration { version: 3, name: "third", sql: "ALTER TABLE a ADD COLUMN m BIGINT" };
        database.db.migrate(&[FIRST, third], NOW).await.unwrap();
        let refused = database.db.migrate(&[FIRST, SECOND, third], NOW).await.unwrap_err().to_string();
        assert!(refused.contains("2 (second) was never applied") && refused.contains("3 was"), "{refused}");
        assert_eq!(refused.lines().count(), 1);
        database.db.migrate(&[FIRST, third], NOW).await.unwrap();
        let mut tx = database.db.read().await.unwrap();
        assert!(
            tx.all("SELECT n FROM a", &[], |row| row.int("n")).await.is_err(),
            "{}: nothing was done",
            database.name
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_migration_that_fails_leaves_nothing_behind() {
    for database in databases().await {
        let broken = Migration {
            version: 2,
            name: "broken",
            sql: "CREATE TABLE c (id TEXT PRIMARY KEY); CREATE TABLE a (id TEXT)",
        };
        assert!(database.db.migrate(&[FIRST, broken], NOW).await.is_err(), "{}", database.name);
        database.db.migrate(&[FIRST, SECOND], NOW).await.unwrap();
        let mut tx = database.db.read().await.unwrap();
        assert!(tx.all("SELECT id FROM c", &[], |row| row.text("id")).await.is_err(), "{}", database.name);
    }
}
