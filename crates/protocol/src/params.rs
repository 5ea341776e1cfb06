//! Request parameters, `application/x-www-form-urlencoded`, each at most once.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use percent_encoding::percent_decode;

use crate::{Error, ErrorCode};

/// The only parameters that may be sent more than once (RFC 8707 2, RFC 8693 2.1).
const REPEATABLE: [&str; 2] = ["resource", "audience"];

/// The longest value of one parameter, in bytes. Long enough for any `state`; short enough that an
/// answer echoing it fits into a header.
pub const MAX_VALUE_BYTES: usize = 4096;

/// The parameters of one request. An empty value is as good as none (B03).
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Params {
    /// What was sent under each name, in order; `None` where it is not UTF-8.
    values: BTreeMap<String, Vec<Option<String>>>,
}

/// What is wrong with the way parameters were sent. Names a parameter, never a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// A parameter came twice, perhaps once in the query and once in the body (RFC 6749 3.1).
    Repeated(String),
    /// A parameter is not UTF-8 after percent-decoding (RFC 6749 appendix B).
    Malformed(String),
    /// Parameters came in the URL of an endpoint that takes them in the body alone (RFC 6749 3.2).
    InUrl,
}

impl Params {
    /// Reads a query or a body. Refuses a parameter that comes twice and text that is not UTF-8.
    pub fn parse(text: &[u8]) -> Result<Self, Fault> {
        Self::read(text).sound()
    }

    /// Reads the body of an endpoint that takes no parameters in its URL: `/token`, `/introspect`,
    /// `/revoke` (B07). A secret in a URL ends up in logs, so it is refused rather than ignored.
    pub fn of_body(query: Option<&str>, body: &[u8]) -> Result<Self, Fault> {
        if query.is_some_and(|query| !query.is_empty()) {
            return Err(Fault::InUrl);
        }
        Self::parse(body)
    }

    /// Reads the query and the body of `/authorize` or `/end_session` together. A parameter that is
    /// in both came twice. Faults are asked for later: whether one may be told to the client by a
    /// redirect depends on which parameter it is about.
    pub fn of_both(query: Option<&str>, body: &[u8]) -> Self {
        let mut params = Self::read(query.unwrap_or_default().as_bytes());
        params.add(body);
        params
    }

    /// Reads a query or a body as it is; [`Params::fault`] tells what is wrong with it.
    pub fn read(text: &[u8]) -> Self {
        let mut params = Self::default();
        params.add(text);
        params
    }

    /// The first fault by name, if any.
    pub fn fault(&self) -> Option<Fault> {
        self.names().find_map(|name| self.fault_of(name))
    }

    /// What is wrong with one parameter.
    pub fn fault_of(&self, name: &str) -> Option<Fault> {
        let sent = self.values.get(name)?;
        if sent.iter().any(Option::is_none) {
            return Some(Fault::Malformed(name.to_owned()));
        }
        (sent.len() > 1 && !REPEATABLE.contains(&name)).then(|| Fault::Repeated(name.to_owned()))
    }

    /// The value of a parameter. Empty is absent (B03); of a repeated one nothing is given.
    pub fn get(&self, name: &str) -> Option<&str> {
        match self.values.get(name)?.as_slice() {
            [Some(value)] if !value.is_empty() => Some(value),
            _ => None,
        }
    }

    /// All non-empty values of a parameter that may repeat.
    pub fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.values.get(name).into_iter().flatten().flatten().map(String::as_str).filter(|value| !value.is_empty())
    }

    /// The names that were sent, in alphabetical order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.values.keys().map(String::as_str)
    }

    /// The first parameter by name with a value longer than [`MAX_VALUE_BYTES`].
    pub fn oversized(&self) -> Option<&str> {
        self.names().find(|name| self.all(name).any(|value| value.len() > MAX_VALUE_BYTES))
    }

    /// A value that the endpoint cannot do without.
    pub fn require(&self, name: &'static str) -> Result<&str, Error> {
        self.get(name).ok_or_else(|| Error::new(ErrorCode::InvalidRequest, format!("{name} is missing")))
    }

    /// With this value and no other under `name`.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.values.insert(name.to_owned(), vec![Some(value.to_owned())]);
        self
    }

    /// With one value more under `name`.
    #[must_use]
    pub fn with_more(mut self, name: &str, value: &str) -> Self {
        self.values.entry(name.to_owned()).or_default().push(Some(value.to_owned()));
        self
    }

    /// Without these parameters.
    #[must_use]
    pub fn without(mut self, names: &[&str]) -> Self {
        self.values.retain(|name, _| !names.contains(&name.as_str()));
        self
    }

    fn sound(self) -> Result<Self, Fault> {
        match self.fault() {
            Some(fault) => Err(fault),
            None => Ok(self),
        }
    }

    fn add(&mut self, text: &[u8]) {
        for pair in text.split(|&b| b == b'&').filter(|pair| !pair.is_empty()) {
            let (name, value) = split_once(pair, b'=');
            // A name that is not text is no name we know: ignored like any unknown parameter.
            let Some(name) = decode(name) else { continue };
            self.values.entry(name).or_default().push(decode(value));
        }
    }
}

