//! What came back.

use bytes::Bytes;
use http::{HeaderMap, header};
use serde_json::Value;
use url::Url;

#[derive(Clone, Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    pub fn text(&self) -> String {
        String::from_utf8(self.body.to_vec()).unwrap()
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    /// Where a redirect leads.
    pub fn location(&self) -> Url {
        assert_eq!(self.status, 303, "not a redirect: {}", self.text());
        let base = Url::parse(super::ISSUER).unwrap();
        base.join(self.header("location").unwrap()).unwrap()
    }

    /// A parameter of the address a redirect leads to.
    pub fn parameter(&self, name: &str) -> Option<String> {
        self.location().query_pairs().find(|(n, _)| n == name).map(|(_, value)| value.into_owned())
    }

    /// The member `name` of a JSON answer.
    pub fn member(&self, name: &str) -> String {
        self.json()[name].as_str().unwrap_or_else(|| panic!("no {name} in {}", self.text())).to_owned()
    }

    /// Asserts a JSON error of RFC 6749.
    #[track_caller]
    pub fn refused(&self, status: u16, error: &str) -> &Self {
        assert_eq!((self.status, self.json()["error"].as_str()), (status, Some(error)), "{}", self.text());
        assert_eq!(self.header("cache-control"), Some("no-store"), "B16");
        self
    }

    /// Asserts a page of our own that leads nowhere.
    #[track_caller]
    pub fn error_page(&self) -> &Self {
        assert!((400..500).contains(&self.status), "{} {}", self.status, self.text());
        assert_eq!(self.headers.get(header::LOCATION), None);
        assert_eq!(self.header("content-type"), Some("text/html; charset=utf-8"));
        self
    }

    /// Asserts a redirect to the application with this error, with `state` and `iss`.
    #[track_caller]
    pub fn redirected_error(&self, error: &str) -> &Self {
        assert_eq!(self.parameter("error").as_deref(), Some(error), "{}", self.location());
        assert_eq!(self.parameter("iss").as_deref(), Some(super::ISSUER), "B52");
        assert_eq!(self.parameter("code"), None);
        self
    }
}
