//! Secrets as files: one each, readable by us alone, outside every tenant's folder and every backup.
//!
//! A secret appears whole or not at all, and is on the disk when a call returns. What takes another's place
//! leaves nothing of it behind: the old file is overwritten before it goes. (On storage that never writes in
//! place, such as SSDs and copying file systems, the medium may keep the blocks for a while: encrypt the disk.)
//!
//! ```text
//! put       .ID.new (written, on disk) ─────────────> ID
//! replace   .ID.new, ID linked as .ID.old ─rename───> ID, .ID.old ─overwrite, unlink─> gone
//! ```
//!
//! Killed anywhere, the next [`SecretStore::open`] clears away what lies between.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use polder_kernel::Secret;

/// The folder of secrets.
#[derive(Clone, Debug)]
pub struct SecretStore {
    folder: PathBuf,
}

/// Names a secret and says nothing about it: lower-case letters, digits, hyphens and dots, a letter or digit first.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SecretId(String);

impl SecretId {
    /// The id, if the text is one.
    pub fn new(text: impl Into<String>) -> Option<Self> {
        let text = text.into();
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
        let right = text.starts_with(plain) && text.len() <= 128 && text.chars().all(|c| plain(c) || ".-".contains(c));
        right.then_some(Self(text))
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl SecretStore {
    /// The secrets in `folder`, which is made for us alone where it is missing. What a killed process
    /// left half done is cleared away.
    ///
    /// # Errors
    /// When the folder cannot be made, closed to others or tidied.
    pub fn open(folder: PathBuf) -> io::Result<Self> {
        fs::create_dir_all(&folder)?;
        fs::set_permissions(&folder, Permissions::from_mode(0o700))?;
        let store = Self { folder };
        store.tidy()?;
        Ok(store)
    }

    /// Where a secret is, for a program that reads it there.
    pub fn path(&self, id: &SecretId) -> PathBuf {
        self.folder.join(&id.0)
    }

    /// The secret, if it is there.
    ///
    /// # Errors
    /// When it is there and cannot be read.
    pub fn get(&self, id: &SecretId) -> io::Result<Option<Secret<String>>> {
        match fs::read_to_string(self.path(id)) {
            Ok(text) => Ok(Some(Secret::new(text))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Every secret's id, in order.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn list(&self) -> io::Result<Vec<SecretId>> {
        let names = self.names()?;
        let mut ids: Vec<SecretId> = names.into_iter().filter_map(SecretId::new).collect();
        ids.sort();
        Ok(ids)
    }

    /// Keeps a secret under an id that has none. One that is there already stays: a second one would make
    /// what the first sealed unreadable.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn put(&self, id: &SecretId, secret: &Secret<String>) -> io::Result<()> {
        let draft = self.draft(id, secret)?;
        // A link, unlike a rename, never replaces what is there.
        match fs::hard_link(&draft, self.path(id)) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
            _ => {}
        }
        fs::remove_file(&draft)?;
        sync_folder(&self.folder)
    }

    /// Keeps a secret in place of the one that is there, if one is.
    ///
    /// # Errors
    /// When it cannot be written; the earlier one is still there then.
    pub fn replace(&self, id: &SecretId, secret: &Secret<String>) -> io::Result<()> {
        let draft = self.draft(id, secret)?;
        self.take_place(&draft, id)
    }

    /// Moves the secret `from` to the place of `id`; the one that was there is destroyed. Done before, it
    /// does nothing.
    ///
    /// # Errors
    /// When the file system refuses; one of the two is under `id` then, the other is not lost before.
    pub fn promote(&self, from: &SecretId, id: &SecretId) -> io::Result<()> {
        if !self.path(from).exists() {
            return Ok(());
        }
        self.take_place(&self.path(from), id)
    }

    /// Destroys a secret: overwritten, on the disk, then unlinked. One that is not there is gone already.
    ///
    /// # Errors
    /// When it is there and stays.
    pub fn delete(&self, id: &SecretId) -> io::Result<()> {
        destroy(&self.path(id))?;
        sync_folder(&self.folder)
    }

    fn take_place(&self, new: &Path, id: &SecretId) -> io::Result<()> {
        let (path, old) = (self.path(id), self.folder.join(format!(".{}.old", id.0)));
        unlink(&old)?;
        let there = match fs::hard_link(&path, &old) {
            Ok(()) => true,
            Err(error) if error.kind() == io::ErrorKind::NotFound => false,
            Err(error) => return Err(error),
        };
        fs::rename(new, &path)?;
        sync_folder(&self.folder)?;
        if there {
            destroy(&old)?;
            sync_folder(&self.folder)?;
        }
        Ok(())
    }

    /// A secret on the disk, under no id of its own yet.
    fn draft(&self, id: &SecretId, secret: &Secret<String>) -> io::Result<PathBuf> {
        let draft = self.folder.join(format!(".{}.new", id.0));
        unlink(&draft)?;
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft)?;
        file.write_all(secret.expose().as_bytes())?;
        file.sync_all()?;
        Ok(draft)
    }

    /// Clears away drafts and what was replaced. A name that shares its file with a secret only goes; the
    /// file stays.
    fn tidy(&self) -> io::Result<()> {
        let mut tidied = false;
        for name in self.names()? {
            let Some(between) = name.strip_prefix('.') else { continue };
            let Some(id) = between.strip_suffix(".new").or_else(|| between.strip_suffix(".old")) else { continue };
            let left = self.folder.join(&name);
            let file = |path: &Path| fs::symlink_metadata(path).map(|data| (data.dev(), data.ino())).ok();
            if file(&left) == file(&self.folder.join(id)) {
                unlink(&left)?;
            } else {
                destroy(&left)?;
            }
            tidied = true;
        }
        if tidied { sync_folder(&self.folder) } else { Ok(()) }
    }

    fn names(&self) -> io::Result<Vec<String>> {
        let entries = fs::read_dir(&self.folder)?.collect::<io::Result<Vec<_>>>()?;
        Ok(entries.into_iter().filter_map(|entry| entry.file_name().into_string().ok()).collect())
    }
}

/// Overwrites a file's content where it lies and unlinks it. A link is removed and not followed.
fn destroy(path: &Path) -> io::Result<()> {
    let flags = i32::try_from(rustix::fs::OFlags::NOFOLLOW.bits()).unwrap_or(0);
    match OpenOptions::new().write(true).custom_flags(flags).open(path) {
        Ok(mut file) => {
            let length = usize::try_from(file.metadata()?.len()).unwrap_or(0);
            file.write_all(&vec![0; length])?;
            file.sync_all()?;
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) if error.raw_os_error() == Some(rustix::io::Errno::LOOP.raw_os_error()) => {}
        Err(error) => return Err(error),
    }
    unlink(path)
}

fn unlink(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Makes names that were added to or taken from a folder survive a loss of power.
///
/// # Errors
/// When the disk refuses.
pub fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;

    fn id(text: &str) -> SecretId {
        SecretId::new(text).unwrap()
    }

    fn secret(text: &str) -> Secret<String> {
        Secret::new(text.to_owned())
    }

    fn read(store: &SecretStore, name: &str) -> Option<String> {
        store.get(&id(name)).unwrap().map(|text| text.expose().clone())
    }

    fn store() -> (tempfile::TempDir, SecretStore) {
        let folder = tempfile::tempdir().unwrap();
        let store = SecretStore::open(folder.path().join("secrets")).unwrap();
        (folder, store)
    }

    #[test]
    fn g18_secrets_are_readable_by_their_owner_alone() {
        let (folder, store) = store();
        store.put(&id("abc.seal"), &secret("first")).unwrap();
        store.replace(&id("abc.seal"), &secret("second")).unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&store.path(&id("abc.seal"))), 0o600);
        assert_eq!(mode(&folder.path().join("secrets")), 0o700);
        assert_eq!(store.list().unwrap(), [id("abc.seal")]);
        assert_eq!(fs::read_dir(folder.path().join("secrets")).unwrap().count(), 1, "nothing lies between");
    }

    #[test]
    fn g18_an_id_cannot_lead_anywhere_else() {
        for wrong in ["", ".", "..", ".hidden", "../seal", "a/b", "A", "a b", "a\0", "a%2f", "ä", &"a".repeat(129)] {
            assert_eq!(SecretId::new(wrong), None, "{wrong}");
        }
        assert!(SecretId::new("0k3f.seal.next").is_some());
    }

    #[test]
    fn k3_a_secret_is_never_replaced_by_putting_another() {
        let (_folder, store) = store();
        store.put(&id("a"), &secret("first")).unwrap();
        store.put(&id("a"), &secret("second")).unwrap();
        assert_eq!(read(&store, "a").as_deref(), Some("first"));
        assert_eq!(read(&store, "b"), None);
    }

    #[test]
    fn k3_what_is_destroyed_or_replaced_is_overwritten_first() {
        let (_folder, store) = store();
        let content = |mut file: File| {
            let mut text = Vec::new();
            file.read_to_end(&mut text).unwrap();
            text
        };
        let open = |name: &str| File::open(store.path(&id(name))).unwrap();
        store.put(&id("a"), &secret("first")).unwrap();
        let held = open("a");
        store.delete(&id("a")).unwrap();
        store.delete(&id("a")).unwrap();
        assert_eq!(content(held), [0; 5], "who held it open finds nothing");
        assert_eq!(read(&store, "a"), None);
        store.put(&id("a"), &secret("first")).unwrap();
        let held = open("a");
        store.replace(&id("a"), &secret("second")).unwrap();
        assert_eq!(content(held), [0; 5]);
        let held = open("a");
        store.put(&id("a.next"), &secret("third")).unwrap();
        store.promote(&id("a.next"), &id("a")).unwrap();
        store.promote(&id("a.next"), &id("a")).unwrap();
        assert_eq!((content(held), read(&store, "a").as_deref()), (vec![0; 6], Some("third")));
        assert_eq!(store.list().unwrap(), [id("a")]);
    }

    #[test]
    fn k3_a_process_killed_while_it_replaces_loses_nothing() {
        let (folder, store) = store();
        let at = |name: &str| folder.path().join("secrets").join(name);
        let again = || SecretStore::open(folder.path().join("secrets")).unwrap();
        store.put(&id("a"), &secret("first")).unwrap();
        store.put(&id("a.next"), &secret("second")).unwrap();
        // After the old one was linked, before the new one took its place.
        fs::hard_link(at("a"), at(".a.old")).unwrap();
        let store = again();
        assert_eq!((read(&store, "a").as_deref(), at(".a.old").exists()), (Some("first"), false));
        // After it took its place.
        fs::hard_link(at("a"), at(".a.old")).unwrap();
        fs::rename(at("a.next"), at("a")).unwrap();
        let held = File::open(at(".a.old")).unwrap();
        let store = again();
        assert_eq!((read(&store, "a").as_deref(), at(".a.old").exists()), (Some("second"), false));
        let mut text = String::new();
        { held }.read_to_string(&mut text).unwrap();
        assert_eq!(text, "\0\0\0\0\0");
        // Drafts: one that was linked and one that was not.
        fs::hard_link(at("a"), at(".a.new")).unwrap();
        fs::write(at(".b.new"), "half").unwrap();
        let store = again();
        assert_eq!((read(&store, "a").as_deref(), store.list().unwrap()), (Some("second"), vec![id("a")]));
        assert!(!at(".a.new").exists() && !at(".b.new").exists());
    }

    #[test]
    fn g18_a_link_in_a_secrets_place_is_not_followed() {
        let (folder, store) = store();
        let elsewhere = folder.path().join("elsewhere");
        fs::write(&elsewhere, "precious").unwrap();
        std::os::unix::fs::symlink(&elsewhere, store.path(&id("a"))).unwrap();
        store.delete(&id("a")).unwrap();
        assert_eq!(fs::read_to_string(&elsewhere).unwrap(), "precious");
        assert!(fs::symlink_metadata(store.path(&id("a"))).is_err());
    }
}
