//! Security headers (F05, P10) and the content security policy of pages (F01).

use std::fmt::Write;

use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, Entry, REFERRER_POLICY, STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderMap, HeaderName, HeaderValue};

const COOP: HeaderName = HeaderName::from_static("cross-origin-opener-policy");
const CORP: HeaderName = HeaderName::from_static("cross-origin-resource-policy");
const PERMISSIONS: HeaderName = HeaderName::from_static("permissions-policy");

/// What has no page has no use for anything.
const CSP_NOTHING: HeaderValue =
    HeaderValue::from_static("default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'");
const PERMISSIONS_VALUE: HeaderValue = HeaderValue::from_static(
    "publickey-credentials-get=(self), publickey-credentials-create=(self), camera=(), display-capture=(), \
     geolocation=(), microphone=(), payment=(), usb=()",
);
const HSTS: HeaderValue = HeaderValue::from_static("max-age=31536000; includeSubDomains");
const HSTS_HOST_ONLY: HeaderValue = HeaderValue::from_static("max-age=31536000");

/// Whether a browser is told to stay on https (F04).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Hsts {
    /// Not: the issuer is http, as in development.
    #[default]
    Off,
    /// This host and everything below it.
    WithSubdomains,
    /// This host alone: it is the customer's own domain, of which we know only this name.
    HostOnly,
}

/// Adds what every response carries. What a handler has set itself stays as it is; a response that
/// says nothing about caching must not be stored (F06).
pub fn secure(headers: &mut HeaderMap, hsts: Hsts) {
    headers.reserve(8);
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(PERMISSIONS, PERMISSIONS_VALUE);
    headers.insert(COOP, HeaderValue::from_static("same-origin"));
    match hsts {
        Hsts::Off => {}
        Hsts::WithSubdomains => _ = headers.insert(STRICT_TRANSPORT_SECURITY, HSTS),
        Hsts::HostOnly => _ = headers.insert(STRICT_TRANSPORT_SECURITY, HSTS_HOST_ONLY),
    }
    unless_set(headers, CORP, HeaderValue::from_static("same-origin"));
    unless_set(headers, CONTENT_SECURITY_POLICY, CSP_NOTHING);
    unless_set(headers, CACHE_CONTROL, HeaderValue::from_static("no-store"));
}

fn unless_set(headers: &mut HeaderMap, name: HeaderName, value: HeaderValue) {
    if let Entry::Vacant(vacant) = headers.entry(name) {
        vacant.insert(value);
    }
}

/// For what is secret or about a person: never stored, neither by the browser nor on the way.
pub const fn no_store() -> [(HeaderName, HeaderValue); 1] {
    [(CACHE_CONTROL, HeaderValue::from_static("no-store"))]
}

/// For documents anyone may read from any page, such as discovery and JWKS: shortly cached, and
/// readable by scripts of other origins. They carry nothing about a person and no cookie matters.
pub const fn public_document() -> [(HeaderName, HeaderValue); 3] {
    [
        (CACHE_CONTROL, HeaderValue::from_static("public, max-age=300")),
        (CORP, HeaderValue::from_static("cross-origin")),
        (http::header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*")),
    ]
}

/// For assets whose name holds a hash of their content: cached for a year.
pub const fn immutable() -> [(HeaderName, HeaderValue); 1] {
    [(CACHE_CONTROL, HeaderValue::from_static("public, max-age=31536000, immutable"))]
}

/// The content security policy of one rendering of a page (F01): our own style sheets and images,
/// no framing, no base, and forms that go home or where this request's answer goes.
#[derive(Clone, Debug)]
pub struct PageCsp<'a> {
    nonce: &'a str,
    scripts: bool,
    frames: bool,
    framed: bool,
    form_action: String,
}

impl<'a> PageCsp<'a> {
    /// A page without scripts. `nonce` must be fresh for each response (base64url).
    pub const fn new(nonce: &'a str) -> Self {
        Self { nonce, scripts: false, frames: false, framed: false, form_action: String::new() }
    }

    /// Allows scripts and workers of our own origin, and scripts with the nonce; fetches go home only.
    #[must_use]
    pub const fn scripts(mut self) -> Self {
        self.scripts = true;
        self
    }

    /// Allows frames of our own origin.
    #[must_use]
    pub const fn frames(mut self) -> Self {
        self.frames = true;
        self
    }

    /// Allows pages of our own origin to frame this one.
    #[must_use]
    pub const fn framed(mut self) -> Self {
        self.framed = true;
        self
    }

    /// Allows forms to end up at these redirect URIs: Chromium checks `form-action` along the whole
    /// chain of redirects. Of an http(s) URI its origin is allowed, of a custom scheme the scheme.
    /// What is not a URI, or could say more than that in a policy, is left out.
    #[must_use]
    pub fn form_action<I>(mut self, redirect_uris: I) -> Self
    where
        I: IntoIterator,
        I::Item: AsRef<str>,
    {
        for source in redirect_uris.into_iter().filter_map(|uri| form_source(uri.as_ref())) {
            self.form_action.push(' ');
            self.form_action.push_str(&source);
        }
        self
    }

