//! Everything that goes wrong in the console. [`super::dress`] makes the page of it.

use axum::response::{IntoResponse, Redirect, Response};
use http::StatusCode;
use http::header::RETRY_AFTER;
use http::{HeaderValue, header::HeaderName};
use polder_hosted_pages::tenant::ErrorKind;
use polder_service::Report;
use polder_service::form::BodyError;
use polder_service::limit::RetryAfter;

use super::oidc::OidcError;
use crate::administer::Refused;
use crate::model::TenantState;
use crate::organisation::Refusal;
use crate::tenant_client::CallError;

/// A refusal or failure, on its way to the visitor.
#[derive(Debug)]
pub enum Fault {
    /// There is nothing here, or nothing of theirs (G20).
    NotFound,
    /// There is, for another method.
    MethodNotAllowed,
    /// The request cannot be understood.
    BadRequest(&'static str),
    /// The form was not sent from our own page (E07).
    Forged(&'static str),
    /// The member's role does not include this (G22).
    NotAllowed,
    /// Whoever signed in is no member; their address, masked.
    NoMember(String),
    /// The browser brought nothing back of the sign-in it began.
    NoAttempt,
    /// More was sent than a form holds, or not as a form.
    Body(BodyError),
    /// Too many requests.
    TooMany(RetryAfter),
    /// What is needed is not there; worth trying again.
    Unavailable(String),
    /// Our own fault.
    Internal(String),
    /// First sign in, then go on here.
    SignIn(String),
    /// First the tenant has to be there.
    NotThere(String),
}

/// What the page is made of, left on the response for [`super::dress`].
#[derive(Clone, Debug)]
pub struct Told {
    /// What failed, for the person.
    pub why: Why,
}

/// What failed, for the person.
#[derive(Clone, Debug)]
pub enum Why {
    /// In the words of the error page.
    Kind(ErrorKind),
    /// Their role does not include this.
    NotAllowed,
    /// They are no member.
    NoMember(String),
}

impl Fault {
    fn status(&self) -> StatusCode {
        match self {
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::BadRequest(_) | Self::NoAttempt => StatusCode::BAD_REQUEST,
            Self::Forged(_) | Self::NotAllowed | Self::NoMember(_) => StatusCode::FORBIDDEN,
            Self::Body(error) => error.status(),
            Self::TooMany(_) => StatusCode::TOO_MANY_REQUESTS,
            Self::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
            Self::SignIn(_) | Self::NotThere(_) => StatusCode::SEE_OTHER,
        }
    }

    fn report(&self) -> Report {
        match self {
            Self::BadRequest(why) | Self::Forged(why) => Report::refused("bad_request").detail(*why),
            Self::Unavailable(why) => Report::failed("unavailable").detail(why.clone()),
            Self::Internal(why) => Report::failed("internal").detail(why.clone()),
            Self::NotAllowed => Report::refused("role"),
            Self::NoMember(_) => Report::refused("no_member"),
            Self::NoAttempt => Report::refused("no_attempt"),
            Self::Body(error) => Report::refused("body").because(error),
            _ => Report::refused("refused"),
        }
    }

    fn why(self) -> Why {
        Why::Kind(match self {
            Self::NotAllowed => return Why::NotAllowed,
            Self::NoMember(address) => return Why::NoMember(address),
            Self::NotFound => ErrorKind::NotFound,
            Self::MethodNotAllowed => ErrorKind::MethodNotAllowed,
            Self::BadRequest(_) | Self::Body(BodyError::ContentType | BodyError::Broken | BodyError::TooSlow) => {
                ErrorKind::BadRequest
            }
            Self::Forged(_) => ErrorKind::Forbidden,
            Self::NoAttempt => ErrorKind::CookiesNeeded,
            Self::Body(BodyError::TooLarge) => ErrorKind::TooLarge,
            Self::TooMany(wait) => ErrorKind::TooMany { retry_after_seconds: wait.seconds() },
            Self::Unavailable(_) => ErrorKind::Unavailable,
            Self::Internal(_) | Self::SignIn(_) | Self::NotThere(_) => ErrorKind::Internal,
        })
    }
}

impl IntoResponse for Fault {
    fn into_response(self) -> Response {
        match &self {
            Self::SignIn(to) => {
                let query = url::form_urlencoded::Serializer::new(String::new()).append_pair("to", to).finish();
                return Redirect::to(&format!("/signin?{query}")).into_response();
            }
            Self::NotThere(slug) => return Redirect::to(&format!("/tenants/{slug}/progress")).into_response(),
            _ => {}
        }
        let (status, report) = (self.status(), self.report());
        let wait: Option<(HeaderName, HeaderValue)> = match &self {
            Self::TooMany(wait) => Some((RETRY_AFTER, HeaderValue::from(wait.seconds()))),
            Self::Unavailable(_) => Some((RETRY_AFTER, HeaderValue::from_static("2"))),
            _ => None,
        };
        let mut response = report.attach(status.into_response());
        response.headers_mut().extend(wait);
        response.extensions_mut().insert(Told { why: self.why() });
        response
    }
}

impl From<polder_db::Error> for Fault {
    fn from(error: polder_db::Error) -> Self {
        if error.is_temporary() { Self::Unavailable(error.to_string()) } else { Self::Internal(error.to_string()) }
    }
}

impl From<Refused> for Fault {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Said(StatusCode::NOT_FOUND, _) => Self::NotFound,
            Refused::Said(..) => Self::BadRequest("the tenant refused it"),
            Refused::NotRunning(state) => Self::Unavailable(format!("the tenant is {state}")),
            Refused::Call(error @ (CallError::NotRunning | CallError::NoAnswer(_) | CallError::TimedOut)) => {
                Self::Unavailable(error.to_string())
            }
            Refused::Call(error) => Self::Internal(error.to_string()),
            Refused::Database(error) => error.into(),
        }
    }
}

impl From<Refusal> for Fault {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Unknown => Self::NotFound,
            Refusal::AboveOwn | Refusal::RightsAboveOwn => Self::NotAllowed,
            Refusal::TooManyMails(wait) => Self::TooMany(RetryAfter::from_seconds(wait.as_secs())),
            Refusal::Database(error) => error.into(),
            Refusal::Seal(error) => error.into(),
            Refusal::LastOwner
            | Refusal::AlreadyMember
            | Refusal::AlreadyInvited
            | Refusal::Full
            | Refusal::Name(_)
            | Refusal::TooManyKeys
            | Refusal::Expired
            | Refusal::Rights(_) => Self::BadRequest("the organisation refused it"),
        }
    }
}

impl From<OidcError> for Fault {
    fn from(error: OidcError) -> Self {
        match error {
            OidcError::Refused | OidcError::Untrusted(_) => Self::NoAttempt,
            OidcError::Database(error) => error.into(),
            OidcError::Provider(_) | OidcError::NoApplication(_) => Self::Unavailable(error.to_string()),
        }
    }
}

impl From<BodyError> for Fault {
    fn from(error: BodyError) -> Self {
        Self::Body(error)
    }
}

impl From<polder_crypto::SealError> for Fault {
    fn from(error: polder_crypto::SealError) -> Self {
        Self::Internal(error.to_string())
    }
}

impl From<serde_json::Error> for Fault {
    fn from(error: serde_json::Error) -> Self {
        Self::Internal(format!("JSON: {error}"))
    }
}

/// Tenants in these states have a page of their own progress, and nothing else yet.
pub const fn has_progress_only(state: TenantState) -> bool {
    matches!(state, TenantState::Provisioning | TenantState::Failed)
}
