//! Who asks: the request's id, the network it came from, and the browser it names.

use std::convert::Infallible;
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::extract::FromRequestParts;
use http::header::USER_AGENT;
use http::request::Parts;
use http::{Extensions, HeaderMap, HeaderName};
use polder_kernel::Entropy;

/// The client's address, as our gateway saw it. Believed under [`TrustedProxy::Gateway`] alone.
pub static CLIENT_IP: HeaderName = HeaderName::from_static("x-polder-client-ip");
/// The request's id, as our gateway gave it. Believed under [`TrustedProxy::Gateway`] alone.
pub static REQUEST_ID: HeaderName = HeaderName::from_static("x-polder-request-id");

/// Longest `User-Agent` that is kept, in bytes: it is shown to people and stored with sessions.
const USER_AGENT_MAX: usize = 256;

/// Who stands in front of this process.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TrustedProxy {
    /// Nobody: the connection's own address is the client's, and no header changes that (B42).
    #[default]
    None,
    /// Our gateway, over a Unix socket that only it can reach. It overwrites both headers.
    Gateway,
}

/// Names one request in logs, audit entries and error pages: sixteen hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct RequestId(u64);

impl RequestId {
    /// Reads an id in its one spelling; anything else is `None`.
    pub fn parse(text: &str) -> Option<Self> {
        let spelled = text.len() == 16 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        spelled.then(|| u64::from_str_radix(text, 16).ok().map(Self)).flatten()
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl fmt::Debug for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Makes request ids: a counter from a random start, mixed so that neighbours do not look alike and
/// nobody reads the traffic off them. No system call per request.
#[derive(Clone, Debug)]
pub struct RequestIds(Arc<AtomicU64>);

impl RequestIds {
    /// Ids from a random start.
    pub fn new(entropy: &Entropy) -> Self {
        Self(Arc::new(AtomicU64::new(u64::from_le_bytes(entropy.bytes()))))
    }

    /// The next id.
    pub fn next(&self) -> RequestId {
        // The finaliser of splitmix64: a bijection, so ids of one process never repeat.
        let mut mixed = self.0.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::Relaxed);
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        RequestId(mixed ^ (mixed >> 31))
    }
}

/// The address at the other end of a TCP connection; [`listen::serve`](crate::listen::serve) puts it on each request.
#[derive(Clone, Copy, Debug)]
pub struct Peer(pub SocketAddr);

/// What the [`Stack`](crate::Stack) knows of a request, kept small enough to copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Origin {
    pub(crate) id: RequestId,
    pub(crate) ip: Option<IpAddr>,
}

impl Origin {
    pub(crate) fn of(proxy: TrustedProxy, ids: &RequestIds, headers: &HeaderMap, extensions: &Extensions) -> Self {
        let peer = || extensions.get::<Peer>().map(|peer| peer.0.ip().to_canonical());
        match proxy {
            TrustedProxy::None => Self { id: ids.next(), ip: peer() },
            TrustedProxy::Gateway => {
                let text = |name: &HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
                let id = text(&REQUEST_ID).and_then(RequestId::parse).unwrap_or_else(|| ids.next());
                let ip = text(&CLIENT_IP).and_then(|ip| ip.parse::<IpAddr>().ok()).map(|ip| ip.to_canonical());
                Self { id, ip: ip.or_else(peer) }
            }
        }
    }
}

/// Who asks, for handlers, audit entries and logs. An extractor that never fails.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestContext {
    /// Names this request in logs and on error pages.
    pub request_id: RequestId,
    /// The client's address; `None` where there is no network, as on an admin socket.
    pub client_ip: Option<IpAddr>,
    /// What the client calls itself, cut at 256 bytes, printable ASCII only. Untrusted.
    pub user_agent: Option<String>,
}

impl RequestContext {
    /// The context of a request that has passed the [`Stack`](crate::Stack). Without it (a handler
    /// called bare in a test) the id is all zeros and the address unknown.
    pub fn of(headers: &HeaderMap, extensions: &Extensions) -> Self {
        let origin = extensions.get::<Origin>().copied().unwrap_or(Origin { id: RequestId(0), ip: None });
        Self { request_id: origin.id, client_ip: origin.ip, user_agent: user_agent(headers) }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for RequestContext {
    type Rejection = Infallible;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self::of(&parts.headers, &parts.extensions))
    }
}

fn user_agent(headers: &HeaderMap) -> Option<String> {
    let text: String = headers
        .get(USER_AGENT)?
        .as_bytes()
        .iter()
        .take(USER_AGENT_MAX)
        .map(|&b| if (0x20..0x7f).contains(&b) { char::from(b) } else { '?' })
        .collect();
    (!text.is_empty()).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    fn forged() -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(&CLIENT_IP, HeaderValue::from_static("198.51.100.7"));
        headers.insert(&REQUEST_ID, HeaderValue::from_static("00000000000000ff"));
        headers.insert("x-forwarded-for", HeaderValue::from_static("198.51.100.8"));
        headers.insert("forwarded", HeaderValue::from_static("for=198.51.100.9"));
        headers
    }

    fn from(peer: &str) -> Extensions {
        let mut extensions = Extensions::new();
        extensions.insert(Peer(peer.parse().unwrap()));
        extensions
    }

    #[test]
    fn b42_nobody_can_forge_an_address_or_an_id() {
        let ids = RequestIds::new(&Entropy::seeded(1));
        let origin = Origin::of(TrustedProxy::None, &ids, &forged(), &from("192.0.2.1:4000"));
        assert_eq!(origin.ip, Some("192.0.2.1".parse().unwrap()));
        assert_ne!(origin.id.to_string(), "00000000000000ff");
    }

    #[test]
    fn b42_the_gateway_is_believed_and_only_its_own_headers_are() {
        let ids = RequestIds::new(&Entropy::seeded(1));
        let origin = Origin::of(TrustedProxy::Gateway, &ids, &forged(), &Extensions::new());
        assert_eq!(origin.ip, Some("198.51.100.7".parse().unwrap()));
        assert_eq!(origin.id.to_string(), "00000000000000ff");
    }

    #[test]
    fn an_ipv4_client_on_an_ipv6_socket_is_an_ipv4_client() {
        let ids = RequestIds::new(&Entropy::seeded(1));
        let origin = Origin::of(TrustedProxy::None, &ids, &HeaderMap::new(), &from("[::ffff:192.0.2.1]:1"));
        assert_eq!(origin.ip, Some("192.0.2.1".parse().unwrap()));
    }

    #[test]
    fn f16_an_id_that_is_not_ours_is_not_taken_into_the_logs() {
        for wrong in ["", "00000000000000FF", "+0000000000000ff", "1", "00000000000000ff\n", "000000000000000ff"] {
            assert_eq!(RequestId::parse(wrong), None, "{wrong:?}");
        }
        let ids = RequestIds::new(&Entropy::seeded(1));
        let (first, second) = (ids.next(), ids.next());
        assert_ne!(first, second);
        assert_eq!(RequestId::parse(&first.to_string()), Some(first));
    }

    #[test]
    fn f16_a_user_agent_is_cut_and_cleaned() {
        let mut headers = HeaderMap::new();
        headers.insert(USER_AGENT, HeaderValue::from_bytes(b"caf\xc3\xa9\tx").unwrap());
        assert_eq!(user_agent(&headers).as_deref(), Some("caf???x"));
        headers.insert(USER_AGENT, HeaderValue::from_str(&"a".repeat(9000)).unwrap());
        assert_eq!(user_agent(&headers).map(|ua| ua.len()), Some(256));
    }
}