    /// The value of `Content-Security-Policy`.
    pub fn to_header(&self) -> HeaderValue {
        let Self { nonce, scripts, frames, framed, form_action } = self;
        let frame_src = if *frames { "frame-src 'self'; " } else { "" };
        let ancestors = if *framed { "'self'" } else { "'none'" };
        let mut policy = String::with_capacity(320);
        // Writing to a String cannot fail.
        let _ = write!(
            policy,
            "default-src 'none'; style-src 'self' 'nonce-{nonce}'; img-src 'self' data:; font-src 'self'; \
             {frame_src}base-uri 'none'; object-src 'none'; frame-ancestors {ancestors}; form-action 'self'{form_action}; script-src "
        );
        policy.push_str(&if *scripts {
            format!("'self' 'nonce-{nonce}'; connect-src 'self'; worker-src 'self'")
        } else {
            "'none'".to_owned()
        });
        // Only ever printable ASCII; should a nonce not be, the page gets nothing rather than everything.
        HeaderValue::try_from(policy).unwrap_or(CSP_NOTHING)
    }

    /// The pair a response takes.
    pub fn header(&self) -> (HeaderName, HeaderValue) {
        (CONTENT_SECURITY_POLICY, self.to_header())
    }
}

/// The CSP source that covers a redirect URI: its origin, or `scheme:` for a custom scheme.
fn form_source(uri: &str) -> Option<String> {
    let (scheme, rest) = uri.split_once(':')?;
    let scheme_ok = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b));
    if !scheme_ok {
        return None;
    }
    let scheme = scheme.to_ascii_lowercase();
    if scheme != "http" && scheme != "https" {
        // These name the page's own content rather than somewhere to go.
        let local = ["javascript", "data", "blob", "filesystem", "about", "file"].contains(&scheme.as_str());
        return (!local).then(|| format!("{scheme}:"));
    }
    let authority = rest.strip_prefix("//")?.split(['/', '?', '#']).next()?;
    let host_ok =
        !authority.is_empty() && authority.bytes().all(|b| b.is_ascii_alphanumeric() || b".-:[]".contains(&b));
    if !host_ok {
        return None;
    }
    // CSP has no syntax for an IPv6 host (CSP 3, 2.3.1); the port of a native app's loopback is its own.
    match (scheme.as_str(), authority.starts_with('[')) {
        ("http", true) => Some("http:".to_owned()),
        (_, true) => None,
        _ => Some(format!("{scheme}://{authority}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn f01_a_page_without_scripts_allows_none() {
        let policy = PageCsp::new("bm9uY2U").to_header();
        let policy = policy.to_str().unwrap();
        for part in [
            "default-src 'none'",
            "script-src 'none'",
            "style-src 'self' 'nonce-bm9uY2U'",
            "img-src 'self' data:",
            "base-uri 'none'",
            "object-src 'none'",
            "frame-ancestors 'none'",
            "form-action 'self'",
        ] {
            assert!(policy.split("; ").any(|p| p == part), "{part} in {policy}");
        }
        assert!(!policy.contains("unsafe"));
        let frames = PageCsp::new("b25l").frames().to_header();
        assert!(frames.to_str().unwrap().contains("frame-src 'self'; ") && !policy.contains("frame-src"));
        let framed = PageCsp::new("b25l").framed().to_header();
        assert!(framed.to_str().unwrap().contains("frame-ancestors 'self';"));
        assert_ne!(PageCsp::new("b25l").to_header(), PageCsp::new("dHdv").to_header());
        let scripted = PageCsp::new("b25l").scripts().to_header();
        assert!(
            scripted
                .to_str()
                .unwrap()
                .ends_with("script-src 'self' 'nonce-b25l'; connect-src 'self'; worker-src 'self'")
        );
    }

    #[test]
    fn f02_forms_may_follow_this_requests_redirect_and_no_other() {
        let uris = ["https://app.example/cb?x=1", "http://127.0.0.1:5000/cb", "com.example.app:/cb", "http://[::1]:1/"];
        let policy = PageCsp::new("b25l").form_action(uris).to_header();
        let expected = "form-action 'self' https://app.example http://127.0.0.1:5000 com.example.app: http:;";
        assert!(policy.to_str().unwrap().contains(expected), "{policy:?}");
    }

    #[test]
    fn f01_a_redirect_uri_cannot_write_into_the_policy() {
        for hostile in [
            "https://a.example; script-src *",
            "https://*",
            "https://a b/",
            "javascript:alert(1)",
            "data:text/html,x",
            "https:///path",
            "x;y:z",
            "https://user@evil.example/",
            "",
            "*",
        ] {
            assert_eq!(form_source(hostile), None, "{hostile}");
        }
    }

    #[test]
    fn f05_f06_p10_every_response_is_covered_and_a_handler_may_say_more() {
        let mut headers = HeaderMap::new();
        headers.extend(public_document());
        secure(&mut headers, Hsts::WithSubdomains);
        assert_eq!(headers["cross-origin-resource-policy"], "cross-origin");
        assert_eq!(headers["cache-control"], "public, max-age=300");
        assert_eq!(headers["strict-transport-security"], "max-age=31536000; includeSubDomains");
        let mut plain = HeaderMap::new();
        secure(&mut plain, Hsts::Off);
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "no-referrer"),
            ("cross-origin-opener-policy", "same-origin"),
            ("cross-origin-resource-policy", "same-origin"),
            ("cache-control", "no-store"),
        ] {
            assert_eq!(plain[name], value);
        }
        let permissions = plain["permissions-policy"].to_str().unwrap();
        for closed in ["camera=()", "microphone=()", "geolocation=()", "publickey-credentials-get=(self)"] {
            assert!(permissions.contains(closed));
        }
        assert!(!plain.contains_key("strict-transport-security"), "an http issuer has no HSTS");
    }
}
