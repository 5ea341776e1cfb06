//! A stand-in for `polder-tenant schema` and `polder-tenant migrate`: this very test program, started
//! again through a small script.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use polder_db::{AuditGuard, Db, Location, Migration};
use polder_kernel::{Secret, Timestamp};

/// The environment variable by which the script hands on the file with the address.
const FILE: &str = "POSTGRES_STAND_IN";

/// Writes the script.
pub(super) fn program(folder: &Path, schema: &str) -> PathBuf {
    let path = folder.join(format!("polder-tenant-{schema}"));
    if !path.exists() {
        let own = std::env::current_exe().unwrap();
        let test = "postgres::tests::stand_in::stands_in_for_the_migrations";
        let script = format!(
            "#!/bin/sh\n[ \"$1\" = schema ] && echo {schema} && exit\n\
             {FILE}=\"$3\" exec '{}' {test} --exact --nocapture\n",
            own.display()
        );
        fs::write(&path, script).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o700)).unwrap();
    }
    path
}

#[tokio::test(flavor = "multi_thread")]
async fn stands_in_for_the_migrations() {
    let Some(file) = std::env::var_os(FILE) else { return };
    let address = fs::read_to_string(file.to_str().unwrap().strip_prefix("file:").unwrap()).unwrap();
    let db = Db::open(&Location::Postgres(Secret::new(address)), 1).await.unwrap();
    let sql = include_str!("../../../../migrations/tenant/0001_first.sql");
    let first = Migration { version: 1, name: "first", sql };
    db.migrate(&[first], Timestamp::from_seconds(1)).await.unwrap();
    db.guard_audit(AuditGuard { keep_at_least: Some(Duration::from_secs(86_400)) }).await.unwrap();
    db.close().await;
}
