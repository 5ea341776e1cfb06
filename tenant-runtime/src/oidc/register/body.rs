//! What a program sent: JSON, in which nothing is said twice.

use axum::body::Body;
use http::HeaderMap;
use polder_crypto::strict_json;
use polder_protocol::{Error, ErrorCode};
use polder_service::form::{self, BODY_MAX, BodyError};
use serde_json::Value;

use crate::error::OAuthError;

/// Reads it.
///
/// # Errors
/// `invalid_request` for another content type or too much of it; `invalid_client_metadata` for what is no JSON.
pub async fn read(headers: &HeaderMap, body: Body) -> Result<Value, OAuthError> {
    if !form::is_content_type(headers, "application/json") {
        return Err(BodyError::ContentType.into());
    }
    let bytes = form::read(body, BODY_MAX).await?;
    strict_json::parse(&bytes).ok_or_else(|| {
        Error::new(ErrorCode::InvalidClientMetadata, "the body is not JSON, or says something twice").into()
    })
}
