//! Fresh databases for tests: always a SQLite file, and a PostgreSQL database when
//! `POLDER_TEST_POSTGRES` holds the address of a server on which databases may be made.

use std::path::PathBuf;
use std::str::FromStr;
use std::sync::atomic::{AtomicU64, Ordering};

use polder_kernel::{Entropy, Secret};
use sqlx::ConnectOptions;
use sqlx::postgres::PgConnectOptions;

use crate::{Db, Location};

/// A fresh, empty database, removed when this is dropped.
pub struct TestDatabase {
    /// `sqlite` or `postgres`.
    pub name: &'static str,
    /// The database.
    pub db: Db,
    /// Where it is, to open it once more.
    pub location: Location,
    remains: Remains,
}

enum Remains {
    Folder(PathBuf),
    Database { server: Box<PgConnectOptions>, name: String },
}

/// One fresh database on each kind that is there.
///
/// # Panics
/// When one cannot be made.
pub async fn databases() -> Vec<TestDatabase> {
    let mut databases = vec![sqlite().await];
    databases.extend(postgres().await);
    databases
}

/// A fresh SQLite file in a folder of its own.
///
/// # Panics
/// When it cannot be made.
#[expect(clippy::expect_used, reason = "a test cannot go on without it")]
pub async fn sqlite() -> TestDatabase {
    let folder = std::env::temp_dir().join(fresh_name());
    std::fs::create_dir(&folder).expect("a temporary folder");
    let location = Location::Sqlite(folder.join("test.db"));
    let db = Db::open(&location, 4).await.expect("a fresh SQLite database");
    TestDatabase { name: "sqlite", db, location, remains: Remains::Folder(folder) }
}

/// A fresh PostgreSQL database, where there is a server.
///
/// # Panics
/// When there is a server and it does not give one.
#[expect(clippy::expect_used, reason = "a test cannot go on without it")]
#[expect(clippy::disallowed_methods, reason = "tests have no command line to take it from")]
pub async fn postgres() -> Option<TestDatabase> {
    let address = std::env::var("POLDER_TEST_POSTGRES").ok().filter(|address| !address.is_empty())?;
    let server = PgConnectOptions::from_str(&address).expect("POLDER_TEST_POSTGRES is an address");
    let name = fresh_name();
    run(&server, format!("CREATE DATABASE {name} ENCODING 'UTF8' LOCALE 'C' TEMPLATE template0")).await;
    let url = server.clone().database(&name).to_url_lossy();
    let location = Location::Postgres(Secret::new(url.to_string()));
    let db = Db::open(&location, 4).await.expect("a fresh PostgreSQL database");
    Some(TestDatabase { name: "postgres", db, location, remains: Remains::Database { server: Box::new(server), name } })
}

/// Lets a test tamper with the audit log as whoever holds the file can, or the tables' owner.
///
/// # Panics
/// When the database refuses.
#[expect(clippy::expect_used, reason = "a test cannot go on without it")]
pub async fn unguard_audit(db: &Db) {
    let down: Result<(), crate::Error> = db
        .write(|tx| Box::pin(async move { if tx.is_sqlite() { crate::guard::take_down(tx).await } else { Ok(()) } }))
        .await;
    down.expect("triggers can be dropped");
}

#[expect(clippy::expect_used, reason = "a test cannot go on without it")]
async fn run(server: &PgConnectOptions, sql: String) {
    let mut connection = server.connect().await.expect("the server answers");
    sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(&mut connection).await.expect("the server obeys");
}

fn fresh_name() -> String {
    static MADE: AtomicU64 = AtomicU64::new(0);
    let chance = u64::from_le_bytes(Entropy::System.bytes());
    format!("polder_test_{}_{}_{chance:016x}", std::process::id(), MADE.fetch_add(1, Ordering::Relaxed))
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        match &self.remains {
            Remains::Folder(folder) => drop(std::fs::remove_dir_all(folder)),
            Remains::Database { server, name } => {
                let (server, sql) = (server.clone(), format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"));
                // The test's own runtime cannot be waited for in a drop.
                let dropped = std::thread::spawn(move || {
                    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
                    runtime.block_on(run(&server, sql));
                    std::io::Result::Ok(())
                });
                drop(dropped.join());
            }
        }
    }
}
