//! `polder-tenant migrate`: brings the database to this program's schema, with the role that owns the
//! tables. The role that serves may then do without the right to change them.

use polder_db::Db;
use polder_kernel::Clock;

use crate::settings::Migrate;
use crate::startup::{self, AUDIT_GUARD, MIGRATIONS, Refused};

/// Migrates, guards the audit log, and grants the runtime role what it needs, where one is named.
pub(super) async fn run(migrate: Migrate) -> Result<(), Refused> {
    let (location, lock) = startup::locate(migrate.data.as_deref(), migrate.database.as_ref())?;
    let db = Db::open(&location, 1).await?;
    db.migrate(MIGRATIONS, Clock::System.now()).await?;
    db.guard_audit(AUDIT_GUARD).await?;
    if let Some(runtime) = migrate.runtime_role {
        db.grant_runtime(runtime).await?;
    }
    db.close().await;
    drop(lock);
    Ok(())
}

/// Prints the name of this program's schema: another one means that there is something to migrate.
pub(super) fn print_schema() {
    println!("{}", polder_db::fingerprint(MIGRATIONS, AUDIT_GUARD));
}
