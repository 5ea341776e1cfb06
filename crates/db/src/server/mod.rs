//! A PostgreSQL server on which databases and roles may be made: what the control plane does to give
//! each tenant its own (G15).
//!
//! ```text
//! template0 ──make_template, migrations──> polder_template_… ──clone──> t_…
//!                                            its own role                 owner role (migrations)
//!                                                                         runtime role (rows alone)
//! ```
//!
//! Every call says how things shall be, and may be made again: whoever was killed half-way calls it
//! anew. Passwords come as verifiers, so that no statement holds one.

mod database;
mod encryption;
mod roles;
mod template;

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use polder_kernel::Secret;
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection as _, Row as _};
use tokio::sync::{Mutex, MutexGuard};

use crate::{Error, Name, postgres};

pub use encryption::Encryption;
pub use roles::Role;
pub use template::Making;

/// The oldest server that has what is asked of it: 14, for `pg_xact_status` and friends.
const OLDEST: i64 = 140_000;
/// How long one statement may take: a database is copied in less.
const PATIENCE: Duration = Duration::from_secs(60);
/// How often one statement is tried again that met another.
const COLLISIONS: u32 = 40;

/// A server, and the role that administers it. Clones share one connection. Shows neither password nor
/// anything else but where it is.
#[derive(Clone)]
pub struct Server {
    options: Box<PgConnectOptions>,
    encryption: Encryption,
    connection: Arc<Mutex<Option<PgConnection>>>,
}

/// Where the server listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Endpoint {
    /// Host and port.
    Tcp(String, u16),
    /// The socket itself.
    Unix(PathBuf),
}

/// The text is not the address of a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a server is given as postgres://user@host:port/database")]
pub struct NotAServer;

impl FromStr for Server {
    type Err = NotAServer;

    fn from_str(text: &str) -> Result<Self, NotAServer> {
        if !text.starts_with("postgres://") && !text.starts_with("postgresql://") {
            return Err(NotAServer);
        }
        let options = PgConnectOptions::from_str(text).map_err(|_| NotAServer)?;
        let encryption = Encryption::of(options.get_ssl_mode(), text);
        let options = options
            .application_name("polder")
            // What ends a piece of work waits for the disk, and for all that went before it.
            .options([("client_min_messages", "warning"), ("lock_timeout", "30s"), ("synchronous_commit", "off")])
            .disable_statement_logging();
        Ok(Self { options: Box::new(options), encryption, connection: Arc::default() })
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(host, port) if host.contains(':') => write!(f, "[{host}]:{port}"),
            Self::Tcp(host, port) => write!(f, "{host}:{port}"),
            Self::Unix(path) => write!(f, "{}", path.display()),
        }
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Server({})", self.endpoint())
    }
}

