//! `localhost` and all names below it are this machine (RFC 6761, 6.3). Browsers know that; programs
//! that ask the system's resolver often learn nothing, so ours answer it themselves.

use std::future::Future;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::pin::Pin;
use std::task::{Context, Poll};

use hyper_util::client::legacy::connect::dns::Name;

/// Whether a host name is `localhost` or below it, with or without the root's dot.
pub fn is_localhost(host: &str) -> bool {
    let host = host.strip_suffix('.').unwrap_or(host);
    let top = host.rsplit('.').next().unwrap_or(host);
    top.eq_ignore_ascii_case("localhost")
}

/// Whether a host, name or address, is this machine.
pub fn is_loopback(host: &str) -> bool {
    let bare = host.strip_prefix('[').and_then(|h| h.strip_suffix(']')).unwrap_or(host);
    is_localhost(bare) || bare.parse::<IpAddr>().is_ok_and(|ip| ip.to_canonical().is_loopback())
}

/// The addresses of a host, those of `*.localhost` without asking anybody; IPv4 first, which is where
/// development listens.
///
/// # Errors
/// What the system's resolver says.
pub async fn resolve(host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
    if is_localhost(host) {
        let loopback = [IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)];
        return Ok(loopback.map(|ip| SocketAddr::new(ip, port)).to_vec());
    }
    Ok(tokio::net::lookup_host((host, port)).await?.collect())
}

/// A resolver for hyper's `HttpConnector::new_with_resolver` and, with the feature `reqwest`, for
/// reqwest's `ClientBuilder::dns_resolver`.
#[derive(Clone, Copy, Debug, Default)]
pub struct Resolver;

impl tower::Service<Name> for Resolver {
    type Response = std::vec::IntoIter<SocketAddr>;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Self::Response>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        Box::pin(async move { Ok(resolve(name.as_str(), 0).await?.into_iter()) })
    }
}

#[cfg(feature = "reqwest")]
impl reqwest::dns::Resolve for Resolver {
    fn resolve(&self, name: reqwest::dns::Name) -> reqwest::dns::Resolving {
        Box::pin(async move {
            let addresses: reqwest::dns::Addrs = Box::new(resolve(name.as_str(), 0).await?.into_iter());
            Ok(addresses)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn names_below_localhost_are_this_machine() {
        for host in ["localhost", "practice.localhost", "A.B.LOCALHOST", "console.localhost."] {
            let addresses = resolve(host, 8600).await.unwrap();
            assert_eq!(addresses, ["127.0.0.1:8600".parse().unwrap(), "[::1]:8600".parse().unwrap()], "{host}");
        }
    }

    #[test]
    fn names_that_only_look_local_are_not() {
        for host in ["localhost.example", "notlocalhost", "localhost.evil.example", "", ".", "127.0.0.1.example"] {
            assert!(!is_localhost(host) && !is_loopback(host), "{host}");
        }
        for host in ["127.0.0.1", "[::1]", "::1", "::ffff:127.0.0.1", "x.localhost"] {
            assert!(is_loopback(host), "{host}");
        }
    }
}
