//! TCP addresses and Unix sockets, as text and bound.

use std::ffi::OsStr;
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use rustix::fs::{FileType, Mode, OFlags, chmod, fchmod, fstat, open, openat};
use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType, bind, listen, socket_with};
use rustix::process::geteuid;
use tokio::net::{TcpListener, UnixListener};

/// Where to listen: `127.0.0.1:8600`, `[::1]:8600` or `unix:/run/polder/public.sock`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    /// A TCP address.
    Tcp(SocketAddr),
    /// The path of a Unix socket.
    Unix(PathBuf),
}

/// The text is no address to listen on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an address is `IP:PORT` or `unix:PATH`")]
pub struct NotAnAddress;

impl FromStr for Address {
    type Err = NotAnAddress;
    fn from_str(text: &str) -> Result<Self, NotAnAddress> {
        match text.strip_prefix("unix:") {
            Some("") => Err(NotAnAddress),
            Some(path) => Ok(Self::Unix(PathBuf::from(path))),
            None => text.parse().map(Self::Tcp).map_err(|_| NotAnAddress),
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) => address.fmt(f),
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
        }
    }
}

/// Why it cannot listen there; says the address, and fits on one line.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    /// Somebody else listens there.
    #[error("{0} is in use by another process")]
    InUse(Address),
    /// There is something else at the path.
    #[error("{0} exists and is not a socket")]
    NotASocket(Address),
    /// Anything else the system says.
    #[error("cannot listen on {0}: {1}")]
    Other(Address, #[source] io::Error),
}

/// Connections that may wait to be accepted; the system has a limit of its own.
const BACKLOG: i32 = 1024;

/// A bound listener.
#[derive(Debug)]
pub enum Listener {
    /// On TCP.
    Tcp(TcpListener),
    /// On a Unix socket, whose file is removed when the listener goes.
    Unix(UnixListener, SocketFile),
}

impl Listener {
    /// Binds. A socket file that nobody listens on any more is replaced; nothing else ever is.
    ///
    /// # Errors
    /// [`BindError`].
    pub async fn bind(address: &Address) -> Result<Self, BindError> {
        let failed = |error: io::Error| match error.kind() {
            io::ErrorKind::AddrInUse => BindError::InUse(address.clone()),
            _ => BindError::Other(address.clone(), error),
        };
        match address {
            Address::Tcp(socket) => TcpListener::bind(socket).await.map(Self::Tcp).map_err(failed),
            Address::Unix(path) => {
                if !is_socket_or_nothing(path).map_err(failed)? {
                    return Err(BindError::NotASocket(address.clone()));
                }
                bind_unix(path).map_err(failed)
            }
        }
    }

    /// The address it is bound to; for TCP with the port the system chose.
    ///
    /// # Errors
    /// What the system says.
    pub fn address(&self) -> io::Result<Address> {
        match self {
            Self::Tcp(listener) => listener.local_addr().map(Address::Tcp),
            Self::Unix(_, file) => Ok(Address::Unix(file.0.clone())),
        }
    }
}

/// Removes a socket's file when dropped.
#[derive(Debug)]
pub struct SocketFile(PathBuf);

impl Drop for SocketFile {
    fn drop(&mut self) {
        // It may be gone already, along with its folder.
        let _ = std::fs::remove_file(&self.0);
    }
}

fn is_socket_or_nothing(path: &Path) -> io::Result<bool> {
    match std::fs::symlink_metadata(path) {
        Ok(found) => Ok(found.file_type().is_socket()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(true),
        Err(error) => Err(error),
    }
}

fn bind_unix(path: &Path) -> io::Result<Listener> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?;
    // A socket's address holds 108 bytes and paths are longer: bind through the folder's descriptor.
    let folder = open(folder, OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
    let short = PathBuf::from(format!("/proc/self/fd/{}", folder.as_raw_fd())).join(name);
    if std::os::unix::net::UnixStream::connect(&short).is_ok() {
        return Err(io::ErrorKind::AddrInUse.into());
    }
    match std::fs::remove_file(&short) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let own = Mode::RUSR | Mode::WUSR;
    let socket =
        socket_with(AddressFamily::UNIX, SocketType::STREAM, SocketFlags::CLOEXEC | SocketFlags::NONBLOCK, None)?;
    // The file gets what the socket has (unix(7)): there is no moment in which others may connect.
    fchmod(&socket, own)?;
    bind(&socket, &SocketAddrUnix::new(&short)?)?;
    if is_lent(&folder)? {
        open_to_all(&folder, name, own)?;
    }
    listen(&socket, BACKLOG)?;
    let listener = UnixListener::from_std(socket.into())?;
    Ok(Listener::Unix(listener, SocketFile(path.to_owned())))
}

/// Lets every user connect to the socket that we just made. The folder is somebody else's, who may have put
/// something in its place: what is changed is what was opened, and only if it is a socket of ours.
fn open_to_all(folder: &OwnedFd, name: &OsStr, own: Mode) -> io::Result<()> {
    let socket = openat(folder, name, OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC, Mode::empty())?;
    let found = fstat(&socket)?;
    if FileType::from_raw_mode(found.st_mode) != FileType::Socket || found.st_uid != geteuid().as_raw() {
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, "what was just bound is not there any more"));
    }
    let all = own | Mode::RGRP | Mode::WGRP | Mode::ROTH | Mode::WOTH;
    Ok(chmod(format!("/proc/self/fd/{}", socket.as_raw_fd()), all)?)
}

