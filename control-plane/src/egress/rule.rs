//! Which hosts a tenant may reach.

use std::fmt;

use polder_outbound::destination::{Destination, PORT, is_name, is_public_name, is_public_top};
use url::Host;

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
        if let Some(destination) = Destination::parse(text).filter(Destination::is_loopback) {
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
        match below {
            true if !is_public_top(&name) => Err(RuleError::NotPublic),
            true if !name.contains('.') => Err(RuleError::TooWide),
            true => Ok(Self::Below(name)),
            false if !is_public_name(&name) => Err(RuleError::NotPublic),
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
