//! Who has to wait at a tenant, and how signing in went at one person's address.

use std::sync::Arc;

use axum::extract::{Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use polder_hosted_pages::console::{Attempts, Lockouts, Sorting};
use polder_tenant_api::{AttemptOrder, LockoutIdKind, UserId, UserKind};
use serde::Deserialize;

use super::in_tenant::{AtId, InTenant};
use super::tenants::head;
use super::{Console, Fault, show};
use crate::administer::{lockouts, sign_in_attempts, users};

/// What the list may be asked for.
#[derive(Debug, Default, Deserialize)]
pub struct Asked {
    user_id: Option<String>,
    notice: Option<String>,
}

/// `GET /tenants/{slug}/lockouts`. What is no person's id is left out.
pub async fn list(
    State(console): State<Arc<Console>>,
    InTenant { member, on }: InTenant,
    Query(asked): Query<Asked>,
) -> Result<Response, Fault> {
    let user = asked.user_id.and_then(|id| id.parse::<UserId>().ok()).map(|id| id.to_string());
    let found = lockouts::list(&on, user.as_deref()).await?;
    let page = Lockouts {
        shell: member.shell_saying(asked.notice.as_deref()),
        tenant: head(&on.tenant),
        lockouts: &found.items,
        user_id: user.as_deref().unwrap_or_default(),
    };
    Ok(show::page(&member.visit, &page, &[console.provider.issuer()]))
}

/// `POST /tenants/{slug}/lockouts/{id}/lift`.
pub async fn lift(InTenant { on, .. }: InTenant, AtId(id): AtId<LockoutIdKind>) -> Result<Response, Fault> {
    lockouts::lift(&on, id).await?;
    Ok(Redirect::to(&format!("/tenants/{}/lockouts?notice=lockout-lifted", on.tenant.slug)).into_response())
}

/// In which order attempts are shown.
#[derive(Debug, Default, Deserialize)]
pub struct InOrder {
    sort: Option<String>,
}

/// `GET /tenants/{slug}/users/{id}/attempts`.
pub async fn attempts(
    State(console): State<Arc<Console>>,
    InTenant { member, on }: InTenant,
    AtId(id): AtId<UserKind>,
    Query(asked): Query<InOrder>,
) -> Result<Response, Fault> {
    let user = users::show(&on, id).await?;
    let order = AttemptOrder::named(asked.sort.as_deref().unwrap_or_default());
    let found = sign_in_attempts::list(&on, id, order).await?;
    let path = format!("/tenants/{}/users/{id}/attempts", on.tenant.slug);
    let page = Attempts {
        shell: member.shell(),
        sorting: &Sorting { path, query: String::new(), by: order.as_str() },
        tenant: head(&on.tenant),
        user: &user,
        attempts: &found.items,
    };
    Ok(show::page(&member.visit, &page, &[console.provider.issuer()]))
}
