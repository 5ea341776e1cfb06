//! Durable transactions per second with group commit, beside one commit per transaction on the same
//! disk in the same run; and what readers notice of it.
//!
//! Every transaction inserts two rows. The run fails when group commit is not four times as quick
//! or when readers wait for writers.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use polder_db::{Db, Error, Location, Migration, args};
use polder_kernel::Timestamp;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection};
use tokio::sync::Mutex;

const WRITERS: u64 = 64;
const SECONDS: Duration = Duration::from_secs(4);
const SCHEMA: &str = "CREATE TABLE session (id TEXT PRIMARY KEY, user_id TEXT NOT NULL, at BIGINT NOT NULL);
    CREATE TABLE event (id TEXT PRIMARY KEY, session_id TEXT NOT NULL, at BIGINT NOT NULL)";
const SESSION: &str = "INSERT INTO session (id, user_id, at) VALUES ($1, $2, $3)";
const EVENT: &str = "INSERT INTO event (id, session_id, at) VALUES ($4, $1, $3)";
const EVENT_ALONE: &str = "INSERT INTO event (id, session_id, at) VALUES ($1, $2, $3)";
const AT_ONCE: &str = "BEGIN IMMEDIATE; INSERT INTO session (id, user_id, at) VALUES ($1, $2, $3);
    INSERT INTO event (id, session_id, at) VALUES ($4, $1, $3); COMMIT";

