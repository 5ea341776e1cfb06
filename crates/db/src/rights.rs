//! What a PostgreSQL role that serves may do: read and write rows, and nothing else (G15, G16).

use crate::{Db, Error, Tx};

/// A name of Polder's own making: a letter, then letters, digits and underscores, 63 bytes at most. So
/// it never needs quoting, and nothing else can be smuggled in with it (G24).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Name(String);

/// The text cannot be the name of a role or database.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("names of roles and databases are a letter, then a-z, 0-9 and _, 63 at most")]
pub struct NotAName;

impl std::str::FromStr for Name {
    type Err = NotAName;

    fn from_str(text: &str) -> Result<Self, NotAName> {
        let inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
        let sound = text.bytes().all(inner) && text.starts_with(|first: char| first.is_ascii_lowercase());
        if sound && text.len() <= 63 { Ok(Self(text.to_owned())) } else { Err(NotAName) }
    }
}

impl std::fmt::Display for Name {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl Name {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The rights of the role `runtime` on the tables here; whoever runs it owns them. Said anew it says
/// the same, and a table that came with a migration is covered too.
pub(crate) fn statements(runtime: &Name) -> String {
    format!(
        "GRANT USAGE ON SCHEMA public TO {runtime};
        GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {runtime};
        REVOKE INSERT, UPDATE, DELETE ON schema_migration FROM {runtime};
        REVOKE UPDATE, DELETE ON audit_event, audit_checkpoint FROM {runtime};
        GRANT EXECUTE ON FUNCTION audit_prune(bigint, bigint, bigint, bigint) TO {runtime};
        GRANT EXECUTE ON FUNCTION audit_start(bigint, bigint, text) TO {runtime}"
    )
}

impl Db {
    /// Lets the PostgreSQL role `runtime` serve this database: rows, never the schema, and of the audit
    /// log only reading and adding. The log is guarded already.
    ///
    /// # Errors
    /// When the role is not there, or the tables are somebody else's; SQLite knows no roles.
    pub async fn grant_runtime(&self, runtime: Name) -> Result<(), Error> {
        self.write(move |tx| Box::pin(async move { grant(tx, &runtime).await })).await
    }
}

impl Db {
    /// Closes a PostgreSQL database to roles that were not let in by name: on a server that tenants'
    /// databases share, any role may connect to one that was not closed. Whether it is closed: only its
    /// owner can do that. A SQLite file always is.
    ///
    /// # Errors
    /// The database's.
    pub async fn close_to_others(&self) -> Result<bool, Error> {
        self.write(|tx| Box::pin(async move { close(tx).await })).await
    }
}

async fn close(tx: &mut Tx) -> Result<bool, Error> {
    if tx.is_sqlite() {
        return Ok(true);
    }
    const CLOSE: &str = "DO $body$ BEGIN
        IF EXISTS (SELECT 1 FROM pg_database WHERE datname = current_database()
            AND pg_has_role(current_user, datdba, 'USAGE')) THEN
            EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database());
        END IF;
    END $body$";
    tx.execute_composed(CLOSE.to_owned(), &[]).await?;
    const SQL: &str = "SELECT CAST(COUNT(*) AS BIGINT) AS open FROM pg_database WHERE datname = current_database() \
        AND (datacl IS NULL OR EXISTS (SELECT 1 FROM aclexplode(datacl) WHERE grantee = 0))";
    Ok(tx.optional(SQL, &[], |row| row.int("open")).await? == Some(0))
}

async fn grant(tx: &mut Tx, runtime: &Name) -> Result<(), Error> {
    if tx.is_sqlite() {
        return Err(Error::Other("a SQLite file knows no roles".to_owned()));
    }
    for statement in statements(runtime).split(';') {
        tx.execute_composed(statement.to_owned(), &[]).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn g24_a_name_holds_nothing_but_itself() {
        for sound in ["t_abc23", "a", "polder_template_0123abcd"] {
            assert_eq!(sound.parse::<Name>().unwrap().as_str(), sound);
        }
        let long = "a".repeat(64);
        for wrong in ["", "_a", "1a", "A", "a-b", "a b", "a;b", "a\"b", "a'b", "ä", "pg\0x", &long] {
            assert_eq!(wrong.parse::<Name>(), Err(NotAName), "{wrong}");
        }
    }
}
