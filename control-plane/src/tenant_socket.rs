//! Sockets that we serve in a tenant's `run` folder: the tenant's ways out.
//!
//! The folder is the tenant's to write, and the tenant may have been broken into: nothing in it is
//! followed where it is a link, so whatever it puts in a socket's place is removed or refused and
//! changes nothing elsewhere.

use std::convert::Infallible;
use std::io;
use std::os::fd::AsRawFd;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use http::{Request, Response};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::Service;
use hyper_util::rt::{TokioIo, TokioTimer};
use polder_service::Shutdown;
use rustix::fs::{FileType, Mode, OFlags, chmod, fstat, open, openat};
use tokio::net::UnixListener;
use tokio::net::unix::UCred;
use tokio::sync::Semaphore;

/// How long a request's head may take.
const HEAD_WITHIN: Duration = Duration::from_secs(10);

/// How long running requests may take once it is time to stop.
const DRAIN: Duration = Duration::from_secs(1);

/// How long to wait when the system has no more descriptors: some connection will end.
const PAUSE: Duration = Duration::from_millis(50);

/// A socket in a tenant's folder, bound by us.
pub struct TenantSocket(UnixListener);

impl TenantSocket {
    /// Binds `name` in the folder `run`, in place of what is there.
    ///
    /// # Errors
    /// When the folder is a link, or the system refuses.
    pub fn bind(run: &Path, name: &str) -> io::Result<Self> {
        Ok(Self(bind(run, name, Mode::RUSR | Mode::WUSR)?))
    }

    /// Serves each connection whose other end `admit` takes, at most `connections` at a time, until it
    /// is time to stop.
    pub async fn serve<S>(self, service: S, connections: usize, admit: impl Fn(&UCred) -> bool, stop: Shutdown)
    where
        S: Service<Request<Incoming>, Response = Response<Body>, Error = Infallible> + Clone + Send + 'static,
        S::Future: Send,
    {
        let seats = Arc::new(Semaphore::new(connections));
        loop {
            let next = async {
                let seat = Arc::clone(&seats).acquire_owned().await;
                (seat, self.0.accept().await)
            };
            let (seat, accepted) = tokio::select! {
                biased;
                () = stop.wait() => return,
                next = next => next,
            };
            let stream = match accepted {
                Ok((stream, _)) => stream,
                Err(error) => {
                    tracing::warn!(%error, "a tenant's connection cannot be accepted");
                    tokio::time::sleep(PAUSE).await;
                    continue;
                }
            };
            if !stream.peer_cred().is_ok_and(|peer| admit(&peer)) {
                continue;
            }
            let (service, stop) = (service.clone(), stop.clone());
            tokio::spawn(async move {
                let _seat = seat;
                let connection = http1::Builder::new()
                    .timer(TokioTimer::new())
                    .header_read_timeout(HEAD_WITHIN)
                    .max_header_size(16 * 1024)
                    .serve_connection(TokioIo::new(stream), service)
                    .with_upgrades();
                let mut connection = pin!(connection);
                // How it ended is the tenant's affair.
                tokio::select! {
                    _ = connection.as_mut() => return,
                    () = stop.wait() => {}
                }
                connection.as_mut().graceful_shutdown();
                drop(tokio::time::timeout(DRAIN, connection).await);
            });
        }
    }
}

