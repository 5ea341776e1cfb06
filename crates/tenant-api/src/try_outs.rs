//! `/applications/{id}/try-outs`: a sign-in as an application, for its developer, without the application.
//!
//! Only the control plane can begin one and only the control plane can end it: the request is pushed here, and what the
//! sign-in gives comes back as claims to look at. No token is ever made for anybody.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::ApplicationErrorKind;

/// A sign-in to try.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewTryOut {
    /// Where the person comes back to: an address of the control plane's own.
    pub redirect_uri: String,
    /// What to ask for, separated by spaces.
    pub scope: String,
    /// Comes back with the person.
    pub state: String,
    /// Comes back in the ID token.
    pub nonce: String,
    /// The S256 challenge of a verifier that only the control plane knows (RFC 7636).
    pub code_challenge: String,
    /// Whether somebody who is signed in signs in once more.
    pub anew: bool,
}

/// What became of the beginning.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "result", rename_all = "snake_case")]
pub enum TryOutBegun {
    /// The browser can go to the authorization endpoint with it.
    Ready {
        /// The name of the pushed request (RFC 9126), for one use.
        request_uri: String,
        /// Seconds it waits.
        expires_in: u64,
    },
    /// The application would be refused the same.
    Refused(TryOutRefusal),
}

/// What the person came back with.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TryOutCode {
    /// The authorization code.
    pub code: String,
    /// The verifier of its challenge.
    pub code_verifier: String,
}

/// What became of the end.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "result", rename_all = "snake_case")]
pub enum TryOutEnded {
    /// The application would have been given tokens.
    SignedIn(Box<TryOutOutcome>),
    /// The application would have been refused.
    Refused(TryOutRefusal),
}

/// What the application would have learnt.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TryOutOutcome {
    /// The claims of the ID token, whose signature was checked against the published keys; null without `openid`.
    pub id_token: Option<Map<String, Value>>,
    /// What the ID token was signed with.
    pub id_token_alg: Option<String>,
    /// What userinfo says; null without `openid`.
    pub userinfo: Option<Map<String, Value>>,
    /// What was granted, separated by spaces.
    pub scope: String,
    /// How strong the sign-in was.
    pub acr: String,
    /// How the person proved themselves.
    pub amr: Vec<String>,
    /// When they did.
    pub authenticated_at: String,
    /// How long an access token would live, in seconds.
    pub access_token_seconds: u64,
    /// Whether there would be a refresh token.
    pub refresh_token: bool,
}

/// A refusal, in the protocol's words and as developers are told of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TryOutRefusal {
    /// What kind of mistake it is.
    pub kind: ApplicationErrorKind,
    /// The protocol's code, such as `invalid_scope`.
    pub error: String,
    /// What was wrong.
    pub reason: String,
}
