//! A user id of its own for each tenant, the same for ever.
//!
//! A process without capabilities is as strong as its user id, in a container or not: two tenants that shared one could
//! signal each other and read each other's files wherever a wall has a hole. Ids come from a range no
//! distribution gives out (systemd's "unused" one below 2^31); each installation has a block of it,
//! so that two on one host hardly meet.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use polder_crypto::sha256;
use polder_kernel::Entropy;
use serde::{Deserialize, Serialize};

use crate::dev::folder::write_whole;

/// The first id of the range.
const FIRST: u32 = 1_900_000_000;

/// Ids of one installation.
const BLOCK: u32 = 20_000;

/// Blocks in the range.
const BLOCKS: u32 = 10_000;

/// A tenant's user and group on the host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct User {
    /// The user id.
    pub uid: u32,
    /// The group id.
    pub gid: u32,
}

/// Which tenant has which user id.
pub struct Users {
    file: PathBuf,
    given: Mutex<Given>,
}

#[derive(Clone, Serialize, Deserialize)]
struct Given {
    next: u32,
    users: BTreeMap<String, u32>,
}

impl Users {
    /// The ids that `folder` holds, or the first of the installation's block.
    ///
    /// # Errors
    /// When the file is there and cannot be read.
    pub fn open(folder: &Path, installation: &str) -> io::Result<Self> {
        let file = folder.join("users.json");
        let given = match std::fs::read(&file) {
            Ok(text) => serde_json::from_slice(&text)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                Given { next: first(installation), users: BTreeMap::new() }
            }
            Err(error) => return Err(error),
        };
        Ok(Self { file, given: Mutex::new(given) })
    }

    /// The user of a tenant. One that has none yet gets the next; it is on the disk when this returns.
    ///
    /// # Errors
    /// When it cannot be kept, or the block is used up.
    pub fn of(&self, short_id: &str) -> io::Result<User> {
        let mut given = self.given.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(&uid) = given.users.get(short_id) {
            return Ok(User { uid, gid: uid });
        }
        let uid = given.next;
        if uid >= FIRST + BLOCK * BLOCKS || given.users.len() >= BLOCK as usize {
            return Err(io::Error::other("there are no user ids left for tenants"));
        }
        let mut more = given.clone();
        // Never given out again: files of a tenant that is gone may lie in a backup.
        more.next += 1;
        more.users.insert(short_id.to_owned(), uid);
        let folder = self.file.parent().unwrap_or(Path::new("/"));
        write_whole(folder, &self.file, &serde_json::to_vec(&more)?)?;
        *given = more;
        Ok(User { uid, gid: uid })
    }
}

/// The id of this control plane among others of the host: made once, kept in `folder`. Containers are
/// labelled with it.
///
/// # Errors
/// When it cannot be read or kept.
pub fn installation(folder: &Path, entropy: &Entropy) -> io::Result<String> {
    let file = folder.join("installation");
    match std::fs::read_to_string(&file) {
        Ok(id) => Ok(id),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            std::fs::create_dir_all(folder)?;
            let id: String = entropy.bytes::<6>().iter().map(|byte| format!("{byte:02x}")).collect();
            write_whole(folder, &file, id.as_bytes())?;
            Ok(id)
        }
        Err(error) => Err(error),
    }
}

fn first(installation: &str) -> u32 {
    let hash = sha256(installation.as_bytes());
    FIRST + u32::from_be_bytes([hash[0], hash[1], hash[2], hash[3]]) % BLOCKS * BLOCK
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_installation_keeps_its_id() {
        let folder = tempfile::tempdir().unwrap();
        let docker = folder.path().join("docker");
        let id = installation(&docker, &Entropy::System).unwrap();
        assert_eq!(installation(&docker, &Entropy::System).unwrap(), id);
        assert_eq!(id.len(), 12);
    }

    #[test]
    fn g11_every_tenant_has_a_user_of_its_own_and_keeps_it() {
        let folder = tempfile::tempdir().unwrap();
        let users = Users::open(folder.path(), "one").unwrap();
        let (a, b) = (users.of("a").unwrap(), users.of("b").unwrap());
        assert_ne!(a.uid, b.uid);
        assert!(a.uid >= FIRST && b.uid < FIRST + BLOCK * BLOCKS);
        assert_eq!(users.of("a").unwrap(), a);
        let again = Users::open(folder.path(), "one").unwrap();
        assert_eq!((again.of("b").unwrap(), again.of("a").unwrap()), (b, a));
        assert!(![a.uid, b.uid].contains(&again.of("c").unwrap().uid));
    }

    #[test]
    fn a_damaged_list_of_users_is_not_begun_again() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("users.json"), "{").unwrap();
        assert!(Users::open(folder.path(), "one").is_err());
    }
}
