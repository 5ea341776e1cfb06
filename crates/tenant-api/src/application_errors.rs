//! What an application was refused, for whoever develops it.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Refusals of an application's requests that were alike.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ApplicationError {
    /// What kind of mistake it is.
    pub kind: ApplicationErrorKind,
    /// Where it was refused.
    pub at: RefusedAt,
    /// The protocol's code, such as `invalid_grant`.
    pub error: String,
    /// What was wrong.
    pub reason: String,
    /// What to do about it.
    pub advice: String,
    /// The redirect URI that was sent, without its query and without what could be about a person; null where it is not
    /// about one.
    pub sent: Option<String>,
    /// How often.
    pub times: u64,
    /// When first.
    pub first_at: String,
    /// When last.
    pub last_at: String,
}

/// An endpoint of the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RefusedAt {
    /// The authorization endpoint.
    Authorize,
    /// The pushed authorization request endpoint (RFC 9126).
    Par,
    /// The token endpoint.
    Token,
}

/// Kinds of mistakes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ApplicationErrorKind {
    /// The redirect URI is not one of those that are registered, character by character.
    RedirectUri,
    /// The secret, or what else the application proves itself with, is wrong.
    Credentials,
    /// The code is unknown, too old, used before, or another application's.
    Code,
    /// The refresh token is unknown, too old, used before, or was revoked.
    RefreshToken,
    /// PKCE is missing or does not fit (RFC 7636).
    Pkce,
    /// The nonce is missing or malformed.
    Nonce,
    /// A scope that the application may not ask for.
    Scope,
    /// An API that the application may not ask tokens for (RFC 8707).
    Resource,
    /// Another response type than `code`.
    ResponseType,
    /// A grant type that is not registered for the application.
    GrantType,
    /// The request has to be pushed first (RFC 9126).
    NotPushed,
    /// A pushed request that is unknown, too old or used.
    PushedRequest,
    /// A signed request object that is not accepted (RFC 9101).
    RequestObject,
    /// A DPoP proof that does not fit (RFC 9449).
    Dpop,
    /// The application is switched off.
    SwitchedOff,
    /// Something else about the request.
    Request,
}

impl RefusedAt {
    /// Every endpoint.
    pub const ALL: [Self; 3] = [Self::Authorize, Self::Par, Self::Token];

    /// Its name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Authorize => "authorize",
            Self::Par => "par",
            Self::Token => "token",
        }
    }
}

impl fmt::Display for RefusedAt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for RefusedAt {
    type Err = NoEndpoint;
    fn from_str(text: &str) -> Result<Self, NoEndpoint> {
        Self::ALL.into_iter().find(|at| at.as_str() == text).ok_or(NoEndpoint)
    }
}

/// Text that names no endpoint.
#[derive(Clone, Copy, Debug)]
pub struct NoEndpoint;

impl fmt::Display for NoEndpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no endpoint of this name")
    }
}

impl std::error::Error for NoEndpoint {}

impl ApplicationErrorKind {
    /// What to do about it.
    pub const fn advice(self) -> &'static str {
        match self {
            Self::RedirectUri => {
                "Send one of the registered redirect URIs exactly as it is registered, or register the one you send. \
                 Scheme, port, path and a slash at the end all count."
            }
            Self::Credentials => {
                "Check that the client secret is the current one of this application, without spaces around it, and that it is \
                 sent in the way that the application is registered for."
            }
            Self::Code => {
                "Exchange a code once, within a minute, with the application and redirect URI that it was issued for. A second \
                 attempt with the same code is always refused."
            }
            Self::RefreshToken => {
                "Keep the newest refresh token of each answer and use it once. When it is refused, start a new sign-in."
            }
            Self::Pkce => {
                "Send code_challenge with code_challenge_method=S256 when you begin, and the matching code_verifier when you \
                 exchange the code. Most libraries do both when PKCE is switched on."
            }
            Self::Nonce => "Send a nonce of letters and digits, new for each sign-in.",
            Self::Scope => "Ask for scopes that this application may have: see its settings.",
            Self::Resource => "Name an API that this application may ask tokens for: see its settings.",
            Self::ResponseType => "Use response_type=code: the implicit flow does not exist here.",
            Self::GrantType => "Register the grant type for this application, or use one that is registered.",
            Self::NotPushed => {
                "Push the request to the endpoint for pushed requests first, and send only its request_uri."
            }
            Self::PushedRequest => "Use a request_uri within a minute, once, and with the application that pushed it.",
            Self::RequestObject => "Sign the request object with a key that is registered for this application.",
            Self::Dpop => {
                "Make a DPoP proof for this very address and method, with a clock that is right, and use it once."
            }
            Self::SwitchedOff => "Switch the application on, or take it out of use where it is still called from.",
            Self::Request => {
                "Compare the request with the documentation of your library: the reason says what does not fit."
            }
        }
    }
}
