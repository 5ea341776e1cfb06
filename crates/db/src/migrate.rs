//! Bringing the schema up to date.

use polder_kernel::Timestamp;

use crate::{Db, Error, Tx, args};

/// One step of the schema. A released one is never edited.
#[derive(Clone, Copy, Debug)]
pub struct Migration {
    /// 1, 2, 3 …
    pub version: i64,
    /// What it does, for people.
    pub name: &'static str,
    /// Statements in portable SQL, separated by semicolons.
    pub sql: &'static str,
}

impl Db {
    /// Applies what is missing of `migrations`, all in one transaction. Where nothing is missing this
    /// only reads, as a role must that may not change the schema.
    ///
    /// # Errors
    /// [`Error::Migration`] when an applied migration is not the one given here any more, or when
    /// the database has one that this program does not know: it belongs to a newer program. Also when one is
    /// missing that comes before one that was applied, and when something is missing and this role may not
    /// change the schema.
    pub async fn migrate(&self, migrations: &[Migration], now: Timestamp) -> Result<(), Error> {
        let mut tx = self.read().await?;
        if tx.has_migrations().await? && missing(&applied(&mut tx).await?, migrations)?.is_empty() {
            return Ok(());
        }
        if !tx.may_change_schema().await? {
            return Err(Error::Migration(format!("of the schema {NOT_ALLOWED}")));
        }
        drop(tx);
        let migrations = migrations.to_vec();
        self.write(move |tx| Box::pin(async move { apply(tx, &migrations, now).await })).await
    }
}

/// Names a schema: these migrations, and this guard of the audit log.
pub fn fingerprint(migrations: &[Migration], guard: crate::AuditGuard) -> String {
    let texts: Vec<String> =
        migrations.iter().map(|migration| format!("{}:{}", migration.version, checksum_of(migration.sql))).collect();
    let newest = migrations.iter().map(|migration| migration.version).max().unwrap_or(0);
    format!("s{newest}_{}", checksum_of(&format!("{} {}", texts.join(" "), guard.mark())))
}

/// What a role hears that may only serve.
pub(crate) const NOT_ALLOWED: &str = "is needed, and this role may not change the schema: run `polder-tenant migrate` \
                                      with the role that owns the tables, then start again";

pub(crate) const TABLE: &str = "CREATE TABLE IF NOT EXISTS schema_migration (
    version BIGINT PRIMARY KEY,
    name TEXT NOT NULL,
    checksum TEXT NOT NULL,
    applied_at BIGINT NOT NULL
)";

async fn apply(tx: &mut Tx, migrations: &[Migration], now: Timestamp) -> Result<(), Error> {
    tx.script(TABLE).await?;
    let applied = applied(tx).await?;
    for migration in missing(&applied, migrations)? {
        tx.script(migration.sql).await?;
        tx.execute(
            "INSERT INTO schema_migration (version, name, checksum, applied_at) VALUES ($1, $2, $3, $4)",
            &args![migration.version, migration.name, checksum_of(migration.sql), now],
        )
        .await?;
    }
    Ok(())
}

/// Version and checksum of what was applied, oldest first.
async fn applied(tx: &mut Tx) -> Result<Vec<(i64, String)>, Error> {
    tx.all("SELECT version, checksum FROM schema_migration ORDER BY version", &[], |row| {
        Ok((row.int("version")?, row.text("checksum")?))
    })
    .await
}

/// What is left to be applied, oldest first.
fn missing<'m>(applied: &[(i64, String)], migrations: &'m [Migration]) -> Result<Vec<&'m Migration>, Error> {
    for (version, checksum) in applied {
        match migrations.iter().find(|migration| migration.version == *version) {
            None => {
                return Err(Error::Migration(format!("{version} is not known: the database is of a newer version")));
            }
            Some(migration) if checksum_of(migration.sql) != *checksum => {
                return Err(Error::Migration(format!(
                    "{version} ({}) was changed after it was applied",
                    migration.name
                )));
            }
            Some(_) => {}
        }
    }
    let is_missing = |migration: &&Migration| !applied.iter().any(|(version, _)| *version == migration.version);
    let mut missing: Vec<&Migration> = migrations.iter().filter(is_missing).collect();
    missing.sort_unstable_by_key(|migration| migration.version);
    // What came later was written for what comes before it, and was tried in that order alone.
    let newest = applied.iter().map(|(version, _)| *version).max().unwrap_or(0);
    match missing.first() {
        Some(first) if first.version < newest => Err(Error::Migration(format!(
            "{} ({}) was never applied, though {newest} was: the database was made by a version in between two \
             releases; restore it from a backup, or start with an empty one",
            first.version, first.name
        ))),
        _ => Ok(missing),
    }
}

impl Tx {
    /// Whether the table of migrations is there; every SQLite file of ours begins with it.
    async fn has_migrations(&mut self) -> Result<bool, Error> {
        if self.is_sqlite() {
            return Ok(true);
        }
        const SQL: &str = "SELECT CAST(to_regclass('schema_migration') AS TEXT) AS name";
        Ok(self.optional(SQL, &[], |row| row.opt_text("name")).await?.flatten().is_some())
    }

    /// Whether this role may change the schema.
    pub(crate) async fn may_change_schema(&mut self) -> Result<bool, Error> {
        if self.is_sqlite() {
            return Ok(true);
        }
        const SQL: &str = "SELECT CAST(CASE WHEN has_schema_privilege(current_schema(), 'CREATE') THEN 1 ELSE 0 END \
                           AS BIGINT) AS may";
        Ok(self.optional(SQL, &[], |row| row.int("may")).await?.is_some_and(|may| may == 1))
    }
}

/// FNV-1a over the text: finds an edited file; it is no protection against an attacker, who could
/// change the table as well.
fn checksum_of(text: &str) -> String {
    let hash = text
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3));
    format!("{hash:016x}")
}
