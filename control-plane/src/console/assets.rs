//! Styles, script and mark, cached for ever under names made of their content (K20).

use axum::response::{IntoResponse, Response};
use http::Uri;
use http::header::{CONTENT_TYPE, ETAG};
use polder_hosted_pages::asset;
use polder_service::headers;

use super::Fault;

/// `GET /assets/{name}`.
pub async fn serve(uri: Uri) -> Result<Response, Fault> {
    let asset = asset(uri.path()).ok_or(Fault::NotFound)?;
    Ok((headers::immutable(), [(CONTENT_TYPE, asset.content_type), (ETAG, asset.etag)], asset.bytes).into_response())
}
