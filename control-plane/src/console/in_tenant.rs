//! The tenant a path names, once it is known to be the member's organisation's (G20).

use std::sync::Arc;

use axum::extract::{FromRequestParts, Path};
use http::request::Parts;
use polder_kernel::{Id, Slug};
use serde::Deserialize;

use super::fault::has_progress_only;
use super::{Console, Fault, SignedIn};
use crate::administer::On;
use crate::app::App;
use crate::audit::ActingFor;
use crate::model::{Permission, Role, Tenant};
use crate::organisation::access;
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

/// The thing a path names by `{name}`, as it stands there.
pub struct AtWord(pub String);

#[derive(Deserialize)]
struct Names {
    slug: Option<String>,
    name: Option<String>,
    id: Option<String>,
}

impl FromRequestParts<Arc<Console>> for AtTenant {
    type Rejection = Fault;
    async fn from_request_parts(parts: &mut Parts, console: &Arc<Console>) -> Result<Self, Fault> {
        let mut member = SignedIn::from_request_parts(parts, console).await?;
        let slug: Slug = names(parts, console).await?.slug.and_then(|slug| slug.parse().ok()).ok_or(Fault::NotFound)?;
        let app = Arc::clone(&console.app);
        let tenant = tenants::by_slug(&mut app.db.read().await?, &slug).await?;
        let there = |tenant: &Tenant| tenant.plans.destroyed_at.is_none();
        let tenant = tenant.filter(there).ok_or(Fault::NotFound)?;
        let mut acting = member.acting();
        if tenant.organisation_id != Some(member.session.organisation_id) {
            // What one of the operator's people does there is in the log of whose tenant it is.
            acting.organisation_id = tenant.organisation_id;
            by_grant(&app, (&mut member, &tenant), &acting, parts).await?;
        }
        Ok(Self { member, on: On { app, tenant, acting } })
    }
}

/// Lets one of the operator's people in on what is about people, while a grant holds (G30).
async fn by_grant(
    app: &App,
    (member, tenant): (&mut SignedIn, &Tenant),
    acting: &ActingFor,
    parts: &Parts,
) -> Result<(), Fault> {
    // A grant is for looking at somebody and helping them, not for taking everybody along: files have a permission of
    // their own, which no grant holds.
    let wanted = parts.extensions.get::<Permission>();
    if !matches!(wanted, Some(Permission::SeePeople | Permission::HelpPeople)) {
        return Err(Fault::NotFound);
    }
    let what = format!("{} {}", parts.method, parts.uri.path());
    if !access::lets_in(app, tenant, (member.session.member_id, acting), &what).await? {
        return Err(Fault::NotFound);
    }
    // What they may do at home they may not do here.
    let helps = member.session.role.may(Permission::HelpPeople);
    member.session.role = if helps { Role::Support } else { Role::Auditor };
    Ok(())
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

impl FromRequestParts<Arc<Console>> for AtWord {
    type Rejection = Fault;
    async fn from_request_parts(parts: &mut Parts, console: &Arc<Console>) -> Result<Self, Fault> {
        names(parts, console).await?.name.map(Self).ok_or(Fault::NotFound)
    }
}

async fn names(parts: &mut Parts, console: &Arc<Console>) -> Result<Names, Fault> {
    let path = Path::<Names>::from_request_parts(parts, console).await;
    path.map(|Path(names)| names).map_err(|_| Fault::NotFound)
}
