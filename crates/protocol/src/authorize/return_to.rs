//! Where the answer to an authorization request goes. Made only from a verified redirect URI.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Deserialize, Serialize};

use super::ResponseMode;
use crate::Error;

/// Everything but the unreserved characters of RFC 3986. A space becomes `%20`, never `+`, which
/// parsers of private-use schemes take literally.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A verified redirect URI with the `state` to echo. It can be stored (sealed) with the request; the
/// only other way to get one is [`super::Identified`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReturnTo {
    redirect_uri: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    state: Option<String>,
    #[serde(default, skip_serializing_if = "ResponseMode::is_default")]
    mode: ResponseMode,
}

/// An answer on its way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The address to go to; what is answered is in its query.
    Location(String),
    /// A form for the browser to post.
    Form(FormPost),
}

/// A form for the browser to post (OAuth 2.0 Form Post Response Mode 2).
#[derive(Clone, PartialEq, Eq)]
pub struct FormPost {
    /// Where it goes: the redirect URI as it was sent.
    pub action: String,
    /// Names and values in order, neither of them encoded.
    pub fields: Vec<(&'static str, String)>,
}

impl Answer {
    /// The address to go to, where the answer is in one.
    pub fn location(&self) -> Option<&str> {
        match self {
            Self::Location(location) => Some(location),
            Self::Form(_) => None,
        }
    }
}

/// A code is a secret until it is used: values do not print.
impl std::fmt::Debug for FormPost {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FormPost").field("action", &self.action).finish_non_exhaustive()
    }
}

impl ReturnTo {
    pub(super) fn verified(redirect_uri: String, state: Option<String>) -> Self {
        Self { redirect_uri, state, mode: ResponseMode::default() }
    }

    /// The same, answered in the mode that is asked for, where that can be: refusals of everything else in
    /// the request go that way too (A41). A form is posted to the web alone: no browser posts to a program.
    pub(super) fn by(mut self, mode: Option<&str>) -> Self {
        let on_the_web = self.redirect_uri.starts_with("https://") || self.redirect_uri.starts_with("http://");
        if mode == Some(ResponseMode::FormPost.as_str()) && on_the_web {
            self.mode = ResponseMode::FormPost;
        }
        self
    }

    /// How the answer is handed over.
    pub fn mode(&self) -> ResponseMode {
        self.mode
    }

    /// The redirect URI as the client sent it.
    pub fn redirect_uri(&self) -> &str {
        &self.redirect_uri
    }

    /// The `state` as the client sent it.
    pub fn state(&self) -> Option<&str> {
        self.state.as_deref()
    }

    /// The origin for the page's `form-action`, since browsers check it along the redirect chain. For
    /// a private-use scheme it is the scheme alone.
    pub fn form_action(&self) -> String {
        match url::Url::parse(&self.redirect_uri) {
            Ok(url) if url.origin().is_tuple() => url.origin().ascii_serialization(),
            Ok(url) => format!("{}:", url.scheme()),
            Err(_) => "'none'".to_owned(),
        }
    }

    /// Hands over a code (RFC 6749 4.1.2, RFC 9207).
    pub fn code(&self, issuer: &str, code: &str) -> Answer {
        self.answer(issuer, &[("code", code)])
    }

    /// Tells an error (RFC 6749 4.1.2.1, RFC 9207).
    pub fn error(&self, issuer: &str, error: &Error) -> Answer {
        self.answer(issuer, &[("error", error.code.as_str()), ("error_description", &error.description)])
    }

    fn answer(&self, issuer: &str, pairs: &[(&'static str, &str)]) -> Answer {
        let state = self.state.as_deref().map(|state| ("state", state));
        let pairs = pairs.iter().copied().chain(state).chain([("iss", issuer)]);
        match self.mode {
            ResponseMode::Query => Answer::Location(answer(&self.redirect_uri, pairs)),
            ResponseMode::FormPost => Answer::Form(FormPost {
                action: self.redirect_uri.clone(),
                fields: pairs.map(|(name, value)| (name, value.to_owned())).collect(),
            }),
        }
    }
}

/// A URI with parameters added to its query; what the query already holds stays as it is (RFC 6749 3.1.2).
pub fn answer<'a>(uri: &str, pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let mut location = uri.to_owned();
    let mut separator = match uri.rsplit_once('?') {
        None => "?",
        Some((_, query)) if query.is_empty() || query.ends_with('&') => "",
        Some(_) => "&",
    };
    for (name, value) in pairs {
        location.push_str(separator);
        location.push_str(name);
        location.push('=');
        location.extend(utf8_percent_encode(value, ENCODED));
        separator = "&";
    }
    location
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a32_the_query_of_the_redirect_uri_stays_as_it_is() {
        for (uri, location) in [
            ("https://a.test/cb", "https://a.test/cb?code=x%2By"),
            ("https://a.test/cb?k=%20v", "https://a.test/cb?k=%20v&code=x%2By"),
            ("https://a.test/cb?", "https://a.test/cb?code=x%2By"),
            ("https://a.test/cb?k&", "https://a.test/cb?k&code=x%2By"),
            ("com.example.app:/cb", "com.example.app:/cb?code=x%2By"),
        ] {
            assert_eq!(answer(uri, [("code", "x+y")]), location);
        }
    }

    #[test]
    fn a_value_cannot_add_a_header_a_parameter_or_a_fragment() {
        let location = answer("https://a.test/cb", [("state", "\r\nSet-Cookie: x=1&code=evil#frag?\u{e9}")]);
        assert!(location.bytes().all(|b| b.is_ascii_graphic()), "{location}");
        assert_eq!(location.matches(['&', '#', '\r', '\n']).count(), 0, "{location}");
    }

    #[test]
    fn form_action_names_the_origin_or_the_scheme() {
        let of = |uri: &str| ReturnTo::verified(uri.to_owned(), None).form_action();
        assert_eq!(of("https://a.test:8443/cb?x=1"), "https://a.test:8443");
        assert_eq!(of("http://127.0.0.1:5000/cb"), "http://127.0.0.1:5000");
        assert_eq!(of("com.example.app:/cb"), "com.example.app:");
    }

    #[test]
    fn a40_a_form_has_what_an_address_would_have_and_its_address_has_nothing() {
        let state = Some("\"><script>".to_owned());
        let to = ReturnTo::verified("https://a.test/cb?k=v".to_owned(), state).by(Some("form_post"));
        let Answer::Form(form) = to.code("https://iss.test", "hunter2") else { panic!("no form") };
        assert_eq!(form.action, "https://a.test/cb?k=v");
        let fields: Vec<_> = form.fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        assert_eq!(fields, [("code", "hunter2"), ("state", "\"><script>"), ("iss", "https://iss.test")]);
        assert!(!format!("{form:?}").contains("hunter2"), "f16");
        let text = serde_json::to_string(&to).unwrap();
        assert_eq!(serde_json::from_str::<ReturnTo>(&text).unwrap(), to);
    }

    #[test]
    fn a40_no_form_is_posted_to_a_program() {
        let to = ReturnTo::verified("com.example.app:/cb".to_owned(), None).by(Some("form_post"));
        assert_eq!(to.mode(), ResponseMode::Query);
    }
}
