//! What can go wrong, in the few kinds that a caller decides on.

use sqlx::error::{DatabaseError, ErrorKind};
use sqlx::postgres::PgDatabaseError;
use sqlx::sqlite::SqliteError;

/// A failed call. Messages name tables, columns and codes, never values.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// A unique index or primary key decided against this row.
    #[error("a row with this key is already there")]
    Conflict,
    /// Another rule of the schema was broken: foreign key, `CHECK`, `NOT NULL`.
    #[error("the row breaks a rule of the schema: {0}")]
    Constraint(String),
    /// There is no space left. Nothing was kept; later calls succeed once there is space.
    #[error("there is no space left for the database")]
    Full,
    /// Another process held the database for too long.
    #[error("the database is held by another process")]
    Busy,
    /// The database, or this connection to it, may only be read.
    #[error("the database can only be read")]
    ReadOnly,
    /// The database cannot be reached. Whether the work was kept may be unknown.
    #[error("the database cannot be reached: {0}")]
    Unavailable(String),
    /// The file or database is damaged, or not one of Polder's.
    #[error("{0}")]
    Damaged(String),
    /// The database rolled back everything that waited for the same commit.
    #[error("the work was rolled back together with the work it shared a commit with")]
    Lost,
    /// The unit of work panicked; it was rolled back.
    #[error("the unit of work panicked")]
    Panicked,
    /// The statement or unit of work took too long; it was rolled back.
    #[error("the work in the database took too long")]
    TimedOut,
    /// A column does not hold what the code reads from it.
    #[error("column {column}: {problem}")]
    Column {
        /// The name of the column in the result.
        column: String,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// The schema is not the one this program brings.
    #[error("migration {0}")]
    Migration(String),
    /// Anything else: a mistake in the SQL, most likely.
    #[error("{0}")]
    Other(String),
}

impl Error {
    /// Whether trying again in a moment may help: the place of the data is at fault, not the question.
    pub const fn is_temporary(&self) -> bool {
        matches!(self, Self::Unavailable(_) | Self::Lost | Self::Full | Self::Busy | Self::ReadOnly | Self::TimedOut)
    }

    pub(crate) fn closed() -> Self {
        Self::Unavailable("it has been closed".to_owned())
    }
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        match error {
            sqlx::Error::Database(error) => from_database(error.as_ref()),
            sqlx::Error::Io(error) => Self::Unavailable(error.to_string()),
            sqlx::Error::Tls(_) => Self::Unavailable("the TLS handshake failed".to_owned()),
            sqlx::Error::WorkerCrashed => Self::Unavailable("its thread has ended".to_owned()),
            // A protocol error leaves the connection in an unknown state, as a lost one does.
            sqlx::Error::Protocol(problem) => Self::Unavailable(problem),
            // The texts of these may quote a password or a value.
            sqlx::Error::Configuration(_) => Self::Other("the database's address is not understood".to_owned()),
            sqlx::Error::Encode(_) | sqlx::Error::Decode(_) => Self::Other("a value could not be converted".to_owned()),
            other => Self::Other(other.to_string()),
        }
    }
}

fn from_database(error: &dyn DatabaseError) -> Error {
    if let Some(error) = error.try_downcast_ref::<SqliteError>() {
        return from_sqlite(error);
    }
    if let Some(error) = error.try_downcast_ref::<PgDatabaseError>() {
        return from_postgres(error);
    }
    Error::Other("an unknown driver's error".to_owned())
}

/// By primary result code, <https://www.sqlite.org/rescode.html>.
fn from_sqlite(error: &SqliteError) -> Error {
    let code: i64 = error.code().and_then(|code| code.parse().ok()).unwrap_or(1);
    match code & 0xff {
        5 | 6 => Error::Busy,
        8 => Error::ReadOnly,
        10 => Error::Unavailable(format!("input/output error {code}")),
        11 => Error::Damaged("the database is damaged".to_owned()),
        13 => Error::Full,
        14 => Error::Unavailable("the file cannot be opened".to_owned()),
        19 if error.kind() == ErrorKind::UniqueViolation || code == 2579 => Error::Conflict,
        19 => Error::Constraint(error.message().to_owned()),
        26 => Error::Damaged("the file is not a database".to_owned()),
        _ => Error::Other(format!("SQLite {code}: {}", error.message())),
    }
}

/// By SQLSTATE, <https://www.postgresql.org/docs/15/errcodes-appendix.html>. The server's messages
/// may quote values, except where they speak of the statement or the server itself.
fn from_postgres(error: &PgDatabaseError) -> Error {
    let code = error.code();
    match code {
        "23505" => Error::Conflict,
        "53100" => Error::Full,
        "25006" => Error::ReadOnly,
        "40001" | "40P01" | "55P03" => Error::Busy,
        "XX001" | "XX002" => Error::Damaged("the database is damaged".to_owned()),
        "57014" => Error::TimedOut,
        _ => match code.get(..2).unwrap_or_default() {
            "08" | "28" | "3D" | "53" | "57" | "58" => {
                Error::Unavailable(format!("PostgreSQL {code}: {}", error.message()))
            }
            "23" => Error::Constraint(
                error.constraint().or(error.column()).or(error.table()).unwrap_or("unnamed").to_owned(),
            ),
            "42" => Error::Other(format!("PostgreSQL {code}: {}", error.message())),
            _ => Error::Other(format!("PostgreSQL {code}")),
        },
    }
}
