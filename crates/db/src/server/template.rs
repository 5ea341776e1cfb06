//! The template that tenants' databases are cloned from: one per schema, shared by all.

use polder_kernel::Secret;
use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Connection as _, Row as _};

use super::{Role, Server};
use crate::{Error, Name, postgres};

/// Names the lock that keeps two control planes from making the same template: `Pldr`, as a number.
const LOCK: i64 = 0x506c_6472;

/// What makes or fills a large object: anybody may call these unless told otherwise, and what lies there is
/// in no table that is sealed, guarded or looked after. Only the server's superuser can close them.
const LARGE_OBJECTS: &str = "lo_creat(integer), lo_create(oid), lo_from_bytea(oid, bytea), \
    lo_put(oid, bigint, bytea), lo_open(oid, integer), lowrite(integer, bytea)";

/// A template under way. While this is held, nobody else makes one.
pub struct Making {
    server: Server,
    lock: PgConnection,
    name: Name,
}

impl Server {
    /// Whether the template `name` is there and finished.
    ///
    /// # Errors
    /// The server's.
    pub async fn has_template(&self, name: &Name) -> Result<bool, Error> {
        let mut held = self.connection().await?;
        let sql = format!("SELECT 1 FROM pg_database WHERE datname = '{name}' AND datistemplate");
        Ok(self.row(&mut held, sql).await?.is_some())
    }

    /// Begins to make the template `name`, with a role of the same name that may fill it. `None` when
    /// another made it meanwhile. One that was left half-made is made anew.
    ///
    /// # Errors
    /// The server's.
    pub async fn make_template(&self, name: &Name, verifier: &Secret<String>) -> Result<Option<Making>, Error> {
        let mut lock = postgres::connect(&self.options).await?;
        // Held by the connection: it goes with us, however we end. Others are waited for.
        let wait = format!("SET lock_timeout = '60s'; SELECT pg_advisory_lock({LOCK})");
        sqlx::raw_sql(AssertSqlSafe(wait)).execute(&mut lock).await?;
        if self.has_template(name).await? {
            lock.close().await?;
            return Ok(None);
        }
        self.drop_database(name).await?;
        self.put_roles(&[Role { name, verifier: Some(verifier), connections: 8 }]).await?;
        let mut held = self.connection().await?;
        let version = self
            .row(&mut held, "SELECT CAST(current_setting('server_version_num') AS BIGINT) AS version")
            .await?
            .map_or(Ok(0), |row| row.try_get::<i64, _>("version"))?;
        // Sorting by bytes needs the C library's collations, whatever the cluster was made with.
        let provider = if version >= 150_000 { "LOCALE_PROVIDER libc" } else { "" };
        self.run(&mut held, format!("CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C' {provider}"))
            .await?;
        self.run(
            &mut held,
            format!("REVOKE ALL ON DATABASE {name} FROM PUBLIC; GRANT CONNECT ON DATABASE {name} TO {name}"),
        )
        .await?;
        drop(held);
        let mut inside = self.inside(name).await?;
        let sql = format!(
            "REVOKE ALL ON SCHEMA public FROM PUBLIC;
            REVOKE EXECUTE ON FUNCTION {LARGE_OBJECTS} FROM PUBLIC;
            GRANT USAGE, CREATE ON SCHEMA public TO {name}"
        );
        let done = sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut inside).await;
        let closed = inside.close().await;
        done?;
        closed?;
        Ok(Some(Making { server: self.clone(), lock, name: name.clone() }))
    }
}

impl Making {
    /// The template is filled: from now on it is cloned, and nobody connects to it any more.
    ///
    /// # Errors
    /// The server's.
    pub async fn finish(self) -> Result<(), Error> {
        let Self { server, lock, name } = self;
        server.put_roles(&[Role { name: &name, verifier: None, connections: 0 }]).await?;
        server.end_connections(&name).await?;
        let mut held = server.connection().await?;
        server.run(&mut held, format!("ALTER DATABASE {name} ALLOW_CONNECTIONS false IS_TEMPLATE true")).await?;
        drop(held);
        Ok(lock.close().await?)
    }
}
