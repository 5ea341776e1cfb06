//! Where a process listens, and how it serves what comes: with limits on sizes, times and numbers
//! (F09), and an end that lets running requests finish.

mod address;
mod connection;

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::Request;
use axum::response::Response;
use rustix::process::{Resource, getrlimit, setrlimit};
use tokio_util::sync::CancellationToken;
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

/// Raises the soft limit on open files to the hard one, for a program's `main`: connections are files,
/// and the usual 1024 are fewer than [`Limits::connections`]. Where the system refuses, it stays as it is.
pub fn raise_file_limit() {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    if let Err(error) = setrlimit(Resource::Nofile, limit) {
        tracing::warn!(%error, "the limit on open files stays low");
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
    let cut = CancellationToken::new();
    let ends = connection::Ends { stop: &shutdown, cut: &cut };
    connection::accept(&listener, service, limits, ends, &connections).await;
    // Refuse newcomers while the others finish; a Unix socket's file goes with its listener.
    drop(listener);
    connections.close();
    if tokio::time::timeout(limits.drain, connections.wait()).await.is_err() {
        tracing::warn!(connections = connections.len(), "connections did not end in time and are cut");
        cut.cancel();
        connections.wait().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::request::RequestContext;
    use crate::{Stack, form};
    use axum::Router;
    use axum::routing::{get, post};
    use polder_kernel::Entropy;
    use std::net::SocketAddr;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::{TcpStream, UnixStream};
    use tokio::task::JoinHandle;
    use tower::Layer;

    const GET: &[u8] = b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";

    fn router() -> Router {
        Router::new()
            .route("/", get(|context: RequestContext| async move { format!("from {:?}", context.client_ip) }))
            .route(
                "/slow",
                get(|| async {
                    tokio::time::sleep(Duration::from_millis(300)).await;
                    "finished"
                }),
            )
            .route("/stuck", get(std::future::pending::<&'static str>))
            .route("/form", post(|form: form::FormBody| async move { form.0.len().to_string() }))
    }

    async fn start(limits: Limits) -> (SocketAddr, Shutdown, JoinHandle<()>) {
        let listener = Listener::bind(&"127.0.0.1:0".parse().unwrap()).await.unwrap();
        let Address::Tcp(address) = listener.address().unwrap() else { panic!("not TCP") };
        let shutdown = Shutdown::new();
        let service = Stack::new(&Entropy::seeded(1)).layer(router());
        (address, shutdown.clone(), tokio::spawn(serve(listener, service, limits, shutdown)))
    }

    async fn exchange(address: SocketAddr, request: &[u8]) -> String {
        let mut stream = TcpStream::connect(address).await.unwrap();
        // The server may answer and close before all has been sent.
        let _ = stream.write_all(request).await;
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer).await;
        String::from_utf8_lossy(&answer).into_owned()
    }

    #[tokio::test]
    async fn b42_over_tcp_the_peer_is_the_client() {
        let (address, ..) = start(Limits::default()).await;
        let answer = exchange(address, GET).await;
        assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("from Some(127.0.0.1)"), "{answer}");
    }

    #[tokio::test]
    async fn over_a_unix_socket_there_is_no_address() {
        let folder = tempfile::tempdir().unwrap();
        let address = Address::Unix(folder.path().join("s"));
        let (listener, shutdown) = (Listener::bind(&address).await.unwrap(), Shutdown::new());
        let serving = tokio::spawn(serve(listener, router(), Limits::default(), shutdown.clone()));
        let mut stream = UnixStream::connect(folder.path().join("s")).await.unwrap();
        stream.write_all(GET).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        assert!(answer.ends_with("from None"), "{answer}");
        shutdown.trigger();
        serving.await.unwrap();
        assert!(!folder.path().join("s").exists());
    }

    #[tokio::test]
    async fn f09_headers_beyond_16_kib_are_431() {
        let (address, ..) = start(Limits::default()).await;
        let big = |bytes: usize| {
            let filler: String = (0..bytes / 1000).map(|n| format!("x-{n}: {}\r\n", "y".repeat(990))).collect();
            format!("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{filler}\r\n")
        };
        assert!(exchange(address, big(10_000).as_bytes()).await.starts_with("HTTP/1.1 200"));
        assert!(exchange(address, big(20_000).as_bytes()).await.starts_with("HTTP/1.1 431"));
    }

    #[tokio::test]
    async fn f09_a_body_beyond_64_kib_is_413() {
        let (address, ..) = start(Limits::default()).await;
        let post = |bytes: usize| {
            let body = "a".repeat(bytes);
            format!(
                "POST /form HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {bytes}\r\n\
                Content-Type: application/x-www-form-urlencoded\r\n\r\n{body}"
            )
        };
        assert!(exchange(address, post(form::BODY_MAX).as_bytes()).await.ends_with("65536"));
        assert!(exchange(address, post(form::BODY_MAX + 1).as_bytes()).await.starts_with("HTTP/1.1 413"));
    }

    #[tokio::test]
    async fn f09_slow_clients_lose_their_seats_and_others_are_served() {
        let limits = Limits { header_time: Duration::from_millis(200), connections: 4, ..Limits::default() };
        let (address, ..) = start(limits).await;
        let mut slow = Vec::new();
        for _ in 0..4 {
            let mut stream = TcpStream::connect(address).await.unwrap();
            stream.write_all(b"GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ").await.unwrap();
            slow.push(stream);
        }
        let served = tokio::time::timeout(Duration::from_secs(5), exchange(address, GET)).await.unwrap();
        assert!(served.starts_with("HTTP/1.1 200"), "{served}");
        for stream in &mut slow {
            let mut rest = Vec::new();
            let _ = tokio::time::timeout(Duration::from_secs(5), stream.read_to_end(&mut rest)).await.unwrap();
        }
    }

    #[tokio::test]
    async fn f10_what_could_be_smuggled_is_refused() {
        let (address, ..) = start(Limits::default()).await;
        for bad in [
            "POST /form HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\naaaaa",
            "GET / HTTP/1.1\r\nHost: x\r\n folded: y\r\n\r\n",
            "GET / HTTP/1.1\r\nHost : x\r\n\r\n",
        ] {
            let answer = exchange(address, bad.as_bytes()).await;
            assert!(answer.starts_with("HTTP/1.1 400"), "{bad:?}: {answer}");
        }
    }

    #[tokio::test]
    async fn running_requests_finish_and_stuck_ones_are_cut() {
        let limits = Limits { drain: Duration::from_millis(700), ..Limits::default() };
        let (address, shutdown, serving) = start(limits).await;
        let get = |path: &str| format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n");
        let slow = tokio::spawn(async move { exchange(address, get("/slow").as_bytes()).await });
        let stuck = tokio::spawn(async move { exchange(address, get("/stuck").as_bytes()).await });
        let idle = TcpStream::connect(address).await.unwrap();
        tokio::time::sleep(Duration::from_millis(100)).await;
        shutdown.trigger();
        assert!(slow.await.unwrap().ends_with("finished"));
        assert!(TcpStream::connect(address).await.is_err(), "newcomers are refused");
        tokio::time::timeout(Duration::from_secs(3), serving).await.unwrap().unwrap();
        assert_eq!(tokio::time::timeout(Duration::from_secs(3), stuck).await.unwrap().unwrap(), "");
        drop(idle);
    }
}
