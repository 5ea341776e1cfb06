//! One tenant's database: cloned, handed to its roles, marked as finished, and dropped.

use sqlx::{AssertSqlSafe, Connection as _, Row as _};

use super::Server;
use crate::{Error, Name, rights};

/// Connections to one database, of all its roles together.
const CONNECTIONS: u16 = 32;

impl Server {
    /// Clones `template` as `name`, unless that is there. Nobody can connect to it yet.
    ///
    /// # Errors
    /// The server's; [`Error::Busy`] while the template is in use.
    pub async fn clone_database(&self, name: &Name, template: &Name) -> Result<(), Error> {
        let mut held = self.connection().await?;
        if self.exists(&mut held, name).await? {
            return Ok(());
        }
        // Not STRATEGY FILE_COPY: that waits for two checkpoints of the whole server, while copying the few
        // pages of an empty tenant through the log, as is done unless said otherwise, takes no longer.
        let sql = format!(
            "CREATE DATABASE {name} TEMPLATE {template} ALLOW_CONNECTIONS false CONNECTION LIMIT {CONNECTIONS}"
        );
        match self.run(&mut held, sql).await {
            // Made meanwhile, by a call whose caller was killed.
            Err(Error::Conflict) => Ok(()),
            Err(Error::Other(text)) if text.starts_with("PostgreSQL 42P04") => Ok(()),
            Err(Error::Other(text)) if text.starts_with("PostgreSQL 55006") => Err(Error::Busy),
            done => done,
        }
    }

    /// Hands a cloned database over: what `former` owns becomes `owner`'s, which may change the schema,
    /// and `runtime` may serve. Nobody else can connect.
    ///
    /// # Errors
    /// The server's.
    pub async fn hand_over(&self, name: &Name, former: &Name, (owner, runtime): (&Name, &Name)) -> Result<(), Error> {
        let mut held = self.connection().await?;
        self.run(
            &mut held,
            format!(
                "REVOKE ALL ON DATABASE {name} FROM PUBLIC;
                GRANT CONNECT ON DATABASE {name} TO {owner}, {runtime};
                ALTER DATABASE {name} ALLOW_CONNECTIONS true"
            ),
        )
        .await?;
        let mut inside = self.inside(name).await?;
        // Cloned tables keep the template's owner.
        let sql = format!(
            "BEGIN;
            REVOKE ALL ON SCHEMA public FROM PUBLIC, {former};
            GRANT USAGE, CREATE ON SCHEMA public TO {owner};
            REASSIGN OWNED BY {former} TO {owner};
            ALTER DEFAULT PRIVILEGES FOR ROLE {owner} REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
            {};
            COMMIT",
            rights::statements(runtime)
        );
        let done = sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut inside).await;
        let closed = inside.close().await;
        done?;
        Ok(closed?)
    }

    /// Gives `runtime` its rights anew, after the schema changed.
    ///
    /// # Errors
    /// The server's.
    pub async fn renew_rights(&self, name: &Name, runtime: &Name) -> Result<(), Error> {
        let mut inside = self.inside(name).await?;
        let sql = format!("BEGIN; {}; COMMIT", rights::statements(runtime));
        let done = sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut inside).await;
        let closed = inside.close().await;
        done?;
        Ok(closed?)
    }

    /// Notes on the database that it is finished, with which schema.
    ///
    /// # Errors
    /// The server's.
    pub async fn mark(&self, name: &Name, schema: &Name) -> Result<(), Error> {
        let mut held = self.connection().await?;
        self.run_durably(&mut held, &format!("COMMENT ON DATABASE {name} IS '{schema}'")).await
    }

    /// Whether the database is there, and the schema that [`Server::mark`] noted.
    ///
    /// # Errors
    /// The server's.
    pub async fn marked(&self, name: &Name) -> Result<Option<Option<String>>, Error> {
        let mut held = self.connection().await?;
        let sql =
            format!("SELECT shobj_description(oid, 'pg_database') AS schema FROM pg_database WHERE datname = '{name}'");
        let row = self.row(&mut held, sql).await?;
        Ok(row.map(|row| row.try_get("schema")).transpose()?)
    }

    /// Ends all connections to a database and drops it, if it is there.
    ///
    /// # Errors
    /// The server's.
    pub async fn drop_database(&self, name: &Name) -> Result<(), Error> {
        let mut held = self.connection().await?;
        // One whose dropping was interrupted can only be dropped; the server marks it with this limit.
        let sound = format!("SELECT 1 FROM pg_database WHERE datname = '{name}' AND datconnlimit <> -2");
        if self.row(&mut held, sound).await?.is_some() {
            self.roll_back_prepared(&mut held, name).await?;
            self.run(&mut held, format!("ALTER DATABASE {name} ALLOW_CONNECTIONS false IS_TEMPLATE false")).await?;
        }
        self.run(&mut held, format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).await
    }

    /// Gives up what was prepared for a commit in two phases: no connection is left of it that could be
    /// ended, and no database is dropped while there is any. Nothing of ours does that.
    async fn roll_back_prepared(
        &self,
        held: &mut Option<sqlx::postgres::PgConnection>,
        name: &Name,
    ) -> Result<(), Error> {
        let prepared = format!("SELECT gid FROM pg_prepared_xacts WHERE database = '{name}'");
        let prepared = self.rows(held, prepared).await?;
        if prepared.is_empty() {
            return Ok(());
        }
        // Nothing new comes in meanwhile, but this role.
        let shut =
            format!("REVOKE CONNECT ON DATABASE {name} FROM PUBLIC; ALTER DATABASE {name} ALLOW_CONNECTIONS true");
        self.run(held, shut).await?;
        let mut inside = self.inside(name).await?;
        for row in prepared {
            let gid: String = row.try_get(0)?;
            let sql = format!("ROLLBACK PREPARED '{}'", gid.replace('\'', "''"));
            sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut inside).await?;
        }
        Ok(inside.close().await?)
    }

    /// Ends all connections of a role, as after its password changed.
    ///
    /// # Errors
    /// The server's.
    pub async fn end_connections(&self, role: &Name) -> Result<(), Error> {
        let mut held = self.connection().await?;
        self.run(&mut held, format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '{role}'"))
            .await
    }

    pub(super) async fn exists(
        &self,
        held: &mut Option<sqlx::postgres::PgConnection>,
        name: &Name,
    ) -> Result<bool, Error> {
        Ok(self.row(held, format!("SELECT 1 FROM pg_database WHERE datname = '{name}'")).await?.is_some())
    }
}
