//! `GET /jwks.json`: the public keys (A05).

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use http::{HeaderMap, HeaderValue, header};

use super::documents;
use crate::App;

/// Answers the JWKS; nobody may keep it until the RSA key is in it.
pub async fn get(State(app): State<Arc<App>>, headers: HeaderMap) -> Response {
    let keys = app.keys.current();
    if keys.complete {
        return documents::public(&headers, keys.jwks.clone(), keys.etag.clone());
    }
    let mut response = Response::new(Body::from(keys.jwks.clone()));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    documents::for_everyone(headers);
    response
}
