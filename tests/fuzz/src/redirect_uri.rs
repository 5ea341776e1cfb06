//! Registering a redirect URI and matching one that is presented.

use polder_protocol::{ApplicationType, redirect_uri};
use url::{Host, Url};

use crate::two_parts;

/// What can be registered is harmless, matches itself, and matches nothing that a browser would take elsewhere.
///
/// # Panics
/// When it does not hold.
pub fn holds(input: &[u8]) {
    let Ok(text) = str::from_utf8(input) else { return };
    let (registered, presented) = two_parts(text);
    for kind in [ApplicationType::Web, ApplicationType::Spa, ApplicationType::Native, ApplicationType::Machine] {
        for dev in [false, true] {
            let Ok(uri) = redirect_uri::register(registered, kind, dev) else { continue };
            let native = kind == ApplicationType::Native;
            is_harmless(uri.as_str(), native, dev);
            assert!(redirect_uri::matches(&uri, registered, native), "{registered} does not match itself");
            if redirect_uri::matches(&uri, presented, native) && presented != registered {
                assert!(native, "{presented} is taken for {registered}");
                leads_to_the_same_program(registered, presented);
            }
        }
    }
}

fn is_harmless(text: &str, native: bool, dev: bool) {
    let url = Url::parse(text).expect("a registered address is one");
    assert!(url.fragment().is_none() && url.username().is_empty() && url.password().is_none(), "{text}");
    match url.scheme() {
        "https" => assert!(url.host().is_some(), "{text}"),
        "http" => assert!((native || dev) && is_loopback(&url, dev), "{text}"),
        scheme => assert!(native && scheme.contains('.'), "{text}"),
    }
}

fn is_loopback(url: &Url, dev: bool) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || (dev && name.ends_with(".localhost")),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// On this machine, but for the port the same.
fn leads_to_the_same_program(registered: &str, presented: &str) {
    let (own, other) = (Url::parse(registered).expect("registered"), Url::parse(presented).expect(presented));
    assert!(is_loopback(&own, false) && is_loopback(&other, false), "{presented} is taken for {registered}");
    let parts = |url: &Url| (url.scheme().to_owned(), url.host_str().map(str::to_owned), url.path().to_owned());
    assert_eq!(parts(&own), parts(&other));
    assert_eq!(own.query(), other.query());
    assert!(other.fragment().is_none() && other.username().is_empty() && other.password().is_none(), "{presented}");
}
