//! JSON bodies that insist on being JSON (E09): a page elsewhere can post `text/plain` without asking
//! anyone, but not `application/json`.

use axum::extract::{FromRequest, Request};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::CONTENT_TYPE;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::error::Category;

use crate::form::{self, BodyError};
use crate::problem::Problem;

/// Longest JSON body, in bytes.
pub const JSON_MAX: usize = 256 * 1024;

/// A JSON value, in or out. Nesting is limited to 128 by serde_json.
#[derive(Clone, Copy, Debug)]
pub struct Json<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Json<T> {
    type Rejection = Problem;
    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        if !form::is_content_type(&parts.headers, "application/json") {
            return Err(BodyError::ContentType.into());
        }
        let bytes = form::read(body, JSON_MAX).await?;
        serde_json::from_slice(&bytes).map(Self).map_err(|error| unreadable(&error))
    }
}

/// serde's messages may quote values: they go back to whoever sent them, and never to the log.
fn unreadable(error: &serde_json::Error) -> Problem {
    match error.classify() {
        Category::Data => {
            let status = StatusCode::UNPROCESSABLE_ENTITY;
            Problem::new(status, "invalid", "The input is not valid").detail(error.to_string())
        }
        _ => Problem::bad_request(format!("not JSON at line {}, column {}", error.line(), error.column())),
    }
}

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        match serde_json::to_vec(&self.0) {
            Ok(body) => ([(CONTENT_TYPE, "application/json")], body).into_response(),
            Err(error) => Problem::internal(&error).into_response(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Body;

    async fn status(content_type: &str, body: impl Into<Body>) -> Result<u32, StatusCode> {
        let request = Request::builder().header(CONTENT_TYPE, content_type).body(body.into()).unwrap();
        Json::<u32>::from_request(request, &()).await.map(|json| json.0).map_err(|problem| problem.status())
    }

    #[tokio::test]
    async fn e09_only_json_is_json() {
        assert_eq!(status("application/json; charset=utf-8", "7").await, Ok(7));
        for other in ["text/plain", "application/x-www-form-urlencoded", "application/jsonp", "text/json", ""] {
            assert_eq!(status(other, "7").await, Err(StatusCode::UNSUPPORTED_MEDIA_TYPE), "{other}");
        }
    }

    #[tokio::test]
    async fn f09_malformed_wrong_deep_and_large_bodies_are_refused() {
        assert_eq!(status("application/json", "").await, Err(StatusCode::BAD_REQUEST));
        assert_eq!(status("application/json", "7 8").await, Err(StatusCode::BAD_REQUEST));
        assert_eq!(status("application/json", "\"x\"").await, Err(StatusCode::UNPROCESSABLE_ENTITY));
        let large = vec![b' '; JSON_MAX + 1];
        assert_eq!(status("application/json", large).await, Err(StatusCode::PAYLOAD_TOO_LARGE));
        let deep = Request::builder().header(CONTENT_TYPE, "application/json").body("[".repeat(9000).into()).unwrap();
        let refused = Json::<serde_json::Value>::from_request(deep, &()).await.map(|_| ()).map_err(|p| p.status());
        assert_eq!(refused, Err(StatusCode::BAD_REQUEST));
    }
}
