//! `/tenants/{slug}/audit-events`.

use polder_service::json::Json;
use polder_tenant_api::{AuditEvent, Page};
use serde::Deserialize;
use utoipa::IntoParams;

use super::ApiError;
use super::input::{Params, part};
use super::within::Within;
use crate::administer::audit_events;

/// Which entries are wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Wanted {
    /// Those of this action.
    #[param(nullable = false, example = "session.started")]
    action: Option<String>,
    /// Those about this person.
    #[param(nullable = false, example = "019a0000-0000-7000-8000-000000000002")]
    user_id: Option<String>,
    /// `next` of the page before.
    #[param(nullable = false)]
    cursor: Option<String>,
    /// How many items at most: 1 to 200, 50 unless given.
    #[param(minimum = 1, maximum = 200, default = 50, nullable = false)]
    limit: Option<u32>,
}

/// Lists a tenant's audit log, newest first.
///
/// What came through this API or the console names the key or member that did it.
#[utoipa::path(
    get, path = "/tenants/{slug}/audit-events", operation_id = "listAuditEvents", tag = "audit-events",
    params(("slug" = String, Path, description = "The tenant", example = "acme"), Wanted),
    responses((status = 200, description = "A page of entries", body = Page<AuditEvent>, example = json!({"items": [{
        "id": "1-42", "at": "2026-11-21T08:20:00.000Z", "action": "session.ended", "actor_kind": "api_key",
        "actor_id": "019a0000-0000-7000-8000-000000000004", "user_id": "019a0000-0000-7000-8000-000000000002",
        "application_id": null, "session_id": "019a0000-0000-7000-8000-000000000003", "request_id": "4f1c02d39a6be857",
        "details": null, "hash": "n4bQgYhMfWWaL-qgxVrQFaO_TxsrC4Is0V1sFbDwCgg"}], "next": "41"})))
)]
pub async fn list(Within(on): Within, Params(wanted): Params<Wanted>) -> Result<Json<Page<AuditEvent>>, ApiError> {
    let part = part(wanted.cursor, wanted.limit)?;
    let which = (wanted.action.as_deref(), wanted.user_id.as_deref());
    Ok(Json(audit_events::list(&on, which, &part).await?))
}
