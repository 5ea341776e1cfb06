//! One connection of either driver, and the one loop that runs a statement on it.

use std::borrow::Cow;

use futures_util::TryStreamExt;
use sqlx::postgres::{PgConnectOptions, PgConnection, PgRow};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection as _, Either, Executor, Postgres, Row as _, Sqlite};

use crate::row::{Kind, Row};
use crate::{Error, Value, postgres};

/// An open connection.
pub(crate) enum Connection {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

/// What a running statement gives, in order.
pub(crate) enum Step {
    /// A statement has ended and changed so many rows.
    Ended(u64),
    Row(Row),
}

/// How to open connections to one database.
#[derive(Clone)]
pub(crate) enum Opener {
    Sqlite(Box<SqliteConnectOptions>),
    Postgres(Box<PgConnectOptions>),
    /// Each connection claims the database, so that there is one at a time.
    Alone(Box<PgConnectOptions>),
}

impl Opener {
    /// The same, with the database claimed by each connection. A file is claimed by its folder's lock.
    pub(crate) fn alone(self) -> Self {
        match self {
            Self::Postgres(options) => Self::Alone(options),
            other => other,
        }
    }

    pub(crate) async fn open(&self) -> Result<Connection, Error> {
        match self {
            Self::Sqlite(options) => Ok(Connection::Sqlite(options.connect().await?)),
            Self::Postgres(options) => postgres::connect(options).await.map(Connection::Postgres),
            Self::Alone(options) => {
                let mut connection = postgres::connect(options).await?;
                postgres::claim(&mut connection).await?;
                Ok(Connection::Postgres(connection))
            }
        }
    }
}

impl Connection {
    pub(crate) const fn is_sqlite(&self) -> bool {
        matches!(self, Self::Sqlite(_))
    }

    /// Runs `sql`, which on SQLite may be several statements, and hands every step to `each`.
    /// `keep` says whether the text is worth keeping prepared.
    pub(crate) async fn run(
        &mut self,
        sql: Cow<'static, str>,
        args: &[Value],
        keep: bool,
        each: &mut (dyn FnMut(Step) + Send),
    ) -> Result<(), Error> {
        match self {
            Self::Sqlite(connection) => {
                let args = Value::sqlite(args).map_err(sqlx::Error::Encode)?;
                let query = sqlx::query_with::<Sqlite, _>(AssertSqlSafe(sql), args).persistent(keep);
                let mut steps = connection.fetch_many(query);
                while let Some(step) = steps.try_next().await? {
                    each(match step {
                        Either::Left(end) => Step::Ended(end.rows_affected()),
                        Either::Right(row) => Step::Row(Row(Kind::Sqlite(row))),
                    });
                }
            }
            Self::Postgres(connection) => {
                let args = Value::postgres(args.iter()).map_err(sqlx::Error::Encode)?;
                let query = sqlx::query_with::<Postgres, _>(AssertSqlSafe(sql), args).persistent(keep);
                let mut steps = connection.fetch_many(query);
                while let Some(step) = steps.try_next().await? {
                    each(match step {
                        Either::Left(end) => Step::Ended(end.rows_affected()),
                        Either::Right(row) => Step::Row(Row(Kind::Postgres(row))),
                    });
                }
            }
        }
        Ok(())
    }

    /// Runs statements without arguments, as one call.
    pub(crate) async fn script(&mut self, sql: &'static str) -> Result<(), Error> {
        match self {
            Self::Sqlite(connection) => sqlx::raw_sql(sql).execute(connection).await.map(drop)?,
            Self::Postgres(connection) => sqlx::raw_sql(sql).execute(connection).await.map(drop)?,
        }
        Ok(())
    }

    pub(crate) async fn close(self) {
        let closed = match self {
            Self::Sqlite(connection) => connection.close().await,
            Self::Postgres(connection) => connection.close().await,
        };
        if let Err(error) = closed {
            tracing::debug!(error = %Error::from(error), "a database connection did not close cleanly");
        }
    }
}

/// The first column of the only row of a PostgreSQL script, as text.
pub(crate) async fn script_text(connection: &mut PgConnection, sql: &'static str) -> Result<String, Error> {
    let row: PgRow = sqlx::raw_sql(sql).fetch_one(connection).await?;
    Ok(row.try_get(0)?)
}
