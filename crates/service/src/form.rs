//! Bodies of forms and of OAuth requests: capped in size, time and kind (F09).

use std::time::Duration;

use axum::body::Body;
use axum::extract::{FromRequest, Request};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, StatusCode};
use http_body_util::{BodyExt, LengthLimitError, Limited};

use crate::problem::Problem;

/// Longest body, in bytes.
pub const BODY_MAX: usize = 64 * 1024;
/// How long a body may take to arrive.
pub const BODY_TIME: Duration = Duration::from_secs(10);

/// Why a body was not read. As a response it is a problem document; OAuth endpoints and pages take
/// `Result<FormBody, BodyError>` and say it their own way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BodyError {
    /// Too long: 413.
    #[error("the body is too large")]
    TooLarge,
    /// Another content type than the one that is understood: 415.
    #[error("the content type is not the one this address understands")]
    ContentType,
    /// Took too long: 408.
    #[error("the body took too long to arrive")]
    TooSlow,
    /// Ended early or was malformed: 400.
    #[error("the body could not be read")]
    Broken,
}

impl BodyError {
    /// The status to answer with.
    pub const fn status(self) -> StatusCode {
        match self {
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::ContentType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::TooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::Broken => StatusCode::BAD_REQUEST,
        }
    }
}

impl From<BodyError> for Problem {
    fn from(error: BodyError) -> Self {
        let (code, title) = match error {
            BodyError::TooLarge => ("body_too_large", "The body is too large"),
            BodyError::ContentType => ("unsupported_media_type", "This content type is not understood here"),
            BodyError::TooSlow => ("body_too_slow", "The body took too long to arrive"),
            BodyError::Broken => ("body_broken", "The body could not be read"),
        };
        Self::new(error.status(), code, title)
    }
}

impl IntoResponse for BodyError {
    fn into_response(self) -> Response {
        Problem::from(self).into_response()
    }
}

/// The raw bytes of an `application/x-www-form-urlencoded` body, for the protocol's own parser.
#[derive(Clone, Debug)]
pub struct FormBody(pub Bytes);

impl<S: Send + Sync> FromRequest<S> for FormBody {
    type Rejection = BodyError;
    async fn from_request(request: Request, _: &S) -> Result<Self, BodyError> {
        let (parts, body) = request.into_parts();
        if !is_content_type(&parts.headers, "application/x-www-form-urlencoded") {
            return Err(BodyError::ContentType);
        }
        read(body, BODY_MAX).await.map(Self)
    }
}

/// Reads a body of at most `max` bytes within [`BODY_TIME`].
///
/// # Errors
/// [`BodyError`].
pub async fn read(body: Body, max: usize) -> Result<Bytes, BodyError> {
    read_within(body, max, BODY_TIME).await
}

async fn read_within(body: Body, max: usize, time: Duration) -> Result<Bytes, BodyError> {
    let collect = Limited::new(body, max).collect();
    match tokio::time::timeout(time, collect).await {
        Ok(Ok(collected)) => Ok(collected.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(BodyError::TooLarge),
        Ok(Err(_)) => Err(BodyError::Broken),
        Err(_) => Err(BodyError::TooSlow),
    }
}

/// Whether there is exactly one content type and it is `essence`, whatever its parameters.
pub fn is_content_type(headers: &HeaderMap, essence: &str) -> bool {
    let mut values = headers.get_all(CONTENT_TYPE).iter();
    let (Some(value), None) = (values.next(), values.next()) else { return false };
    let given = value.to_str().unwrap_or_default().split(';').next().unwrap_or_default();
    given.trim_matches([' ', '\t']).eq_ignore_ascii_case(essence)
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn form(content_type: Option<&str>, body: Body) -> Result<Bytes, BodyError> {
        let mut request = Request::builder().method("POST");
        if let Some(value) = content_type {
            request = request.header(CONTENT_TYPE, value);
        }
        FormBody::from_request(request.body(body).unwrap(), &()).await.map(|body| body.0)
    }

    const FORM: Option<&str> = Some("application/x-www-form-urlencoded");

    #[tokio::test]
    async fn f09_a_body_of_64_kib_is_read_and_one_byte_more_is_413() {
        assert_eq!(form(FORM, Body::from(vec![b'a'; BODY_MAX])).await.map(|b| b.len()), Ok(BODY_MAX));
        assert_eq!(form(FORM, Body::from(vec![b'a'; BODY_MAX + 1])).await, Err(BodyError::TooLarge));
        assert_eq!(BodyError::TooLarge.status(), StatusCode::PAYLOAD_TOO_LARGE);
    }

    #[tokio::test]
    async fn f09_only_forms_are_forms() {
        assert!(form(Some("Application/X-WWW-Form-Urlencoded ; charset=utf-8"), Body::from("a=b")).await.is_ok());
        for other in [None, Some("application/json"), Some("text/plain"), Some("multipart/form-data"), Some("")] {
            assert_eq!(form(other, Body::from("a=b")).await, Err(BodyError::ContentType), "{other:?}");
        }
    }

    #[tokio::test]
    async fn f09_a_body_that_never_comes_is_given_up() {
        struct Never;
        impl hyper::body::Body for Never {
            type Data = Bytes;
            type Error = std::convert::Infallible;
            fn poll_frame(
                self: std::pin::Pin<&mut Self>,
                _: &mut std::task::Context<'_>,
            ) -> std::task::Poll<Option<Result<hyper::body::Frame<Bytes>, Self::Error>>> {
                std::task::Poll::Pending
            }
        }
        let read = read_within(Body::new(Never), BODY_MAX, Duration::from_millis(20)).await;
        assert_eq!(read, Err(BodyError::TooSlow));
    }
}
