//! `GET /assets/*`: styles and images under names that hold a hash of their content (F24).

use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode, Uri, header};
use polder_service::headers::immutable;

use crate::error::{Kind, PageError};

/// An asset; kept for a year, since another content has another name.
///
/// # Errors
/// A page when there is none of this name.
pub async fn get(uri: Uri, headers: HeaderMap) -> Result<Response, PageError> {
    let asset = polder_hosted_pages::asset(uri.path()).ok_or_else(|| PageError::new(Kind::NotFound))?;
    let known = headers.get(header::IF_NONE_MATCH).is_some_and(|tag| tag == asset.etag);
    let described = [(header::CONTENT_TYPE, asset.content_type), (header::ETAG, asset.etag)];
    if known {
        return Ok((StatusCode::NOT_MODIFIED, immutable(), described).into_response());
    }
    Ok((immutable(), described, asset.bytes).into_response())
}
