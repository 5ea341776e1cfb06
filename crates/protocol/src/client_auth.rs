//! Client authentication: which client says it is there, and by which one method (RFC 6749 2.3).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::percent_decode_str;
use polder_kernel::Secret;

use crate::{AuthMethod, Client, Error, ErrorCode, Params};

/// What a client presented. Nothing is proved yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Credentials {
    /// HTTP Basic.
    Basic {
        /// The claimed `client_id`.
        id: String,
        /// The presented secret.
        secret: Secret<String>,
    },
    /// Id and secret in the body.
    Post {
        /// The claimed `client_id`.
        id: String,
        /// The presented secret.
        secret: Secret<String>,
    },
    /// An id alone: a public client.
    None {
        /// The claimed `client_id`.
        id: String,
    },
}

impl Credentials {
    /// The claimed `client_id`.
    pub fn id(&self) -> &str {
        match self {
            Self::Basic { id, .. } | Self::Post { id, .. } | Self::None { id } => id,
        }
    }

    /// The presented secret, for the caller to compare in constant time with what is stored.
    pub fn secret(&self) -> Option<&Secret<String>> {
        match self {
            Self::Basic { secret, .. } | Self::Post { secret, .. } => Some(secret),
            Self::None { .. } => None,
        }
    }

    /// The method that was used.
    pub const fn method(&self) -> AuthMethod {
        match self {
            Self::Basic { .. } => AuthMethod::ClientSecretBasic,
            Self::Post { .. } => AuthMethod::ClientSecretPost,
            Self::None { .. } => AuthMethod::None,
        }
    }

    /// Refuses any method but the one the client is registered with (B11), so that neither a leaked
    /// secret nor its absence can be tried by another way.
    pub fn pinned(&self, client: &Client) -> Result<(), Error> {
        if self.id() == client.id && self.method() == client.auth_method {
            return Ok(());
        }
        Err(refused().detail(format!("method {} instead of {}", self.method(), client.auth_method)))
    }
}

/// Reads the `Authorization` header and the body together. More than one method is refused (B09);
/// whatever else is wrong is the one generic `invalid_client` (B08).
pub fn parse(authorization: Option<&str>, params: &Params) -> Result<Credentials, Error> {
    if params.get("client_assertion").is_some() || params.get("client_assertion_type").is_some() {
        return Err(refused().detail("client assertions are not offered"));
    }
    match authorization {
        Some(header) => with_header(header, params),
        None => without_header(params),
    }
}

/// The one answer to failed client authentication: it does not say whether the client exists.
pub fn refused() -> Error {
    Error::new(ErrorCode::InvalidClient, "client authentication failed")
}

fn with_header(header: &str, params: &Params) -> Result<Credentials, Error> {
    if params.get("client_secret").is_some() {
        return Err(Error::new(ErrorCode::InvalidRequest, "use one way of client authentication, not two"));
    }
    let (id, secret) = basic(header).ok_or_else(|| refused().detail("malformed Authorization header"))?;
    if params.get("client_id").is_some_and(|in_body| in_body != id) {
        return Err(Error::new(ErrorCode::InvalidRequest, "client_id differs from the authenticated client"));
    }
    Ok(Credentials::Basic { id, secret })
}

fn without_header(params: &Params) -> Result<Credentials, Error> {
    let Some(id) = params.get("client_id") else {
        return Err(refused().detail("no client named"));
    };
    let id = id.to_owned();
    Ok(match params.get("client_secret") {
        Some(secret) => Credentials::Post { id, secret: Secret::new(secret.to_owned()) },
        None => Credentials::None { id },
    })
}

/// RFC 7617 with the twist of RFC 6749 2.3.1: id and secret are form-encoded before the base64.
fn basic(header: &str) -> Option<(String, Secret<String>)> {
    let (scheme, encoded) = header.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("Basic") {
        return None;
    }
    let plain = Secret::new(String::from_utf8(STANDARD.decode(encoded.trim_matches(' ')).ok()?).ok()?);
    let (id, secret) = plain.expose().split_once(':')?;
    let (id, secret) = (form_decode(id)?, Secret::new(form_decode(secret)?));
    (!id.is_empty() && !secret.expose().is_empty()).then_some((id, secret))
}

/// Strict, unlike [`Params`]: an id or secret with a stray `%` was not encoded by the rules.
fn form_decode(text: &str) -> Option<String> {
    let well_formed = text.split('%').skip(1).all(|after| {
        let mut digits = after.bytes();
        matches!((digits.next(), digits.next()), (Some(a), Some(b)) if a.is_ascii_hexdigit() && b.is_ascii_hexdigit())
    });
    if !well_formed {
        return None;
    }
    percent_decode_str(&text.replace('+', " ")).decode_utf8().ok().map(std::borrow::Cow::into_owned)
}
