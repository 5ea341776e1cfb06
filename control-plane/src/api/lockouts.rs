//! `/tenants/{slug}/lockouts`.

use http::StatusCode;
use polder_service::json::Json;
use polder_tenant_api::{Lockout, LockoutIdKind, Page};
use serde::Deserialize;
use utoipa::IntoParams;

use super::ApiError;
use super::input::Params;
use super::within::{AtId, Within};
use crate::administer::lockouts;

/// Which lockouts are wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Wanted {
    /// Those of this person.
    #[param(nullable = false, example = "019a0000-0000-7000-8000-000000000002")]
    user_id: Option<String>,
}

/// Lists who and what has to wait before another code is sent or tried, newest first. None lasts longer than
/// an hour, and none stops a passkey.
#[utoipa::path(
    get, path = "/tenants/{slug}/lockouts", operation_id = "listLockouts", tag = "abuse",
    params(("slug" = String, Path, description = "The tenant", example = "acme"), Wanted),
    responses((status = 200, description = "All of them", body = Page<Lockout>, example = json!({"items": [{
        "id": "019a0000-0000-7000-8000-000000000005", "kind": "address",
        "user_id": "019a0000-0000-7000-8000-000000000002", "email": "ann@example.test", "ip": "203.0.113.7",
        "began_at": "2026-11-21T08:05:00.000Z", "ends_at": "2026-11-21T08:45:00.000Z"}], "next": null})))
)]
pub async fn list(Within(on): Within, Params(wanted): Params<Wanted>) -> Result<Json<Page<Lockout>>, ApiError> {
    Ok(Json(lockouts::list(&on, wanted.user_id.as_deref()).await?))
}

/// Lifts a lockout: what was counted is forgotten, and signing in goes on at once.
#[utoipa::path(
    delete, path = "/tenants/{slug}/lockouts/{id}", operation_id = "liftLockout", tag = "abuse",
    params(("slug" = String, Path, description = "The tenant", example = "acme"),
        ("id" = String, Path, description = "The lockout", example = "019a0000-0000-7000-8000-000000000005")),
    responses((status = 204, description = "It is lifted"))
)]
pub async fn lift(Within(on): Within, AtId(id): AtId<LockoutIdKind>) -> Result<StatusCode, ApiError> {
    lockouts::lift(&on, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
