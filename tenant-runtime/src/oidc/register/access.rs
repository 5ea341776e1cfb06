//! Who may register, or look after a registration. A registration token is no access token, nor the other way round
//! (B25): each kind is looked up by a keyed hash of its own.

use std::net::IpAddr;

use http::{HeaderMap, StatusCode, header};
use polder_kernel::Secret;
use polder_protocol::bearer::{self, Scheme};
use polder_protocol::{Error, ErrorCode};

use crate::App;
use crate::error::OAuthError;
use crate::limits;

/// The token that came with a request, where programs register themselves at all.
///
/// # Errors
/// 404 where they do not, 429, and 401 where there is no token.
pub fn presented(
    app: &App,
    from: Option<IpAddr>,
    headers: &HeaderMap,
    query: Option<&str>,
) -> Result<Secret<String>, OAuthError> {
    if !app.tenant.current().registration {
        return Err(closed());
    }
    app.limits.check(limits::REGISTRATION, from).map_err(OAuthError::too_many)?;
    let authorization = headers.get(header::AUTHORIZATION).map(|value| value.to_str().unwrap_or(""));
    match bearer::parse(authorization, query, None) {
        Ok(bearer::Presented { scheme: Scheme::Bearer, token }) => Ok(token),
        Ok(_) => Err(unknown(app)),
        Err(challenge) => Err(match challenge.error {
            Some(error) if error.code == ErrorCode::InvalidRequest => error.into(),
            Some(_) => unknown(app),
            None => OAuthError::unauthorized(None, format!("Bearer realm=\"{}\"", app.issuer.as_str())),
        }),
    }
}

/// Nothing is registered here.
pub fn closed() -> OAuthError {
    let error = Error::new(ErrorCode::InvalidRequest, "applications do not register themselves here");
    OAuthError::new(error).with_status(StatusCode::NOT_FOUND)
}

/// Unknown, over, used up, revoked, or of another application: never which.
pub fn unknown(app: &App) -> OAuthError {
    let error = Error::new(ErrorCode::InvalidToken, "the token is invalid, expired or used up");
    let challenge = format!(
        "Bearer realm=\"{}\", error=\"{}\", error_description=\"{}\"",
        app.issuer.as_str(),
        error.code,
        error.description
    );
    OAuthError::unauthorized(Some(error), challenge)
}