impl Server {
    /// Where it listens.
    pub fn endpoint(&self) -> Endpoint {
        let port = self.options.get_port();
        match self.options.get_socket() {
            Some(folder) => Endpoint::Unix(folder.join(format!(".s.PGSQL.{port}"))),
            None => {
                let host = self.options.get_host();
                match host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
                    Some(bare) => Endpoint::Tcp(bare.to_owned(), port),
                    None if host.starts_with('/') => Endpoint::Unix(PathBuf::from(format!("{host}/.s.PGSQL.{port}"))),
                    None => Endpoint::Tcp(host.to_owned(), port),
                }
            }
        }
    }

    /// What its address says about encryption.
    pub const fn encryption(&self) -> &Encryption {
        &self.encryption
    }

    /// The address of one of its databases, for a role with a password.
    pub fn address(&self, database: &Name, role: &Name, password: &Secret<String>) -> Secret<String> {
        let options = (*self.options).clone().database(database.as_str()).username(role.as_str());
        let mut url = options.password(password.expose()).to_url_lossy();
        if let Encryption::Verified(Some(file)) = &self.encryption {
            // The driver writes this one in a way that it does not read.
            let pairs: Vec<(String, String)> = url.query_pairs().into_owned().collect();
            let others = pairs.into_iter().filter(|(name, _)| name != "sslrootcert");
            let file = ("sslrootcert".to_owned(), file.display().to_string());
            url.query_pairs_mut().clear().extend_pairs(others.chain([file]));
        }
        Secret::new(url.to_string())
    }

    /// Looks whether the server answers and the role may make databases and roles; then closes the
    /// databases that every server has to roles that have nothing to do there, as far as it may.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when it cannot be reached; [`Error::Other`] with a line for people when it
    /// does not do.
    pub async fn check(&self) -> Result<(), Error> {
        let mut held = self.connection().await?;
        let row = self
            .row(
                &mut held,
                "SELECT CAST(current_setting('server_version_num') AS BIGINT) AS version, (rolsuper OR \
                 (rolcreatedb AND rolcreaterole)) AS able FROM pg_roles WHERE rolname = current_user",
            )
            .await?
            .ok_or_else(|| Error::Other("the server does not know its own role".to_owned()))?;
        let (version, able): (i64, bool) = (row.try_get("version")?, row.try_get("able")?);
        if version < OLDEST {
            return Err(Error::Other("the PostgreSQL server is older than version 14".to_owned()));
        }
        if !able {
            return Err(Error::Other("this role may not make databases and roles (CREATEDB, CREATEROLE)".to_owned()));
        }
        // Everybody may connect to these unless told otherwise. What this role does not own stays as it is.
        const OPEN: &str = "SELECT datname FROM pg_database WHERE datname IN ('postgres', 'template1') \
            AND (datacl IS NULL OR EXISTS (SELECT 1 FROM aclexplode(datacl) WHERE grantee = 0)) \
            AND pg_has_role(current_user, datdba, 'USAGE')";
        let open: Vec<String> = self.rows(&mut held, OPEN).await?.iter().map(|row| row.get(0)).collect();
        for name in open.iter().filter_map(|name| name.parse::<Name>().ok()) {
            self.run(&mut held, format!("REVOKE ALL ON DATABASE {name} FROM PUBLIC")).await?;
        }
        // Others may be somebody's; that they are open is said, and left.
        const OTHERS: &str = "SELECT datname FROM pg_database WHERE datallowconn AND NOT datistemplate \
            AND (datacl IS NULL OR EXISTS (SELECT 1 FROM aclexplode(datacl) WHERE grantee = 0 AND privilege_type = 'CONNECT'))";
        let others = self.rows(&mut held, OTHERS).await?.len();
        if others > 0 {
            tracing::info!(
                others,
                "databases on this server let every role connect; tenants' roles reach theirs alone"
            );
        }
        Ok(())
    }

    /// The one connection to the server, opened when there is none.
    async fn connection(&self) -> Result<MutexGuard<'_, Option<PgConnection>>, Error> {
        let mut held = self.connection.lock().await;
        if held.is_none() {
            *held = Some(postgres::connect(&self.options).await?);
        }
        Ok(held)
    }

    /// A connection to one of its databases.
    async fn inside(&self, database: &Name) -> Result<PgConnection, Error> {
        postgres::connect(&(*self.options).clone().database(database.as_str())).await
    }

    async fn run(&self, held: &mut Option<PgConnection>, sql: impl Into<String>) -> Result<(), Error> {
        self.rows(held, sql).await.map(drop)
    }

    async fn row(
        &self,
        held: &mut Option<PgConnection>,
        sql: impl Into<String>,
    ) -> Result<Option<sqlx::postgres::PgRow>, Error> {
        Ok(self.rows(held, sql).await?.into_iter().next())
    }

    /// Runs statements without arguments, again where another changes the same object at this moment: a
    /// call whose caller was killed goes on at the server for a while.
    async fn rows(
        &self,
        held: &mut Option<PgConnection>,
        sql: impl Into<String>,
    ) -> Result<Vec<sqlx::postgres::PgRow>, Error> {
        let sql: String = sql.into();
        for _ in 0..COLLISIONS {
            match self.rows_once(held, sql.clone()).await {
                Err(Error::Other(text)) if text == "PostgreSQL XX000" => {}
                done => return done,
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        self.rows_once(held, sql).await
    }

    /// Runs statements without arguments. A connection that broke is not used again; nor is one whose
    /// caller was dropped meanwhile, since it is taken out first.
    async fn rows_once(
        &self,
        held: &mut Option<PgConnection>,
        sql: String,
    ) -> Result<Vec<sqlx::postgres::PgRow>, Error> {
        let mut connection = match held.take() {
            Some(connection) => connection,
            None => postgres::connect(&self.options).await?,
        };
        let in_transaction = sql.starts_with("BEGIN");
        let text = AssertSqlSafe(sql);
        let done = tokio::time::timeout(PATIENCE, sqlx::raw_sql(text).fetch_all(&mut connection)).await;
        match done {
            Ok(Ok(rows)) => {
                *held = Some(connection);
                Ok(rows)
            }
            Ok(Err(error)) => {
                let error = Error::from(error);
                // A transaction that failed half-way is left with its connection.
                if !matches!(error, Error::Unavailable(_)) && !in_transaction {
                    *held = Some(connection);
                }
                Err(error)
            }
            Err(_elapsed) => Err(Error::TimedOut),
        }
    }

    /// Runs one statement and waits until it is on the disk, with all that went before it.
    async fn run_durably(&self, held: &mut Option<PgConnection>, statement: &str) -> Result<(), Error> {
        self.run(held, format!("BEGIN; SET LOCAL synchronous_commit = on; {statement}; COMMIT")).await
    }

    /// Closes the connection.
    pub async fn close(&self) {
        if let Some(connection) = self.connection.lock().await.take()
            && let Err(error) = connection.close().await
        {
            tracing::debug!(error = %Error::from(error), "the connection to the server did not close cleanly");
        }
    }
}
