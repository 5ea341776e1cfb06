//! Secrets on their way into a container: copies in the host's memory, mounted read-only.
//!
//! `docker cp` does not write to a read-only root, and environment and arguments can be read by
//! `docker inspect`. So each tenant has a folder on a tmpfs of the host, which is gone when the host
//! is switched off and never part of a backup; it is written again before each start.

use std::fs::{self, DirBuilder, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};

use polder_kernel::Secret;
use rustix::process::geteuid;

use crate::driver::SecretFile;
use crate::driver::users::User;

/// What `statfs` says of a tmpfs (Linux, `magic.h`).
const TMPFS: u64 = 0x0102_1994;

/// The folder in memory that holds one folder per tenant.
#[derive(Clone, Debug)]
pub struct Delivery {
    folder: PathBuf,
}

impl Delivery {
    /// The folder of this installation, made where it is missing, for us alone.
    ///
    /// # Errors
    /// When the host has no tmpfs we may use, or somebody else took the name.
    pub fn open(installation: &str) -> io::Result<Self> {
        let own = format!("/run/user/{}", geteuid().as_raw());
        let candidates = if geteuid().is_root() { ["/run", "/dev/shm"] } else { [own.as_str(), "/dev/shm"] };
        let found = candidates.into_iter().find(|path| is_tmpfs(Path::new(path)));
        let memory =
            found.ok_or_else(|| io::Error::other("secrets need a tmpfs at /run or /dev/shm, and there is none"))?;
        let folder = Path::new(memory).join(format!("polder-{installation}"));
        match DirBuilder::new().mode(0o700).create(&folder) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
            _ => {}
        }
        // Anybody may make names in /dev/shm: it counts only if it is ours, closed, and no link.
        let found = fs::symlink_metadata(&folder)?;
        if !found.is_dir() || found.uid() != geteuid().as_raw() || found.mode() & 0o077 != 0 {
            return Err(io::Error::other(format!("{} is somebody else's; remove it", folder.display())));
        }
        Ok(Self { folder })
    }

    /// The folder of a tenant's secrets.
    pub fn of(&self, short_id: &str) -> PathBuf {
        self.folder.join(short_id)
    }

    /// Puts copies of `secrets` there, readable by `user`, and removes others. A file is replaced
    /// whole, and only where it differs.
    ///
    /// # Errors
    /// When one cannot be read or written.
    pub fn put(&self, short_id: &str, secrets: &[SecretFile], user: User) -> io::Result<()> {
        let folder = self.of(short_id);
        fs::create_dir_all(&folder)?;
        let owned = geteuid().is_root();
        if owned {
            chown(&folder, Some(user.uid), Some(user.gid))?;
        }
        fs::set_permissions(&folder, Permissions::from_mode(if owned { 0o700 } else { 0o755 }))?;
        for secret in secrets {
            let path = folder.join(secret.name);
            let content = match fs::read(&secret.source) {
                Ok(content) => Secret::new(content),
                // One that was rotated away since it was asked for. A runtime that needs it says so.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    remove_if_there(&path)?;
                    continue;
                }
                Err(error) => return Err(error),
            };
            if Secret::new(fs::read(&path).unwrap_or_default()).expose() == content.expose() {
                continue;
            }
            let draft = folder.join(format!(".{}.new", secret.name));
            // One that a killed control plane left may be read-only already.
            remove_if_there(&draft)?;
            let mut file = OpenOptions::new().create_new(true).write(true).mode(0o600).open(&draft)?;
            file.write_all(content.expose())?;
            if owned {
                chown(&draft, Some(user.uid), Some(user.gid))?;
            }
            // The folder above keeps everybody else of the host out.
            file.set_permissions(Permissions::from_mode(if owned { 0o400 } else { 0o444 }))?;
            fs::rename(&draft, &path)?;
        }
        for entry in fs::read_dir(&folder)? {
            let entry = entry?;
            if !secrets.iter().any(|secret| entry.file_name() == secret.name) {
                fs::remove_file(entry.path())?;
            }
        }
        Ok(())
    }

    /// Removes a tenant's copies.
    ///
    /// # Errors
    /// When they stay.
    pub fn remove(&self, short_id: &str) -> io::Result<()> {
        match fs::remove_dir_all(self.of(short_id)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    /// Removes the folder, where no tenant has one in it any more.
    pub fn close(&self) {
        if let Err(error) = fs::remove_dir(&self.folder) {
            tracing::debug!(%error, "the folder of secrets in memory stays");
        }
    }
}

fn remove_if_there(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn is_tmpfs(path: &Path) -> bool {
    rustix::fs::statfs(path).is_ok_and(|found| u64::try_from(found.f_type) == Ok(TMPFS))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn g18_secrets_lie_in_memory_and_follow_their_source() {
        let home = tempfile::tempdir().unwrap();
        let installation = format!("test{}", std::process::id());
        let delivery = Delivery::open(&installation).unwrap();
        assert!(is_tmpfs(&delivery.of("")));
        let source = home.path().join("seal");
        fs::write(&source, "first").unwrap();
        let user = User { uid: 1_900_000_001, gid: 1_900_000_001 };
        let secrets = [SecretFile { name: "seal", source: source.clone() }];
        delivery.put("a", &secrets, user).unwrap();
        fs::write(&source, "second").unwrap();
        delivery.put("a", &secrets, user).unwrap();
        let copy = delivery.of("a").join("seal");
        assert_eq!(fs::read_to_string(&copy).unwrap(), "second");
        assert_eq!(fs::metadata(&copy).unwrap().mode() & 0o333, 0, "it is read-only");
        assert_eq!(fs::metadata(delivery.of("")).unwrap().mode() & 0o077, 0, "nobody else comes near");
        fs::write(delivery.of("a").join(".seal.new"), "half").unwrap();
        delivery.put("a", &secrets, user).unwrap();
        assert_eq!(fs::read_dir(delivery.of("a")).unwrap().count(), 1, "no draft is left");
        fs::remove_file(&source).unwrap();
        delivery.put("a", &secrets, user).unwrap();
        assert!(!copy.exists(), "what was rotated away goes");
        fs::write(&source, "third").unwrap();
        delivery.put("a", &secrets, user).unwrap();
        delivery.put("a", &[], user).unwrap();
        assert!(!copy.exists());
        delivery.remove("a").unwrap();
        delivery.close();
        assert!(!delivery.of("").exists());
    }
}
