//! `GET /.well-known/oauth-protected-resource/userinfo` (RFC 9728): what userinfo says about itself.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use http::HeaderMap;
use polder_protocol::protected_resource::ProtectedResource;
use polder_protocol::scope::{EMAIL, OPENID, PROFILE, ROLES};

use super::documents::{ALGORITHMS, etag, public};
use crate::App;
use crate::error::{Internal, OAuthError};

/// Answers the document.
///
/// # Errors
/// When it does not become JSON.
pub async fn userinfo(State(app): State<Arc<App>>, headers: HeaderMap) -> Result<Response, OAuthError> {
    let algorithms = ALGORITHMS.map(|algorithm| algorithm.as_str().to_owned()).to_vec();
    let document = ProtectedResource::userinfo(app.issuer.as_str(), vec![OPENID, PROFILE, EMAIL, ROLES], algorithms);
    let body = serde_json::to_vec(&document).map_err(Internal::from)?;
    let tag = etag(&body);
    Ok(public(&headers, body.into(), tag))
}
