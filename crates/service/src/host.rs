//! Which host a request is for (F07). The `Host` header is compared, never used.

use http::header::HOST;
use http::{HeaderMap, StatusCode, Uri};

/// The request's host is not one to answer for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// None, more than one, or two that disagree (RFC 9112, 3.2): 400.
    #[error("the request does not say clearly which host it is for")]
    Unclear,
    /// A clear name, but not ours: 421.
    #[error("this host is not served here")]
    Unknown,
}

impl Refused {
    /// The status to answer with.
    pub const fn status(self) -> StatusCode {
        match self {
            Self::Unclear => StatusCode::BAD_REQUEST,
            Self::Unknown => StatusCode::MISDIRECTED_REQUEST,
        }
    }
}

/// The one authority (`host` or `host:port`) a request names: the `Host` header, and the target's
/// own where it is in absolute form; both must agree. `X-Forwarded-Host` and `Forwarded` are not read.
///
/// # Errors
/// [`Refused::Unclear`].
pub fn requested<'a>(uri: &'a Uri, headers: &'a HeaderMap) -> Result<&'a str, Refused> {
    let mut hosts = headers.get_all(HOST).iter();
    let (Some(host), None) = (hosts.next(), hosts.next()) else { return Err(Refused::Unclear) };
    let host = host.to_str().map_err(|_| Refused::Unclear)?;
    match uri.authority() {
        Some(target) if !target.as_str().eq_ignore_ascii_case(host) => Err(Refused::Unclear),
        _ if host.is_empty() => Err(Refused::Unclear),
        _ => Ok(host),
    }
}

/// The authorities a process answers for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hosts(Vec<String>);

impl Hosts {
    /// The authority of a base URL such as an issuer: `https://id.example/` is `id.example` and
    /// `id.example:443`, `http://x.localhost:8600` is `x.localhost:8600`.
    pub fn of_url(url: &str) -> Self {
        Self::default().and_url(url)
    }

    /// One more base URL.
    #[must_use]
    pub fn and_url(mut self, url: &str) -> Self {
        let (scheme, rest) = url.split_once("://").unwrap_or(("", url));
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        let port = if scheme == "https" { ":443" } else { ":80" };
        let explicit = authority.rsplit(']').next().is_some_and(|end| end.contains(':'));
        if !explicit {
            self.0.push(format!("{authority}{port}"));
        }
        self.0.push(authority.to_owned());
        self.0.retain(|authority| !authority.is_empty() && !authority.starts_with(':'));
        self
    }

    /// Checks that the request is for one of these.
    ///
    /// # Errors
    /// [`Refused`].
    pub fn check(&self, uri: &Uri, headers: &HeaderMap) -> Result<(), Refused> {
        let host = requested(uri, headers)?;
        if self.0.iter().any(|own| own.eq_ignore_ascii_case(host)) { Ok(()) } else { Err(Refused::Unknown) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    fn check(target: &str, hosts: &[&'static str]) -> Result<(), Refused> {
        let mut headers = HeaderMap::new();
        headers.insert("x-forwarded-host", HeaderValue::from_static("id.example"));
        headers.insert("forwarded", HeaderValue::from_static("host=id.example"));
        for host in hosts {
            headers.append(HOST, HeaderValue::from_static(host));
        }
        Hosts::of_url("https://id.example").check(&target.parse().unwrap(), &headers)
    }

    #[test]
    fn f07_our_own_host_is_served() {
        assert_eq!(check("/", &["id.example"]), Ok(()));
        assert_eq!(check("/", &["ID.example"]), Ok(()));
        assert_eq!(check("/", &["id.example:443"]), Ok(()));
        assert_eq!(check("https://id.example/x", &["id.example"]), Ok(()));
    }

    #[test]
    fn f07_any_other_is_misdirected() {
        for host in ["evil.example", "id.example.evil.example", "id.example:8443", "id.example.", "a.id.example"] {
            assert_eq!(check("/", &[host]), Err(Refused::Unknown), "{host}");
        }
    }

    #[test]
    fn f07_no_two_or_disagreeing_hosts_are_unclear() {
        assert_eq!(check("/", &[]), Err(Refused::Unclear));
        assert_eq!(check("/", &[""]), Err(Refused::Unclear));
        assert_eq!(check("/", &["id.example", "evil.example"]), Err(Refused::Unclear));
        assert_eq!(check("https://evil.example/", &["id.example"]), Err(Refused::Unclear));
        assert_eq!(check("https://id.example/", &["evil.example"]), Err(Refused::Unclear));
    }

    #[test]
    fn f07_a_port_that_is_part_of_the_issuer_is_needed() {
        let hosts = Hosts::of_url("http://x.localhost:8600/");
        assert_eq!(hosts, Hosts(vec!["x.localhost:8600".to_owned()]));
        assert_eq!(Hosts::of_url("http://[::1]"), Hosts(vec!["[::1]:80".to_owned(), "[::1]".to_owned()]));
    }
}