fn main() -> ExitCode {
    let ran = tokio::runtime::Runtime::new().map_err(Into::into).and_then(|runtime| runtime.block_on(compare()));
    let ratio = match ran {
        Ok(ratio) => ratio,
        Err(error) => {
            eprintln!("the benchmark failed: {error}");
            return ExitCode::FAILURE;
        }
    };
    println!("\ngroup commit, one call, beside one commit each: {ratio:.1} x (target 4.0 x)");
    if ratio < 4.0 { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

async fn compare() -> Result<f64, Box<dyn std::error::Error>> {
    let folder = Folder::new()?;
    println!("{:<48} {:>10} {:>9} {:>9}", "64 writers, two rows per transaction", "commits/s", "p50 ms", "p99 ms");
    let each = one_commit_each(&folder.0.join("each.db"), false).await?;
    show("one commit each, four driver calls", &each);
    show("one commit each, one driver call", &one_commit_each(&folder.0.join("once.db"), true).await?);
    let db = open(&folder.0.join("calls.db")).await?;
    show("group commit, execute() twice", &group_commit(&db, false).await?);
    db.close().await;

    let db = open(&folder.0.join("group.db")).await?;
    let stop = Arc::new(AtomicBool::new(false));
    let quiet = tokio::spawn(read_until(db.clone(), Arc::clone(&stop)));
    tokio::time::sleep(Duration::from_secs(1)).await;
    stop.store(true, Ordering::Relaxed);
    let quiet = quiet.await??;
    let group = group_commit(&db, true).await?;
    show("group commit, batch()", &group);
    stop.store(false, Ordering::Relaxed);
    let busy = tokio::spawn(read_until(db.clone(), Arc::clone(&stop)));
    let disturbed = group_commit(&db, true).await?;
    stop.store(true, Ordering::Relaxed);
    show("group commit, batch(), with a reader", &disturbed);
    show("point reads, no writers (reads/s)", &quiet);
    let busy = busy.await??;
    show("point reads while 64 write (reads/s)", &busy);
    db.close().await;
    if busy.percentile(99) > 5.0 {
        return Err("readers wait for writers".into());
    }
    Ok(group.per_second() / each.per_second())
}

/// What was measured: how long each took, and how long all of it.
struct Measured {
    latencies: Vec<Duration>,
    took: Duration,
}

impl Measured {
    fn per_second(&self) -> f64 {
        self.latencies.len() as f64 / self.took.as_secs_f64()
    }

    fn percentile(&self, hundredths: usize) -> f64 {
        let place = self.latencies.len().saturating_sub(1) * hundredths / 100;
        self.latencies.get(place).map_or(0.0, |latency| latency.as_secs_f64() * 1e3)
    }
}

fn show(name: &str, measured: &Measured) {
    let (p50, p99) = (measured.percentile(50), measured.percentile(99));
    println!("{name:<48} {:>10.0} {p50:>9.2} {p99:>9.2}", measured.per_second());
}

async fn open(path: &Path) -> Result<Db, Error> {
    let db = Db::open(&Location::Sqlite(path.to_owned()), 4).await?;
    db.migrate(&[Migration { version: 1, name: "bench", sql: SCHEMA }], Timestamp::from_seconds(1)).await?;
    Ok(db)
}

/// Ids as the programs make them: growing, 36 characters.
fn fresh_id() -> String {
    static MADE: AtomicU64 = AtomicU64::new(0);
    format!("{:036}", MADE.fetch_add(1, Ordering::Relaxed))
}

async fn measure<W, F>(work: W) -> Result<Measured, Box<dyn std::error::Error>>
where
    W: Fn() -> F + Clone + Send + 'static,
    F: Future<Output = Result<(), Error>> + Send,
{
    let began = Instant::now();
    let writers: Vec<_> = (0..WRITERS)
        .map(|_| {
            let work = work.clone();
            tokio::spawn(async move {
                let mut latencies = Vec::new();
                while began.elapsed() < SECONDS {
                    let asked = Instant::now();
                    work().await?;
                    latencies.push(asked.elapsed());
                }
                Ok::<_, Error>(latencies)
            })
        })
        .collect();
    let mut latencies = Vec::new();
    for writer in writers {
        latencies.extend(writer.await??);
    }
    let took = began.elapsed();
    latencies.sort_unstable();
    Ok(Measured { latencies, took })
}

async fn group_commit(db: &Db, at_once: bool) -> Result<Measured, Box<dyn std::error::Error>> {
    let db = db.clone();
    measure(move || {
        let db = db.clone();
        async move {
            let (session, event) = (fresh_id(), fresh_id());
            db.write(move |tx| {
                Box::pin(async move {
                    if at_once {
                        tx.batch(&[SESSION, EVENT], &args![session, "user", 1, event]).await.map(drop)
                    } else {
                        tx.execute(SESSION, &args![&session, "user", 1]).await?;
                        tx.execute(EVENT_ALONE, &args![event, session, 1]).await.map(drop)
                    }
                })
            })
            .await
        }
    })
    .await
}

async fn one_commit_each(path: &Path, at_once: bool) -> Result<Measured, Box<dyn std::error::Error>> {
    let mut connection: SqliteConnection = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .disable_statement_logging()
        .connect()
        .await?;
    sqlx::raw_sql(SCHEMA).execute(&mut connection).await?;
    let shared = Arc::new(Mutex::new(connection));
    measure(move || {
        let shared = Arc::clone(&shared);
        async move {
            let mut connection = shared.lock().await;
            insert_and_commit(&mut connection, at_once).await.map_err(Error::from)
        }
    })
    .await
}

async fn insert_and_commit(connection: &mut SqliteConnection, at_once: bool) -> Result<(), sqlx::Error> {
    let (session, event) = (fresh_id(), fresh_id());
    if at_once {
        return sqlx::query(AT_ONCE)
            .bind(session)
            .bind("user")
            .bind(1_i64)
            .bind(event)
            .execute(connection)
            .await
            .map(drop);
    }
    let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
    sqlx::query(SESSION).bind(&session).bind("user").bind(1_i64).execute(&mut *transaction).await?;
    sqlx::query(EVENT_ALONE).bind(event).bind(session).bind(1_i64).execute(&mut *transaction).await?;
    transaction.commit().await
}

async fn read_until(db: Db, stop: Arc<AtomicBool>) -> Result<Measured, Error> {
    let (began, mut latencies) = (Instant::now(), Vec::new());
    while !stop.load(Ordering::Relaxed) {
        let asked = Instant::now();
        let mut tx = db.read().await?;
        tx.optional("SELECT at FROM session WHERE id = $1", &args![fresh_id()], |row| row.int("at")).await?;
        drop(tx);
        latencies.push(asked.elapsed());
    }
    let took = began.elapsed();
    latencies.sort_unstable();
    Ok(Measured { latencies, took })
}

/// A folder on the disk the build is on: `/tmp` may be memory.
struct Folder(PathBuf);

impl Folder {
    fn new() -> std::io::Result<Self> {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("group-commit-{}", std::process::id()));
        std::fs::create_dir_all(&path)?;
        Ok(Self(path))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.0));
    }
}
