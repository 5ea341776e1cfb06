//! `/tenants/{slug}/sessions`.

use http::StatusCode;
use polder_service::json::Json;
use polder_tenant_api::{Page, Session, SessionKind};
use serde::Deserialize;
use utoipa::IntoParams;

use super::ApiError;
use super::input::{Params, part};
use super::within::{AtId, Within};
use crate::administer::sessions;

/// Which sessions are wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Wanted {
    /// Those of this person.
    #[param(nullable = false, example = "019a0000-0000-7000-8000-000000000002")]
    user_id: Option<String>,
    /// `next` of the page before.
    #[param(nullable = false)]
    cursor: Option<String>,
    /// How many items at most: 1 to 200, 50 unless given.
    #[param(minimum = 1, maximum = 200, default = 50, nullable = false)]
    limit: Option<u32>,
}

/// Lists the register of sessions, newest first, ended ones included.
#[utoipa::path(
    get, path = "/tenants/{slug}/sessions", operation_id = "listSessions", tag = "sessions",
    params(("slug" = String, Path, description = "The tenant", example = "acme"), Wanted),
    responses((status = 200, description = "A page of sessions", body = Page<Session>, example = json!({"items": [{
        "id": "019a0000-0000-7000-8000-000000000003", "user_id": "019a0000-0000-7000-8000-000000000002",
        "ip": "203.0.113.7", "user_agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "country": "NL",
        "amr": ["otp"], "created_at": "2026-11-21T08:05:00.000Z", "last_seen_at": "2026-11-21T08:15:00.000Z",
        "expires_at": "2026-12-21T08:05:00.000Z", "ended_at": null, "ended_reason": null,
        "applications": ["019a0000-0000-7000-8000-000000000001"]}], "next": null})))
)]
pub async fn list(Within(on): Within, Params(wanted): Params<Wanted>) -> Result<Json<Page<Session>>, ApiError> {
    let part = part(wanted.cursor, wanted.limit)?;
    Ok(Json(sessions::list(&on, wanted.user_id.as_deref(), &part).await?))
}

/// Ends a session, and every grant tied to it, at once. Ending it twice is no error.
#[utoipa::path(
    delete, path = "/tenants/{slug}/sessions/{id}", operation_id = "endSession", tag = "sessions",
    params(("slug" = String, Path, description = "The tenant", example = "acme"),
        ("id" = String, Path, description = "The session", example = "019a0000-0000-7000-8000-000000000003")),
    responses((status = 204, description = "It has ended"))
)]
pub async fn end(Within(on): Within, AtId(id): AtId<SessionKind>) -> Result<StatusCode, ApiError> {
    sessions::end(&on, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
