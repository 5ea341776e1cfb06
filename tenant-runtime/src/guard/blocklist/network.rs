//! An address or a network as lists write it.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};
use std::str::FromStr;

/// Bits before an IPv4 address in the IPv6 address that stands for it (RFC 4291, 2.5.5.2).
const MAPPED: u8 = 96;
/// Wider networks are a slip of the keyboard rather than a source of abuse.
const WIDEST_V4: u8 = 8;
const WIDEST_V6: u8 = 16;

/// A network of either kind, with the bits that do not count left out. IPv4 is what its mapped IPv6 address
/// is, so that both ways to write it are one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Network {
    bits: u128,
    length: u8,
}

impl Network {
    /// The network of this length that an address is in.
    pub fn of(ip: IpAddr, length: u8) -> Self {
        let bits = match ip {
            IpAddr::V4(v4) => v4.to_ipv6_mapped().to_bits(),
            IpAddr::V6(v6) => v6.to_bits(),
        };
        let mask = u128::MAX.checked_shl(128 - u32::from(length.min(128))).unwrap_or(0);
        Self { bits: bits & mask, length }
    }

    /// How many of its bits count, of 128.
    pub const fn length(self) -> u8 {
        self.length
    }
}

/// The text is no network, or one that is too wide.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoNetwork;

impl FromStr for Network {
    type Err = NoNetwork;

    fn from_str(text: &str) -> Result<Self, NoNetwork> {
        let (address, length) = match text.split_once('/') {
            Some((address, length)) => (address, Some(length)),
            None => (text, None),
        };
        let ip: IpAddr = address.parse().map_err(|_| NoNetwork)?;
        let whole = if ip.is_ipv4() { 32 } else { 128 };
        let length = match length {
            None => whole,
            Some(digits) if digits.bytes().all(|b| b.is_ascii_digit()) => digits.parse().map_err(|_| NoNetwork)?,
            Some(_) => return Err(NoNetwork),
        };
        let widest = if ip.is_ipv4() { WIDEST_V4 } else { WIDEST_V6 };
        if length > whole || length < widest {
            return Err(NoNetwork);
        }
        let network = Self::of(ip, if ip.is_ipv4() { MAPPED + length } else { length });
        // All of IPv4, or much of it, in the disguise of IPv6.
        let mapped = network.length < MAPPED + WIDEST_V4 && Self::of(MAPPED_ZERO, network.length) == network;
        if mapped { Err(NoNetwork) } else { Ok(network) }
    }
}

const MAPPED_ZERO: IpAddr = IpAddr::V6(Ipv6Addr::new(0, 0, 0, 0, 0, 0xffff, 0, 0));

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let v6 = Ipv6Addr::from_bits(self.bits);
        match v6.to_ipv4_mapped().filter(|_| self.length >= MAPPED) {
            Some(v4) => write!(f, "{v4}/{}", self.length - MAPPED),
            None => write!(f, "{v6}/{}", self.length),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<String> {
        text.parse::<Network>().ok().map(|network| network.to_string())
    }

    #[test]
    fn r8_networks_are_read_in_every_spelling_and_written_in_one() {
        for (text, expected) in [
            ("192.0.2.1", "192.0.2.1/32"),
            ("192.0.2.129/25", "192.0.2.128/25"),
            ("::ffff:192.0.2.1", "192.0.2.1/32"),
            ("::ffff:192.0.2.1/120", "192.0.2.0/24"),
            ("2001:DB8::1", "2001:db8::1/128"),
            ("2001:db8:1:2::9/48", "2001:db8:1::/48"),
            ("10.0.0.0/8", "10.0.0.0/8"),
        ] {
            assert_eq!(read(text).as_deref(), Some(expected), "{text}");
            assert_eq!(read(expected).as_deref(), Some(expected));
        }
    }

    #[test]
    fn r8_what_is_no_network_or_half_of_the_world_is_refused() {
        for text in [
            "",
            "/",
            "192.0.2",
            "192.0.2.1/",
            "192.0.2.1/33",
            "192.0.2.1/+8",
            "192.0.2.1/-1",
            "192.0.2.1 /24",
            "0.0.0.0/0",
            "0.0.0.0/7",
            "::/0",
            "::/15",
            "::ffff:0:0/96",
            "::ffff:0:0/90",
            "2001:db8::/129",
            "192.000.2.1",
            "example.test",
            "fe80::1%eth0",
            "192.0.2.1-192.0.2.9",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
