//! `GET /branding/*`: the tenant's own style sheet and logo, under names that hold a hash of their content.

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use polder_service::headers::immutable;

use super::Current;
use crate::App;
use crate::error::{Kind, PageError};
use crate::oidc::documents::etag;

/// The file of this name; kept for a year, since another content has another name.
///
/// # Errors
/// A page when there is none of this name, or none any more.
pub async fn get(State(app): State<Arc<App>>, uri: Uri, headers: HeaderMap) -> Result<Response, PageError> {
    let current = app.branding.current();
    let (bytes, kind) = current.find(uri.path()).ok_or_else(|| PageError::new(Kind::NotFound))?;
    let etag = etag(&bytes);
    let known = headers.get(header::IF_NONE_MATCH).is_some_and(|tag| *tag == etag);
    let described = [(header::CONTENT_TYPE, HeaderValue::from_static(kind)), (header::ETAG, etag)];
    if known {
        return Ok((StatusCode::NOT_MODIFIED, immutable(), described).into_response());
    }
    Ok((immutable(), described, bytes).into_response())
}

impl Current {
    fn find(&self, path: &str) -> Option<(Bytes, &'static str)> {
        if let Some((logo, _)) = self.logo.as_ref().filter(|(_, own)| own == path) {
            return Some((logo.bytes.clone(), logo.kind.content_type()));
        }
        let (style, _) = self.style.as_ref().filter(|(_, own)| own == path)?;
        Some((style.clone(), "text/css; charset=utf-8"))
    }
}
