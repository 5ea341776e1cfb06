//! Who is asking: client authentication at `/token`, `/par`, `/introspect` and `/revoke` (RFC 6749, 2.3).

use std::net::IpAddr;
use std::sync::Arc;

use http::{HeaderMap, header};
use polder_crypto::constant_time_eq;
use polder_kernel::Secret;
use polder_protocol::client_auth::{self, Credentials};
use polder_protocol::{ErrorCode, Params};
use polder_tenant_api::{ApplicationSecretId, RefusedAt};

use super::assertion;
use crate::App;
use crate::error::OAuthError;
use crate::limits;
use crate::model::Application;
use crate::refusals;

/// The application that proved itself, or named itself if it is public.
///
/// A secret has 256 bits, so one keyed hash is enough to check it. Failures are limited by network;
/// successes are not counted (B08).
///
/// # Errors
/// `invalid_client` without saying why; `invalid_request` for two methods at once (B09).
pub async fn authenticate(
    app: &App,
    from: Option<IpAddr>,
    headers: &HeaderMap,
    params: &Params,
) -> Result<Arc<Application>, OAuthError> {
    let authorization = headers.get(header::AUTHORIZATION).map(|value| value.to_str().unwrap_or(""));
    check(app, authorization, params).await.map_err(|error| {
        if error.code() != Some(ErrorCode::InvalidClient) {
            return error;
        }
        if let (Ok(named), Some(refused)) = (client_auth::parse(authorization, params), error.refusal()) {
            refusals::note(app, RefusedAt::Token, named.id(), refused, params);
        }
        app.limits.check(limits::CLIENT_AUTHENTICATION, from).map_or_else(OAuthError::too_many, |()| error)
    })
}

async fn check(app: &App, authorization: Option<&str>, params: &Params) -> Result<Arc<Application>, OAuthError> {
    let credentials = client_auth::parse(authorization, params)?;
    let found = app.applications.enabled(credentials.id());
    // An unknown application costs the same keyed hash as a known one.
    let proof = credentials.secret().map(|secret| fitting(app, found.as_deref(), secret));
    let application = found.ok_or_else(refused)?;
    credentials.pinned(&application.client)?;
    if let Credentials::Assertion { assertion, .. } = &credentials {
        assertion::accept(app, &application, assertion.expose()).await?;
    }
    match proof {
        None => {}
        Some(Some(secret)) => app.secret_uses.note(secret, app.clock.now()),
        Some(None) => return Err(refused()),
    }
    Ok(application)
}

/// Which of its secrets this is. All are looked at, whichever fits.
fn fitting(app: &App, application: Option<&Application>, secret: &Secret<String>) -> Option<ApplicationSecretId> {
    let presented = app.keyring.index("client-secret", secret.expose().as_bytes());
    let now = app.clock.now();
    let valid = application.into_iter().flat_map(|a| &a.secrets).filter(|s| s.expires_at.is_none_or(|end| now < end));
    valid.fold(None, |fits, stored| {
        let this = constant_time_eq(stored.hash.as_bytes(), presented.as_bytes());
        if this { Some(stored.id) } else { fits }
    })
}

fn refused() -> OAuthError {
    OAuthError::new(client_auth::refused())
}
