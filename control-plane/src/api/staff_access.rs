//! `/staff-access`: which of the operator's people may, or might, look at your tenants' people.

use std::sync::Arc;

use axum::extract::State;
use http::StatusCode;
use polder_service::json::Json;
use polder_tenant_api::Page;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::input::{Listing, Params};
use super::members::{USUAL, cursor};
use super::within::AtId;
use super::{ApiError, Caller};
use crate::app::App;
use crate::model::StaffGrantKind;
use crate::organisation::access::{self, Grant};

/// Access of one of the operator's people to the people of a tenant.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct StaffGrant {
    /// Names it.
    pub id: String,
    /// To which tenant.
    pub tenant: String,
    /// Who: name and address.
    pub person: String,
    /// Why.
    pub reason: String,
    /// When it was given.
    pub created_at: String,
    /// When it ends, or ended.
    pub until: String,
    /// Whether it holds now.
    pub holds: bool,
}

impl From<Grant> for StaffGrant {
    fn from(grant: Grant) -> Self {
        Self {
            id: grant.id.to_string(),
            tenant: grant.tenant,
            person: grant.person,
            reason: grant.reason,
            created_at: grant.created_at.rfc3339(),
            until: grant.until.rfc3339(),
            holds: grant.holds,
        }
    }
}

/// Lists access that the operator gave its own people, newest first, what is over among it.
#[utoipa::path(
    get, path = "/staff-access", operation_id = "listStaffAccess", tag = "members", params(Listing),
    responses((status = 200, description = "A page of grants", body = Page<StaffGrant>, example = json!({"items": [{
        "id": "019a0000-0000-7000-8000-000000000008", "tenant": "acme", "person": "Sam (sam@operator.example)",
        "reason": "Ticket 4711: a customer cannot sign in", "created_at": "2026-11-21T08:00:00.000Z",
        "until": "2026-11-21T08:30:00.000Z", "holds": true}], "next": null})))
)]
pub async fn list(
    State(app): State<Arc<App>>,
    caller: Caller,
    Params(listing): Params<Listing>,
) -> Result<Json<Page<StaffGrant>>, ApiError> {
    let part = listing.part()?;
    let (before, limit) = (cursor(part.cursor.as_deref())?, part.limit.unwrap_or(USUAL));
    let (found, more) = access::page(&app, caller.organisation_id, before, limit).await?;
    let next = found.last().filter(|_| more).map(|last| last.id.to_string());
    Ok(Json(Page { items: found.into_iter().map(StaffGrant::from).collect(), next }))
}

/// Ends access before its time, at once.
#[utoipa::path(
    delete, path = "/staff-access/{id}", operation_id = "endStaffAccess", tag = "members",
    params(("id" = String, Path, description = "The grant", example = "019a0000-0000-7000-8000-000000000008")),
    responses((status = 204, description = "It is over"))
)]
pub async fn end(
    State(app): State<Arc<App>>,
    caller: Caller,
    AtId(id): AtId<StaffGrantKind>,
) -> Result<StatusCode, ApiError> {
    access::end(&app, &caller.by(), id).await?;
    Ok(StatusCode::NO_CONTENT)
}
