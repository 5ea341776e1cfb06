//! `/organisation`: your own, and what happened in it.

use std::sync::Arc;

use axum::extract::State;
use polder_audit::Cursor;
use polder_service::json::Json;
use polder_service::problem::Problem;
use polder_tenant_api::Page;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::input::{Input, Params, part};
use super::members::USUAL;
use super::{ApiError, Caller};
use crate::app::App;
use crate::organisation::{name, trail};
use crate::store::organisation_events::Filter;
use crate::store::organisations;

/// Your organisation.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Organisation {
    /// Names it.
    pub id: String,
    /// What it is called.
    pub name: String,
}

/// What is to change of an organisation.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OrganisationChanges {
    /// What it is called: 1 to 80 characters, without what mail programs make a link of.
    #[schema(min_length = 1, max_length = 80)]
    pub name: Option<String>,
}

/// Shows your organisation.
#[utoipa::path(
    get, path = "/organisation", operation_id = "showOrganisation", tag = "members",
    responses((status = 200, description = "Your organisation", body = Organisation,
        example = json!({"id": "019a0000-0000-7000-8000-000000000007", "name": "Acme"})))
)]
pub async fn show(State(app): State<Arc<App>>, caller: Caller) -> Result<Json<Organisation>, ApiError> {
    let id = caller.organisation_id;
    let name = organisations::name(&mut app.db.read().await?, id).await?.ok_or_else(ApiError::not_found)?;
    Ok(Json(Organisation { id: id.to_string(), name }))
}

/// Renames your organisation. In the console that is an owner's to do, and so is making a key that may.
#[utoipa::path(
    patch, path = "/organisation", operation_id = "changeOrganisation", tag = "members",
    request_body(content = OrganisationChanges, example = json!({"name": "Acme"})),
    responses((status = 200, description = "Your organisation as it is now", body = Organisation,
        example = json!({"id": "019a0000-0000-7000-8000-000000000007", "name": "Acme"})))
)]
pub async fn change(
    State(app): State<Arc<App>>,
    caller: Caller,
    Input(changes): Input<OrganisationChanges>,
) -> Result<Json<Organisation>, ApiError> {
    if let Some(wanted) = &changes.name {
        name::change(&app, &caller.by(), wanted).await?;
    }
    show(State(app), caller).await
}

/// Something that a member, a key or the installation did in your organisation.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct OrganisationEvent {
    /// Names it.
    pub id: String,
    /// When.
    pub at: String,
    /// What.
    pub action: String,
    /// `member`, `api_key` or `system`.
    pub actor_kind: String,
    /// Who, by id.
    pub actor_id: String,
    /// On which tenant; null for none.
    pub tenant: Option<String>,
    /// From which address; null where that is not known.
    pub ip: Option<String>,
    /// The request, as logs name it.
    pub request_id: Option<String>,
    /// What else is known of it.
    pub details: serde_json::Map<String, serde_json::Value>,
    /// The entry's place in the installation's chain of hashes.
    pub hash: String,
}

impl From<trail::Event> for OrganisationEvent {
    fn from(event: trail::Event) -> Self {
        Self {
            id: event.number.to_string(),
            at: event.at.rfc3339(),
            action: event.action,
            actor_kind: event.actor_kind,
            actor_id: event.actor_id,
            tenant: event.tenant,
            ip: event.ip,
            request_id: event.request_id,
            details: event.details,
            hash: event.hash,
        }
    }
}

/// Which entries are wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Wanted {
    /// Those of this action.
    #[param(nullable = false, example = "member.invited")]
    action: Option<String>,
    /// What this member or key did.
    #[param(nullable = false, example = "019a0000-0000-7000-8000-000000000005")]
    actor_id: Option<String>,
    /// `next` of the page before.
    #[param(nullable = false)]
    cursor: Option<String>,
    /// How many items at most: 1 to 200, 50 unless given.
    #[param(minimum = 1, maximum = 200, default = 50, nullable = false)]
    limit: Option<u32>,
}

/// Lists what happened in your organisation, newest first. What people did at a tenant is in that tenant's own log.
#[utoipa::path(
    get, path = "/audit-events", operation_id = "listOrganisationEvents", tag = "audit-events", params(Wanted),
    responses((status = 200, description = "A page of entries", body = Page<OrganisationEvent>, example = json!({"items": [{
        "id": "42", "at": "2026-11-21T08:20:00.000Z", "action": "member.invited", "actor_kind": "member",
        "actor_id": "019a0000-0000-7000-8000-000000000005", "tenant": null, "ip": "192.0.2.7",
        "request_id": "4f1c02d39a6be857", "details": {"role": "developer"},
        "hash": "n4bQgYhMfWWaL-qgxVrQFaO_TxsrC4Is0V1sFbDwCgg"}], "next": "1795250400000-42"})))
)]
pub async fn events(
    State(app): State<Arc<App>>,
    caller: Caller,
    Params(wanted): Params<Wanted>,
) -> Result<Json<Page<OrganisationEvent>>, ApiError> {
    let part = part(wanted.cursor, wanted.limit)?;
    let unknown = || ApiError::from(Problem::bad_request("the cursor is not one of ours"));
    let cursor = part.cursor.as_deref().map(|text| Cursor::parse(text).ok_or_else(unknown)).transpose()?;
    let filter = Filter { action: wanted.action, actor: wanted.actor_id };
    let limit = part.limit.unwrap_or(USUAL);
    let (found, next) = trail::page(&app, caller.organisation_id, (&filter, cursor), limit).await?;
    let next = next.map(Cursor::to_text);
    Ok(Json(Page { items: found.into_iter().map(OrganisationEvent::from).collect(), next }))
}
