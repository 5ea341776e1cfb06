//! Opening the data folder and the seal key file, with an answer a person can act on.

use std::fs::{self, File, OpenOptions};
use std::os::fd::AsRawFd;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

use polder_db::{Db, Error, Location};
use polder_kernel::Secret;
use rustix::fs::{FlockOperation, flock};
use url::Url;

use super::Refused;
use crate::keys::SealKeys;
use crate::settings::Store;

/// The opened store. The lock is held for as long as this lives.
pub struct Opened {
    /// The database.
    pub db: Db,
    /// What opens its data keys.
    pub seal_key: SealKeys,
    /// Keeps a second program out of the data folder, or the socket's folder open.
    pub lock: Option<File>,
}

/// The longest path of a socket, in bytes.
const LONGEST_SOCKET: usize = 107;

/// Readers beside the one writer: requests wait for a reader no longer than a query takes.
const READERS: usize = 4;

/// Opens what `--data` or `--database` and `--seal-key` name. A data folder that does not exist is
/// made; one that holds something else is refused before anything is written.
///
/// # Errors
/// In one line what is wrong.
pub async fn open(store: &Store) -> Result<Opened, Refused> {
    let seal_key = SealKeys::read(&store.seal_key).map_err(|wrong| Refused::Other(wrong.to_string()))?;
    let (mut location, lock) = locate(store.data.as_deref(), store.database.as_ref())?;
    let mut folder = None;
    if let (Location::Postgres(address), Some(socket)) = (&location, &store.database_socket) {
        let (through, held) = by_socket(address, socket)?;
        (location, folder) = (Location::Postgres(through), held);
    }
    let db = Db::open_alone(&location, READERS).await.map_err(|error| match error {
        Error::Busy => Refused::Other("another polder-tenant serves this database: stop it first".to_owned()),
        error => error.into(),
    })?;
    Ok(Opened { db, seal_key, lock: lock.or(folder) })
}

/// Where the database is. A data folder is claimed: nobody else works in it while the lock lives.
///
/// # Errors
/// In one line what is wrong.
pub fn locate(data: Option<&Path>, url: Option<&Secret<String>>) -> Result<(Location, Option<File>), Refused> {
    match (data, url) {
        (Some(folder), _) => Ok((Location::Sqlite(folder.join("tenant.db")), Some(claim(folder)?))),
        (None, Some(url)) => Ok((database(url)?, None)),
        (None, None) => Err(Refused::Other("give --data DIR or --database URL".into())),
    }
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

/// The address with the server's place taken by a socket. One whose path is too long for a socket is
/// reached through its folder, which stays open for that.
fn by_socket(address: &Secret<String>, socket: &str) -> Result<(Secret<String>, Option<File>), Refused> {
    let bad = || Refused::Other("--database-socket is unix:/path/.s.PGSQL.PORT".to_owned());
    let path = Path::new(socket.strip_prefix("unix:").ok_or_else(bad)?);
    let name = path.file_name().and_then(|name| name.to_str()).ok_or_else(bad)?;
    let port: u16 = name.strip_prefix(".s.PGSQL.").and_then(|port| port.parse().ok()).ok_or_else(bad)?;
    let folder = path.parent().filter(|folder| folder.is_absolute()).ok_or_else(bad)?;
    let mut url = Url::parse(address.expose()).map_err(|_| bad())?;
    let (shown, held) = if path.as_os_str().len() <= LONGEST_SOCKET {
        (folder.to_str().ok_or_else(bad)?.to_owned(), None)
    } else {
        let held = File::open(folder)
            .map_err(|error| Refused::Other(format!("cannot open the folder {}: {error}", folder.display())))?;
        (format!("/proc/self/fd/{}", held.as_raw_fd()), Some(held))
    };
    url.query_pairs_mut().append_pair("host", &shown).append_pair("port", &port.to_string());
    Ok((Secret::new(url.to_string()), held))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_socket_takes_the_servers_place_in_the_address() {
        let address = Secret::new("postgres://t_a:secret@localhost/t_a".to_owned());
        let through = |socket: &str| by_socket(&address, socket).map(|(url, held)| (url.expose().clone(), held));
        let (url, held) = through("unix:/run/polder/.s.PGSQL.5432").unwrap();
        assert_eq!(url, "postgres://t_a:secret@localhost/t_a?host=%2Frun%2Fpolder&port=5432");
        assert!(held.is_none());
        let deep = std::env::temp_dir().join("x".repeat(100));
        fs::create_dir_all(&deep).unwrap();
        let (url, held) = through(&format!("unix:{}/.s.PGSQL.5432", deep.display())).unwrap();
        assert!(held.is_some() && url.contains("host=%2Fproc%2Fself%2Ffd%2F"), "{url}");
        fs::remove_dir(&deep).unwrap();
        for wrong in ["", "/run/.s.PGSQL.5432", "unix:/run/other.sock", "unix:.s.PGSQL.5432", "unix:/run/.s.PGSQL.x"] {
            let Err(refused) = through(wrong) else { panic!("{wrong} was taken") };
            assert!(!refused.to_string().contains("secret"));
        }
    }
}
