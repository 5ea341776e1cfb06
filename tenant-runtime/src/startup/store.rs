//! Opening the data folder and the seal key file, with an answer a person can act on.

use std::fs::{self, File, OpenOptions};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

use polder_crypto::SealKey;
use polder_db::{Db, Location};
use polder_kernel::Secret;
use rustix::fs::{FlockOperation, flock};

use super::Refused;
use crate::settings::Store;

/// The opened store. The lock is held for as long as this lives.
pub struct Opened {
    /// The database.
    pub db: Db,
    /// What opens its data keys.
    pub seal_key: SealKey,
    /// Keeps a second program out of the folder.
    pub lock: Option<File>,
}

/// Readers beside the one writer: requests wait for a reader no longer than a query takes.
const READERS: usize = 4;

/// Opens what `--data` or `--database` and `--seal-key` name. A data folder that does not exist is
/// made; one that holds something else is refused before anything is written.
///
/// # Errors
/// In one line what is wrong.
pub async fn open(store: &Store) -> Result<Opened, Refused> {
    let seal_key = read_seal_key(&store.seal_key)?;
    let (location, lock) = match (&store.data, &store.database) {
        (Some(folder), _) => (Location::Sqlite(folder.join("tenant.db")), Some(claim(folder)?)),
        (None, Some(url)) => (database(url)?, None),
        (None, None) => return Err(Refused::Other("give --data DIR or --database URL".into())),
    };
    Ok(Opened { db: Db::open(&location, READERS).await?, seal_key, lock })
}

/// The address itself, or the file that holds it: an argument can be read by everybody on the machine.
fn database(given: &Secret<String>) -> Result<Location, Refused> {
    let bad =
        |_| Refused::Other("--database must be postgres://user@host/name, or file:PATH of a file with that".into());
    let Some(file) = given.expose().strip_prefix("file:") else { return given.expose().parse().map_err(bad) };
    let text = fs::read_to_string(file).map(Secret::new);
    let text = text.map_err(|error| Refused::Other(format!("cannot read {file}: {error}")))?;
    text.expose().trim_end().parse().map_err(bad)
}

fn read_seal_key(file: &Path) -> Result<SealKey, Refused> {
    let text = fs::read_to_string(file).map(Secret::new).map_err(|error| {
        Refused::Other(format!(
            "cannot read the seal key file {}: {error}; `polder-tenant seal-key FILE` makes one",
            file.display()
        ))
    })?;
    SealKey::parse(text.expose()).map_err(|_| Refused::Other(format!("{} is not a seal key file", file.display())))
}

/// Makes sure that the folder is ours, and only ours while we run.
fn claim(folder: &Path) -> Result<File, Refused> {
    let shown = folder.display();
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .map_err(|error| Refused::Other(format!("cannot use the data folder {shown}: {error}")))?;
    let mut entries = fs::read_dir(folder)
        .map_err(|error| Refused::Other(format!("cannot read the data folder {shown}: {error}")))?
        .filter_map(Result::ok)
        .peekable();
    let ours = |name: &std::ffi::OsStr| name == "tenant.db" || name == "lock";
    if entries.peek().is_some() && !entries.any(|entry| ours(&entry.file_name())) {
        return Err(Refused::Other(format!(
            "{shown} is not empty and not a tenant's data folder: give another --data"
        )));
    }
    let lock = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(folder.join("lock"))
        .map_err(|error| Refused::Other(format!("cannot write to the data folder {shown}: {error}")))?;
    flock(&lock, FlockOperation::NonBlockingLockExclusive).map_err(|_| {
        Refused::Other(format!("another polder-tenant is using the data folder {shown}: stop it first"))
    })?;
    Ok(lock)
}
