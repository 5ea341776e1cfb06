//! Where a process listens, and how it serves what comes: with limits on sizes, times and numbers
//! (F09), and an end that lets running requests finish.

mod address;
mod connection;

use std::time::Duration;

use std::convert::Infallible;

use axum::extract::Request;
use axum::response::Response;
use tokio_util::task::TaskTracker;
use tower::Service;

use crate::shutdown::Shutdown;

pub use address::{Address, BindError, Listener, NotAnAddress};

/// Limits of a listener.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// How long a client may take to send a request's headers, and to begin the next request.
    pub header_time: Duration,
    /// Longest request line and headers, in bytes; beyond it 431.
    pub header_bytes: usize,
    /// How many connections are served at a time; further ones wait to be accepted.
    pub connections: usize,
    /// How long running requests may take once it is time to stop.
    pub drain: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            header_time: Duration::from_secs(10),
            header_bytes: 16 * 1024,
            connections: 4096,
            drain: Duration::from_secs(10),
        }
    }
}

/// Serves `service` (a router, or better a router within the [`Stack`](crate::Stack)) until it is time to stop; then
/// finishes running requests, for at most [`Limits::drain`].
pub async fn serve<S>(listener: Listener, service: S, limits: Limits, shutdown: Shutdown)
where
    S: Service<Request, Response = Response, Error = Infallible> + Clone + Send + Sync + 'static,
    S::Future: Send,
{
    let connections = TaskTracker::new();
    connection::accept(&listener, service, limits, &shutdown, &connections).await;
    // Refuse newcomers while the others finish; a Unix socket's file goes with its listener.
    drop(listener);
    connections.close();
    if tokio::time::timeout(limits.drain, connections.wait()).await.is_err() {
        tracing::warn!(connections = connections.len(), "connections did not end in time and are cut");
    }
}
