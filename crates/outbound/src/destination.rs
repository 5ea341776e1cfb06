//! A host and port that somebody wants to reach, in the one spelling it has.

use std::fmt;

use url::Host;

use crate::localhost;

/// The only port of public hosts that is reached.
pub const PORT: u16 = 443;

/// Names that mean something else on every network, or that only clouds' machines know.
const NOT_PUBLIC: [&str; 8] = ["localhost", "local", "internal", "intranet", "lan", "arpa", "onion", "alt"];

/// What a tenant wants to reach: a name or an address, and a port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Destination {
    /// Lower case, without the root's dot; an IPv6 address without brackets.
    pub host: String,
    /// The port.
    pub port: u16,
}

impl Destination {
    /// Reads `HOST:PORT`, as CONNECT has it (RFC 9110, 9.3.6). Nothing that could be read in two ways
    /// is a host.
    pub fn parse(authority: &str) -> Option<Self> {
        let (host, port) = authority.rsplit_once(':')?;
        // Host::parse would also take what is percent-encoded or to be translated (IDNA).
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b':' | b'[' | b']');
        if !host.bytes().all(plain) {
            return None;
        }
        if !port.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let port = port.parse().ok().filter(|&port| port != 0)?;
        let host = match Host::parse(host).ok()? {
            Host::Domain(name) if is_name(&name) => name,
            Host::Domain(_) => return None,
            // Written as addresses are, or not at all: 0x7f.1 and 2130706433 are 127.0.0.1 as well.
            Host::Ipv4(ip) => Some(ip.to_string()).filter(|text| text == host)?,
            Host::Ipv6(ip) => ip.to_string(),
        };
        Some(Self { host, port })
    }

    /// Whether it is this machine, by name or address.
    pub fn is_loopback(&self) -> bool {
        localhost::is_loopback(&self.host)
    }

    /// Whether it is the port of a host that has a public name. Where the name leads is another question.
    pub fn is_public(&self) -> bool {
        self.port == PORT && is_public_name(&self.host)
    }
}

impl fmt::Display for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

/// Whether a name, as [`Destination`] has it, is one of a public host: not an address, and not a name
/// that every network gives its own meaning.
pub fn is_public_name(name: &str) -> bool {
    is_name(name) && name.contains('.') && is_public_top(name)
}

/// Whether the last part of a name is that of public hosts.
pub fn is_public_top(name: &str) -> bool {
    let top = name.rsplit('.').next().unwrap_or_default();
    // No name ends in a number: what does is an address (RFC 3986, 3.2.2).
    !NOT_PUBLIC.contains(&top) && !top.bytes().all(|byte| byte.is_ascii_digit())
}

/// A name as programs write it (RFC 1123, 2.1): letters, digits and inner hyphens.
pub fn is_name(name: &str) -> bool {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    name.len() <= 253 && name.split('.').all(label)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn f13_what_can_be_read_in_two_ways_is_no_destination() {
        for text in [
            "",
            "example.org",
            "example.org:",
            "example.org:0",
            "example.org:65536",
            "example.org:+443",
            ":443",
            "user@example.org:443",
            "example.org/x:443",
            "exa mple.org:443",
            "example.org..:443",
            "-a.example:443",
            "a_b.example:443",
            "0x7f.1:443",
            "2130706433:443",
            "127.1:443",
            "0177.0.0.1:443",
            "[::1%eth0]:443",
            "a.example:443:443",
            "example.org\0:443",
            "%31.example:443",
        ] {
            assert_eq!(Destination::parse(text), None, "{text}");
        }
        assert_eq!(Destination::parse("[::1]:443").unwrap().to_string(), "[::1]:443");
    }

    #[test]
    fn f13_only_public_names_on_port_443_are_public() {
        let is_public = |text: &str| Destination::parse(text).unwrap().is_public();
        assert!(is_public("api.example.org:443") && is_public("xn--caf-dma.example:443"));
        for text in [
            "api.example.org:80",
            "8.8.8.8:443",
            "[2606:4700:4700::1111]:443",
            "localhost:443",
            "x.localhost:443",
            "intranet:443",
            "metadata.google.internal:443",
            "printer.local:443",
        ] {
            assert!(!is_public(text), "{text}");
        }
    }
}
