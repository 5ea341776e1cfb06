//! What the gateway takes away and adds (B42, RFC 9110 7.6.1).

use std::net::IpAddr;

use http::header::{
    CONNECTION, CONTENT_LENGTH, HOST, HeaderName, SET_COOKIE, STRICT_TRANSPORT_SECURITY, TE, TRAILER,
    TRANSFER_ENCODING, UPGRADE,
};
use http::{HeaderMap, HeaderValue};

const CLIENT_IP: HeaderName = HeaderName::from_static("x-polder-client-ip");
const REQUEST_ID: HeaderName = HeaderName::from_static("x-polder-request-id");
const KEEP_ALIVE: HeaderName = HeaderName::from_static("keep-alive");
const PROXY_CONNECTION: HeaderName = HeaderName::from_static("proxy-connection");
const PROXY_AUTHENTICATE: HeaderName = HeaderName::from_static("proxy-authenticate");
const PROXY_AUTHORIZATION: HeaderName = HeaderName::from_static("proxy-authorization");
const ALT_SVC: HeaderName = HeaderName::from_static("alt-svc");

/// Headers of one hop (RFC 9110, 7.6.1), beside those that `Connection` names.
const OF_ONE_HOP: [HeaderName; 9] = [
    CONNECTION,
    KEEP_ALIVE,
    PROXY_CONNECTION,
    PROXY_AUTHENTICATE,
    PROXY_AUTHORIZATION,
    TE,
    TRAILER,
    TRANSFER_ENCODING,
    UPGRADE,
];

/// Beginnings of the names by which proxies tell of a client, its certificate or another host. A
/// client that sends them speaks for itself and is not believed.
const SPOKEN_BY_PROXIES: [&str; 13] = [
    "x-forwarded",
    "forwarded",
    "x-polder-",
    "x-client-",
    "client-cert",
    "client-ip",
    "x-real-ip",
    "x-tenant",
    "x-original-",
    "x-rewrite-",
    "x-ssl-",
    "true-client-ip",
    "x-http-method",
];

/// Beginnings of the names by which a service has its proxy fetch something else in its place. A tenant
/// has nothing to say to the edge.
const SPOKEN_TO_PROXIES: [&str; 5] = ["x-accel-", "x-sendfile", "x-litespeed-", "x-lighttpd-", "x-reproxy-"];

/// Rewrites a request's headers for the tenant: nothing of the client's hop, nothing that only a
/// proxy may say; then the canonical host, the client's address and the request's id from us.
pub fn inbound(headers: &mut HeaderMap, host: &HeaderValue, client: Option<IpAddr>, request_id: &str) {
    remove(headers, |name| OF_ONE_HOP.contains(name) || is_untrusted(name.as_str()));
    headers.insert(HOST, host.clone());
    if let Some(ip) = client.and_then(|ip| HeaderValue::from_str(&ip.to_string()).ok()) {
        headers.insert(CLIENT_IP, ip);
    }
    if let Ok(id) = HeaderValue::from_str(request_id) {
        headers.insert(REQUEST_ID, id);
    }
}

/// Rewrites an answer's headers: nothing of the tenant's hop; no cookie for other hosts (G04); no
/// HSTS and no other way to the service, which are the edge's to say; nothing that the edge might obey.
pub fn outbound(headers: &mut HeaderMap) {
    remove(headers, |name| {
        OF_ONE_HOP.contains(name)
            || *name == STRICT_TRANSPORT_SECURITY
            || *name == ALT_SVC
            || SPOKEN_TO_PROXIES.iter().any(|start| name.as_str().starts_with(start))
    });
    if headers.get_all(SET_COOKIE).iter().any(has_domain) {
        let kept: Vec<HeaderValue> =
            headers.get_all(SET_COOKIE).iter().filter(|cookie| !has_domain(cookie)).cloned().collect();
        headers.remove(SET_COOKIE);
        for cookie in kept {
            headers.append(SET_COOKIE, cookie);
        }
    }
}

/// Whether a request's framing can be read in two ways (RFC 9112, 6.1: request smuggling).
pub fn is_ambiguous(headers: &HeaderMap) -> bool {
    let both = headers.contains_key(TRANSFER_ENCODING) && headers.contains_key(CONTENT_LENGTH);
    both || headers.get_all(CONTENT_LENGTH).iter().nth(1).is_some()
}

/// Takes away what `Connection` names and what is `unwanted`, in one pass over the names.
fn remove(headers: &mut HeaderMap, unwanted: impl Fn(&HeaderName) -> bool) {
    let mut going: Vec<HeaderName> = headers.keys().filter(|name| unwanted(name)).cloned().collect();
    if headers.contains_key(CONNECTION) {
        let named = headers
            .get_all(CONNECTION)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .filter_map(|name| name.trim().parse().ok())
            // What frames or addresses the message is not the client's to take away.
            .filter(|name| *name != HOST && *name != CONTENT_LENGTH);
        going.extend(named);
    }
    for name in going {
        headers.remove(name);
    }
}

