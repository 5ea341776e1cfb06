//! Errors of JSON interfaces as problem documents (RFC 9457).

use std::borrow::Cow;
use std::error::Error;

use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderValue, Method, StatusCode, Uri};
use serde::{Deserialize, Serialize};

use crate::limit::RetryAfter;
use crate::report::Report;
use crate::request::RequestId;

/// A problem document, and what the log should know about it.
///
/// `title` and `detail` go to the client; what [`Problem::because`] and [`Problem::log`] say goes to
/// the log alone. The [`Stack`](crate::Stack) adds `instance`, which names the request.
#[derive(Clone, Debug)]
pub struct Problem {
    status: StatusCode,
    code: Cow<'static, str>,
    title: Cow<'static, str>,
    detail: Option<Cow<'static, str>>,
    errors: Vec<FieldError>,
    retry_after: Option<u64>,
    report: Report,
}

/// What is wrong with one member of the input (RFC 9457, 3.2).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldError {
    /// Where, as a JSON pointer (RFC 6901), such as `/redirect_uris/0`.
    pub pointer: String,
    /// What, in English, without repeating the value.
    pub detail: String,
}

impl Problem {
    /// A problem with a stable `code` that programs may compare and a `title` for people.
    pub fn new(status: StatusCode, code: impl Into<Cow<'static, str>>, title: impl Into<Cow<'static, str>>) -> Self {
        let code = code.into();
        let report =
            if status.is_server_error() { Report::failed(code.clone()) } else { Report::refused(code.clone()) };
        Self { status, code, title: title.into(), detail: None, errors: Vec::new(), retry_after: None, report }
    }

    /// 400: the request cannot be understood.
    pub fn bad_request(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "bad_request", "The request cannot be understood").detail(detail)
    }

    /// 401: nobody has been authenticated.
    pub fn unauthorized() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "unauthorized", "Authentication is needed")
    }

    /// 403: the caller may not do this.
    pub fn forbidden() -> Self {
        Self::new(StatusCode::FORBIDDEN, "forbidden", "This is not allowed")
    }

    /// 404: there is nothing here.
    pub fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", "There is nothing here")
    }

    /// 405: the method is not one of this address. Axum adds `Allow`.
    pub fn method_not_allowed() -> Self {
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", "This method is not allowed here")
    }

    /// 409: the state of things forbids it.
    pub fn conflict(code: impl Into<Cow<'static, str>>, detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::CONFLICT, code, "This conflicts with what exists").detail(detail)
    }

    /// 422: well-formed, but some members are wrong.
    pub fn invalid(errors: Vec<FieldError>) -> Self {
        Self { errors, ..Self::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid", "The input is not valid") }
    }

    /// 429: too many requests (D21).
    pub fn too_many(retry: RetryAfter) -> Self {
        let mut problem = Self::new(StatusCode::TOO_MANY_REQUESTS, "too_many_requests", "Too many requests");
        problem.retry_after = Some(retry.seconds());
        problem
    }

    /// 500: our fault; `error` goes to the log.
    pub fn internal(error: &(dyn Error + 'static)) -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "Something went wrong on our side").because(error)
    }

    /// 503: our fault, and worth trying again soon; `error` goes to the log.
    pub fn unavailable(error: &(dyn Error + 'static)) -> Self {
        let mut problem = Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", "Temporarily unavailable");
        problem.retry_after = Some(1);
        problem.because(error)
    }

    /// What this occurrence is about, for the client.
    #[must_use]
    pub fn detail(mut self, detail: impl Into<Cow<'static, str>>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    /// Adds what is wrong with one member of the input.
    #[must_use]
    pub fn error(mut self, pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        self.errors.push(FieldError { pointer: pointer.into(), detail: detail.into() });
        self
    }

    /// The error behind it, for the log alone.
    #[must_use]
    pub fn because(mut self, error: &(dyn Error + 'static)) -> Self {
        self.report = self.report.because(error);
        self
    }

    /// What the operator should know, for the log alone.
    #[must_use]
    pub fn log(mut self, detail: impl Into<String>) -> Self {
        self.report = self.report.detail(detail);
        self
    }

    /// The status it answers with.
    pub const fn status(&self) -> StatusCode {
        self.status
    }

    /// The code programs may compare.
    pub fn code(&self) -> &str {
        &self.code
    }

    /// What is wrong with which members.
    pub fn errors(&self) -> &[FieldError] {
        &self.errors
    }

    /// The document as JSON; `instance` names the request when it is known, and `pages` is what the address of the
    /// page about a problem begins with, where there are such pages.
    pub(crate) fn body(&self, request: Option<RequestId>, pages: Option<&str>) -> Vec<u8> {
        let document = Document {
            r#type: format!("{}{}", pages.unwrap_or("urn:polder:problem:"), self.code),
            title: &self.title,
            status: self.status.as_u16(),
            code: &self.code,
            detail: self.detail.as_deref(),
            errors: &self.errors,
            instance: request.map(|id| format!("urn:polder:request:{id}")),
        };
        // Strings and numbers only: serialising cannot fail.
        serde_json::to_vec(&document).unwrap_or_default()
    }
}

#[derive(Serialize)]
struct Document<'a> {
    r#type: String,
    title: &'a str,
    status: u16,
    code: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<&'a str>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    errors: &'a [FieldError],
    #[serde(skip_serializing_if = "Option::is_none")]
    instance: Option<String>,
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = Response::new(self.body(None, None).into());
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if let Some(seconds) = self.retry_after {
            headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        response.extensions_mut().insert(self.report.clone());
        response.extensions_mut().insert(self);
        response
    }
}

/// A router's fallback for addresses it does not know: `router.fallback(problem::not_found)`.
pub async fn not_found(_: Uri) -> Problem {
    Problem::not_found()
}

/// A router's fallback for methods an address does not have (F08):
/// `router.method_not_allowed_fallback(problem::method_not_allowed)`. Axum adds `Allow`.
pub async fn method_not_allowed(_: Method) -> Problem {
    Problem::method_not_allowed()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn f15_what_went_wrong_inside_stays_inside() {
        let error = std::io::Error::other("SELECT secret FROM user_account at /srv/polder");
        let body = Problem::internal(&error).log("tenant.db").body(None, None);
        let text = String::from_utf8(body).unwrap();
        assert!(!text.contains("SELECT") && !text.contains("/srv") && !text.contains("tenant.db"), "{text}");
    }

    #[test]
    fn d21_too_many_requests_say_when_to_come_back() {
        let response = Problem::too_many(RetryAfter::from_seconds(7)).into_response();
        assert_eq!(response.status(), StatusCode::TOO_MANY_REQUESTS);
        assert_eq!(response.headers()[RETRY_AFTER], "7");
        assert_eq!(response.headers()[CONTENT_TYPE], "application/problem+json");
    }

    #[test]
    fn the_document_is_rfc_9457() {
        let body =
            Problem::invalid(Vec::new()).error("/name", "is too long").body(RequestId::parse("00000000000000ff"), None);
        assert_eq!(
            serde_json::from_slice::<serde_json::Value>(&body).unwrap(),
            serde_json::json!({"type": "urn:polder:problem:invalid", "title": "The input is not valid", "status": 422,
                "code": "invalid", "errors": [{"pointer": "/name", "detail": "is too long"}],
                "instance": "urn:polder:request:00000000000000ff"})
        );
        let body = Problem::not_found().body(None, Some("https://console.example/problems/"));
        let document: serde_json::Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(document["type"], "https://console.example/problems/not_found");
    }
}
