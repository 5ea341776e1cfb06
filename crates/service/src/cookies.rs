//! Cookies that hostile neighbours and jars cannot turn against us (E01, E06).

use std::time::Duration;

use http::header::{COOKIE, SET_COOKIE};
use http::{HeaderMap, HeaderName, HeaderValue};

/// A cookie that would not be kept by a browser anyway (RFC 6265bis, 5.6).
const COOKIE_MAX: usize = 4096;
const HOST_PREFIX: &str = "__Host-";

/// How the cookies of one issuer are named and marked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Whether the issuer is https: `__Host-` names with `Secure`. An http issuer (development) has
    /// plain names, since browsers would refuse the prefix.
    pub secure: bool,
}

impl Policy {
    /// The policy for an issuer or base URL.
    pub fn for_issuer(issuer: &str) -> Self {
        Self { secure: issuer.starts_with("https://") }
    }

    /// A cookie to set. `name` without prefix; `value` of cookie-safe characters, base64url at best:
    /// anything else is dropped, for nothing of ours needs it.
    pub fn set(self, name: &str, value: &str) -> SetCookie {
        let safe = |b: &u8| matches!(b, 0x21 | 0x23..=0x2b | 0x2d..=0x3a | 0x3c..=0x5b | 0x5d..=0x7e);
        let value = value.bytes().filter(safe).map(char::from).collect();
        SetCookie { policy: self, name: name.to_owned(), value, max_age: None, strict: false }
    }

    /// The order to forget a cookie.
    pub fn remove(self, name: &str) -> SetCookie {
        self.set(name, "").max_age(Duration::ZERO)
    }

    const fn prefix(self) -> &'static str {
        if self.secure { HOST_PREFIX } else { "" }
    }
}

/// A `Set-Cookie` header in the making: `HttpOnly; Path=/; SameSite=Lax`, no `Domain`, ever (G04).
#[derive(Clone, Debug)]
pub struct SetCookie {
    policy: Policy,
    name: String,
    value: String,
    max_age: Option<Duration>,
    strict: bool,
}

impl SetCookie {
    /// How long the browser keeps it, in whole seconds. Without it: until the browser closes.
    #[must_use]
    pub const fn max_age(mut self, keep: Duration) -> Self {
        self.max_age = Some(keep);
        self
    }

    /// `SameSite=Strict`: not even sent when a link elsewhere is followed here.
    #[must_use]
    pub const fn strict(mut self) -> Self {
        self.strict = true;
        self
    }

    /// The header's value.
    pub fn to_header(&self) -> HeaderValue {
        let Self { policy, name, value, max_age, strict } = self;
        let mut text = format!("{}{name}={value}; HttpOnly; Path=/", policy.prefix());
        text.push_str(if policy.secure { "; Secure" } else { "" });
        text.push_str(if *strict { "; SameSite=Strict" } else { "; SameSite=Lax" });
        if let Some(keep) = max_age {
            text.push_str(&format!("; Max-Age={}", keep.as_secs()));
        }
        // Names are ours and values were filtered: always a legal header.
        HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static(""))
    }

    /// The pair a response takes; append it, other cookies may be set along.
    pub fn header(&self) -> (HeaderName, HeaderValue) {
        (SET_COOKIE, self.to_header())
    }

    /// Appends it to a response's headers.
    pub fn append_to(&self, headers: &mut HeaderMap) {
        headers.append(SET_COOKIE, self.to_header());
    }
}

/// The cookies of a request that are ours under the policy, by their names without prefix.
///
/// A name that comes twice counts as absent: one of the two was put there by somebody else (E06).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Jar(Vec<(String, Option<String>)>);

impl Jar {
    /// Reads the jar. Whatever is malformed, oversize or not ours is skipped, never an error.
    pub fn from_headers(headers: &HeaderMap, policy: Policy) -> Self {
        let mut jar = Self::default();
        for header in headers.get_all(COOKIE) {
            for pair in header.as_bytes().split(|&b| b == b';') {
                jar.take(pair, policy);
            }
        }
        jar
    }

