//! Errors for people: a page in their language, rendered in one place.
//!
//! A handler returns a [`PageError`]; it becomes an empty response that carries the error, and the
//! [`render_pages`](super::render_pages) layer, which knows the visitor's language and the tenant's name, fills in
//! the page.

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use polder_service::form::BodyError;
use polder_service::limit::RetryAfter;
use polder_service::{Report, csrf};

use super::Internal;
use super::internal::from_internal;

/// What a person is told when a request cannot be answered.
#[derive(Debug)]
pub struct PageError(Box<Parts>);

#[derive(Debug)]
struct Parts {
    kind: Kind,
    detail: Option<String>,
    retry_after: Option<RetryAfter>,
    source: Option<Internal>,
}

/// Which error page is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The application is unknown, switched off, or asked for an address that is not its own.
    UnknownApplication,
    /// The request makes no sense.
    BadRequest,
    /// The form came from another site, or its token does not fit.
    Refused,
    /// The sign-in took too long, or was finished in another window.
    Expired,
    /// The network is on a list of those that abuse comes from.
    Blocked,
    /// The browser sent no cookie back.
    CookiesNeeded,
    /// More was sent than a form holds.
    TooLarge,
    /// Nothing is at this address.
    NotFound,
    /// This address does not answer this method.
    MethodNotAllowed,
    /// Too many attempts.
    TooMany,
    /// We failed.
    Failed,
    /// We cannot answer now.
    Unavailable,
}

impl Kind {
    /// The name in the log.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::UnknownApplication => "unknown_application",
            Self::BadRequest => "bad_request",
            Self::Refused => "refused",
            Self::Expired => "expired",
            Self::Blocked => "blocked",
            Self::CookiesNeeded => "cookies_needed",
            Self::TooLarge => "too_large",
            Self::NotFound => "not_found",
            Self::MethodNotAllowed => "method_not_allowed",
            Self::TooMany => "too_many",
            Self::Failed => "failed",
            Self::Unavailable => "unavailable",
        }
    }

    /// The HTTP status it is shown with.
    pub fn status(self) -> StatusCode {
        match self {
            Self::UnknownApplication | Self::BadRequest | Self::Expired | Self::CookiesNeeded => {
                StatusCode::BAD_REQUEST
            }
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Refused | Self::Blocked => StatusCode::FORBIDDEN,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::TooMany => StatusCode::TOO_MANY_REQUESTS,
            Self::Failed => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        }
    }
}

impl PageError {
    /// An error page of this kind.
    pub fn new(kind: Kind) -> Self {
        Self(Box::new(Parts { kind, detail: None, retry_after: None, source: None }))
    }

    /// With a note for the log.
    #[must_use]
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.0.detail = Some(detail.into());
        self
    }

    /// Too many attempts: 429.
    pub fn too_many(wait: RetryAfter) -> Self {
        let mut this = Self::new(Kind::TooMany);
        this.0.retry_after = Some(wait);
        this
    }

    /// Which page it becomes.
    pub fn kind(&self) -> Kind {
        self.0.kind
    }
}

impl From<Internal> for PageError {
    fn from(source: Internal) -> Self {
        let mut this = Self::new(if source.is_temporary() { Kind::Unavailable } else { Kind::Failed });
        this.0.source = Some(source);
        this
    }
}

impl From<csrf::Refused> for PageError {
    fn from(refused: csrf::Refused) -> Self {
        Self::new(Kind::Refused).detail(refused.to_string())
    }
}

impl From<BodyError> for PageError {
    fn from(error: BodyError) -> Self {
        let kind = if matches!(error, BodyError::TooLarge) { Kind::TooLarge } else { Kind::BadRequest };
        Self::new(kind).detail(error.to_string())
    }
}

impl From<RetryAfter> for PageError {
    fn from(wait: RetryAfter) -> Self {
        Self::too_many(wait)
    }
}

from_internal!(PageError);

impl IntoResponse for PageError {
    fn into_response(self) -> Response {
        let Parts { kind, detail, retry_after, source } = *self.0;
        let mut response = kind.status().into_response();
        if let Some(wait) = retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(wait.seconds()));
        }
        response.extensions_mut().insert(kind);
        let report = match &source {
            Some(source) => Report::failed(kind.as_str()).because(source),
            None => Report::refused(kind.as_str()),
        };
        match detail {
            Some(detail) => report.detail(detail).attach(response),
            None => report.attach(response),
        }
    }
}
