//! What can go wrong, and the one place where it becomes a page.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use polder_crypto::SealError;

use crate::oidc::OidcError;
use crate::pages::{self, Page};

/// A handler could not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// The database.
    #[error(transparent)]
    Db(#[from] polder_db::Error),
    /// A sealed value does not open.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// A row that cannot be.
    #[error("{0} holds what cannot be")]
    Row(&'static str),
    /// The identity provider.
    #[error(transparent)]
    Oidc(#[from] OidcError),
    /// The sign-in did not come from this browser, or took too long.
    #[error("no sign-in is waiting in this browser")]
    NoAttempt,
    /// The identity provider said no.
    #[error("the identity provider refused: {0}")]
    Denied(&'static str),
    /// The form was not sent by our own page.
    #[error("the form does not come from our own page")]
    Forged,
    /// There is no such page.
    #[error("no such page")]
    NotFound,
    /// A template did not render.
    #[error(transparent)]
    Page(#[from] askama::Error),
}

impl IntoResponse for Fault {
    fn into_response(self) -> Response {
        let (status, title, text, retry) = match &self {
            Self::NoAttempt => (
                StatusCode::BAD_REQUEST,
                "This sign-in has expired",
                "It was started too long ago, or in another browser. Start again: it takes a moment.",
                true,
            ),
            Self::Denied(_) => (
                StatusCode::FORBIDDEN,
                "You have no access here",
                "Your account is fine, but this door is for others. If you are a client, use the client portal; if you are a coach, ask your practice to give you access.",
                true,
            ),
            Self::Forged => {
                (StatusCode::FORBIDDEN, "This form has expired", "Go back, reload the page and send it again.", false)
            }
            Self::NotFound => {
                (StatusCode::NOT_FOUND, "There is nothing here", "The link may be old, or mistyped.", false)
            }
            Self::Oidc(OidcError::Untrusted(_) | OidcError::Refused) => {
                (StatusCode::BAD_REQUEST, "The sign-in did not work", "Nothing was changed. Please try again.", true)
            }
            _ => (
                StatusCode::SERVICE_UNAVAILABLE,
                "Something is out of order",
                "It is not you. Please try again in a moment.",
                false,
            ),
        };
        if status.is_server_error() {
            tracing::error!(error = %self, "a page could not be shown");
        } else {
            tracing::info!(error = %self, "a page was refused");
        }
        let page = pages::Message { title, text, sign_in: retry };
        (status, Page(page)).into_response()
    }
}
