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
