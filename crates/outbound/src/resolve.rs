//! From a name to the addresses that may be connected to: asked for once, all of them checked, and
//! what was checked is what is connected to, so that a name cannot change its mind in between
//! (rebinding).

use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs};
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::sync::Semaphore;

use crate::address;
use crate::destination::Destination;
use crate::localhost;

/// Addresses of a name that are tried; more are of no use to anybody.
const MOST: usize = 8;

/// Who is asked for the addresses of a name.
#[derive(Clone)]
pub enum Names {
    /// The system.
    System,
    /// A test, which may give another answer each time.
    Told(Arc<Answers>),
}

/// What a test answers. It may take its time: it is asked where the system is.
pub type Answers = dyn Fn(&str) -> Vec<IpAddr> + Send + Sync;

impl fmt::Debug for Names {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::System => "System",
            Self::Told(_) => "Told",
        })
    }
}

impl Names {
    fn lookup(&self, host: &str) -> io::Result<Vec<IpAddr>> {
        match self {
            Self::System => Ok((host, 0).to_socket_addrs()?.map(|address| address.ip()).collect()),
            Self::Told(answer) => Ok(answer(host)),
        }
    }
}

/// Why there is no address to connect to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unresolved {
    /// The name leads to an address that is nobody's to reach.
    #[error("the host's address is not a public one: {0}")]
    Refused(&'static str),
    /// The name has no address.
    #[error("the host has no address")]
    Unknown,
    /// Nobody said in time.
    #[error("the host's address took too long to find")]
    TooSlow,
}

/// Finds the addresses of names, so many at a time.
#[derive(Clone, Debug)]
pub struct Resolver {
    names: Names,
    places: Vec<Arc<Semaphore>>,
    within: Duration,
}

impl Resolver {
    /// Asks `names`, for as long as `within`. A lookup takes a place of each of `places` in their order,
    /// such as one's own and everybody's.
    pub const fn new(names: Names, places: Vec<Arc<Semaphore>>, within: Duration) -> Self {
        Self { names, places, within }
    }

    /// The addresses of a public host. A name with one address that is refused is refused altogether:
    /// whoever serves it is not to be trusted.
    ///
    /// # Errors
    /// [`Unresolved`].
    pub async fn public(&self, to: &Destination) -> Result<Vec<SocketAddr>, Unresolved> {
        let asked = async {
            let mut held = Vec::new();
            for places in &self.places {
                held.push(Arc::clone(places).acquire_owned().await.map_err(|_| Unresolved::Unknown)?);
            }
            let (names, host) = (self.names.clone(), to.host.clone());
            // The system's lookup cannot be stopped: its place is free once it ends, not once we stop waiting.
            let looked_up = tokio::task::spawn_blocking(move || {
                let found = names.lookup(&host);
                drop(held);
                found
            });
            looked_up.await.ok().and_then(Result::ok).ok_or(Unresolved::Unknown)
        };
        let found = tokio::time::timeout(self.within, asked).await.map_err(|_| Unresolved::TooSlow)??;
        if let Some(why) = found.iter().find_map(|ip| address::refusal(*ip)) {
            return Err(Unresolved::Refused(why));
        }
        if found.is_empty() {
            return Err(Unresolved::Unknown);
        }
        Ok(found.into_iter().take(MOST).map(|ip| SocketAddr::new(ip, to.port)).collect())
    }
}

/// The addresses of a destination on this machine, without asking anybody (RFC 6761, 6.3). `None` when it
/// is elsewhere.
pub fn loopback(to: &Destination) -> Option<Vec<SocketAddr>> {
    if let Ok(ip) = to.host.parse::<IpAddr>() {
        return ip.to_canonical().is_loopback().then(|| vec![SocketAddr::new(ip, to.port)]);
    }
    let both = [IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)];
    localhost::is_localhost(&to.host).then(|| both.map(|ip| SocketAddr::new(ip, to.port)).to_vec())
}

/// Connects to the first address that answers.
///
/// # Errors
/// What the last one said.
pub async fn connect(addresses: &[SocketAddr]) -> io::Result<TcpStream> {
    let mut last = io::Error::from(io::ErrorKind::AddrNotAvailable);
    for address in addresses {
        match TcpStream::connect(address).await {
            Ok(stream) => return Ok(stream),
            Err(error) => last = error,
        }
    }
    Err(last)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Instant;

    use super::*;

    fn resolver(answers: impl Fn(&str) -> Vec<IpAddr> + Send + Sync + 'static, places: usize) -> Resolver {
        let places = vec![Arc::new(Semaphore::new(places))];
        Resolver::new(Names::Told(Arc::new(answers)), places, Duration::from_millis(300))
    }

    fn api() -> Destination {
        Destination::parse("api.example.org:443").unwrap()
    }

    #[tokio::test]
    async fn f13_a_name_that_changes_its_mind_is_asked_once() {
        let asked = Arc::new(AtomicUsize::new(0));
        let counting = Arc::clone(&asked);
        let resolver = resolver(
            move |_| match counting.fetch_add(1, Ordering::SeqCst) {
                0 => vec!["1.1.1.1".parse().unwrap()],
                _ => vec!["127.0.0.1".parse().unwrap()],
            },
            1,
        );
        // What comes back are addresses, and they are what is connected to: there is no second question.
        assert_eq!(resolver.public(&api()).await, Ok(vec!["1.1.1.1:443".parse().unwrap()]));
        assert_eq!(asked.load(Ordering::SeqCst), 1);
        assert_eq!(resolver.public(&api()).await, Err(Unresolved::Refused("loopback")));
    }

    #[tokio::test]
    async fn f13_one_address_that_is_refused_spoils_the_name() {
        for inside in ["10.0.0.1", "169.254.169.254", "::ffff:8.8.8.8", "fd00::1", "64:ff9b::808:808"] {
            for place in 0..2 {
                let resolver = resolver(
                    move |_| {
                        let mut found: Vec<IpAddr> = vec!["1.1.1.1".parse().unwrap()];
                        found.insert(place, inside.parse().unwrap());
                        found
                    },
                    1,
                );
                let refused = resolver.public(&api()).await.unwrap_err();
                assert!(matches!(refused, Unresolved::Refused(_)), "{inside}: {refused}");
            }
        }
    }

    #[tokio::test]
    async fn f13_a_name_server_that_does_not_answer_is_not_waited_for() {
        let asked = Arc::new(AtomicUsize::new(0));
        let counting = Arc::clone(&asked);
        let resolver = resolver(
            move |_| {
                counting.fetch_add(1, Ordering::SeqCst);
                std::thread::sleep(Duration::from_millis(1500));
                vec![]
            },
            1,
        );
        let (begun, to) = (Instant::now(), api());
        let both = tokio::join!(resolver.public(&to), resolver.public(&to));
        assert_eq!(both, (Err(Unresolved::TooSlow), Err(Unresolved::TooSlow)));
        assert!(begun.elapsed() < Duration::from_millis(1400), "{:?}", begun.elapsed());
        assert_eq!(asked.load(Ordering::SeqCst), 1, "the second waits for a place");
    }

    #[test]
    fn this_machine_is_found_without_asking() {
        let found = |text: &str| loopback(&Destination::parse(text).unwrap());
        assert_eq!(found("127.0.0.1:9000"), Some(vec!["127.0.0.1:9000".parse().unwrap()]));
        assert_eq!(found("rp.localhost:9000").map(|found| found.len()), Some(2));
        assert_eq!((found("10.0.0.1:9000"), found("api.example.org:443")), (None, None));
    }
}
