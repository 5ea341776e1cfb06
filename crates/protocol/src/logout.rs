//! RP-initiated logout (OpenID Connect RP-Initiated Logout 1.0): what to do with an end-session request.
//!
//! A session ends without asking only for a genuine hint about this very session; everything else asks the
//! person. The browser leaves only for a registered address of a known application.

use serde::{Deserialize, Serialize};

use crate::authorize::{Hint, answer};
use crate::params::MAX_VALUE_BYTES;
use crate::{Client, Error, ErrorCode, Params};

/// What is asked. Every parameter is optional.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Request {
    /// An ID token as sent; not verified.
    pub id_token_hint: Option<String>,
    /// The application.
    pub client_id: Option<String>,
    /// Where to go afterwards; not verified.
    pub post_logout_redirect_uri: Option<String>,
    /// To be repeated there.
    pub state: Option<String>,
    /// Wanted languages, best first.
    pub ui_locales: Vec<String>,
}

/// The hint after its signature was looked at. Expiry does not matter (A48).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Hinted {
    /// None was sent.
    Absent,
    /// It is not an ID token of this issuer: no `alg` of ours, a foreign key, changed (A45).
    Forged,
    /// It is genuine.
    Genuine(Hint),
}

/// The session of the browser that asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Whose it is.
    pub subject: String,
    /// What the asking application knows it by, if it reached that application.
    pub sid: Option<String>,
}

/// A verified address to go to after signing out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Afterwards {
    uri: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    state: Option<String>,
}

/// What to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// End the session at once, then go there or show "signed out".
    End(Option<Afterwards>),
    /// Ask the person. If they agree end the session, then go there or show "signed out" (A46, A47).
    Ask(Option<Afterwards>),
    /// There is no session: go there or show "signed out".
    Already(Option<Afterwards>),
    /// Show an error page.
    Refuse(Error),
}

impl Request {
    /// Reads the parameters of a GET or a POST (A42).
    pub fn parse(params: &Params) -> Result<Self, Error> {
        if let Some(fault) = params.fault() {
            return Err(fault.into());
        }
        if params.get("state").is_some_and(|state| state.len() > MAX_VALUE_BYTES) {
            return Err(refusal("state is too long"));
        }
        let owned = |name: &str| params.get(name).map(str::to_owned);
        Ok(Self {
            id_token_hint: owned("id_token_hint"),
            client_id: owned("client_id"),
            post_logout_redirect_uri: owned("post_logout_redirect_uri"),
            state: owned("state"),
            ui_locales: params
                .get("ui_locales")
                .unwrap_or_default()
                .split_whitespace()
                .take(8)
                .map(str::to_owned)
                .collect(),
        })
    }

    /// The application to look up: the one named, or the one the hint was issued to.
    pub fn client_id<'a>(&'a self, hinted: &'a Hinted) -> Option<&'a str> {
        self.client_id.as_deref().or(match hinted {
            Hinted::Genuine(hint) => hint.audience.first().map(String::as_str),
            Hinted::Absent | Hinted::Forged => None,
        })
    }
}

/// Decides. `client` is what [`Request::client_id`] led to; `session` the browser's live one.
pub fn decide(request: &Request, hinted: &Hinted, client: Option<&Client>, session: Option<&Session>) -> Decision {
    if let Err(error) = consistent(request, hinted, client) {
        return Decision::Refuse(error);
    }
    // Nothing that comes with a forged hint is believed (A45).
    let client = client.filter(|_| *hinted != Hinted::Forged);
    let afterwards = match afterwards(request, client) {
        Ok(afterwards) => afterwards,
        Err(error) => return Decision::Refuse(error),
    };
    match (session, hinted) {
        (None, _) => Decision::Already(afterwards),
        (Some(session), Hinted::Genuine(hint)) if is_about(hint, session) => Decision::End(afterwards),
        (Some(_), _) => Decision::Ask(afterwards),
    }
}

/// A48: the hint was issued to the named application, and that application exists.
fn consistent(request: &Request, hinted: &Hinted, client: Option<&Client>) -> Result<(), Error> {
    if let (Hinted::Genuine(hint), Some(named)) = (hinted, &request.client_id)
        && !hint.audience.contains(named)
    {
        return Err(refusal("id_token_hint was issued to another application"));
    }
    if request.client_id(hinted).is_some() && client.is_none() {
        return Err(refusal("client_id names no application of this service"));
    }
    Ok(())
}

/// Without an application no address can be checked: the person ends on our own page. An address that is
/// not registered, byte for byte, is refused (A44).
fn afterwards(request: &Request, client: Option<&Client>) -> Result<Option<Afterwards>, Error> {
    let (Some(uri), Some(client)) = (&request.post_logout_redirect_uri, client) else { return Ok(None) };
    if !client.post_logout_redirect_uris.iter().any(|own| own.as_str() == uri) {
        return Err(refusal("post_logout_redirect_uri is not registered for this application"));
    }
    Ok(Some(Afterwards { uri: uri.clone(), state: request.state.clone() }))
}

/// Whether the hint is about the session of this browser: the same person, and the same session where
/// the hint names one.
fn is_about(hint: &Hint, session: &Session) -> bool {
    hint.subject == session.subject && (hint.sid.is_none() || hint.sid == session.sid)
}

fn refusal(description: &'static str) -> Error {
    Error::new(ErrorCode::InvalidRequest, description)
}

impl Afterwards {
    /// The address; `state` only if it was sent (A43).
    pub fn location(&self) -> String {
        match &self.state {
            Some(state) => answer(&self.uri, [("state", state.as_str())]),
            None => self.uri.clone(),
        }
    }
}
