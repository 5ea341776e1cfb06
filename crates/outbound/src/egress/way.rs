//! The two ways to a host: through the control plane's socket, or straight, by the same rules.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use http::header::HOST;
use http::{Method, Request};
use http_body_util::Empty;
use hyper::client::conn::http1;
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use super::EgressError;
use crate::destination::Destination;
use crate::resolve::{self, Resolver};
use crate::socket;

/// How a host is reached.
#[derive(Clone)]
pub(super) enum Way {
    /// Through this socket: whoever serves it has the network and decides.
    Socket(PathBuf),
    /// By ourselves.
    Direct(Direct),
}

/// A network of our own.
#[derive(Clone)]
pub(super) struct Direct {
    pub(super) resolver: Resolver,
    /// Whether this machine may be reached, too.
    pub(super) loopback: bool,
}

impl Direct {
    pub(super) async fn connect(&self, to: &Destination) -> Result<TcpStream, EgressError> {
        let addresses = self.addresses(to).await?;
        resolve::connect(&addresses).await.map_err(EgressError::Unreachable)
    }

    async fn addresses(&self, to: &Destination) -> Result<Vec<SocketAddr>, EgressError> {
        match resolve::loopback(to) {
            Some(addresses) if self.loopback => Ok(addresses),
            Some(_) => Err(EgressError::Address),
            None => Ok(self.resolver.public(to).await?),
        }
    }
}

/// Asks to be let out (RFC 9110, 9.3.6).
pub(super) async fn tunnel(path: &Path, to: &Destination) -> Result<Upgraded, EgressError> {
    let stream = socket::connect(path).await.map_err(EgressError::NoWay)?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    // It ends with the tunnel: when the last of it is dropped.
    tokio::spawn(connection.with_upgrades());
    let authority = to.to_string();
    let request = Request::builder().method(Method::CONNECT).uri(&authority).header(HOST, &authority);
    let answer = sender.send_request(request.body(Empty::<Bytes>::new())?).await?;
    if !answer.status().is_success() {
        return Err(EgressError::Closed(answer.status()));
    }
    Ok(hyper::upgrade::on(answer).await?)
}
