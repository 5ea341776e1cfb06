//! What may be registered as a redirect URI.

use url::{Host, Url};

use super::RedirectUri;
use crate::ApplicationType;

/// The longest redirect URI, in bytes.
pub(super) const MAX_BYTES: usize = 2048;

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

/// A URI whose text is already what a parser makes of it: nothing that two parsers could read
/// differently (upper case, dot segments, backslashes, tabs, odd spellings of an address) is left.
pub(super) fn parse_normal(text: &str) -> Result<Url, RegistrationError> {
    if !text.bytes().all(|b| b.is_ascii_graphic() && b != b'\\') {
        return Err(RegistrationError::NotNormal);
    }
    let url = Url::parse(text).map_err(|_| RegistrationError::NotNormal)?;
    let same = url.as_str() == text || url.as_str().strip_suffix('/') == Some(text);
    if same { Ok(url) } else { Err(RegistrationError::NotNormal) }
}

/// What stands between `//` and the path.
pub(super) fn authority(text: &str) -> &str {
    let after = text.split_once("//").map_or("", |(_, after)| after);
    after.split(['/', '?']).next().unwrap_or_default()
}

pub(super) fn loopback_only(url: &Url, dev: bool) -> Result<(), RegistrationError> {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ApplicationType::{Machine, Native, Spa, Web};

    fn refused(text: &str, kind: ApplicationType, dev: bool) -> RegistrationError {
        register(text, kind, dev).expect_err(text)
    }

    #[test]
    fn a33_https_is_accepted_for_everyone_with_a_browser() {
        for text in [
            "https://app.example.test",
            "https://app.example.test/",
            "https://app.example.test/cb",
            "https://app.example.test:8443/cb?x=1&y=%20",
            "https://xn--bcher-kva.test/cb",
            "https://app.example.test/a%2Fb~c",
        ] {
            for kind in [Web, Spa, Native] {
                assert_eq!(register(text, kind, false).map(|uri| uri.as_str().to_owned()), Ok(text.to_owned()));
            }
            assert_eq!(refused(text, Machine, false), RegistrationError::Machine);
        }
    }

    #[test]
    fn a33_what_could_mislead_is_refused() {
        use RegistrationError::*;
        for (text, why) in [
            ("https://app.example.test/cb#", Fragment),
            ("https://app.example.test/cb#x", Fragment),
            ("https://*.example.test/cb", Wildcard),
            ("https://app.example.test/*", Wildcard),
            ("https://user@app.example.test/cb", UserInfo),
            ("https://user:pw@app.example.test/cb", UserInfo),
            ("http://app.example.test/cb", Http),
            ("http://127.0.0.1.evil.test/cb", Http),
            ("http://localhost.evil.test/cb", Http),
            ("javascript:alert(1)", Scheme),
            ("data:text/html,x", Scheme),
            ("file:///etc/passwd", Scheme),
            ("com.example.app:/cb", Scheme),
            ("", NotNormal),
            ("/cb", NotNormal),
            ("app.example.test/cb", NotNormal),
            ("https:app.example.test/cb", NotNormal),
            ("https:///cb", NotNormal),
            ("https://app.example.test:443/cb", NotNormal),
            ("https://APP.example.test/cb", NotNormal),
            ("HTTPS://app.example.test/cb", NotNormal),
            ("https://app.example.test/x/../cb", NotNormal),
            ("https://app.example.test/x/%2e%2e/cb", NotNormal),
            ("https://app.example.test\\cb", NotNormal),
            ("https://app.example.test/cb ", NotNormal),
            ("https://app.example.test/c\tb", NotNormal),
            ("https://app.example.test/cb\r\nSet-Cookie:x", NotNormal),
            ("https://b\u{fc}cher.test/cb", NotNormal),
        ] {
            assert_eq!(refused(text, Web, false), why, "{text:?}");
        }
        for text in [
            "https://@app.example.test/cb",
            "https://:@app.example.test/cb",
            "http://0x7f.1/cb",
            "http://2130706433/cb",
        ] {
            assert!(register(text, Native, true).is_err(), "{text}");
        }
        let long = format!("https://app.example.test/{}", "a".repeat(2048));
        assert_eq!(refused(&long, Web, false), TooLong);
    }

    #[test]
    fn b95_http_is_for_the_loopback_addresses_of_native_applications() {
        for text in ["http://127.0.0.1/cb", "http://127.0.0.1:8080/cb", "http://[::1]/cb", "http://localhost:3000/cb"] {
            assert!(register(text, Native, false).is_ok(), "{text}");
            for kind in [Web, Spa] {
                assert_eq!(refused(text, kind, false), RegistrationError::Http, "{text}");
            }
        }
        for text in ["http://127.0.0.2/cb", "http://0.0.0.0/cb", "http://10.0.0.1/cb", "http://app.localhost/cb"] {
            assert_eq!(refused(text, Native, false), RegistrationError::Http, "{text}");
        }
    }

    #[test]
    fn a33_in_dev_loopback_http_is_for_every_type() {
        for text in [
            "http://127.0.0.1:3000/cb",
            "http://[::1]:3000/cb",
            "http://localhost:3000/cb",
            "http://console.localhost:8600/callback",
        ] {
            for kind in [Web, Spa, Native] {
                assert!(register(text, kind, true).is_ok(), "{text}");
            }
        }
        for text in
            ["http://app.example.test/cb", "http://10.0.0.1/cb", "http://notlocalhost/cb", "http://localhost.test/cb"]
        {
            assert_eq!(refused(text, Web, true), RegistrationError::Http, "{text}");
        }
    }

    #[test]
    fn b96_a_private_use_scheme_has_a_dot() {
        for text in ["com.example.app:/cb", "com.example.app://callback", "com.example.app:cb"] {
            assert!(register(text, Native, false).is_ok(), "{text}");
        }
        for text in
            ["myapp:/cb", "myapp://cb", "javascript:alert(1)", "data:text/html,x", "com.:/cb", "intent://x", "blob:x"]
        {
            assert_eq!(refused(text, Native, false), RegistrationError::PrivateScheme, "{text}");
        }
    }
}
