//! The relay: a tenant's only way to the PostgreSQL server, a socket in its own folder.
//!
//! ```text
//! tenant ── startup (user, database) ─────> relay   refused unless it is just this tenant's pair
//!        <── SCRAM-SHA-256 ──────────────>          always, however the server lets people in
//!                                           relay ── startup, SCRAM ──> server
//!        <── parameters, key, ready ─────── relay <── parameters, key, ready      (TLS, as the address asks)
//!        <═════════════ bytes, both ways ══ relay ═════════════════════> server
//! ```
//!
//! Whoever holds the socket is the tenant, and reaches nothing else: the user and the database of the
//! startup packet are pinned, replication is refused, a cancel request goes through for a connection of
//! this tenant's alone, and the number of connections has an end. The password is asked for even where
//! the server asks for none, so that a hole in the folder's walls is not enough.

pub(super) mod bytes;
mod cancel;
mod doorman;
mod encrypt;
mod handshake;
mod session;
mod upstream;

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::time::Duration;

use polder_crypto::scram::Verifier;
use polder_kernel::{Entropy, Secret};
use polder_service::Shutdown;
use rustix::fs::Mode;
use tokio::net::UnixListener;

use super::Names;
use crate::tenant_socket;
use cancel::Keys;
use session::Place;

pub use upstream::Upstream;

/// The socket's name in a tenant's `run` folder: the one that every client of PostgreSQL looks for.
pub const SOCKET: &str = ".s.PGSQL.5432";

/// Connections of one tenant at once; as many as its role may hold.
const CONNECTIONS: usize = 16;
/// From the first byte to the end of the introductions.
const INTRODUCTIONS: Duration = Duration::from_secs(10);

/// An open relay. It closes, with all its connections, when it is dropped.
pub struct Relay {
    stop: Shutdown,
}

/// What every connection of one relay shares.
struct Shared {
    upstream: Upstream,
    names: Names,
    password: Secret<String>,
    verifier: Verifier,
    entropy: Entropy,
    keys: Keys,
    open: AtomicUsize,
}

impl Relay {
    /// Opens the socket in `run`, in place of an older one. It leads to `names.database` on `upstream`, as
    /// `names.runtime`, for whoever knows `password`.
    ///
    /// # Errors
    /// When it cannot be bound.
    pub fn open(
        run: &Path,
        upstream: Upstream,
        names: &Names,
        password: &Secret<String>,
        entropy: &Entropy,
    ) -> io::Result<Self> {
        // A tenant in a container is another user; nobody else comes near the folder.
        let listener = tenant_socket::bind(run, SOCKET, Mode::from_raw_mode(0o666))?;
        let stop = Shutdown::new();
        let shared = Arc::new(Shared {
            upstream,
            names: names.clone(),
            password: password.clone(),
            // Held in memory alone, and the tenant proves it with every connection.
            verifier: Verifier::quick(password, entropy),
            entropy: entropy.clone(),
            keys: Keys::default(),
            open: AtomicUsize::new(0),
        });
        let stopped = stop.clone();
        tokio::spawn(accept(listener, shared, stopped));
        Ok(Self { stop })
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.stop.trigger();
    }
}

async fn accept(listener: UnixListener, shared: Arc<Shared>, stop: Shutdown) {
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = stop.wait() => return,
        };
        match accepted {
            Ok((client, _)) => {
                let Some(place) = Place::take(&shared) else { continue };
                let stop = stop.clone();
                tokio::spawn(async move {
                    tokio::select! {
                        () = session::serve(client, place) => {}
                        () = stop.wait() => {}
                    }
                });
            }
            // Out of descriptors, most likely: those who hold them are given time to let go.
            Err(error) => {
                tracing::warn!(%error, "a relay cannot accept a connection");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
}
