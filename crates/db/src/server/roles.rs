//! Roles: made without any power but the ones that are granted.

use polder_kernel::Secret;

use super::Server;
use crate::{Error, Name};

/// A role as it shall be.
pub struct Role<'a> {
    /// Its name.
    pub name: &'a Name,
    /// What proves its password, as PostgreSQL stores it. `None`: it cannot log in.
    pub verifier: Option<&'a Secret<String>>,
    /// How many connections it may hold at once.
    pub connections: u16,
}

/// What no role of ours may be.
const POWERLESS: &str = "NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS NOINHERIT";
/// What the queries of one connection may put on the server's disk beside the database.
const TEMPORARY_FILES: &str = "512MB";

impl Server {
    /// Makes roles, or makes those that are there what they shall be. What a role has set for itself is
    /// forgotten: every role may change its own password and its own defaults.
    ///
    /// # Errors
    /// The server's.
    pub async fn put_roles(&self, roles: &[Role<'_>]) -> Result<(), Error> {
        let statements: Result<Vec<String>, Error> = roles.iter().map(statement).collect();
        let mut held = self.connection().await?;
        self.run(&mut held, statements?.join(";\n")).await
    }

    /// Drops a role, if it is there. It must own nothing any more.
    ///
    /// # Errors
    /// The server's.
    pub async fn drop_role(&self, name: &Name) -> Result<(), Error> {
        let mut held = self.connection().await?;
        self.run_durably(&mut held, &format!("DROP ROLE IF EXISTS {name}")).await
    }

    /// Which of the databases and roles whose names begin with `prefix` are there: for looking after what
    /// was left behind.
    ///
    /// # Errors
    /// The server's.
    pub async fn named(&self, prefix: &Name) -> Result<Vec<String>, Error> {
        let mut held = self.connection().await?;
        let sql = format!(
            "SELECT CAST(datname AS TEXT) AS name FROM pg_database WHERE starts_with(CAST(datname AS TEXT), '{prefix}')
            UNION ALL SELECT CAST(rolname AS TEXT) FROM pg_roles WHERE starts_with(CAST(rolname AS TEXT), '{prefix}')
            ORDER BY 1"
        );
        let rows = self.rows(&mut held, sql).await?;
        Ok(rows.iter().map(|row| sqlx::Row::get(row, 0)).collect())
    }

    /// Ends the sessions of roles that serve a database of their own name, beginning with `prefix`, whose
    /// transaction has been open for longer than `seconds`; how many there were. The time limits that sessions begin with are theirs to change, and a transaction
    /// that stays open keeps the whole server from clearing up.
    ///
    /// # Errors
    /// The server's.
    pub async fn end_overlong(&self, prefix: &Name, seconds: u32) -> Result<usize, Error> {
        let mut held = self.connection().await?;
        let sql = format!(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
            WHERE starts_with(CAST(usename AS TEXT), '{prefix}') AND usename = datname AND pg_has_role(current_user, usesysid, 'MEMBER')
            AND xact_start < clock_timestamp() - make_interval(secs => {seconds})"
        );
        Ok(self.rows(&mut held, sql).await?.len())
    }
}

/// One round trip, done whole or not at all. Only a superuser may say aloud that a role is none of these,
/// or limit its files; for others a fresh role is none anyway.
fn statement(role: &Role<'_>) -> Result<String, Error> {
    let Role { name, verifier, connections } = role;
    let login = match verifier {
        // A verifier is base64, digits and signs; a quote in it would be somebody else's work.
        Some(text) if text.expose().contains(['\'', '\\']) || text.expose().contains("$body$") => {
            return Err(Error::Other("this is not a password's verifier".to_owned()));
        }
        Some(text) => format!("LOGIN PASSWORD '{}'", text.expose()),
        None => "NOLOGIN PASSWORD NULL".to_owned(),
    };
    Ok(format!(
        "DO $body$ DECLARE place TEXT; BEGIN
            IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = '{name}') THEN
                BEGIN
                    CREATE ROLE {name} NOLOGIN;
                EXCEPTION WHEN duplicate_object OR unique_violation THEN
                    -- Made meanwhile, by a call whose caller was killed.
                    NULL;
                END;
            END IF;
            IF EXISTS (SELECT 1 FROM pg_db_role_setting s JOIN pg_roles r ON r.oid = s.setrole
                WHERE r.rolname = '{name}') THEN
                ALTER ROLE {name} RESET ALL;
                FOR place IN SELECT d.datname FROM pg_db_role_setting s JOIN pg_roles r ON r.oid = s.setrole
                    JOIN pg_database d ON d.oid = s.setdatabase WHERE r.rolname = '{name}' LOOP
                    EXECUTE format('ALTER ROLE {name} IN DATABASE %I RESET ALL', place);
                END LOOP;
            END IF;
            IF EXISTS (SELECT 1 FROM pg_roles WHERE rolname = current_user AND rolsuper) THEN
                ALTER ROLE {name} {POWERLESS} CONNECTION LIMIT {connections} {login};
                ALTER ROLE {name} SET temp_file_limit = '{TEMPORARY_FILES}';
            ELSE
                ALTER ROLE {name} NOINHERIT CONNECTION LIMIT {connections} {login};
                -- To hand it what others own, one must be of both.
                GRANT {name} TO CURRENT_USER;
            END IF;
        END $body$"
    ))
}
