//! The tenant a path names, once it is known to be the member's organisation's (G20).

use std::sync::Arc;

use axum::extract::{FromRequestParts, Path};
use http::request::Parts;
use polder_kernel::{Id, Slug};
use serde::Deserialize;

use super::fault::has_progress_only;
use super::{Console, Fault, SignedIn};
use crate::administer::On;
use crate::store::tenants;

/// A member on a tenant of theirs, whatever state it is in.
pub struct AtTenant {
    /// Who.
    pub member: SignedIn,
    /// On what.
    pub on: On,
}

/// A member on a tenant of theirs that is made; others show their progress first.
pub struct InTenant {
    /// Who.
    pub member: SignedIn,
    /// On what.
    pub on: On,
}

/// The thing a path names by `{id}`. What is no id names nothing.
pub struct AtId<Kind>(pub Id<Kind>);

#[derive(Deserialize)]
struct Names {
    slug: Option<String>,
    id: Option<String>,
}

impl FromRequestParts<Arc<Console>> for AtTenant {
    type Rejection = Fault;
    async fn from_request_parts(parts: &mut Parts, console: &Arc<Console>) -> Result<Self, Fault> {
        let member = SignedIn::from_request_parts(parts, console).await?;
        let slug: Slug = names(parts, console).await?.slug.and_then(|slug| slug.parse().ok()).ok_or(Fault::NotFound)?;
        let app = Arc::clone(&console.app);
        let tenant = tenants::by_slug(&mut app.db.read().await?, &slug).await?;
        let own = |tenant: &crate::model::Tenant| tenant.organisation_id == Some(member.session.organisation_id);
        let there = |tenant: &crate::model::Tenant| tenant.plans.destroyed_at.is_none();
        let tenant = tenant.filter(own).filter(there).ok_or(Fault::NotFound)?;
        let acting = member.acting();
        Ok(Self { member, on: On { app, tenant, acting } })
    }
}

impl FromRequestParts<Arc<Console>> for InTenant {
    type Rejection = Fault;
    async fn from_request_parts(parts: &mut Parts, console: &Arc<Console>) -> Result<Self, Fault> {
        let AtTenant { member, on } = AtTenant::from_request_parts(parts, console).await?;
        if has_progress_only(on.tenant.state) {
            return Err(Fault::NotThere(on.tenant.slug.to_string()));
        }
        Ok(Self { member, on })
    }
}

impl<Kind> FromRequestParts<Arc<Console>> for AtId<Kind> {
    type Rejection = Fault;
    async fn from_request_parts(parts: &mut Parts, console: &Arc<Console>) -> Result<Self, Fault> {
        let id = names(parts, console).await?.id.and_then(|id| id.parse().ok());
        id.map(Self).ok_or(Fault::NotFound)
    }
}

async fn names(parts: &mut Parts, console: &Arc<Console>) -> Result<Names, Fault> {
    let path = Path::<Names>::from_request_parts(parts, console).await;
    path.map(|Path(names)| names).map_err(|_| Fault::NotFound)
}