/// Whether somebody else lets us use a folder of theirs, as a control plane without root does with a
/// container's. Then the folder decides who comes near: its owner has to be able to connect. Otherwise
/// the socket is its owner's alone. A shared folder such as `/tmp` (sticky) is nobody's loan.
fn is_lent(folder: &OwnedFd) -> io::Result<bool> {
    let found = fstat(folder)?;
    Ok(found.st_uid != geteuid().as_raw() && found.st_mode & 0o1002 == 0o0002)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn addresses_are_read_as_they_are_written() {
        for text in ["127.0.0.1:8600", "[::1]:0", "unix:/run/polder/public.sock"] {
            assert_eq!(text.parse::<Address>().unwrap().to_string(), text);
        }
        for wrong in ["", "8600", "localhost:8600", "unix:", "127.0.0.1"] {
            assert_eq!(wrong.parse::<Address>(), Err(NotAnAddress), "{wrong}");
        }
    }

    #[tokio::test]
    async fn a_stale_socket_is_replaced_and_a_live_one_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let address = Address::Unix(folder.path().join("s"));
        drop(std::os::unix::net::UnixListener::bind(folder.path().join("s")).unwrap());
        let listener = Listener::bind(&address).await.unwrap();
        let mode = std::fs::metadata(folder.path().join("s")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert!(matches!(Listener::bind(&address).await, Err(BindError::InUse(_))));
        drop(listener);
        assert!(!folder.path().join("s").exists());
    }

    #[tokio::test]
    async fn a_path_longer_than_a_sockets_address_works() {
        let folder = tempfile::tempdir().unwrap();
        let deep = folder.path().join("x".repeat(120));
        std::fs::create_dir(&deep).unwrap();
        Listener::bind(&Address::Unix(deep.join("public.sock"))).await.unwrap();
    }

    #[tokio::test]
    async fn what_is_not_a_socket_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("precious");
        std::fs::write(&file, "data").unwrap();
        let error = Listener::bind(&Address::Unix(file.clone())).await.unwrap_err();
        assert!(matches!(error, BindError::NotASocket(_)));
        std::os::unix::fs::symlink(&file, folder.path().join("link")).unwrap();
        assert!(Listener::bind(&Address::Unix(folder.path().join("link"))).await.is_err());
        assert_eq!(std::fs::read(&file).unwrap(), b"data");
    }

    #[tokio::test]
    async fn a_port_in_use_is_said_in_one_line() {
        let first = Listener::bind(&"127.0.0.1:0".parse().unwrap()).await.unwrap();
        let address = first.address().unwrap();
        let error = Listener::bind(&address).await.unwrap_err();
        assert_eq!(error.to_string(), format!("{address} is in use by another process"));
    }

    #[tokio::test]
    async fn g32_a_socket_that_is_swapped_while_it_is_bound_changes_nothing_elsewhere() {
        let host = tempfile::tempdir().unwrap();
        let (precious, run) = (host.path().join("precious"), host.path().join("run"));
        std::fs::write(&precious, "data").unwrap();
        std::fs::set_permissions(&precious, std::fs::Permissions::from_mode(0o640)).unwrap();
        std::fs::create_dir(&run).unwrap();
        if geteuid().is_root() {
            // A folder that somebody lends us is opened to all users, through what is in the socket's place.
            std::fs::set_permissions(&run, std::fs::Permissions::from_mode(0o777)).unwrap();
            std::os::unix::fs::chown(&run, Some(12345), Some(12345)).unwrap();
        }
        let stop = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
        let hostile = std::thread::spawn({
            let (stop, at, precious) = (std::sync::Arc::clone(&stop), run.join("s"), precious.clone());
            move || {
                while !stop.load(std::sync::atomic::Ordering::Relaxed) {
                    drop(std::fs::remove_file(&at));
                    drop(std::os::unix::fs::symlink(&precious, &at));
                }
            }
        });
        let (folder, mut bound) = (run.join("s"), 0);
        for _ in 0..2000 {
            bound += usize::from(bind_unix(&folder).is_ok());
        }
        stop.store(true, std::sync::atomic::Ordering::Relaxed);
        hostile.join().unwrap();
        assert!(bound > 0, "it was never bound, so nothing was tried");
        assert_eq!(std::fs::metadata(&precious).unwrap().permissions().mode() & 0o777, 0o640);
        assert_eq!(std::fs::read(&precious).unwrap(), b"data");
    }

    #[tokio::test]
    async fn a_socket_in_a_lent_folder_is_the_folders_to_guard() {
        let folder = tempfile::tempdir().unwrap();
        let mode = async |folder_mode: u32| {
            std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(folder_mode)).unwrap();
            let path = folder.path().join("s");
            let listener = Listener::bind(&Address::Unix(path.clone())).await.unwrap();
            let mode = std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
            drop(listener);
            mode
        };
        assert_eq!(mode(0o777).await, 0o600, "our own folder is no loan");
        if rustix::process::geteuid().is_root() {
            // Only root can make a folder somebody else's.
            std::os::unix::fs::chown(folder.path(), Some(12345), Some(12345)).unwrap();
            assert_eq!(mode(0o777).await, 0o666);
            assert_eq!(mode(0o1777).await, 0o600, "a shared folder is no loan");
            assert_eq!(mode(0o755).await, 0o600);
        }
    }
}
