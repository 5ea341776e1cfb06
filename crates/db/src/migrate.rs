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
    /// Applies what is missing of `migrations`, all in one transaction.
    ///
    /// # Errors
    /// [`Error::Migration`] when an applied migration is not the one given here any more, or when
    /// the database has one that this program does not know: it belongs to a newer program.
    pub async fn migrate(&self, migrations: &[Migration], now: Timestamp) -> Result<(), Error> {
        let migrations = migrations.to_vec();
        self.write(move |tx| Box::pin(async move { apply(tx, &migrations, now).await })).await
    }
}

pub(crate) const TABLE: &str = "CREATE TABLE IF NOT EXISTS schema_migration (
    version BIGINT PRIMARY KEY,
    name TEXT NOT NULL,
    checksum TEXT NOT NULL,
    applied_at BIGINT NOT NULL
)";

async fn apply(tx: &mut Tx, migrations: &[Migration], now: Timestamp) -> Result<(), Error> {
    tx.script(TABLE).await?;
    let applied = tx
        .all("SELECT version, checksum FROM schema_migration ORDER BY version", &[], |row| {
            Ok((row.int("version")?, row.text("checksum")?))
        })
        .await?;
    for (version, checksum) in &applied {
        match migrations.iter().find(|migration| migration.version == *version) {
            None => {
                return Err(Error::Migration(format!("{version} is not known: the database is of a newer version")));
            }
            Some(migration) if checksum_of(migration) != *checksum => {
                return Err(Error::Migration(format!(
                    "{version} ({}) was changed after it was applied",
                    migration.name
                )));
            }
            Some(_) => {}
        }
    }
    let newest = applied.last().map_or(0, |(version, _)| *version);
    let mut missing: Vec<&Migration> = migrations.iter().filter(|migration| migration.version > newest).collect();
    missing.sort_unstable_by_key(|migration| migration.version);
    for migration in missing {
        tx.script(migration.sql).await?;
        tx.execute(
            "INSERT INTO schema_migration (version, name, checksum, applied_at) VALUES ($1, $2, $3, $4)",
            &args![migration.version, migration.name, checksum_of(migration), now],
        )
        .await?;
    }
    Ok(())
}

/// FNV-1a over the text: finds an edited file; it is no protection against an attacker, who could
/// change the table as well.
fn checksum_of(migration: &Migration) -> String {
    let hash = migration
        .sql
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3));
    format!("{hash:016x}")
}
