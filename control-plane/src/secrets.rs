//! Keys as files, outside every tenant's folder: written once, never changed, readable by us alone (K3, G18).

use std::fs::{self, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use polder_kernel::Secret;

/// The folder of secrets.
#[derive(Clone, Debug)]
pub struct Secrets {
    folder: PathBuf,
}

/// What a secret file is for. The name of a tenant's holds its short id.
#[derive(Clone, Debug)]
pub enum Name<'a> {
    /// The control plane's own seal key.
    ControlSeal,
    /// A tenant's seal key. The tenant reads it; the control plane only makes it.
    TenantSeal(&'a str),
    /// The key that signs the control plane's word to a tenant.
    TenantAdmin(&'a str),
    /// Its public half, which the tenant reads.
    TenantAdminPublic(&'a str),
}

impl Name<'_> {
    fn file(&self) -> String {
        match self {
            Self::ControlSeal => "control.seal".to_owned(),
            Self::TenantSeal(tenant) => format!("{tenant}.seal"),
            Self::TenantAdmin(tenant) => format!("{tenant}.admin"),
            Self::TenantAdminPublic(tenant) => format!("{tenant}.admin.pub"),
        }
    }
}

impl Secrets {
    /// The secrets in `folder`, which is made for us alone where it is missing.
    ///
    /// # Errors
    /// When the folder cannot be made or closed to others.
    pub fn open(folder: PathBuf) -> io::Result<Self> {
        fs::create_dir_all(&folder)?;
        fs::set_permissions(&folder, Permissions::from_mode(0o700))?;
        Ok(Self { folder })
    }

    /// Where a secret is, for a child's arguments.
    pub fn path(&self, name: &Name<'_>) -> PathBuf {
        self.folder.join(name.file())
    }

    /// Whether a secret is there.
    pub fn has(&self, name: &Name<'_>) -> bool {
        self.path(name).exists()
    }

    /// A secret, if it is there.
    ///
    /// # Errors
    /// When it is there and cannot be read.
    pub fn read(&self, name: &Name<'_>) -> io::Result<Option<Secret<String>>> {
        match fs::read_to_string(self.path(name)) {
            Ok(text) => Ok(Some(Secret::new(text))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Keeps a secret. One that is there already stays: a second one would make what the first
    /// sealed unreadable. It appears whole or not at all, and is on the disk when this returns.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn keep(&self, name: &Name<'_>, secret: &Secret<String>) -> io::Result<()> {
        let path = self.path(name);
        let draft = self.folder.join(format!(".{}.new", name.file()));
        remove_if_there(&draft)?;
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft)?;
        file.write_all(secret.expose().as_bytes())?;
        file.sync_all()?;
        // A link, unlike a rename, never replaces what is there.
        match fs::hard_link(&draft, &path) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
            _ => {}
        }
        fs::remove_file(&draft)?;
        sync_folder(&self.folder)
    }
}

fn remove_if_there(path: &Path) -> io::Result<()> {
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
    fs::File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn g18_secrets_are_readable_by_their_owner_alone() {
        let folder = tempfile::tempdir().unwrap();
        let secrets = Secrets::open(folder.path().join("secrets")).unwrap();
        let name = Name::TenantSeal("abc");
        secrets.keep(&name, &Secret::new("first".to_owned())).unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&secrets.path(&name)), 0o600);
        assert_eq!(mode(&folder.path().join("secrets")), 0o700);
        assert_eq!(fs::read_dir(folder.path().join("secrets")).unwrap().count(), 1, "no draft is left");
    }

    #[test]
    fn k3_a_secret_is_never_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let secrets = Secrets::open(folder.path().to_owned()).unwrap();
        let name = Name::ControlSeal;
        assert!(secrets.read(&name).unwrap().is_none());
        secrets.keep(&name, &Secret::new("first".to_owned())).unwrap();
        // A draft that a killed control plane left behind is in nobody's way.
        fs::write(folder.path().join(".control.seal.new"), "half").unwrap();
        secrets.keep(&name, &Secret::new("second".to_owned())).unwrap();
        assert_eq!(secrets.read(&name).unwrap().unwrap().expose(), "first");
    }
}