/// Binds `name` in the folder `run`, in place of what is there, with these permissions.
///
/// # Errors
/// When the folder is a link, or the system refuses.
pub fn bind(run: &Path, name: &str, mode: Mode) -> io::Result<UnixListener> {
    let beneath = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let folder = open(run, beneath | OFlags::DIRECTORY, Mode::empty())?;
    // Through the descriptor: the folder cannot be swapped for a link, and its path may be long.
    let path = PathBuf::from(format!("/proc/self/fd/{}/{name}", folder.as_raw_fd()));
    match std::fs::remove_file(&path) {
        // A folder in its place would keep the tenant from being started for ever.
        Err(error) if error.kind() == io::ErrorKind::IsADirectory => std::fs::remove_dir_all(&path)?,
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let listener = UnixListener::bind(&path)?;
    let socket = openat(&folder, name, beneath, Mode::empty())?;
    if FileType::from_raw_mode(fstat(&socket)?.st_mode) != FileType::Socket {
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, "what was just bound is not a socket"));
    }
    // The file that was opened, whatever the tenant puts in its place meanwhile.
    chmod(format!("/proc/self/fd/{}", socket.as_raw_fd()), mode)?;
    Ok(listener)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    #[tokio::test]
    async fn g13_nothing_elsewhere_changes_when_a_tenant_puts_a_link_in_a_sockets_place() {
        let host = tempfile::tempdir().unwrap();
        let precious = host.path().join("control.db");
        std::fs::write(&precious, "data").unwrap();
        std::fs::set_permissions(&precious, std::fs::Permissions::from_mode(0o640)).unwrap();
        let run = host.path().join("run");
        std::fs::create_dir(&run).unwrap();
        let places = ["link", "dangling", "file", "socket"];
        let sockets = ["egress.sock", "courier.sock", crate::postgres::SOCKET];
        for (place, name) in places.iter().flat_map(|place| sockets.map(|name| (*place, name))) {
            let target = run.join(name);
            drop(std::fs::remove_file(&target));
            match place {
                "link" => symlink(&precious, &target).unwrap(),
                "dangling" => symlink(host.path().join("made-through-a-link"), &target).unwrap(),
                "file" => std::fs::write(&target, "").unwrap(),
                _ => drop(std::os::unix::net::UnixListener::bind(&target).unwrap()),
            }
            let _bound = TenantSocket::bind(&run, name).unwrap();
            let there = std::fs::symlink_metadata(&target).unwrap();
            assert_eq!(FileType::from_raw_mode(there.permissions().mode()), FileType::Socket, "{place}");
            assert_eq!(there.permissions().mode() & 0o777, 0o600, "{place}");
        }
        assert_eq!(std::fs::read(&precious).unwrap(), b"data");
        assert_eq!(std::fs::metadata(&precious).unwrap().permissions().mode() & 0o777, 0o640);
        assert!(!host.path().join("made-through-a-link").exists());
    }

    #[tokio::test]
    async fn g32_a_socket_that_is_swapped_while_it_is_bound_changes_nothing_elsewhere() {
        let host = tempfile::tempdir().unwrap();
        let (precious, run) = (host.path().join("control.db"), host.path().join("run"));
        std::fs::write(&precious, "data").unwrap();
        std::fs::set_permissions(&precious, std::fs::Permissions::from_mode(0o640)).unwrap();
        std::fs::create_dir(&run).unwrap();
        let stop = Arc::new(std::sync::atomic::AtomicBool::new(false));
        let hostile = std::thread::spawn({
            let (stop, target, precious) = (Arc::clone(&stop), run.join(crate::postgres::SOCKET), precious.clone());
            move || {
                while !stop.load(std::sync::atomic::Ordering::Relaxed) {
                    drop(std::fs::remove_file(&target));
                    drop(symlink(&precious, &target));
                }
            }
        });
        for _ in 0..2000 {
            drop(bind(&run, crate::postgres::SOCKET, Mode::from_raw_mode(0o666)));
        }
        stop.store(true, std::sync::atomic::Ordering::Relaxed);
        hostile.join().unwrap();
        assert_eq!(std::fs::metadata(&precious).unwrap().permissions().mode() & 0o777, 0o640);
        assert_eq!(std::fs::read(&precious).unwrap(), b"data");
    }

    #[tokio::test]
    async fn g13_a_folder_that_is_a_link_is_refused() {
        let host = tempfile::tempdir().unwrap();
        std::fs::create_dir(host.path().join("other")).unwrap();
        symlink(host.path().join("other"), host.path().join("run")).unwrap();
        assert!(TenantSocket::bind(&host.path().join("run"), "egress.sock").is_err());
        assert_eq!(std::fs::read_dir(host.path().join("other")).unwrap().count(), 0);
    }
}
