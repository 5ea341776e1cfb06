//! The networks that a key of the public API may be used from.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use ipnet::IpNet;

/// The most of one key.
pub const MOST: usize = 32;

/// Networks, at least one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Networks(Vec<IpNet>);

impl Networks {
    /// Reads addresses and networks such as `192.0.2.0/24`; `None` when there are none.
    ///
    /// # Errors
    /// The place of one that is neither, or of the first that is too many.
    pub fn parse<'a>(words: impl IntoIterator<Item = &'a str>) -> Result<Option<Self>, usize> {
        let mut networks = Vec::new();
        for (at, word) in words.into_iter().enumerate() {
            let network = word.parse::<IpNet>().or_else(|_| word.parse::<IpAddr>().map(IpNet::from));
            let network = network.map_err(|_| at)?.trunc();
            if networks.len() == MOST {
                return Err(at);
            }
            if !networks.contains(&network) {
                networks.push(network);
            }
        }
        Ok(if networks.is_empty() { None } else { Some(Self(networks)) })
    }

    /// Whether an address is in one of them. An IPv4 address is the same however it is written.
    pub fn hold(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|network| network.contains(&address))
    }

    /// Whether every address of `other` is in one of them.
    pub fn include(&self, other: &Self) -> bool {
        other.0.iter().all(|inner| self.0.iter().any(|outer| outer.contains(inner)))
    }

    /// Each of them, a single address without its length.
    pub fn words(&self) -> Vec<String> {
        let text = |network: &IpNet| {
            if network.prefix_len() == network.max_prefix_len() {
                network.addr().to_string()
            } else {
                network.to_string()
            }
        };
        self.0.iter().map(text).collect()
    }
}

impl fmt::Display for Networks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.words().join(" "))
    }
}

/// The text names no networks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not networks")]
pub struct NotNetworks;

impl FromStr for Networks {
    type Err = NotNetworks;
    fn from_str(text: &str) -> Result<Self, NotNetworks> {
        Self::parse(text.split(' ')).ok().flatten().ok_or(NotNetworks)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn g22_addresses_are_held_to_the_networks_of_a_key() {
        let networks = Networks::parse(["192.0.2.77/24", "2001:db8::/32", "198.51.100.7"]).unwrap().unwrap();
        assert_eq!(networks.to_string(), "192.0.2.0/24 2001:db8::/32 198.51.100.7");
        assert_eq!(networks.to_string().parse(), Ok(networks.clone()));
        for inside in ["192.0.2.255", "::ffff:192.0.2.1", "2001:db8:1::1", "198.51.100.7"] {
            assert!(networks.hold(inside.parse().unwrap()), "{inside}");
        }
        for outside in ["192.0.3.0", "2001:db9::1", "198.51.100.8", "::1"] {
            assert!(!networks.hold(outside.parse().unwrap()), "{outside}");
        }
        let of = |text: &str| text.parse::<Networks>().unwrap();
        assert!(networks.include(&of("192.0.2.128/25")) && !networks.include(&of("192.0.2.1 10.0.0.1")));
        assert!(!networks.include(&of("192.0.0.0/16")));
        for wrong in ["", "x", "10.0.0.0/33", "10.0.0", "example.org"] {
            assert_eq!(Networks::parse(["10.0.0.1", wrong]), Err(1), "{wrong}");
        }
        assert_eq!(Networks::parse([]), Ok(None));
        let many: Vec<String> = (0..=MOST).map(|n| format!("10.0.0.{n}")).collect();
        assert_eq!(Networks::parse(many.iter().map(String::as_str)), Err(MOST));
    }
}
