//! From a name to the addresses that may be connected to: resolved once, all of them checked, and
//! what was checked is what is connected to, so that a name cannot change its mind in between
//! (rebinding).

use std::io;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::sync::Arc;
use std::time::Duration;

use polder_outbound::localhost;
use tokio::sync::Semaphore;

use super::address;
use super::refusal::Refusal;
use super::rule::{Destination, Rule};

/// Addresses of a name that are tried; more are of no use to anybody.
const MOST: usize = 8;

/// Who is asked for the addresses of a name.
#[derive(Clone)]
pub enum Resolver {
    /// The system.
    System,
    /// A test, which may give another answer each time.
    #[cfg(test)]
    Scripted(Arc<Script>),
}

/// What a test answers.
#[cfg(test)]
type Script = dyn Fn(&str) -> Vec<IpAddr> + Send + Sync;

impl Resolver {
    fn lookup(&self, host: &str) -> io::Result<Vec<IpAddr>> {
        match self {
            Self::System => Ok((host, 0).to_socket_addrs()?.map(|address| address.ip()).collect()),
            #[cfg(test)]
            Self::Scripted(answer) => Ok(answer(host)),
        }
    }
}

/// The addresses for a destination that `rule` allows.
///
/// A name with one address that is refused is refused altogether: whoever serves it is not to be trusted.
pub(super) async fn addresses(
    (resolver, lookups): (&Resolver, &Arc<Semaphore>),
    (rule, to): (&Rule, &Destination),
    within: Duration,
) -> Result<Vec<SocketAddr>, Refusal> {
    if let Rule::Loopback(there) = rule {
        return loopback(there);
    }
    let asked = async {
        // The system's lookup cannot be stopped: its place is free once it ends, not once we stop waiting.
        let place = Arc::clone(lookups).acquire_owned().await.map_err(|_| Refusal::Unknown)?;
        let (resolver, host) = (resolver.clone(), to.host.clone());
        let looked_up = tokio::task::spawn_blocking(move || {
            let found = resolver.lookup(&host);
            drop(place);
            found
        });
        looked_up.await.ok().and_then(Result::ok).ok_or(Refusal::Unknown)
    };
    let found = tokio::time::timeout(within, asked).await.map_err(|_| Refusal::TooSlow)??;
    if let Some(why) = found.iter().find_map(|ip| address::refusal(*ip)) {
        return Err(Refusal::Address(why));
    }
    if found.is_empty() {
        return Err(Refusal::Unknown);
    }
    Ok(found.into_iter().take(MOST).map(|ip| SocketAddr::new(ip, to.port)).collect())
}

/// Without asking anybody (RFC 6761, 6.3).
fn loopback(to: &Destination) -> Result<Vec<SocketAddr>, Refusal> {
    if let Ok(ip) = to.host.parse::<IpAddr>() {
        return Ok(vec![SocketAddr::new(ip, to.port)]);
    }
    if !localhost::is_localhost(&to.host) {
        return Err(Refusal::NotAllowed);
    }
    let both = ["127.0.0.1", "::1"].into_iter().filter_map(|ip| ip.parse().ok());
    Ok(both.map(|ip| SocketAddr::new(ip, to.port)).collect())
}
