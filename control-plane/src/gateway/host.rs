//! Whose a request is: decided by its host name alone, strictly (F07, G06, G07).

use http::header::HOST;
use http::uri::Authority;
use http::{HeaderMap, Uri};

use crate::settings::BASE_DOMAIN;

/// Whose a request is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Site {
    /// The console and the public API.
    Console,
    /// The mailbox of `polder dev`.
    Mailbox,
    /// Perhaps a tenant's, by the first label of the host name.
    Tenant(String),
}

/// Why a request is nobody's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// No host, several, one that is not a host, or two that differ: 400.
    Malformed,
    /// A host that is not ours, or not at this port: 421.
    Misdirected,
}

/// Whose a request with this target and these headers is, on a gateway at `port`.
///
/// The comparison knows one spelling per host, save for case: no trailing dot, no other port, no
/// port left out where it belongs, since a tenant's cookies and issuer are bound to that spelling.
/// An absolute-form target must name the same host as the header (RFC 9112, 3.2.2 lets the target
/// win; two that differ are an attempt to be read differently twice). Forwarded hosts are not read.
///
/// # Errors
/// When it is nobody's.
pub fn site(uri: &Uri, headers: &HeaderMap, port: u16) -> Result<Site, Refused> {
    let mut hosts = headers.get_all(HOST).iter();
    let (Some(host), None) = (hosts.next(), hosts.next()) else { return Err(Refused::Malformed) };
    let host = host.to_str().map_err(|_| Refused::Malformed)?;
    if let Some(target) = uri.authority()
        && !target.as_str().eq_ignore_ascii_case(host)
    {
        return Err(Refused::Malformed);
    }
    // The grammar is RFC 3986's; user information has no place in Host.
    let authority: Authority = host.parse().map_err(|_| Refused::Malformed)?;
    if host.contains('@') {
        return Err(Refused::Malformed);
    }
    let asked_port = match authority.port_u16() {
        Some(asked) => asked,
        None if authority.host().len() == host.len() => 80,
        None => return Err(Refused::Malformed),
    };
    if asked_port != port || (port == 80 && authority.port().is_some()) {
        return Err(Refused::Misdirected);
    }
    let name = authority.host();
    let label = name
        .len()
        .checked_sub(BASE_DOMAIN.len() + 1)
        .filter(|&at| name.is_char_boundary(at) && name[at + 1..].eq_ignore_ascii_case(BASE_DOMAIN))
        .filter(|&at| name.as_bytes()[at] == b'.')
        .map(|at| name[..at].to_ascii_lowercase())
        .filter(|label| !label.is_empty() && !label.contains('.'))
        .ok_or(Refused::Misdirected)?;
    Ok(match label.as_str() {
        "console" => Site::Console,
        "mail" => Site::Mailbox,
        _ => Site::Tenant(label),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(uri: &str, hosts: &[&str]) -> Result<Site, Refused> {
        let mut headers = HeaderMap::new();
        for host in hosts {
            headers.append(HOST, host.parse().unwrap());
        }
        site(&uri.parse().unwrap(), &headers, 8600)
    }

    #[test]
    fn g06_one_spelling_of_a_host_leads_to_its_tenant() {
        let practice = Ok(Site::Tenant("practice".to_owned()));
        assert_eq!(of("/", &["practice.localhost:8600"]), practice);
        assert_eq!(of("/", &["Practice.LOCALHOST:8600"]), practice, "case does not matter");
        assert_eq!(of("http://practice.localhost:8600/x", &["practice.localhost:8600"]), practice);
        assert_eq!(of("/", &["console.localhost:8600"]), Ok(Site::Console));
        assert_eq!(of("/", &["mail.localhost:8600"]), Ok(Site::Mailbox));
    }

    #[test]
    fn g06_other_spellings_are_misdirected() {
        for host in [
            "practice.localhost",
            "practice.localhost:8601",
            "practice.localhost:80",
            "practice.localhost.:8600",
            "practice.localhost.evil.test:8600",
            "practice.evil.test:8600",
            "a.practice.localhost:8600",
            "xpractice:8600",
            ".localhost:8600",
            "localhost:8600",
            "127.0.0.1:8600",
            "[::1]:8600",
            "practicelocalhost:8600",
        ] {
            assert_eq!(of("/", &[host]), Err(Refused::Misdirected), "{host}");
        }
    }

    #[test]
    fn f07_an_ambiguous_or_malformed_host_is_refused() {
        for hosts in [
            &[][..],
            &["practice.localhost:8600", "platform.localhost:8600"],
            &["practice.localhost:8600", "practice.localhost:8600"],
            &["admin@practice.localhost:8600"],
            &["practice.localhost:"],
            &["practice.localhost:86000"],
            &["practice.localhost:8600/x"],
            &["practice localhost:8600"],
            &[""],
        ] {
            assert_eq!(of("/", hosts), Err(Refused::Malformed), "{hosts:?}");
        }
        assert_eq!(of("http://platform.localhost:8600/", &["practice.localhost:8600"]), Err(Refused::Malformed));
    }

    #[test]
    fn f07_forwarded_hosts_have_no_say() {
        let mut headers = HeaderMap::new();
        headers.insert(HOST, "evil.test".parse().unwrap());
        for name in ["x-forwarded-host", "x-original-host", "forwarded"] {
            headers.insert(name, "practice.localhost:8600".parse().unwrap());
        }
        assert_eq!(site(&"/".parse().unwrap(), &headers, 8600), Err(Refused::Misdirected));
        headers.remove(HOST);
        assert_eq!(site(&"/".parse().unwrap(), &headers, 8600), Err(Refused::Malformed));
    }

    #[test]
    fn g06_where_http_leaves_the_port_out_so_do_we() {
        let mut headers = HeaderMap::new();
        headers.insert(HOST, "practice.localhost".parse().unwrap());
        assert!(site(&"/".parse().unwrap(), &headers, 80).is_ok());
        headers.insert(HOST, "practice.localhost:80".parse().unwrap());
        assert_eq!(site(&"/".parse().unwrap(), &headers, 80), Err(Refused::Misdirected));
    }
}
