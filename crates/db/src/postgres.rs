//! Opening a PostgreSQL database.

use std::str::FromStr;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{ConnectOptions, Row as _};

use crate::Error;
use crate::connection::{Connection, Opener};

const CONNECTING: Duration = Duration::from_secs(5);

/// Names the lock on a database that is served by one program alone: `Pldr` and `serv`, as a number.
const SERVED: i64 = 0x506c_6472_7365_7276;

/// How to open the writer and the readers of the database at `address`.
pub(crate) fn prepare(address: &str) -> Result<(Opener, Opener), Error> {
    let base = PgConnectOptions::from_str(address)?
        .application_name("polder")
        .statement_cache_capacity(256)
        .options([
            ("synchronous_commit", "on"),
            ("statement_timeout", "30s"),
            ("lock_timeout", "10s"),
            ("idle_in_transaction_session_timeout", "60s"),
            ("client_min_messages", "warning"),
        ])
        .disable_statement_logging();
    let reader = base.clone().options([("default_transaction_read_only", "on")]);
    Ok((Opener::Postgres(Box::new(base)), Opener::Postgres(Box::new(reader))))
}

pub(crate) async fn connect(options: &PgConnectOptions) -> Result<PgConnection, Error> {
    match tokio::time::timeout(CONNECTING, options.connect()).await {
        Ok(connected) => Ok(connected?),
        Err(_elapsed) => Err(Error::Unavailable("the server does not answer".to_owned())),
    }
}

/// Claims the database for as long as the connection lives. Whoever was killed a moment ago is waited
/// for: the server lets go of the claim when it notices that the connection is closed.
pub(crate) async fn claim(connection: &mut PgConnection) -> Result<(), Error> {
    let sql = format!("SET lock_timeout = '3s'; SELECT pg_advisory_lock({SERVED}); RESET lock_timeout");
    sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(connection).await?;
    Ok(())
}

/// Opens the writer; refuses a database that sorts or encodes differently from SQLite, or that
/// belongs to another.
pub(crate) async fn open_checked(opener: &Opener) -> Result<Connection, Error> {
    let mut opened = opener.open().await?;
    let Connection::Postgres(connection) = &mut opened else { return Ok(opened) };
    let row = sqlx::raw_sql(
        "SELECT datcollate, pg_encoding_to_char(encoding) AS encoding, CAST(datlocprovider AS TEXT) AS provider,
            to_regclass('schema_migration') IS NULL AND EXISTS (
                SELECT 1 FROM pg_class WHERE relkind = 'r' AND relnamespace = to_regnamespace(current_schema())
            ) AS foreign_tables
        FROM pg_database WHERE datname = current_database()",
    )
    .fetch_one(connection)
    .await?;
    let collation: String = row.try_get("datcollate")?;
    let encoding: String = row.try_get("encoding")?;
    let provider: String = row.try_get("provider")?;
    if provider != "c" || !matches!(collation.as_str(), "C" | "POSIX") || encoding != "UTF8" {
        return Err(Error::Damaged(
            "the PostgreSQL database must be made with ENCODING 'UTF8' LOCALE 'C' TEMPLATE template0".to_owned(),
        ));
    }
    if row.try_get("foreign_tables")? {
        return Err(Error::Damaged("the PostgreSQL database is not one of Polder".to_owned()));
    }
    Ok(opened)
}

/// What became of the transaction `number`, whose connection died during `COMMIT`.
pub(crate) async fn was_kept(connection: &mut PgConnection, number: &str) -> Result<bool, Error> {
    // The server may need a moment to notice that its client has gone.
    for _ in 0..100 {
        let status: Option<String> = sqlx::query_scalar("SELECT pg_xact_status(CAST(CAST($1 AS TEXT) AS XID8))")
            .bind(number)
            .fetch_one(&mut *connection)
            .await?;
        match status.as_deref() {
            Some("committed") => return Ok(true),
            Some("aborted") => return Ok(false),
            _ => tokio::time::sleep(Duration::from_millis(50)).await,
        }
    }
    Err(Error::Unavailable("a transaction is still in doubt".to_owned()))
}
