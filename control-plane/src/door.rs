//! Who may come in at a socket that we serve in a tenant's folder: the process that we started, and no
//! other that found a way to the folder.

use std::sync::{Mutex, PoisonError};

use tokio::net::unix::UCred;

use crate::driver::Peer;
use crate::told::Told;

/// The door of one socket. Nobody comes in before [`Door::admit`].
pub struct Door {
    /// Whose it is, for the log.
    label: String,
    /// What it leads to, for the log.
    name: &'static str,
    peer: Mutex<Option<Peer>>,
    /// Connections of others.
    pub strangers: Told,
}

impl Door {
    /// A door to the socket `name` of `label`.
    pub fn new(label: impl Into<String>, name: &'static str) -> Self {
        Self { label: label.into(), name, peer: Mutex::default(), strangers: Told::default() }
    }

    /// Says which process may come in, now and after each of its restarts.
    pub fn admit(&self, peer: Option<Peer>) {
        *self.peer.lock().unwrap_or_else(PoisonError::into_inner) = peer;
    }

    /// Whether a connection's other end is that process.
    pub fn admits(&self, other: &UCred) -> bool {
        let admitted =
            self.peer.lock().unwrap_or_else(PoisonError::into_inner).as_ref().is_some_and(|peer| peer.is(other));
        if !admitted && let Some(count) = self.strangers.count() {
            let (pid, uid) = (other.pid(), other.uid());
            tracing::warn!(tenant = %self.label, socket = self.name, pid, uid, count, "strangers at a tenant's socket");
        }
        admitted
    }
}
