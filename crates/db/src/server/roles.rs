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
const POWERLESS: &str = "NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOINHERIT";

impl Server {
    /// Makes a role, or makes one that is there what it shall be.
    ///
    /// # Errors
    /// The server's.
    pub async fn put_role(&self, role: &Role<'_>) -> Result<(), Error> {
        let Role { name, verifier, connections } = role;
        let login = match verifier {
            // A verifier is base64, digits and signs; a quote in it would be somebody else's work.
            Some(text) if text.expose().contains(['\'', '\\']) => {
                return Err(Error::Other("this is not a password's verifier".to_owned()));
            }
            Some(text) => format!("LOGIN PASSWORD '{}'", text.expose()),
            None => "NOLOGIN PASSWORD NULL".to_owned(),
        };
        // Only a superuser may say so aloud that a role is none of these; a fresh role is none anyway.
        let mut held = self.connection().await?;
        let superuser =
            self.row(&mut held, "SELECT 1 FROM pg_roles WHERE rolname = current_user AND rolsuper").await?.is_some();
        let powerless = if superuser { format!("{POWERLESS} NOBYPASSRLS") } else { "NOINHERIT".to_owned() };
        let there = self.row(&mut held, format!("SELECT 1 FROM pg_roles WHERE rolname = '{name}'")).await?.is_some();
        if !there {
            match self.run(&mut held, format!("CREATE ROLE {name} NOLOGIN")).await {
                // Made meanwhile, by a call whose caller was killed.
                Err(Error::Conflict) => {}
                Err(Error::Other(text)) if text.starts_with("PostgreSQL 42710") => {}
                made => made?,
            }
        }
        self.run(&mut held, format!("ALTER ROLE {name} {powerless} CONNECTION LIMIT {connections} {login}")).await?;
        if !superuser {
            // To hand it what others own, one must be of both.
            self.run(&mut held, format!("GRANT {name} TO CURRENT_USER")).await?;
        }
        Ok(())
    }

    /// Drops a role, if it is there. It must own nothing any more.
    ///
    /// # Errors
    /// The server's.
    pub async fn drop_role(&self, name: &Name) -> Result<(), Error> {
        let mut held = self.connection().await?;
        self.run_durably(&mut held, &format!("DROP ROLE IF EXISTS {name}")).await
    }

    /// Which of the databases and roles whose names begin with `prefix` are there: for tests and for
    /// looking after what was left behind.
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
}