    /// The value of a cookie; `None` when absent, empty or doubled.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(n, _)| n == name)?.1.as_deref()
    }

    /// The names that have exactly one value and start with `prefix`.
    pub fn names<'a>(&'a self, prefix: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(n, v)| v.is_some() && n.starts_with(prefix)).map(|(n, _)| n.as_str())
    }

    fn take(&mut self, pair: &[u8], policy: Policy) {
        let Ok(pair) = std::str::from_utf8(pair) else { return };
        let Some((name, value)) = pair.trim_matches([' ', '\t']).split_once('=') else { return };
        let Some(name) = name.strip_prefix(policy.prefix()) else { return };
        if let Some(seen) = self.0.iter_mut().find(|(n, _)| n == name) {
            seen.1 = None;
        } else {
            let fits = !value.is_empty() && name.len() + value.len() <= COOKIE_MAX;
            self.0.push((name.to_owned(), fits.then(|| value.to_owned())));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HTTPS: Policy = Policy { secure: true };
    const HTTP: Policy = Policy { secure: false };

    fn jar(cookies: &[&'static str], policy: Policy) -> Jar {
        let mut headers = HeaderMap::new();
        for cookie in cookies {
            headers.append(COOKIE, HeaderValue::from_static(cookie));
        }
        Jar::from_headers(&headers, policy)
    }

    #[test]
    fn e01_p9_g04_a_cookie_is_bound_to_this_host_alone() {
        let set = HTTPS.set("session", "abc").max_age(Duration::from_secs(60)).to_header();
        assert_eq!(set, "__Host-session=abc; HttpOnly; Path=/; Secure; SameSite=Lax; Max-Age=60");
        assert_eq!(HTTP.set("session", "abc").to_header(), "session=abc; HttpOnly; Path=/; SameSite=Lax");
        assert_eq!(HTTP.remove("flow").strict().to_header(), "flow=; HttpOnly; Path=/; SameSite=Strict; Max-Age=0");
        assert_eq!(Policy::for_issuer("https://id.example"), HTTPS);
        assert_eq!(Policy::for_issuer("http://x.localhost:8600"), HTTP);
    }

    #[test]
    fn e01_a_value_cannot_add_attributes() {
        let set = HTTPS.set("session", "a; Domain=evil.example\r\nX: y,\"z\"").to_header();
        assert_eq!(set, "__Host-session=aDomain=evil.exampleX:yz; HttpOnly; Path=/; Secure; SameSite=Lax");
    }

    #[test]
    fn e06_a_doubled_cookie_counts_as_none() {
        assert_eq!(jar(&["__Host-session=a; __Host-session=b"], HTTPS).get("session"), None);
        assert_eq!(jar(&["__Host-session=a", "__Host-session=a"], HTTPS).get("session"), None);
        assert_eq!(jar(&["__Host-session=a; x=1"], HTTPS).get("session"), Some("a"));
    }

    #[test]
    fn e06_without_the_prefix_it_is_not_ours() {
        assert_eq!(jar(&["session=evil"], HTTPS).get("session"), None);
        assert_eq!(jar(&["session=evil; __Host-session=good"], HTTPS).get("session"), Some("good"));
    }

    #[test]
    fn e06_a_messy_jar_is_read_for_what_it_is_worth() {
        let jar = jar(&["; ;=;a;b=;flow-1=x==;  flow-2=y ;flow-2=z;\t__Host-c=1;=v"], HTTP);
        assert_eq!(jar.get("flow-1"), Some("x=="));
        assert_eq!(jar.get("b"), None);
        assert_eq!(jar.names("flow-").collect::<Vec<_>>(), ["flow-1"]);
        let mut headers = HeaderMap::new();
        headers.append(COOKIE, HeaderValue::from_bytes(b"a=\xff\xfe; b=1").unwrap());
        headers.append(COOKIE, HeaderValue::from_str(&format!("big={}", "x".repeat(5000))).unwrap());
        let jar = Jar::from_headers(&headers, HTTP);
        assert_eq!((jar.get("a"), jar.get("b"), jar.get("big")), (None, Some("1"), None));
    }
}
