//! Who may answer on a tenant's sockets.

use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering};

use tokio::net::unix::UCred;

/// The process that serves a tenant's sockets: whoever else answers there is not the tenant.
#[derive(Clone, Debug)]
pub struct Peer {
    pid: Arc<AtomicI32>,
    uid: u32,
}

impl Peer {
    /// The process whose id `pid` holds, now and after each restart, running as the user `uid`.
    pub const fn new(pid: Arc<AtomicI32>, uid: u32) -> Self {
        Self { pid, uid }
    }

    /// Its id, while it is there.
    pub fn pid(&self) -> Option<i32> {
        Some(self.pid.load(Ordering::Acquire)).filter(|pid| *pid != 0)
    }

    /// Whether a connection's other end is this process.
    pub fn is(&self, other: &UCred) -> bool {
        let pid = self.pid.load(Ordering::Acquire);
        pid != 0 && other.pid() == Some(pid) && other.uid() == self.uid
    }
}

impl From<Arc<AtomicI32>> for Peer {
    /// A process of our own user.
    fn from(pid: Arc<AtomicI32>) -> Self {
        Self::new(pid, rustix::process::geteuid().as_raw())
    }
}
