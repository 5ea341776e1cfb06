//! Open connections to one tenant, used again and again: connecting costs more than most requests.

use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use axum::body::Body;
use bytes::Bytes;
use http::{Request, Response};
use hyper::body::{Body as HttpBody, Frame, Incoming, SizeHint};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;

use super::socket::Socket;

/// Connections kept while nobody needs them.
const MOST_IDLE: usize = 64;

/// Requests one tenant may have in flight; a slow one cannot take everything.
const MOST_IN_FLIGHT: usize = 1024;

/// A connection idle for longer is not used again: below the tenant's own limit, so that a request
/// is not written into a connection that is just being closed.
const FRESH: Duration = Duration::from_secs(4);

/// Between two tries to connect to a tenant that is starting.
const BETWEEN_TRIES: Duration = Duration::from_millis(3);

/// Open connections to one of a tenant's sockets.
pub struct Pool {
    socket: Socket,
    connect_within: Duration,
    idle: Mutex<Vec<Idle>>,
    in_flight: AtomicUsize,
}

struct Idle {
    sender: SendRequest<Body>,
    since: Instant,
}

/// Why a tenant gave no answer.
#[derive(Debug, thiserror::Error)]
pub enum NoAnswer {
    /// It takes no connection: it is starting, or down. Nothing of the request was sent.
    #[error("the tenant takes no connection: {0}")]
    Down(io::Error),
    /// It has too much to do. Nothing of the request was sent.
    #[error("the tenant has too many requests in flight")]
    Busy,
    /// The exchange broke. Whether the request had an effect is unknown.
    #[error("the exchange with the tenant broke: {0}")]
    Broken(hyper::Error),
}

impl Pool {
    /// A pool for `socket`, which gets `connect_within` to take a connection.
    pub const fn new(socket: Socket, connect_within: Duration) -> Self {
        Self { socket, connect_within, idle: Mutex::new(Vec::new()), in_flight: AtomicUsize::new(0) }
    }

    /// Sends a request and gives the head of its answer; the body follows as it comes.
    ///
    /// A request is sent a second time only where hyper hands it back unwritten, as it does when a
    /// kept connection turned out to be closed. What was written once is never repeated.
    ///
    /// # Errors
    /// When there is no answer.
    pub async fn send(self: &Arc<Self>, mut request: Request<Body>) -> Result<Response<Body>, NoAnswer> {
        let place = Place::take(self)?;
        loop {
            let mut sender = match self.idle().await {
                Some(sender) => sender,
                None => self.connect().await?,
            };
            match sender.try_send_request(request).await {
                Ok(answer) => {
                    return Ok(answer.map(|body| Body::new(Returning { body, sender: Some(sender), place })));
                }
                Err(mut error) => match error.take_message() {
                    Some(unsent) => request = unsent,
                    None => return Err(NoAnswer::Broken(error.into_error())),
                },
            }
        }
    }

    /// Whether nothing is in flight.
    pub fn is_unused(&self) -> bool {
        self.in_flight.load(Ordering::Relaxed) == 0
    }

    /// A kept connection that can take a request.
    async fn idle(&self) -> Option<SendRequest<Body>> {
        loop {
            let kept = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop()?;
            if kept.since.elapsed() > FRESH {
                continue;
            }
            let mut sender = kept.sender;
            if sender.is_ready() || sender.ready().await.is_ok() {
                return Some(sender);
            }
        }
    }

    /// A new connection. A tenant that is just starting is waited for.
    async fn connect(&self) -> Result<SendRequest<Body>, NoAnswer> {
        let until = Instant::now() + self.connect_within;
        let stream = loop {
            match self.socket.connect().await {
                Ok(stream) => break stream,
                Err(error) if Instant::now() > until => return Err(NoAnswer::Down(error)),
                Err(_) => tokio::time::sleep(BETWEEN_TRIES).await,
            }
        };
        let (sender, connection) = handshake(TokioIo::new(stream)).await.map_err(NoAnswer::Broken)?;
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a connection to a tenant ended");
            }
        });
        Ok(sender)
    }

    fn give_back(&self, sender: SendRequest<Body>) {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < MOST_IDLE && !sender.is_closed() {
            idle.push(Idle { sender, since: Instant::now() });
        }
    }
}

/// One request's place among those in flight.
struct Place(Arc<Pool>);

impl Place {
    fn take(pool: &Arc<Pool>) -> Result<Self, NoAnswer> {
        let place = Self(Arc::clone(pool));
        if pool.in_flight.fetch_add(1, Ordering::Relaxed) >= MOST_IN_FLIGHT {
            return Err(NoAnswer::Busy);
        }
        Ok(place)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.in_flight.fetch_sub(1, Ordering::Relaxed);
    }
}

/// An answer's body, which gives its connection back once it was read to the end. One that is
/// dropped before takes the connection with it: the rest of the answer is still in there.
struct Returning {
    body: Incoming,
    sender: Option<SendRequest<Body>>,
    place: Place,
}

impl HttpBody for Returning {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let polled = Pin::new(&mut self.body).poll_frame(context);
        match &polled {
            Poll::Ready(None) => self.release(),
            Poll::Ready(Some(Err(_))) => self.sender = None,
            _ => {}
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Returning {
    fn release(&mut self) {
        if let Some(sender) = self.sender.take() {
            self.place.0.give_back(sender);
        }
    }
}

impl Drop for Returning {
    fn drop(&mut self) {
        // A body of known length is not always polled past its last frame.
        if self.body.is_end_stream() {
            self.release();
        }
    }
}
