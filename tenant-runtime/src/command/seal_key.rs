//! `polder-tenant seal-key FILE`: a new seal key in a file of its owner's alone.

use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use polder_crypto::SealKey;
use polder_kernel::Entropy;

use crate::startup::Refused;

/// Writes the file. An existing one is never overwritten: it may be the only copy.
pub(super) fn write(file: &Path) -> Result<(), Refused> {
    let failed = |error: std::io::Error| Refused::Other(format!("cannot write {}: {error}", file.display()));
    let mut out = OpenOptions::new().write(true).create_new(true).mode(0o600).open(file).map_err(failed)?;
    let text = SealKey::generate(&Entropy::System).to_text();
    out.write_all(text.expose().as_bytes()).and_then(|()| out.sync_all()).map_err(failed)
}
