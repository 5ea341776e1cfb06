//! The way to a tenant: its Unix socket, reached without trusting what the tenant left in its folder.
//!
//! A tenant that was broken into may replace its socket by a link to another tenant's, or to any
//! service's. So every step below the tenant's folder is opened without following links, what is
//! found must be a socket, and whoever answers must be the process that we started.

use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::path::Path;

use rustix::fs::{FileType, Mode, OFlags, fstat, open, openat};
use tokio::net::UnixStream;

use crate::driver::Peer;

/// One of a tenant's sockets.
pub struct Socket {
    folder: OwnedFd,
    name: &'static str,
    owner: Peer,
}

/// Where the gateway sends requests.
pub const PUBLIC: &str = "public.sock";

/// Where the control plane administers.
pub const ADMIN: &str = "admin.sock";

impl Socket {
    /// The socket `run/NAME` below a tenant's folder, served by `owner`.
    ///
    /// # Errors
    /// When the folder cannot be opened.
    pub fn new(tenant_folder: &Path, name: &'static str, owner: impl Into<Peer>) -> io::Result<Self> {
        let folder =
            open(tenant_folder, OFlags::PATH | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC, Mode::empty())?;
        Ok(Self { folder, name, owner: owner.into() })
    }

    /// A fresh connection.
    ///
    /// # Errors
    /// When nothing listens there, what is there is no socket, or somebody else answers.
    pub async fn connect(&self) -> io::Result<UnixStream> {
        let beneath = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let run = openat(&self.folder, "run", beneath | OFlags::DIRECTORY, Mode::empty())?;
        let socket = openat(&run, self.name, beneath, Mode::empty())?;
        if FileType::from_raw_mode(fstat(&socket)?.st_mode) != FileType::Socket {
            return Err(io::Error::new(io::ErrorKind::PermissionDenied, "what the tenant serves on is not a socket"));
        }
        // Through the descriptor: it cannot be swapped any more, and the path's length does not matter.
        let stream = UnixStream::connect(format!("/proc/self/fd/{}", socket.as_raw_fd())).await?;
        if !self.owner.is(&stream.peer_cred()?) {
            return Err(io::Error::new(
                io::ErrorKind::PermissionDenied,
                "somebody else answers on the tenant's socket",
            ));
        }
        Ok(stream)
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;
    use std::os::unix::net::UnixListener;
    use std::sync::Arc;
    use std::sync::atomic::AtomicI32;

    use super::*;

    fn own_pid() -> Arc<AtomicI32> {
        Arc::new(AtomicI32::new(std::process::id().cast_signed()))
    }

    #[tokio::test]
    async fn g06_a_socket_that_is_a_link_to_another_tenants_is_refused() {
        let tenants = tempfile::tempdir().unwrap();
        for tenant in ["a", "b", "c"] {
            std::fs::create_dir_all(tenants.path().join(tenant).join("run")).unwrap();
        }
        let _b = UnixListener::bind(tenants.path().join("b/run/public.sock")).unwrap();
        let connect = async |tenant: &str, owner: Arc<AtomicI32>| {
            Socket::new(&tenants.path().join(tenant), PUBLIC, owner).unwrap().connect().await
        };
        assert!(connect("b", own_pid()).await.is_ok());

        symlink(tenants.path().join("b/run/public.sock"), tenants.path().join("a/run/public.sock")).unwrap();
        assert!(connect("a", own_pid()).await.is_err(), "a linked socket was followed");

        std::fs::remove_dir(tenants.path().join("c/run")).unwrap();
        symlink(tenants.path().join("b/run"), tenants.path().join("c/run")).unwrap();
        assert!(connect("c", own_pid()).await.is_err(), "a linked folder was followed");

        let stranger = Arc::new(AtomicI32::new(1));
        assert!(connect("b", stranger).await.is_err(), "a process that is not the tenant's was believed");

        std::fs::write(tenants.path().join("a/run/admin.sock"), "").unwrap();
        let file = Socket::new(&tenants.path().join("a"), ADMIN, own_pid()).unwrap();
        assert!(file.connect().await.is_err(), "a file is not a socket");
    }

    /// Listens and counts who comes; nobody should.
    fn trap(path: &Path) -> Arc<AtomicI32> {
        let (listener, visits) = (tokio::net::UnixListener::bind(path).unwrap(), Arc::new(AtomicI32::new(0)));
        let count = Arc::clone(&visits);
        tokio::spawn(async move {
            while listener.accept().await.is_ok() {
                count.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
            }
        });
        visits
    }

    #[tokio::test]
    async fn g32_a_socket_that_is_swapped_while_it_is_in_use_leads_nowhere() {
        let host = tempfile::tempdir().unwrap();
        let run = host.path().join("a/run");
        std::fs::create_dir_all(&run).unwrap();
        std::fs::create_dir_all(host.path().join("b/run")).unwrap();
        let docker = trap(&host.path().join("docker.sock"));
        let neighbour = trap(&host.path().join("b/run/admin.sock"));
        for name in [PUBLIC, ADMIN] {
            let at = run.join(name);
            let genuine = UnixListener::bind(&at).unwrap();
            let socket = Socket::new(&host.path().join("a"), name, own_pid()).unwrap();
            assert!(socket.connect().await.is_ok());
            for target in
                [host.path().join("docker.sock"), host.path().join("b/run/admin.sock"), "../../b/run/admin.sock".into()]
            {
                std::fs::remove_file(&at).unwrap();
                symlink(&target, &at).unwrap();
                assert!(socket.connect().await.is_err(), "{name} was followed to {}", target.display());
            }
            // The folder as a whole, swapped for one with a genuine socket in it.
            std::fs::rename(&run, host.path().join("aside")).unwrap();
            symlink(host.path().join("b/run"), &run).unwrap();
            assert!(socket.connect().await.is_err(), "a linked folder was followed");
            std::fs::remove_file(&run).unwrap();
            std::fs::rename(host.path().join("aside"), &run).unwrap();
            drop(genuine);
        }
        tokio::task::yield_now().await;
        assert_eq!([docker, neighbour].map(|visits| visits.load(std::sync::atomic::Ordering::SeqCst)), [0, 0]);
    }

    #[tokio::test]
    async fn g32_a_hard_link_to_another_tenants_socket_is_not_the_tenant() {
        let host = tempfile::tempdir().unwrap();
        for tenant in ["a", "b"] {
            std::fs::create_dir_all(host.path().join(tenant).join("run")).unwrap();
        }
        // The tenant is one process, and what it linked to is served by another: by this one.
        let mut tenant = std::process::Command::new("sleep").arg("60").spawn().unwrap();
        let pid = Arc::new(AtomicI32::new(tenant.id().cast_signed()));
        let _b = UnixListener::bind(host.path().join("b/run/admin.sock")).unwrap();
        std::fs::hard_link(host.path().join("b/run/admin.sock"), host.path().join("a/run/admin.sock")).unwrap();
        let refused = Socket::new(&host.path().join("a"), ADMIN, pid).unwrap().connect().await.unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::PermissionDenied);
        tenant.kill().unwrap();
        tenant.wait().unwrap();
    }

    #[tokio::test]
    async fn a_deep_data_folder_is_no_obstacle() {
        let tenants = tempfile::tempdir().unwrap();
        let deep = tenants.path().join("x".repeat(100)).join("y".repeat(100));
        std::fs::create_dir_all(deep.join("run")).unwrap();
        let folder = std::fs::File::open(deep.join("run")).unwrap();
        let _listener = UnixListener::bind(format!("/proc/self/fd/{}/public.sock", folder.as_raw_fd())).unwrap();
        assert!(Socket::new(&deep, PUBLIC, own_pid()).unwrap().connect().await.is_ok());
    }
}
