//! Everything that goes wrong here, as a problem document.

use axum::response::{IntoResponse, Response};
use http::header::WWW_AUTHENTICATE;
use http::{HeaderMap, HeaderValue, StatusCode};
use polder_service::limit::RetryAfter;
use polder_service::problem::{FieldError, Problem};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::administer::Refused;
use crate::model::TenantState;
use crate::organisation::Refusal;
use crate::provision::{ChangeError, CreateError, Illegal};
use crate::tenant_client::CallError;

/// A refusal or failure, on its way to the client.
#[derive(Debug)]
pub struct ApiError(Box<(Problem, HeaderMap)>);

/// A problem document (RFC 9457). `code` is stable; `title` and `detail` are for people.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Problem, example = json!({
    "type": "https://console.example.com/problems/invalid", "title": "The input is not valid", "status": 422, "code": "invalid",
    "errors": [{"pointer": "/slug", "detail": "a slug has 3 to 32 characters: a-z, 0-9 and hyphens inside, starting with a letter"}],
    "instance": "urn:polder:request:4f1c02d39a6be857"
}))]
pub struct ProblemDocument {
    /// The address of a page about this kind of problem; it ends in `code`.
    pub r#type: String,
    /// What kind of problem it is, for people.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// What kind of problem it is, for programs.
    pub code: String,
    /// What this occurrence is about.
    pub detail: Option<String>,
    /// What is wrong with which member of the input.
    pub errors: Option<Vec<ProblemField>>,
    /// Names the request, for whoever looks into the logs.
    pub instance: Option<String>,
}

/// What is wrong with one member of the input.
#[derive(Debug, Serialize, ToSchema)]
pub struct ProblemField {
    /// Where, as a JSON pointer (RFC 6901).
    pub pointer: String,
    /// What.
    pub detail: String,
}

impl ApiError {
    /// With further headers.
    #[must_use]
    pub fn with(mut self, headers: impl IntoIterator<Item = (http::HeaderName, HeaderValue)>) -> Self {
        self.0.1.extend(headers);
        self
    }

    /// 401, with the challenge that says how to authenticate (RFC 6750, 3).
    pub fn unauthorized(challenge: &str) -> Self {
        let challenge = HeaderValue::from_str(challenge).unwrap_or_else(|_| HeaderValue::from_static("Bearer"));
        Self::from(Problem::unauthorized()).with([(WWW_AUTHENTICATE, challenge)])
    }

    /// 404. The same for what is not there and what is somebody else's (G20).
    pub fn not_found() -> Self {
        Problem::not_found().into()
    }

    /// 410: it was the caller's, and is destroyed.
    pub fn gone() -> Self {
        Problem::new(StatusCode::GONE, "tenant_destroyed", "The tenant is destroyed")
            .detail("its certificate is all that is left: see /certificate below it")
            .into()
    }

    /// The status it answers with.
    pub fn status(&self) -> StatusCode {
        self.0.0.status()
    }
}

impl From<Problem> for ApiError {
    fn from(problem: Problem) -> Self {
        Self(Box::new((problem, HeaderMap::new())))
    }
}

impl From<polder_db::Error> for ApiError {
    fn from(error: polder_db::Error) -> Self {
        // A disk that is full, a server that is away: it passes, and nothing was done.
        if error.is_temporary() { Problem::unavailable(&error).into() } else { Problem::internal(&error).into() }
    }
}

impl From<Refusal> for ApiError {
    fn from(refusal: Refusal) -> Self {
        let said = refusal.to_string();
        match refusal {
            Refusal::Unknown => Self::not_found(),
            Refusal::AboveOwn => above_own("role_above_own", said),
            Refusal::RightsAboveOwn => above_own("rights_above_own", said),
            Refusal::LastOwner => Problem::conflict("last_owner", said).into(),
            Refusal::AlreadyMember => Problem::conflict("already_member", said).into(),
            Refusal::AlreadyInvited => Problem::conflict("already_invited", said).into(),
            Refusal::Full => Problem::conflict("organisation_full", said).into(),
            Refusal::TooManyKeys => Problem::conflict("too_many_keys", said).into(),
            Refusal::Expired => Problem::conflict("key_expired", said).into(),
            Refusal::TooManyMails(wait) => Problem::too_many(RetryAfter::from_seconds(wait.as_secs())).into(),
            Refusal::Name(longest) => {
                let what = format!("1 to {longest} characters of plain text");
                Problem::invalid(Vec::new()).error("/name", what).into()
            }
            Refusal::Rights(field) => Problem::invalid(Vec::new()).error(field, "is not valid").into(),
            Refusal::Database(error) => error.into(),
            Refusal::Seal(error) => Problem::internal(&error).into(),
        }
    }
}

