//! The issuer: who we are to the world.

use std::fmt;
use std::str::FromStr;

use url::Url;

/// The issuer: an origin, without path, query or trailing slash, as tokens and metadata carry it.
#[derive(Clone, PartialEq, Eq)]
pub struct Issuer {
    text: String,
    authority: String,
    https: bool,
    local: bool,
}

/// Why a text is not an issuer.
#[derive(Debug, thiserror::Error)]
#[error(
    "the issuer must be an origin such as https://login.example.com; http only for localhost, *.localhost and loopback addresses"
)]
pub struct NotAnIssuer;

impl FromStr for Issuer {
    type Err = NotAnIssuer;

    fn from_str(text: &str) -> Result<Self, NotAnIssuer> {
        let url = Url::parse(text).map_err(|_| NotAnIssuer)?;
        let origin = url.origin().ascii_serialization();
        // One spelling only: what is stored, signed and compared must be what was typed.
        if origin != text {
            return Err(NotAnIssuer);
        }
        let local = is_loopback(&url);
        let https = match url.scheme() {
            "https" => true,
            "http" if local => false,
            _ => return Err(NotAnIssuer),
        };
        let authority = origin.split_once("://").map(|(_, a)| a.to_owned()).ok_or(NotAnIssuer)?;
        Ok(Self { text: origin, authority, https, local })
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

impl Issuer {
    /// The issuer as claims and metadata carry it; it is also the origin of our pages.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The `Host` header requests to us carry.
    pub fn authority(&self) -> &str {
        &self.authority
    }

    /// The host alone, which is the relying party id of its passkeys.
    pub fn host(&self) -> &str {
        let host = self.authority.rsplit_once(':').filter(|(_, port)| port.bytes().all(|b| b.is_ascii_digit()));
        host.map_or(&self.authority, |(host, _)| host)
    }

    /// Whether cookies are `__Host-` and HSTS is sent. One of http is always on this machine.
    pub fn is_https(&self) -> bool {
        self.https
    }

    /// Whether nobody but this machine reaches it, with TLS or without: development. Its applications and those it
    /// learns from may be on this machine as well.
    pub fn is_local(&self) -> bool {
        self.local
    }

    /// An address of ours: `path` begins with a slash.
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.text)
    }
}

impl fmt::Display for Issuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for Issuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a01_an_issuer_is_an_origin_in_one_spelling() {
        for right in ["https://login.example.com", "http://practice.localhost:8600", "http://127.0.0.1:9000"] {
            assert_eq!(right.parse::<Issuer>().unwrap().as_str(), right);
        }
        for wrong in [
            "https://login.example.com/",
            "https://login.example.com/a",
            "https://LOGIN.example.com",
            "https://login.example.com:443",
            "http://login.example.com",
            "https://a@login.example.com",
            "https://login.example.com?x",
            "ftp://localhost",
            "login.example.com",
        ] {
            assert!(wrong.parse::<Issuer>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn f13_an_issuer_on_this_machine_is_one_of_development() {
        let is_local = |text: &str| text.parse::<Issuer>().unwrap().is_local();
        for here in
            ["http://practice.localhost:8600", "https://op.localhost:9443", "https://127.0.0.1", "https://[::1]"]
        {
            assert!(is_local(here), "{here}");
        }
        for elsewhere in ["https://login.example.com", "https://localhost.example.com", "https://10.0.0.1"] {
            assert!(!is_local(elsewhere), "{elsewhere}");
        }
    }
}
