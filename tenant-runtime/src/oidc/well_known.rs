//! `/.well-known/webauthn`, `passkey-endpoints` and `change-password`: where browsers and password
//! managers look for what belongs to passkeys (C30-C32).

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use http::HeaderMap;
use serde_json::{Value, json};

use super::documents::{etag, public};
use crate::App;
use crate::account::passkeys::PATH;
use crate::error::OAuthError;

/// The origins whose pages may ask for this tenant's passkeys (Web Authentication 5.11): the same that
/// are accepted in answers.
pub async fn webauthn(State(app): State<Arc<App>>, headers: HeaderMap) -> Result<Response, OAuthError> {
    answer(&headers, &json!({ "origins": app.passkeys.origins }))
}

/// Where passkeys are made and managed (Passkey Endpoints, W3C working draft).
pub async fn passkey_endpoints(State(app): State<Arc<App>>, headers: HeaderMap) -> Result<Response, OAuthError> {
    let page = app.issuer.url(PATH);
    answer(&headers, &json!({ "enroll": page, "manage": page }))
}

/// Where one changes how one signs in (Change Password URL): there is no password, but there is this.
pub async fn change_password() -> Response {
    Redirect::to(PATH).into_response()
}

fn answer(headers: &HeaderMap, document: &Value) -> Result<Response, OAuthError> {
    let body = serde_json::to_vec(document).map_err(crate::error::Internal::from)?;
    let tag = etag(&body);
    Ok(public(headers, body.into(), tag))
}
