//! Errors for client libraries: `{"error": …, "error_description": …}` (RFC 6749, 5.2).

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use polder_protocol::bearer::Challenge;
use polder_protocol::{Error, ErrorCode, Fault};
use polder_service::Report;
use polder_service::form::BodyError;
use polder_service::limit::RetryAfter;

use super::Internal;
use super::internal::from_internal;
use crate::oidc::json;

/// An error answer to a client library.
#[derive(Debug)]
pub struct OAuthError(Box<Parts>);

#[derive(Debug)]
struct Parts {
    /// `None` where a challenge alone is the answer (RFC 6750, 3: nothing was presented).
    error: Option<Error>,
    status: StatusCode,
    challenges: Vec<String>,
    retry_after: Option<RetryAfter>,
    source: Option<Internal>,
}

impl OAuthError {
    /// An error of the protocol.
    pub fn new(error: Error) -> Self {
        let status = StatusCode::from_u16(error.status()).unwrap_or(StatusCode::BAD_REQUEST);
        let challenges = error.challenge().map(str::to_owned).into_iter().collect();
        Self(Box::new(Parts { error: Some(error), status, challenges, retry_after: None, source: None }))
    }

    /// A refused bearer token, with its challenge (B21-B24).
    pub fn bearer(refused: Challenge, issuer: &str) -> Self {
        let challenges = refused.headers(issuer);
        let status = StatusCode::from_u16(refused.status()).unwrap_or(StatusCode::UNAUTHORIZED);
        Self(Box::new(Parts { error: refused.error, status, challenges, retry_after: None, source: None }))
    }

    /// 401 with this challenge, and nothing else where nothing was presented (RFC 6750, 3).
    pub fn unauthorized(error: Option<Error>, challenge: String) -> Self {
        let (status, challenges) = (StatusCode::UNAUTHORIZED, vec![challenge]);
        Self(Box::new(Parts { error, status, challenges, retry_after: None, source: None }))
    }

    /// Too many failed attempts: 429.
    pub fn too_many(wait: RetryAfter) -> Self {
        let error = Error::new(ErrorCode::TemporarilyUnavailable, "too many failed attempts, try again later");
        let mut this = Self::new(error).with_status(StatusCode::TOO_MANY_REQUESTS);
        this.0.retry_after = Some(wait);
        this
    }

    /// The protocol's code for it.
    pub fn code(&self) -> Option<ErrorCode> {
        self.0.error.as_ref().map(|error| error.code)
    }

    /// What the protocol calls it, where it is not our own failure.
    pub fn refusal(&self) -> Option<&Error> {
        self.0.error.as_ref().filter(|_| self.0.source.is_none())
    }

    /// The same, with another status.
    #[must_use]
    pub fn with_status(mut self, status: StatusCode) -> Self {
        self.0.status = status;
        self
    }
}

impl From<Error> for OAuthError {
    fn from(error: Error) -> Self {
        Self::new(error)
    }
}

impl From<Fault> for OAuthError {
    fn from(fault: Fault) -> Self {
        Self::new(fault.into())
    }
}

impl From<BodyError> for OAuthError {
    fn from(error: BodyError) -> Self {
        Self::new(Error::new(ErrorCode::InvalidRequest, error.to_string())).with_status(error.status())
    }
}

impl From<Internal> for OAuthError {
    fn from(source: Internal) -> Self {
        let code = if source.is_temporary() { ErrorCode::TemporarilyUnavailable } else { ErrorCode::ServerError };
        let mut this = Self::new(Error::new(code, "the request could not be completed"));
        this.0.source = Some(source);
        this
    }
}

from_internal!(OAuthError);

impl IntoResponse for OAuthError {
    fn into_response(self) -> Response {
        let Parts { error, status, challenges, retry_after, source } = *self.0;
        let mut response = match &error {
            Some(error) => json::no_store(status, &error.body()),
            None => status.into_response(),
        };
        let headers = response.headers_mut();
        for challenge in challenges.iter().filter_map(|challenge| HeaderValue::from_str(challenge).ok()) {
            headers.append(header::WWW_AUTHENTICATE, challenge);
        }
        if let Some(wait) = retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(wait.seconds()));
        }
        report(error.as_ref(), source.as_ref()).attach(response)
    }
}

fn report(error: Option<&Error>, source: Option<&Internal>) -> Report {
    let Some(error) = error else { return Report::refused("no_token") };
    if let Some(source) = source {
        return Report::failed(error.code.as_str()).because(source);
    }
    let detail = error.detail.as_deref().unwrap_or(&error.description);
    Report::refused(error.code.as_str()).detail(detail)
}
