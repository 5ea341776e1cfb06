//! `POST /device_authorization` (RFC 8628, 3.1): a program without a browser asks to be let in.

use std::sync::Arc;

use axum::extract::{RawQuery, State};
use axum::response::Response;
use http::{HeaderMap, StatusCode};
use polder_protocol::device::{self, INTERVAL, LIFETIME, Request};
use polder_protocol::metadata::path;
use polder_protocol::{Error, ErrorCode, Params};
use polder_service::RequestContext;
use polder_service::form::{BodyError, FormBody};

use super::{client, json};
use crate::App;
use crate::error::{Internal, OAuthError};
use crate::limits;
use crate::store::device_authorizations::{self, NewDevice};

/// The keyed hash under which a device code is found.
pub fn device_hash(app: &App, code: &str) -> String {
    app.keyring.index("device-code", code.as_bytes())
}

/// The keyed hash under which a user code is found.
pub fn user_code_hash(app: &App, code: &str) -> String {
    app.keyring.index("user-code", code.as_bytes())
}

/// Gives both codes.
///
/// # Errors
/// RFC 6749, 5.2; 429 for a network that asks too often.
pub async fn post(
    State(app): State<Arc<App>>,
    ctx: RequestContext,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
    body: Result<FormBody, BodyError>,
) -> Result<Response, OAuthError> {
    let params = Params::of_body(query.as_deref(), &body?.0)?;
    let application = client::authenticate(&app, ctx.client_ip, &headers, &params).await?;
    let Request { scope } = Request::parse(&params, &application.client)?;
    app.limits.check(limits::DEVICE, ctx.client_ip).map_err(OAuthError::too_many)?;
    let (device_code, user_code, now) = (app.entropy.token(), device::user_code(&app.entropy), app.clock.now());
    let new = NewDevice {
        device_hash: device_hash(&app, device_code.expose()),
        user_code_hash: user_code_hash(&app, &user_code),
        application_id: application.id,
        scope,
        created_at: now,
        expires_at: now + LIFETIME,
        interval: INTERVAL,
    };
    let added =
        app.db.write(move |tx| Box::pin(async move { Ok::<_, Internal>(device_authorizations::add(tx, &new).await?) }));
    if !added.await? {
        let error = Error::new(ErrorCode::TemporarilyUnavailable, "too many programs wait, try again later");
        return Err(error.into());
    }
    let user_code = device::shown(&user_code);
    let verification_uri = app.issuer.url(path::DEVICE);
    Ok(json::no_store(
        StatusCode::OK,
        &device::Response {
            device_code: device_code.expose().clone(),
            verification_uri_complete: format!("{verification_uri}?user_code={user_code}"),
            user_code,
            verification_uri,
            expires_in: LIFETIME.as_secs(),
            interval: INTERVAL.as_secs(),
        },
    ))
}
