//! Which hosts a tenant may reach, and what it asks for.

use std::fmt;

use polder_outbound::localhost;
use url::Host;

/// The only port of public hosts.
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

/// A host, or hosts, that a tenant may reach.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rule {
    /// This one, port 443.
    Host(String),
    /// All below this one, port 443. Without the leading dot.
    Below(String),
    /// A service on this machine, in development alone.
    Loopback(Destination),
}

/// Why a text is no rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RuleError {
    /// Not a host name.
    #[error(
        "a rule is a host name such as `api.example.org`, or `.example.org` for all hosts below it; the port is 443"
    )]
    Shape,
    /// A name of no public host.
    #[error("this name is not one of a public host")]
    NotPublic,
    /// All of a top-level domain.
    #[error("a rule for all hosts below a name needs a name of two parts at least")]
    TooWide,
}

impl Rule {
    /// Reads a rule. Where `dev` holds, a loopback host with a port is one too.
    ///
    /// # Errors
    /// [`RuleError`].
    pub fn parse(text: &str, dev: bool) -> Result<Self, RuleError> {
        let text = text.trim().trim_end_matches('.');
        if let Some(destination) = Destination::parse(text).filter(|there| localhost::is_loopback(&there.host)) {
            return if dev { Ok(Self::Loopback(destination)) } else { Err(RuleError::NotPublic) };
        }
        let (name, below) = match text.strip_prefix('.') {
            Some(name) => (name, true),
            None => (text, false),
        };
        let name = match Host::parse(name) {
            Ok(Host::Domain(name)) if is_name(&name) => name,
            Ok(Host::Ipv4(_) | Host::Ipv6(_)) => return Err(RuleError::NotPublic),
            _ => return Err(RuleError::Shape),
        };
        let top = name.rsplit('.').next().unwrap_or_default();
        if NOT_PUBLIC.contains(&top) || (!below && !name.contains('.')) {
            return Err(RuleError::NotPublic);
        }
        match below {
            true if !name.contains('.') => Err(RuleError::TooWide),
            true => Ok(Self::Below(name)),
            false => Ok(Self::Host(name)),
        }
    }

    /// Whether the rule is for this destination.
    pub fn allows(&self, to: &Destination) -> bool {
        match self {
            Self::Host(name) => to.port == PORT && to.host == *name,
            Self::Below(name) => {
                let label = to.host.strip_suffix(name.as_str()).and_then(|front| front.strip_suffix('.'));
                to.port == PORT && label.is_some_and(|label| !label.is_empty())
            }
            Self::Loopback(exactly) => to == exactly,
        }
    }
}

/// As it is stored and shown.
impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Host(name) => f.write_str(name),
            Self::Below(name) => write!(f, ".{name}"),
            Self::Loopback(destination) => destination.fmt(f),
        }
    }
}

/// A name as programs write it (RFC 1123, 2.1): letters, digits and inner hyphens.
fn is_name(name: &str) -> bool {
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

    fn allows(rule: &str, to: &str) -> bool {
        Rule::parse(rule, true).unwrap().allows(&Destination::parse(to).unwrap())
    }

    #[test]
    fn p18_a_rule_is_for_one_host_or_for_those_below_one() {
        assert!(allows("api.example.org", "api.example.org:443"));
        assert!(allows("API.Example.org.", "Api.EXAMPLE.org:443"));
        for to in ["example.org:443", "x.api.example.org:443", "api.example.org:80", "api.example.org.evil.test:443"] {
            assert!(!allows("api.example.org", to), "{to}");
        }
        assert!(allows(".example.org", "api.example.org:443") && allows(".example.org", "a.b.example.org:443"));
        for to in ["example.org:443", "badexample.org:443", "api.example.org:8443", "api.example.org.evil.test:443"] {
            assert!(!allows(".example.org", to), "{to}");
        }
    }

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
    fn f13_a_rule_names_public_hosts_alone() {
        for text in [
            "127.0.0.1",
            "10.0.0.1",
            "[::1]",
            "8.8.8.8",
            "0x7f.1",
            "2130706433",
            "localhost",
            "x.localhost",
            "localhost:8080",
            "127.0.0.1:8080",
            "metadata.google.internal",
            "printer.local",
            "1.0.0.127.in-addr.arpa",
            "intranet",
            "metadata",
        ] {
            assert_eq!(Rule::parse(text, false), Err(RuleError::NotPublic), "{text}");
        }
        assert_eq!(Rule::parse(".org", false), Err(RuleError::TooWide));
        for text in
            ["", ".", "*.example.org", "https://example.org", "example.org:443", "example.org/x", "..example.org"]
        {
            assert_eq!(Rule::parse(text, false), Err(RuleError::Shape), "{text}");
        }
    }

    #[test]
    fn a52_in_development_one_port_of_this_machine_may_be_allowed() {
        assert!(allows("127.0.0.1:9000", "127.0.0.1:9000") && allows("rp.localhost:9000", "rp.localhost:9000"));
        for to in ["127.0.0.1:9001", "127.0.0.2:9000", "localhost:9000", "[::1]:9000"] {
            assert!(!allows("127.0.0.1:9000", to), "{to}");
        }
        assert_eq!(Rule::parse("10.0.0.1:9000", true), Err(RuleError::Shape));
    }

    #[test]
    fn a_rule_is_read_back_as_it_is_written() {
        for text in ["api.example.org", ".example.org", "127.0.0.1:9000", "[::1]:9000"] {
            assert_eq!(Rule::parse(text, true).unwrap().to_string(), text);
        }
    }
}
