//! The file that says which country an address is in, put where every tenant may read it and nothing else.
//!
//! Tenants get a copy in a folder of its own, not the operator's file: what else lies beside that is none of
//! theirs, and one that is replaced while a tenant reads it would be half of two.

use std::fs::{self, DirBuilder, File, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};

use crate::layout::Layout;

/// Copies `file` for tenants to read; without one, what an earlier start copied is removed.
///
/// # Errors
/// The path that cannot be read or written.
pub fn put(layout: &Layout, file: Option<&Path>) -> Result<(), (PathBuf, io::Error)> {
    let (folder, place) = (layout.places(), layout.places_file());
    let Some(file) = file else {
        return match fs::remove_dir_all(&folder) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err((folder, error)),
            _ => Ok(()),
        };
    };
    // Opened first: a file that cannot be read leaves nothing half done.
    let mut source = File::open(file).map_err(|error| (file.to_owned(), error))?;
    let next = folder.join("next");
    let written = DirBuilder::new().recursive(true).mode(0o755).create(&folder).and_then(|()| {
        let mut copy = File::create(&next)?;
        io::copy(&mut source, &mut copy)?;
        // No secret, and tenants may run as users of their own.
        copy.set_permissions(Permissions::from_mode(0o444))?;
        copy.sync_all()?;
        fs::rename(&next, &place)
    });
    written.map_err(|error| (place, error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn k7_tenants_get_a_copy_of_the_file_and_nothing_beside_it() {
        let host = tempfile::tempdir().unwrap();
        let layout = Layout::new(host.path().join("data"));
        let own = host.path().join("own.mmdb");
        fs::write(&own, "first").unwrap();
        fs::create_dir(layout.root()).unwrap();
        for content in ["first", "second"] {
            fs::write(&own, content).unwrap();
            put(&layout, Some(&own)).unwrap();
            assert_eq!(fs::read_to_string(layout.places_file()).unwrap(), content);
            assert_eq!(fs::read_dir(layout.places()).unwrap().count(), 1);
            assert_eq!(fs::metadata(layout.places_file()).unwrap().permissions().mode() & 0o777, 0o444);
        }
        let (path, _) = put(&layout, Some(&host.path().join("missing"))).unwrap_err();
        assert!(path.ends_with("missing"), "the operator's own path is named");
        assert!(layout.places_file().exists(), "nothing is lost by that");
        put(&layout, None).unwrap();
        assert!(!layout.places().exists());
        put(&layout, None).unwrap();
    }
}
