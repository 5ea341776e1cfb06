//! Who calls: the holder of an API key.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::FromRequestParts;
use http::HeaderMap;
use http::header::AUTHORIZATION;
use http::request::Parts;
use polder_db::Error;
use polder_service::RequestContext;

use super::ApiError;
use super::metadata::challenge;
use crate::app::App;
use crate::audit::ActingFor;
use crate::credentials::hash_api_key;
use crate::model::{Actor, OrganisationId};
use crate::organisation::{Authority, By};
use crate::store::api_keys::{self, Holder};

/// What is said where a request was let in by nobody, which the router rules out.
const CHALLENGE: &str = r#"Bearer realm="polder""#;

/// The longest key that is looked at, in bytes; ours have 50.
const LONGEST: usize = 256;

/// How exactly the last use of a key is known.
const NOTICED: Duration = Duration::from_secs(60);

/// The caller of a request that was admitted.
#[derive(Clone, Debug)]
pub struct Caller {
    /// Whose tenants are reached.
    pub organisation_id: OrganisationId,
    /// For audit entries and for tenants.
    pub acting: ActingFor,
}

impl Caller {
    /// The caller that holds this key.
    pub fn new(holder: &Holder, context: &RequestContext) -> Self {
        let acting = ActingFor {
            actor: Actor::ApiKey(holder.id),
            client_ip: context.client_ip,
            request_id: Some(context.request_id.to_string()),
            organisation_id: Some(holder.organisation_id),
        };
        Self { organisation_id: holder.organisation_id, acting }
    }

    /// On the caller's own organisation.
    pub fn by(&self) -> By {
        By { organisation_id: self.organisation_id, acting: self.acting.clone(), authority: Authority::Key }
    }
}

/// The holder of the key in `Authorization: Bearer`. What is compared is a keyed hash, found by an
/// index: how long that takes says nothing about how nearly right a key is.
///
/// # Errors
/// 401 without a key that lives.
pub async fn authenticate(app: &App, headers: &HeaderMap) -> Result<Holder, ApiError> {
    let refused = |error| ApiError::unauthorized(&challenge(&app.settings.console(), error));
    let key = bearer(headers).ok_or_else(|| refused(None))?;
    let (hash, now) = (hash_api_key(&app.keyring, key), app.clock.now());
    let holder = api_keys::by_hash(&mut app.db.read().await?, &hash, now).await?;
    holder.ok_or_else(|| refused(Some("invalid_token")))
}

/// Writes down that a key was used, once a minute at most: only uses that were let in are uses.
///
/// # Errors
/// The database's.
pub async fn notice(app: &App, holder: &Holder) -> Result<(), Error> {
    let (id, now) = (holder.id, app.clock.now());
    if holder.last_used_at.is_none_or(|at| at + NOTICED <= now) {
        app.db.write(move |tx| Box::pin(async move { api_keys::used(tx, id, now).await })).await?;
    }
    Ok(())
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let (Some(value), None) = (values.next(), values.next()) else { return None };
    let (scheme, key) = value.to_str().ok()?.split_once(' ')?;
    let known = scheme.eq_ignore_ascii_case("bearer") && !key.is_empty() && key.len() <= LONGEST;
    known.then_some(key)
}

impl FromRequestParts<Arc<App>> for Caller {
    type Rejection = ApiError;
    async fn from_request_parts(parts: &mut Parts, _: &Arc<App>) -> Result<Self, ApiError> {
        parts.extensions.get::<Self>().cloned().ok_or_else(|| ApiError::unauthorized(CHALLENGE))
    }
}
