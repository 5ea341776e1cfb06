//! The authorization request: who asks, where the answer may go, what is asked for.
//!
//! [`Identified::new`] verifies client and redirect URI and can only fail with [`NoRedirect`]; from
//! then on [`Identified::validate`] runs the fixed list [`CHECKS`](checks::CHECKS) and can only fail
//! with [`Redirect`].

pub mod checks;
pub mod prompt;
pub mod request;
pub mod return_to;

use polder_kernel::Timestamp;

pub use prompt::Prompts;
pub use request::{Display, Hint, Request, ResponseMode, ResponseType};
pub use return_to::{ReturnTo, answer};

use crate::params::MAX_VALUE_BYTES;
use crate::{ApplicationType, Client, Error, ErrorCode, Params, redirect_uri};

/// A refusal to be shown to the person as a page: the client or its redirect URI is not verified,
/// so nothing of the request may decide where the browser goes (B01, A22).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoRedirect(pub Error);

/// A refusal to be told to the client at its verified redirect URI.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Redirect {
    /// What is wrong.
    pub error: Error,
    /// Where to say so.
    pub to: ReturnTo,
}

/// Either refusal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// As a page.
    NoRedirect(Error),
    /// By a redirect.
    Redirect(Redirect),
}

/// A request whose client and redirect URI are verified.
#[derive(Clone, Debug)]
pub struct Identified<'a> {
    params: &'a Params,
    client: &'a Client,
    return_to: ReturnTo,
}

/// The whole way from parameters to a request: the client named by [`client_id`] as the caller found
/// it, and the moment the request came in.
pub fn validate(params: &Params, client: Option<&Client>, now: Timestamp) -> Result<Request, Refusal> {
    Ok(Identified::new(params, client)?.validate(now)?)
}

/// The `client_id` to look up (B01, B02).
pub fn client_id(params: &Params) -> Result<&str, NoRedirect> {
    if let Some(fault) = params.fault_of("client_id") {
        return Err(NoRedirect(fault.into()));
    }
    params.require("client_id").map_err(NoRedirect)
}

impl<'a> Identified<'a> {
    /// Verifies that the client is known and the redirect URI one of its own.
    pub fn new(params: &'a Params, client: Option<&'a Client>) -> Result<Self, NoRedirect> {
        client_id(params)?;
        let Some(client) = client else {
            return Err(page("client_id names no application of this service"));
        };
        let redirect_uri = verified_redirect_uri(params, client)?;
        let state = echoable_state(params)?;
        Ok(Self { params, client, return_to: ReturnTo::verified(redirect_uri, state) })
    }

    /// Where the answer goes.
    pub fn return_to(&self) -> &ReturnTo {
        &self.return_to
    }

    /// Runs every check in order. The first that refuses decides the answer.
    pub fn validate(self, now: Timestamp) -> Result<Request, Redirect> {
        let mut request = Request::new(self.client.id.clone(), self.return_to, now);
        for (_, check) in checks::CHECKS {
            if let Err(error) = check(self.params, self.client, &mut request) {
                return Err(Redirect { error, to: request.return_to });
            }
        }
        Ok(request)
    }
}

/// The redirect URI is always required, however many are registered (OpenID Connect Core 3.1.2.1; A31).
fn verified_redirect_uri(params: &Params, client: &Client) -> Result<String, NoRedirect> {
    if let Some(fault) = params.fault_of("redirect_uri") {
        return Err(NoRedirect(fault.into()));
    }
    let presented = params.require("redirect_uri").map_err(NoRedirect)?;
    let native = client.kind == ApplicationType::Native;
    if client.redirect_uris.iter().any(|own| redirect_uri::matches(own, presented, native)) {
        return Ok(presented.to_owned());
    }
    Err(page("redirect_uri is not registered for this application"))
}

/// `state` comes back byte for byte or the request is refused (B06). Sent twice there is no telling
/// which one to echo: none is, and the first check refuses the request.
fn echoable_state(params: &Params) -> Result<Option<String>, NoRedirect> {
    if matches!(params.fault_of("state"), Some(crate::Fault::Malformed(_))) {
        return Err(page("state is not UTF-8 text"));
    }
    match params.get("state") {
        Some(state) if state.len() > MAX_VALUE_BYTES => Err(page("state is too long")),
        state => Ok(state.map(str::to_owned)),
    }
}

fn page(description: &'static str) -> NoRedirect {
    NoRedirect(Error::new(ErrorCode::InvalidRequest, description))
}

impl Redirect {
    /// The address that tells the client.
    pub fn location(&self, issuer: &str) -> String {
        self.to.error(issuer, &self.error)
    }
}

impl Refusal {
    /// What is wrong.
    pub fn error(&self) -> &Error {
        match self {
            Self::NoRedirect(error) | Self::Redirect(Redirect { error, .. }) => error,
        }
    }
}

impl From<NoRedirect> for Refusal {
    fn from(NoRedirect(error): NoRedirect) -> Self {
        Self::NoRedirect(error)
    }
}

impl From<Redirect> for Refusal {
    fn from(redirect: Redirect) -> Self {
        Self::Redirect(redirect)
    }
}
