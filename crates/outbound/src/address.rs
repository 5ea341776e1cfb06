//! Addresses that nothing a tenant asks for may lead to: those that mean "here", "nearby" or nobody (F13).
//!
//! What is allowed is what is routed on the public Internet; every range that is not is refused, and
//! with them the IPv6 ranges that carry an IPv4 address inside, where a private one could hide.
//! Source: the IANA registries of special-purpose addresses (RFC 6890).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Why an address is refused; `None` when it is a public one.
pub fn refusal(ip: IpAddr) -> Option<&'static str> {
    match ip {
        IpAddr::V4(ip) => of_v4(ip),
        IpAddr::V6(ip) => of_v6(ip),
    }
}

const V4: &[([u8; 4], u32, &str)] = &[
    ([0, 0, 0, 0], 8, "this network"),
    ([10, 0, 0, 0], 8, "private"),
    ([100, 64, 0, 0], 10, "shared by a provider's customers"),
    ([127, 0, 0, 0], 8, "loopback"),
    // Among them 169.254.169.254, where most clouds serve their machines' credentials.
    ([169, 254, 0, 0], 16, "link-local"),
    ([168, 63, 129, 16], 32, "a cloud's metadata"),
    ([172, 16, 0, 0], 12, "private"),
    ([192, 0, 0, 0], 24, "assigned to protocols"),
    ([192, 0, 2, 0], 24, "documentation"),
    ([192, 31, 196, 0], 24, "a sink"),
    ([192, 52, 193, 0], 24, "tunnelled multicast"),
    ([192, 88, 99, 0], 24, "a 6to4 relay"),
    ([192, 168, 0, 0], 16, "private"),
    ([192, 175, 48, 0], 24, "a sink"),
    ([198, 18, 0, 0], 15, "benchmarks"),
    ([198, 51, 100, 0], 24, "documentation"),
    ([203, 0, 113, 0], 24, "documentation"),
    ([224, 0, 0, 0], 4, "multicast"),
    ([240, 0, 0, 0], 4, "reserved or broadcast"),
];

/// Ranges within 2000::/3 that are refused all the same.
const V6: &[([u16; 8], u32, &str)] = &[
    ([0x2001, 0, 0, 0, 0, 0, 0, 0], 23, "assigned to protocols, with IPv4 inside (Teredo)"),
    ([0x2001, 0xdb8, 0, 0, 0, 0, 0, 0], 32, "documentation"),
    ([0x2002, 0, 0, 0, 0, 0, 0, 0], 16, "IPv4 inside (6to4)"),
    ([0x2620, 0x4f, 0x8000, 0, 0, 0, 0, 0], 48, "a sink"),
    ([0x3fff, 0, 0, 0, 0, 0, 0, 0], 20, "documentation"),
];

/// The third quarter of an interface identifier behind which an IPv4 address hides (ISATAP, RFC 5214, 6.1).
const ISATAP: u16 = 0x5efe;

fn of_v4(ip: Ipv4Addr) -> Option<&'static str> {
    let bits = ip.to_bits();
    let within = |(net, length, _): &&([u8; 4], u32, _)| {
        let shift = 32 - length;
        bits >> shift == Ipv4Addr::from(*net).to_bits() >> shift
    };
    V4.iter().find(within).map(|(_, _, why)| *why)
}

fn of_v6(ip: Ipv6Addr) -> Option<&'static str> {
    let bits = ip.to_bits();
    if bits >> 125 != 0b001 {
        return Some(outside_of_global_unicast(ip));
    }
    if let [_, _, _, _, 0 | 0x200, ISATAP, ..] = ip.segments() {
        return Some("IPv4 inside (ISATAP)");
    }
    let within = |(net, length, _): &&([u16; 8], u32, _)| {
        let shift = 128 - length;
        bits >> shift == Ipv6Addr::from(*net).to_bits() >> shift
    };
    V6.iter().find(within).map(|(_, _, why)| *why)
}

/// Everything beyond 2000::/3 is refused; the words are for the log.
fn outside_of_global_unicast(ip: Ipv6Addr) -> &'static str {
    match ip.segments() {
        [0, 0, 0, 0, 0, 0, 0, 0] => "this host",
        [0, 0, 0, 0, 0, 0, 0, 1] => "loopback",
        [0, 0, 0, 0, 0, 0xffff, ..] => "IPv4 inside (mapped)",
        [0x64, 0xff9b, ..] => "IPv4 inside (NAT64)",
        [0, ..] => "IPv4 inside, or reserved",
        [0x100, 0, 0, 0, ..] => "discarded",
        [first, ..] if first & 0xfe00 == 0xfc00 => "unique local",
        [first, ..] if first & 0xffc0 == 0xfe80 => "link-local",
        [first, ..] if first & 0xffc0 == 0xfec0 => "site-local",
        [first, ..] if first & 0xff00 == 0xff00 => "multicast",
        _ => "not a public address",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn f13_addresses_that_are_not_public_are_refused() {
        let table = [
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.1",
            "10.255.255.255",
            "100.64.0.1",
            "100.100.100.200", // Alibaba's metadata
            "100.127.255.255",
            "127.0.0.1",
            "127.1.2.3",
            "168.63.129.16", // Azure's
            "169.254.169.254",
            "169.254.170.2", // ECS's
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.1",
            "192.0.0.192", // Oracle's
            "192.0.2.1",
            "192.88.99.1",
            "192.168.0.1",
            "192.168.255.255",
            "198.18.0.1",
            "198.19.255.255",
            "198.51.100.7",
            "203.0.113.9",
            "224.0.0.1",
            "239.255.255.250",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::7f00:1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "::ffff:8.8.8.8",
            "::ffff:0:127.0.0.1",
            "64:ff9b::7f00:1",
            "64:ff9b::a9fe:a9fe",
            "64:ff9b:1::a00:1",
            "100::1",
            "2001::1", // Teredo
            "2001:0:7f00:1::1",
            "2001:10::1",
            "2001:20::1",
            "2001:db8::1",
            "2002:7f00:1::1",
            "2002:a00:1::1",
            "2002:a9fe:a9fe::1",
            "2a00:1450::5efe:a00:1", // ISATAP
            "2a00:1450::200:5efe:7f00:1",
            "3fff::1",
            "5f00::1",
            "fc00::1",
            "fd00:ec2::254", // EC2's metadata
            "fdff:ffff::1",
            "fe80::1",
            "fe80::a9fe:a9fe",
            "febf::1",
            "fec0::1",
            "ff02::1",
            "ff0e::1",
        ];
        assert!(table.len() >= 40);
        for text in table {
            assert!(refusal(text.parse().unwrap()).is_some(), "{text}");
        }
    }

    #[test]
    fn f13_public_addresses_are_not() {
        let table = [
            "1.1.1.1",
            "8.8.8.8",
            "9.255.255.255",
            "11.0.0.0",
            "100.63.255.255",
            "100.128.0.0",
            "126.255.255.255",
            "128.0.0.1",
            "168.63.129.17",
            "169.253.255.255",
            "172.15.255.255",
            "172.32.0.0",
            "192.167.255.255",
            "192.169.0.0",
            "198.17.255.255",
            "198.20.0.0",
            "223.255.255.255",
            "2001:200::1",
            "2001:4860:4860::8888",
            "2003::1",
            "2606:4700:4700::1111",
            "2a00:1450::1",
        ];
        for text in table {
            assert_eq!(refusal(text.parse().unwrap()), None, "{text}");
        }
    }
}
