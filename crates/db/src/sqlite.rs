//! Opening a SQLite file.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read};
use std::path::Path;
use std::time::Duration;

use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection as _};

use crate::connection::{Connection, Opener};
use crate::{Error, migrate};

/// Says in the file's header that it is Polder's: `Pldr` (<https://www.sqlite.org/fileformat.html#application_id>).
const APPLICATION_ID: u32 = 0x506c_6472;
/// Files up to this many bytes are checked whole when they are opened; it takes milliseconds.
const CHECKED_WHOLE: u64 = 2 << 20;

/// How to open the writer and the readers of the file at `path`, which is made when it is missing
/// and refused when it is damaged or not Polder's.
pub(crate) async fn prepare(path: &Path) -> Result<(Opener, Opener), Error> {
    let base = SqliteConnectOptions::new()
        .filename(path)
        .foreign_keys(true)
        .busy_timeout(Duration::from_secs(5))
        .statement_cache_capacity(256)
        .pragma("temp_store", "MEMORY")
        .disable_statement_logging();
    let length = inspect(path)?;
    if length == 0 {
        // Before write-ahead logging is switched on, so that the header is in the file itself.
        let mut fresh = base.clone().pragma("application_id", APPLICATION_ID.to_string()).connect().await?;
        sqlx::raw_sql(migrate::TABLE).execute(&mut fresh).await?;
        fresh.close().await?;
    }
    let writer = base
        .clone()
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .pragma("secure_delete", "ON")
        // A row that is replaced counts as deleted, for triggers too.
        .pragma("recursive_triggers", "ON")
        .pragma("journal_size_limit", (64 << 20).to_string());
    let reader = base.pragma("query_only", "ON");
    Ok((Opener::Sqlite(Box::new(writer)), Opener::Sqlite(Box::new(reader))))
}

/// Opens the writer and looks into the file.
pub(crate) async fn open_checked(opener: &Opener, path: &Path) -> Result<Connection, Error> {
    let about = |error: Error| match error {
        Error::Damaged(_) | Error::Other(_) => damaged(path),
        Error::Unavailable(problem) => Error::Unavailable(format!("{}: {problem}", path.display())),
        error => error,
    };
    let mut opened = opener.open().await.map_err(about)?;
    let Connection::Sqlite(connection) = &mut opened else { return Ok(opened) };
    let length = std::fs::metadata(path).map_or(0, |file| file.len());
    let sql =
        if length <= CHECKED_WHOLE { "PRAGMA quick_check(1)" } else { "SELECT 'ok' FROM schema_migration LIMIT 1" };
    let verdict: Option<String> =
        sqlx::query_scalar(sql).fetch_optional(connection).await.map_err(|error| about(error.into()))?;
    if verdict.is_some_and(|verdict| verdict != "ok") { Err(damaged(path)) } else { Ok(opened) }
}

/// Makes the file if it is missing, for its owner alone, and checks its header; its length in bytes.
fn inspect(path: &Path) -> Result<u64, Error> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path).map_err(|error| match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => Error::Full,
        _ => Error::Unavailable(format!("{}: {error}", path.display())),
    })?;
    let length = file.metadata().map_or(0, |metadata| metadata.len());
    if length > 0 {
        check_header(&mut file, length, path)?;
    }
    Ok(length)
}

fn check_header(file: &mut File, length: u64, path: &Path) -> Result<(), Error> {
    let mut header = [0; 100];
    let word =
        |header: &[u8; 100], at: usize| header[at..at + 4].iter().fold(0, |word, byte| word << 8 | u32::from(*byte));
    let read = file.read_exact(&mut header);
    if read.is_err() || &header[..16] != b"SQLite format 3\0" || word(&header, 68) != APPLICATION_ID {
        return Err(Error::Damaged(format!("{} is not a database of Polder", path.display())));
    }
    // The number of pages counts only if it was written together with the last change, and while
    // no log holds newer pages.
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    let logged = std::fs::metadata(log).is_ok_and(|log| log.len() > 0);
    let page = match header[16..18] {
        [0, 1] => 65_536,
        [high, low] => u64::from(high) << 8 | u64::from(low),
        _ => 0,
    };
    let pages = u64::from(word(&header, 28));
    if !logged && word(&header, 24) == word(&header, 92) && pages * page > length {
        return Err(damaged(path));
    }
    Ok(())
}

fn damaged(path: &Path) -> Error {
    Error::Damaged(format!("{} is damaged; restore it from a backup", path.display()))
}
