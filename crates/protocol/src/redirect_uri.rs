//! Redirect URIs: strict when registered, compared as text when presented (RFC 9700 4.1.3).

use std::fmt;

use serde::{Deserialize, Serialize};
use url::{Host, Url};

use crate::ApplicationType;

/// The longest redirect URI, in bytes.
const MAX_BYTES: usize = 2048;

/// The only hosts whose port may differ from the registered one (RFC 8252 7.3). `localhost` is not
/// among them: what it resolves to is not certain to be this machine (RFC 8252 8.3).
const LOOPBACK: [&str; 2] = ["http://127.0.0.1", "http://[::1]"];

/// A redirect URI that passed [`register`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RedirectUri(String);

impl RedirectUri {
    /// The URI that was stored; it was checked when it was registered.
    pub fn from_stored(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// The text as registered.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RedirectUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Why a redirect URI cannot be registered; the text is for the developer who sent it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RegistrationError {
    /// Not an absolute URI in its normal spelling.
    #[error(
        "must be an absolute URI in its normal spelling: lower-case scheme and host, no dot segments, no default port"
    )]
    NotNormal,
    /// More than 2048 bytes.
    #[error("must be at most 2048 bytes long")]
    TooLong,
    /// A `#`.
    #[error("must not have a fragment")]
    Fragment,
    /// A `*`.
    #[error("must not have a wildcard: every redirect URI is matched exactly")]
    Wildcard,
    /// A user name or password.
    #[error("must not have a user name or password")]
    UserInfo,
    /// `http` where it is not allowed.
    #[error("must use https; http is for loopback addresses of native applications alone")]
    Http,
    /// A scheme that is not allowed for this type of application.
    #[error("must use https; other schemes are for native applications alone")]
    Scheme,
    /// A private-use scheme without a dot.
    #[error("a private-use scheme must be a domain name in reverse, such as com.example.app")]
    PrivateScheme,
    /// Machines have no browser to redirect.
    #[error("an application of type machine has no redirect URIs")]
    Machine,
}

/// Checks a redirect URI before it is stored (A33, B95, B96).
///
/// `dev` is set where the issuer itself is http on localhost: then http is allowed on loopback hosts
/// for every type, `localhost` and names below it among them (RFC 6761).
pub fn register(text: &str, kind: ApplicationType, dev: bool) -> Result<RedirectUri, RegistrationError> {
    if kind == ApplicationType::Machine {
        return Err(RegistrationError::Machine);
    }
    if text.len() > MAX_BYTES {
        return Err(RegistrationError::TooLong);
    }
    if text.contains('#') {
        return Err(RegistrationError::Fragment);
    }
    if text.contains('*') {
        return Err(RegistrationError::Wildcard);
    }
    let url = parse_normal(text)?;
    if !url.username().is_empty() || url.password().is_some() || authority(text).contains('@') {
        return Err(RegistrationError::UserInfo);
    }
    match url.scheme() {
        "https" => Ok(()),
        "http" if kind == ApplicationType::Native || dev => loopback_only(&url, dev),
        "http" => Err(RegistrationError::Http),
        scheme if kind == ApplicationType::Native => private_use(scheme),
        _ => Err(RegistrationError::Scheme),
    }?;
    Ok(RedirectUri(text.to_owned()))
}

/// Whether a presented redirect URI is the registered one: the same text, byte for byte. Only for a
/// native application may the port of a loopback address differ (B33, B95).
pub fn matches(registered: &RedirectUri, presented: &str, native: bool) -> bool {
    if registered.0 == presented {
        return true;
    }
    native
        && LOOPBACK.iter().any(|host| match (registered.0.strip_prefix(host), presented.strip_prefix(host)) {
            (Some(own), Some(other)) => after_port(own).is_some_and(|rest| after_port(other) == Some(rest)),
            _ => false,
        })
}

/// What follows an optional port; `None` where a colon is not followed by a port from 1 to 65535.
/// Anything else that could follow a host (`.evil.test`, `@evil.test`) stays in the rest and there
/// fails the comparison.
fn after_port(text: &str) -> Option<&str> {
    let Some(text) = text.strip_prefix(':') else { return Some(text) };
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (port, rest) = text.split_at(digits);
    (!port.starts_with('0') && port.parse::<u16>().is_ok()).then_some(rest)
}

/// A URI whose text is already what a parser makes of it: nothing that two parsers could read
/// differently (upper case, dot segments, backslashes, tabs, odd spellings of an address) is left.
fn parse_normal(text: &str) -> Result<Url, RegistrationError> {
    if !text.bytes().all(|b| b.is_ascii_graphic() && b != b'\\') {
        return Err(RegistrationError::NotNormal);
    }
    let url = Url::parse(text).map_err(|_| RegistrationError::NotNormal)?;
    let same = url.as_str() == text || url.as_str().strip_suffix('/') == Some(text);
    // `%2e%2e` is a dot segment to some parsers and a name to others.
    if !same || text.to_ascii_lowercase().contains("%2e") || text.contains("/../") {
        return Err(RegistrationError::NotNormal);
    }
    Ok(url)
}

/// What stands between `//` and the path.
fn authority(text: &str) -> &str {
    let after = text.split_once("//").map_or("", |(_, after)| after);
    after.split(['/', '?']).next().unwrap_or_default()
}

fn loopback_only(url: &Url, dev: bool) -> Result<(), RegistrationError> {
    let loopback = match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || (dev && name.ends_with(".localhost")),
        Some(Host::Ipv4(address)) => address == std::net::Ipv4Addr::LOCALHOST,
        Some(Host::Ipv6(address)) => address == std::net::Ipv6Addr::LOCALHOST,
        None => false,
    };
    if loopback { Ok(()) } else { Err(RegistrationError::Http) }
}

/// RFC 8252 7.1: without a dot, `javascript:`, `data:` and the schemes of other programs fit too.
fn private_use(scheme: &str) -> Result<(), RegistrationError> {
    let labels = scheme.split('.').collect::<Vec<_>>();
    if labels.len() >= 2 && labels.iter().all(|label| !label.is_empty()) {
        return Ok(());
    }
    Err(RegistrationError::PrivateScheme)
}
