//! Open connections to one tenant, used again and again: connecting costs more than most requests.
//!
//! Whoever sends a request drives its connection as well, from its own task: a connection with a task
//! to itself costs two hand-overs between threads per request, which is more than the rest of passing
//! one on. A connection that waits for its next request is driven by nobody.

use std::future::poll_fn;
use std::io;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use axum::body::Body;
use bytes::Bytes;
use http::{Request, Response};
use hyper::body::{Body as HttpBody, Frame, Incoming, SizeHint};
use hyper::client::conn::TrySendError;
use hyper::client::conn::http1::{Connection, SendRequest, handshake};
use hyper_util::rt::TokioIo;
use tokio::net::UnixStream;
use tokio::task::unconstrained;

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
    line: Line,
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
            let mut line = match self.idle() {
                Some(line) => line,
                None => self.connect().await?,
            };
            match line.exchange(request).await {
                Ok(answer) => {
                    return Ok(answer.map(|body| Body::new(Returning { body, line: Some(line), place })));
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
    fn idle(&self) -> Option<Line> {
        loop {
            let kept = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop()?;
            let mut line = kept.line;
            if kept.since.elapsed() <= FRESH && line.is_free() {
                return Some(line);
            }
        }
    }

    /// A new connection. A tenant that is just starting is waited for.
    async fn connect(&self) -> Result<Line, NoAnswer> {
        let until = Instant::now() + self.connect_within;
        let stream = loop {
            match self.socket.connect().await {
                Ok(stream) => break stream,
                Err(error) if Instant::now() > until => return Err(NoAnswer::Down(error)),
                Err(_) => tokio::time::sleep(BETWEEN_TRIES).await,
            }
        };
        let (sender, connection) = handshake(TokioIo::new(stream)).await.map_err(NoAnswer::Broken)?;
        Ok(Line { sender, connection, ended: false })
    }

    fn give_back(&self, mut line: Line) {
        if !line.is_free() {
            return;
        }
        let now = Instant::now();
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        // The first was used longest ago: what a burst opened goes again, one with each answer.
        if idle.first().is_some_and(|first| now.duration_since(first.since) > FRESH) {
            idle.remove(0);
        }
        if idle.len() < MOST_IDLE {
            idle.push(Idle { line, since: now });
        }
    }
}

/// Both halves of a connection: what takes requests, and what reads and writes.
struct Line {
    sender: SendRequest<Body>,
    connection: Connection<TokioIo<UnixStream>, Body>,
    ended: bool,
}

impl Line {
    /// Sends a request and waits for the head of its answer.
    async fn exchange(&mut self, request: Request<Body>) -> Result<Response<Incoming>, TrySendError<Request<Body>>> {
        // Without a budget of polls, since what would be woken when that is spent is nobody.
        let mut answer = pin!(unconstrained(self.sender.try_send_request(request)));
        poll_fn(|context| {
            drive(&mut self.connection, &mut self.ended, context);
            // Only the connection, which was just driven, brings an answer: nobody else has to wake us.
            answer.as_mut().poll(&mut Context::from_waker(Waker::noop()))
        })
        .await
    }

    /// Reads and writes what can be.
    fn drive(&mut self, context: &mut Context<'_>) {
        drive(&mut self.connection, &mut self.ended, context);
    }

    /// Whether it has nothing to do and is open still.
    fn is_free(&mut self) -> bool {
        self.drive(&mut Context::from_waker(Waker::noop()));
        !self.ended && self.sender.is_ready()
    }
}

fn drive(connection: &mut Connection<TokioIo<UnixStream>, Body>, ended: &mut bool, context: &mut Context<'_>) {
    if !*ended && let Poll::Ready(result) = Pin::new(connection).poll(context) {
        *ended = true;
        if let Err(error) = result {
            tracing::debug!(%error, "a connection to a tenant ended");
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
    line: Option<Line>,
    place: Place,
}

impl HttpBody for Returning {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let this = &mut *self;
        let mut polled = this.part();
        if polled.is_pending()
            && let Some(line) = &mut this.line
        {
            line.drive(context);
            polled = this.part();
        }
        match &polled {
            Poll::Ready(None) => this.release(),
            Poll::Ready(Some(Err(_))) => this.line = None,
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
    /// The next part, where it was read already. As with the head, only the connection brings more.
    fn part(&mut self) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        Pin::new(&mut self.body).poll_frame(&mut Context::from_waker(Waker::noop()))
    }

    fn release(&mut self) {
        if let Some(line) = self.line.take() {
            self.place.0.give_back(line);
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