fn above_own(code: &'static str, said: String) -> ApiError {
    Problem::new(StatusCode::FORBIDDEN, code, "That is above what you may give").detail(said).into()
}

impl From<CreateError> for ApiError {
    fn from(error: CreateError) -> Self {
        match error {
            CreateError::Reserved(_) => Problem::conflict("slug_reserved", "this slug is reserved").into(),
            CreateError::Taken => Problem::conflict("slug_taken", "this slug is taken").into(),
            CreateError::Lookalike(_) => {
                Problem::conflict("slug_lookalike", "this slug is too easily taken for another one").into()
            }
            CreateError::Name => Problem::invalid(Vec::new()).error("/name", "1 to 80 characters of plain text").into(),
            CreateError::Database(error) => error.into(),
        }
    }
}

impl From<ChangeError> for ApiError {
    fn from(error: ChangeError) -> Self {
        match error {
            ChangeError::Unknown => Self::not_found(),
            ChangeError::Illegal(Illegal::Destroyed) => Self::gone(),
            ChangeError::Illegal(illegal) => {
                let code = match illegal {
                    Illegal::Platform => "platform_always_runs",
                    Illegal::NotMade => "tenant_not_made",
                    Illegal::Asleep => "tenant_asleep",
                    Illegal::Suspended => "tenant_suspended",
                    Illegal::Terminating => "tenant_terminating",
                    Illegal::NotTerminating => "tenant_not_terminating",
                    Illegal::Destroyed => "tenant_destroyed",
                };
                Problem::conflict(code, illegal.to_string()).into()
            }
            ChangeError::Busy => Problem::conflict("tenant_busy", "another change of this tenant is under way").into(),
            ChangeError::Database(error) => error.into(),
        }
    }
}

impl From<Refused> for ApiError {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Said(status, body) => said(status, &body).into(),
            Refused::NotRunning(state) => not_running(state),
            Refused::Call(error @ (CallError::NotRunning | CallError::NoAnswer(_) | CallError::TimedOut)) => {
                Problem::unavailable(&error).into()
            }
            Refused::Call(error) => Problem::internal(&error).into(),
            Refused::Database(error) => error.into(),
        }
    }
}

/// What a tenant said no with, as our own: its page is on the console's host.
fn said(status: StatusCode, body: &[u8]) -> Problem {
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Said {
        title: Option<String>,
        code: Option<String>,
        detail: Option<String>,
        errors: Vec<FieldError>,
    }
    let Said { title, code, detail, errors } = serde_json::from_slice(body).unwrap_or_default();
    let code = code.unwrap_or_else(|| "invalid".to_owned());
    let title = title.unwrap_or_else(|| "The tenant refused this".to_owned());
    let problem = Problem::new(status, code, title);
    let problem = errors.into_iter().fold(problem, |problem, error| problem.error(error.pointer, error.detail));
    match detail {
        Some(detail) => problem.detail(detail),
        None => problem,
    }
}

fn not_running(state: TenantState) -> ApiError {
    let detail = match state {
        TenantState::Provisioning => "the tenant is still being made; its events say how far that is",
        TenantState::Failed => "the tenant could not be started",
        TenantState::Suspended => "the tenant is suspended",
        TenantState::Terminating => "the tenant is being removed",
        TenantState::Asleep | TenantState::Running => "the tenant does not run",
    };
    Problem::conflict("tenant_not_running", detail).into()
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let (problem, headers) = *self.0;
        (headers, problem).into_response()
    }
}
