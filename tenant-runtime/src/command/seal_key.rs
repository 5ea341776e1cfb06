//! `polder-tenant seal-key FILE`: a new seal key in a file of its owner's alone. `polder-tenant rotate-seal-key`:
//! a new one in the place of the one in use.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use polder_crypto::SealKey;
use polder_kernel::{Clock, Entropy};

use crate::keys::seal::next_to;
use crate::settings::Store;
use crate::startup::{self, Opened, Refused};

/// Writes the file. An existing one is never overwritten: it may be the only copy.
pub(super) fn write(file: &Path) -> Result<(), Refused> {
    let text = SealKey::generate(&Entropy::System).to_text();
    let made = OpenOptions::new().write(true).create_new(true).mode(0o600).open(file);
    let written = made.and_then(|mut out| {
        out.write_all(text.expose().as_bytes())?;
        out.sync_all()?;
        sync_folder_of(file)
    });
    written.map_err(|error| Refused::Other(format!("cannot write {}: {error}", file.display())))
}

/// Makes the next key beside the one in use, wraps the data keys under it, and lets it take the other's
/// place. Each step is on the disk before the next begins; what was done before an interruption stays.
pub(super) async fn rotate(store: &Store) -> Result<(), Refused> {
    let file = &store.seal_key;
    let next = next_to(file);
    // Opened first: a key is made only for a tenant that its present key opens.
    let Opened { db, seal_key, lock } = startup::open(store).await?;
    let (clock, entropy) = (Clock::System, Entropy::System);
    startup::open_database(&db, &seal_key, &clock, &entropy).await?;
    if !next.exists() {
        write(&next)?;
    }
    let keys = crate::keys::SealKeys::read(file).map_err(|wrong| Refused::Other(wrong.to_string()))?;
    startup::open_and_rewrap(&db, &keys, &clock, &entropy).await?;
    db.close().await;
    let moved = take_place(&next, file);
    drop(lock);
    moved.map_err(|error| Refused::Other(format!("cannot move {}: {error}; run it again", next.display())))
}

/// Moves the next key to the place of the old one, which is overwritten.
fn take_place(next: &Path, file: &Path) -> io::Result<()> {
    let mut old = OpenOptions::new().write(true).open(file)?;
    let length = usize::try_from(old.metadata()?.len()).unwrap_or(0);
    fs::rename(next, file)?;
    sync_folder_of(file)?;
    old.write_all(&vec![0; length])?;
    old.sync_all()
}

fn sync_folder_of(file: &Path) -> io::Result<()> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
    File::open(folder)?.sync_all()
}
