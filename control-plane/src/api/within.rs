//! The tenant a path names, once it is known to be the caller's (G20): every operation below
//! `/tenants/{slug}` takes it, and there is no other way to one.

use std::sync::Arc;

use axum::extract::{FromRequestParts, Path};
use http::request::Parts;
use polder_kernel::{Id, Slug};
use serde::Deserialize;

use super::conditional::Look;
use super::{ApiError, Caller};
use crate::administer::On;
use crate::app::App;
use crate::store::tenants;

/// The caller, on a tenant of theirs.
pub struct Within(pub On);

/// The caller, on a tenant of theirs of which there may be nothing left but its certificate.
pub struct Remembered(pub On);

/// The thing a path names by `{id}`. What is no id names nothing: 404.
pub struct AtId<Kind>(pub Id<Kind>);

/// The word a path names by `{name}`. What is no word of small letters, digits and underscores names nothing: 404.
pub struct AtName(pub String);

#[derive(Deserialize)]
struct Names {
    slug: Option<String>,
    name: Option<String>,
    id: Option<String>,
}

impl FromRequestParts<Arc<App>> for Within {
    type Rejection = ApiError;
    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, ApiError> {
        let Remembered(on) = Remembered::from_request_parts(parts, app).await?;
        if on.tenant.plans.destroyed_at.is_some() {
            return Err(ApiError::gone());
        }
        Ok(Self(on))
    }
}

impl FromRequestParts<Arc<App>> for Remembered {
    type Rejection = ApiError;
    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, ApiError> {
        let caller = Caller::from_request_parts(parts, app).await?;
        let slug: Slug =
            names(parts, app).await?.slug.and_then(|slug| slug.parse().ok()).ok_or_else(ApiError::not_found)?;
        let tenant = tenants::by_slug(&mut app.db.read().await?, &slug).await?;
        let tenant = tenant
            .filter(|tenant| tenant.organisation_id == Some(caller.organisation_id))
            .ok_or_else(ApiError::not_found)?;
        // A look on behalf of a write is that write's.
        if parts.extensions.get::<Look>().is_none() {
            app.usage.api_request(tenant.id, app.clock.now());
        }
        Ok(Self(On { app: Arc::clone(app), tenant, acting: caller.acting }))
    }
}

impl<Kind> FromRequestParts<Arc<App>> for AtId<Kind> {
    type Rejection = ApiError;
    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, ApiError> {
        let id = names(parts, app).await?.id.and_then(|id| id.parse().ok());
        id.map(Self).ok_or_else(ApiError::not_found)
    }
}

impl FromRequestParts<Arc<App>> for AtName {
    type Rejection = ApiError;
    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, ApiError> {
        names(parts, app).await?.name.filter(|name| is_word(name)).map(Self).ok_or_else(ApiError::not_found)
    }
}

/// Whether this can be the name of an API or of a field, and so stand in a path.
pub fn is_word(name: &str) -> bool {
    (1..=64).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
}

async fn names(parts: &mut Parts, app: &Arc<App>) -> Result<Names, ApiError> {
    let path = Path::<Names>::from_request_parts(parts, app).await;
    path.map(|Path(names)| names).map_err(|_| ApiError::not_found())
}