impl From<Fault> for Error {
    fn from(fault: Fault) -> Self {
        let description: Cow<'static, str> = match &fault {
            Fault::Repeated(_) => "a parameter was sent more than once".into(),
            Fault::Malformed(_) => "a parameter is not UTF-8 text".into(),
            Fault::InUrl => "parameters belong in the request body, not in the URL".into(),
        };
        let error = Self::new(ErrorCode::InvalidRequest, description);
        match fault {
            // The name is the sender's text: quoted for the log, never echoed to anyone.
            Fault::Repeated(name) | Fault::Malformed(name) => {
                error.detail(format!("parameter {:?}", name.chars().take(40).collect::<String>()))
            }
            Fault::InUrl => error,
        }
    }
}

/// Values are codes, secrets and addresses: only names print.
impl fmt::Debug for Params {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.names()).finish()
    }
}

fn split_once(pair: &[u8], at: u8) -> (&[u8], &[u8]) {
    match pair.iter().position(|&b| b == at) {
        Some(i) => (&pair[..i], &pair[i + 1..]),
        None => (pair, &[]),
    }
}

/// `+` is a space, `%XX` a byte; a percent sign that starts no byte stands for itself, as in
/// browsers. `None` when the bytes are not UTF-8.
fn decode(text: &[u8]) -> Option<String> {
    let spaced: Vec<u8> = text.iter().map(|&b| if b == b'+' { b' ' } else { b }).collect();
    String::from_utf8(percent_decode(&spaced).collect()).ok()
}

#[cfg(test)]
mod tests {
    use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn b02_a_parameter_that_comes_twice_is_refused() {
        for text in ["scope=a&scope=b", "scope=a&scope=a", "scope=&scope=a", "a=1&scope=a&b=2&sco%70e=b"] {
            assert_eq!(Params::parse(text.as_bytes()), Err(Fault::Repeated("scope".to_owned())), "{text}");
        }
        let fault = Params::parse(b"a=1&a=2").unwrap_err();
        assert_eq!(Error::from(fault).code, ErrorCode::InvalidRequest);
    }

    #[test]
    fn b02_query_and_body_are_one_request() {
        let params = Params::of_both(Some("client_id=a"), b"client_id=a");
        assert_eq!(params.fault(), Some(Fault::Repeated("client_id".to_owned())));
        assert_eq!(params.get("client_id"), None);
        let params = Params::of_both(Some("client_id=a"), b"scope=b");
        assert_eq!((params.get("client_id"), params.get("scope"), params.fault()), (Some("a"), Some("b"), None));
    }

    #[test]
    fn b02_resource_may_repeat() {
        let params = Params::parse(b"resource=a&resource=&resource=b").unwrap();
        assert_eq!(params.all("resource").collect::<Vec<_>>(), ["a", "b"]);
    }

    #[test]
    fn b03_an_empty_value_is_absent() {
        let params = Params::parse(b"state=&nonce&&scope=x").unwrap();
        assert_eq!((params.get("state"), params.get("nonce"), params.get("scope")), (None, None, Some("x")));
        assert_eq!(params.require("state").unwrap_err().code, ErrorCode::InvalidRequest);
    }

    #[test]
    fn b07_parameters_in_the_url_of_a_body_endpoint_are_refused() {
        assert_eq!(Params::of_body(Some("code=x"), b"grant_type=x"), Err(Fault::InUrl));
        for query in [None, Some("")] {
            assert_eq!(Params::of_body(query, b"grant_type=x").unwrap().get("grant_type"), Some("x"));
        }
    }

    #[test]
    fn values_are_decoded_as_browsers_do() {
        let params = Params::parse("a=1+2%20%2b&b=caf%C3%A9&c=100%&d=x=y&e=%00".as_bytes()).unwrap();
        let values: Vec<_> = ["a", "b", "c", "d", "e"].iter().map(|name| params.get(name).unwrap()).collect();
        assert_eq!(values, ["1 2 +", "caf\u{e9}", "100%", "x=y", "\0"]);
        assert_eq!(Params::parse(b"state=%ff"), Err(Fault::Malformed("state".to_owned())));
    }

    #[test]
    fn f16_values_do_not_print() {
        let params = Params::parse(b"client_secret=hunter2&code=abc").unwrap();
        let shown = format!("{params:?}");
        assert!(shown.contains("client_secret") && !shown.contains("hunter2") && !shown.contains("abc"), "{shown}");
        let error = Error::from(Params::parse(b"x=hunter2&x=hunter3").unwrap_err());
        assert!(!error.to_string().contains("hunter"), "{error}");
    }

    proptest! {
        #[test]
        fn what_was_encoded_is_read_back(pairs in prop::collection::btree_map(".{1,8}", ".{1,20}", 0..6)) {
            let encode = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
            let text: Vec<_> = pairs.iter().map(|(name, value)| format!("{}={}", encode(name), encode(value))).collect();
            let params = Params::parse(text.join("&").as_bytes()).unwrap();
            for (name, value) in &pairs {
                prop_assert_eq!(params.get(name), Some(value.as_str()));
            }
            prop_assert_eq!(params.names().count(), pairs.len());
        }

        #[test]
        fn b02_no_bytes_give_a_value_that_came_twice(text in prop::collection::vec(prop::sample::select(b"ab=&%26+\xff".to_vec()), 0..40)) {
            let params = Params::read(&text);
            for name in params.names() {
                if params.fault_of(name).is_some() {
                    prop_assert_eq!(params.get(name), None);
                }
            }
            prop_assert_eq!(Params::parse(&text).is_err(), params.fault().is_some());
        }
    }
}
