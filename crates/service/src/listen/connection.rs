//! Accepting connections and serving requests on them.

use std::convert::Infallible;
use std::future::{Future, poll_fn};
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use hyper::body::{Body as _, Incoming};
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::Service;

use super::Limits;
use super::address::Listener;
use crate::request::Peer;
use crate::shutdown::Shutdown;

/// How long to wait when the system has no more descriptors or memory: some connection will end.
const PAUSE: Duration = Duration::from_millis(50);

/// When connections end: `stop` asks them to, after the running request; `cut` does not ask.
#[derive(Clone, Copy)]
pub(super) struct Ends<'a> {
    pub(super) stop: &'a Shutdown,
    pub(super) cut: &'a CancellationToken,
}

/// Accepts until it is time to stop.
pub(super) async fn accept<S>(
    listener: &Listener,
    service: S,
    limits: Limits,
    ends: Ends<'_>,
    connections: &TaskTracker,
) where
    S: Service<Request, Response = Response, Error = Infallible> + Clone + Send + Sync + 'static,
    S::Future: Send,
{
    let seats = Arc::new(Semaphore::new(limits.connections));
    loop {
        let next = async {
            let seat = Arc::clone(&seats).acquire_owned().await.ok()?;
            Some((seat, accept_one(listener).await))
        };
        let accepted = tokio::select! {
            biased;
            () = ends.stop.wait() => return,
            accepted = next => accepted,
        };
        let Some((seat, accepted)) = accepted else { return };
        let (service, stop, cut) = (service.clone(), ends.stop.child(), ends.cut.child_token());
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                pause_after(&error).await;
                continue;
            }
        };
        connections.spawn(async move {
            let _seat = seat;
            let conversation = async {
                match stream {
                    Stream::Tcp(stream) => converse(stream, Bridge { service, peer }, limits, stop).await,
                    Stream::Unix(stream) => converse(stream, Bridge { service, peer }, limits, stop).await,
                }
            };
            cut.run_until_cancelled(conversation).await;
        });
    }
}

enum Stream {
    Tcp(tokio::net::TcpStream),
    Unix(tokio::net::UnixStream),
}

async fn accept_one(listener: &Listener) -> io::Result<(Stream, Option<Peer>)> {
    match listener {
        Listener::Tcp(listener) => {
            let (stream, peer) = listener.accept().await?;
            // Small answers must not wait for the next packet; without it they are merely slower.
            let _ = stream.set_nodelay(true);
            Ok((Stream::Tcp(stream), Some(Peer(peer))))
        }
        Listener::Unix(listener, _) => Ok((Stream::Unix(listener.accept().await?.0), None)),
    }
}

/// A client that hung up before it was accepted is its own business. Anything else (EMFILE, ENFILE,
/// ENOMEM) stays true for a while: say so and let connections end, rather than spin or stop.
async fn pause_after(error: &io::Error) {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted};
    if matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted) {
        return;
    }
    tracing::warn!(%error, "cannot accept a connection");
    tokio::time::sleep(PAUSE).await;
}

async fn converse<IO, S>(stream: IO, bridge: Bridge<S>, limits: Limits, stop: CancellationToken)
where
    IO: AsyncRead + AsyncWrite + Unpin,
    S: Service<Request, Response = Response, Error = Infallible> + Clone,
{
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.header_time)
        .max_header_size(limits.header_bytes)
        // Answers are small: copying one behind its head costs less than a vectored write of both.
        .writev(false)
        .serve_connection(TokioIo::new(stream), bridge);
    let mut connection = pin!(connection);
    let mut stopping = pin!(stop.cancelled());
    let mut told = false;
    // The connection is asked first: while it has work nobody looks at the clock.
    poll_fn(|context| {
        loop {
            // How it ended (a reset, a time-out, a malformed request) is the client's affair.
            if connection.as_mut().poll(context).is_ready() {
                return Poll::Ready(());
            }
            if told || stopping.as_mut().poll(context).is_pending() {
                return Poll::Pending;
            }
            told = true;
            connection.as_mut().graceful_shutdown();
        }
    })
    .await;
}

/// hyper's requests as the router takes them.
struct Bridge<S> {
    service: S,
    peer: Option<Peer>,
}

impl<S> hyper::service::Service<http::Request<Incoming>> for Bridge<S>
where
    S: Service<Request, Response = Response, Error = Infallible> + Clone,
{
    type Response = Response;
    type Error = Infallible;
    type Future = S::Future;

    fn call(&self, request: http::Request<Incoming>) -> S::Future {
        // Most requests have no body, and an empty one costs no allocation.
        let mut request = request.map(|body| if body.is_end_stream() { Body::empty() } else { Body::new(body) });
        if let Some(peer) = self.peer {
            request.extensions_mut().insert(peer);
        }
        // Routers are always ready (axum, "Router: Service").
        self.service.clone().call(request)
    }
}
