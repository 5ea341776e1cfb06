//! Redirect URIs: strict when registered, compared as text when presented (RFC 9700 4.1.3).

use std::fmt;

use serde::{Deserialize, Serialize};
use url::Url;

mod address;
mod register;

pub use address::check_address;
pub use register::{RegistrationError, register};

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

    /// The web origin it belongs to; `None` for a private-use scheme.
    pub fn origin(&self) -> Option<String> {
        let origin = Url::parse(&self.0).ok()?.origin();
        origin.is_tuple().then(|| origin.ascii_serialization())
    }
}

impl fmt::Display for RedirectUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn same(registered: &str, presented: &str, native: bool) -> bool {
        matches(&RedirectUri::from_stored(registered), presented, native)
    }

    /// What attackers and careless libraries send instead of `https://app.example.test/cb`.
    const CORPUS: [&str; 44] = [
        "",
        "https://app.example.test",
        "https://app.example.test/",
        "https://app.example.test/cb/",
        "https://app.example.test/cb?",
        "https://app.example.test/cb#",
        "https://app.example.test/cb#x",
        "https://app.example.test/cb?x=1",
        "https://app.example.test/cb?code=1&state=2",
        "https://app.example.test/CB",
        "https://APP.example.test/cb",
        "HTTPS://app.example.test/cb",
        "http://app.example.test/cb",
        "//app.example.test/cb",
        "app.example.test/cb",
        "/cb",
        "https:/app.example.test/cb",
        "https:app.example.test/cb",
        "https:///app.example.test/cb",
        "https://app.example.test:443/cb",
        "https://app.example.test:8443/cb",
        "https://app.example.test./cb",
        "https://app.example.test//cb",
        "https://app.example.test/./cb",
        "https://app.example.test/x/../cb",
        "https://app.example.test/cb/..",
        "https://app.example.test/%63b",
        "https://app.example.test/%2e/cb",
        "https://app.example.test/x/%2e%2e/cb",
        "https://app.example.test/x/%252e%252e/cb",
        "https://app.example.test\\cb",
        "https://app.example.test/cb\\",
        "https://evil.test\\@app.example.test/cb",
        "https://app.example.test@evil.test/cb",
        "https://user@app.example.test/cb",
        "https://app.example.test.evil.test/cb",
        "https://evil.app.example.test/cb",
        "https://evilapp.example.test/cb",
        "https://app.example.test/cb\n",
        "https://app.example.test/cb\t",
        " https://app.example.test/cb",
        "https://app.example.test/cb%00",
        "https://\u{0430}pp.example.test/cb",
        "https://app.example.test/cb\u{200b}",
    ];

    #[test]
    fn b33_only_the_same_text_is_the_registered_redirect_uri() {
        for native in [false, true] {
            assert!(same("https://app.example.test/cb", "https://app.example.test/cb", native));
            for presented in CORPUS {
                assert!(!same("https://app.example.test/cb", presented, native), "{presented:?}");
            }
        }
    }

    #[test]
    fn a32_the_query_is_part_of_the_match() {
        assert!(same("https://a.test/cb?x=1", "https://a.test/cb?x=1", false));
        for presented in
            ["https://a.test/cb", "https://a.test/cb?x=2", "https://a.test/cb?x=1&y=2", "https://a.test/cb?X=1"]
        {
            assert!(!same("https://a.test/cb?x=1", presented, false), "{presented}");
        }
    }

    #[test]
    fn b95_a_native_loopback_port_may_differ_and_nothing_else() {
        for registered in ["http://127.0.0.1/cb", "http://127.0.0.1:8080/cb"] {
            for port in ["", ":1", ":80", ":49152", ":65535"] {
                assert!(same(registered, &format!("http://127.0.0.1{port}/cb"), true), "{registered} {port}");
            }
        }
        assert!(same("http://[::1]/cb", "http://[::1]:5000/cb", true));
        for presented in [
            "http://127.0.0.1:5000/other",
            "http://127.0.0.1:5000/cb/",
            "http://127.0.0.1:5000/cb?x=1",
            "http://127.0.0.1:5000",
            "http://127.0.0.1:0/cb",
            "http://127.0.0.1:00080/cb",
            "http://127.0.0.1:65536/cb",
            "http://127.0.0.1:/cb",
            "http://127.0.0.1:+80/cb",
            "http://127.0.0.1:8x/cb",
            "http://127.0.0.1:80:80/cb",
            "http://127.0.0.1:80@evil.test/cb",
            "http://127.0.0.1@evil.test/cb",
            "http://127.0.0.1.evil.test/cb",
            "http://127.0.0.1:80.evil.test/cb",
            "http://127.0.0.2:5000/cb",
            "http://127.1:5000/cb",
            "http://0x7f.0.0.1:5000/cb",
            "http://localhost:5000/cb",
            "http://[::1]:5000/cb",
            "https://127.0.0.1:5000/cb",
            "HTTP://127.0.0.1:5000/cb",
        ] {
            assert!(!same("http://127.0.0.1/cb", presented, true), "{presented}");
        }
    }

    #[test]
    fn b95_the_port_is_exact_for_localhost_and_for_whoever_is_not_native() {
        assert!(!same("http://localhost/cb", "http://localhost:5000/cb", true));
        assert!(same("http://localhost:5000/cb", "http://localhost:5000/cb", true));
        assert!(!same("http://127.0.0.1:8080/cb", "http://127.0.0.1:5000/cb", false));
    }

    proptest! {
        #[test]
        fn b33_any_other_text_is_refused(presented in r"(https://app\.example\.test/cb)?[ -~]{0,12}") {
            let registered = "https://app.example.test/cb";
            prop_assert_eq!(same(registered, &presented, true), presented == registered);
        }

        #[test]
        fn b33_one_changed_byte_is_refused(place in 0_usize..27, byte in 0x20_u8..0x7f, native: bool) {
            let registered = "https://app.example.test/cb";
            let mut changed = registered.as_bytes().to_vec();
            changed[place] = byte;
            let changed = String::from_utf8(changed).unwrap();
            prop_assert_eq!(same(registered, &changed, native), changed == registered);
        }

        #[test]
        fn b95_what_matches_a_loopback_address_leads_to_it(tail in r"[:.@/?0-9a-c]{0,10}") {
            let presented = format!("http://127.0.0.1{tail}/cb");
            if same("http://127.0.0.1/cb", &presented, true) {
                let url = Url::parse(&presented).unwrap();
                prop_assert_eq!(url.host_str(), Some("127.0.0.1"));
                prop_assert_eq!(url.path(), "/cb");
                prop_assert!(url.query().is_none() && url.username().is_empty());
            }
        }

        #[test]
        fn b95_every_port_is_accepted(port in 1_u16..) {
            let presented = format!("http://127.0.0.1:{port}/cb");
            prop_assert!(same("http://127.0.0.1/cb", &presented, true));
        }
    }
}