/// Names are lower case already. An underscore is refused as well: some programs read it as a hyphen.
fn is_untrusted(name: &str) -> bool {
    // Most names begin with another letter than any of the list.
    let listed = matches!(name.as_bytes().first(), Some(b'x' | b'f' | b'c' | b't'));
    name.contains('_') || (listed && SPOKEN_BY_PROXIES.iter().any(|start| name.starts_with(start)))
}

fn has_domain(cookie: &HeaderValue) -> bool {
    cookie.as_bytes().split(|&byte| byte == b';').skip(1).any(|attribute| {
        let name = attribute.split(|&byte| byte == b'=').next().unwrap_or_default();
        name.trim_ascii().eq_ignore_ascii_case(b"domain")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(*name, HeaderValue::from_static(value));
        }
        headers
    }

    #[test]
    fn b42_what_only_a_proxy_may_say_is_dropped() {
        let mut sent = headers(&[
            ("host", "Practice.localhost:8600"),
            ("x-forwarded-for", "1.2.3.4"),
            ("x-forwarded-host", "evil.test"),
            ("x-forwarded-proto", "https"),
            ("forwarded", "for=1.2.3.4;host=evil.test"),
            ("x-real-ip", "1.2.3.4"),
            ("x-polder-client-ip", "1.2.3.4"),
            ("x-polder-request-id", "mine"),
            ("x-client-cert", "abc"),
            ("client-cert", "abc"),
            ("x-tenant", "platform"),
            ("x_forwarded_for", "1.2.3.4"),
            ("x-original-url", "/admin"),
            ("x-http-method-override", "DELETE"),
            ("accept", "text/html"),
            ("cookie", "session=abc"),
        ]);
        inbound(&mut sent, &HeaderValue::from_static("practice.localhost:8600"), "127.0.0.1".parse().ok(), "ours");
        let expected = headers(&[
            ("host", "practice.localhost:8600"),
            ("accept", "text/html"),
            ("cookie", "session=abc"),
            ("x-polder-client-ip", "127.0.0.1"),
            ("x-polder-request-id", "ours"),
        ]);
        assert_eq!(sent, expected);
    }

    #[test]
    fn b42_every_name_on_the_list_is_looked_for() {
        assert!(SPOKEN_BY_PROXIES.iter().all(|start| is_untrusted(start)));
    }

    #[test]
    fn b42_headers_of_one_hop_stay_on_their_hop() {
        let mut sent = headers(&[
            ("connection", "keep-alive, x-secret"),
            ("connection", "cookie2"),
            ("keep-alive", "timeout=5"),
            ("transfer-encoding", "chunked"),
            ("te", "trailers"),
            ("trailer", "x"),
            ("upgrade", "websocket"),
            ("proxy-authorization", "Basic abc"),
            ("x-secret", "1"),
            ("cookie2", "1"),
            ("content-type", "text/plain"),
        ]);
        inbound(&mut sent, &HeaderValue::from_static("a"), None, "id");
        assert_eq!(sent, headers(&[("content-type", "text/plain"), ("host", "a"), ("x-polder-request-id", "id")]));
    }

    #[test]
    fn b42_a_client_cannot_take_the_framing_away() {
        let mut sent = headers(&[("connection", "content-length, host"), ("content-length", "3")]);
        inbound(&mut sent, &HeaderValue::from_static("a"), None, "id");
        assert_eq!(sent.get("content-length").unwrap(), "3");
        assert!(is_ambiguous(&headers(&[("content-length", "3"), ("content-length", "3")])));
        assert!(is_ambiguous(&headers(&[("content-length", "3"), ("transfer-encoding", "chunked")])));
    }

    #[test]
    fn g04_a_tenants_cookie_for_other_hosts_is_dropped() {
        let mut answer = headers(&[
            ("set-cookie", "a=1; Path=/"),
            ("set-cookie", "b=1; DOMAIN =localhost; Path=/"),
            ("set-cookie", "c=domain=x; Path=/;domain"),
            ("set-cookie", "d=domain; HttpOnly"),
            ("strict-transport-security", "max-age=1; includeSubDomains"),
            ("alt-svc", "h2=\"evil.test:443\""),
            ("x-accel-redirect", "/internal/other-tenant"),
            ("x-sendfile", "/etc/passwd"),
            ("location", "/x"),
        ]);
        outbound(&mut answer);
        let expected =
            headers(&[("set-cookie", "a=1; Path=/"), ("set-cookie", "d=domain; HttpOnly"), ("location", "/x")]);
        assert_eq!(answer, expected);
    }
}
