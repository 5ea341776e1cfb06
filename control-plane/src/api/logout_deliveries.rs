//! `/tenants/{slug}/logout-deliveries`.

use http::StatusCode;
use polder_service::json::Json;
use polder_tenant_api::{ApplicationId, ByCreation, LogoutDelivery, LogoutDeliveryIdKind, LogoutDeliveryState, Page};
use serde::Deserialize;
use utoipa::IntoParams;

use super::ApiError;
use super::input::{Params, part};
use super::within::{AtId, Within};
use crate::administer::logout_deliveries;

/// Which deliveries are wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Wanted {
    /// Those to this application.
    #[param(nullable = false, value_type = String, example = "019a0000-0000-7000-8000-000000000001")]
    application_id: Option<ApplicationId>,
    /// Those that have come so far: `failed` are the ones nobody hears of any more.
    #[param(nullable = false)]
    state: Option<LogoutDeliveryState>,
    /// In which order: `-created_at`, as unless given, for the newest first.
    #[param(inline, nullable = false)]
    sort: Option<ByCreation>,
    /// `next` of the page before, in the same order.
    #[param(nullable = false)]
    cursor: Option<String>,
    /// How many items at most: 1 to 200, 50 unless given.
    #[param(minimum = 1, maximum = 200, default = 50, nullable = false)]
    limit: Option<u32>,
}

/// Lists what applications were told of ended sessions (Back-Channel Logout 1.0).
///
/// An application with `backchannel_logout_uri` among its preferences is told at least once. What it does not
/// take is tried again with growing pauses, for a day, and then `failed`.
#[utoipa::path(
    get, path = "/tenants/{slug}/logout-deliveries", operation_id = "listLogoutDeliveries", tag = "sessions",
    params(("slug" = String, Path, description = "The tenant", example = "acme"), Wanted),
    responses((status = 200, description = "A page of deliveries", body = Page<LogoutDelivery>, example = json!({"items": [{
        "id": "019a0000-0000-7000-8000-000000000006", "application_id": "019a0000-0000-7000-8000-000000000001",
        "user_id": "019a0000-0000-7000-8000-000000000002", "sid": "pBvCTv0wEpTo1KBbYcHFPw", "reason": "signed_out",
        "state": "pending", "attempts": 1, "created_at": "2026-11-21T08:05:00.000Z",
        "last_attempt_at": "2026-11-21T08:05:00.120Z", "next_attempt_at": "2026-11-21T08:05:01.120Z",
        "delivered_at": null, "failed_at": null, "jti": "Zk2Vd0c0a1mXn4JtE0c1xQ", "answered": 503,
        "failure": "it answered that it could not"}], "next": null})))
)]
pub async fn list(Within(on): Within, Params(wanted): Params<Wanted>) -> Result<Json<Page<LogoutDelivery>>, ApiError> {
    let part = part(wanted.cursor, wanted.limit)?;
    let application = wanted.application_id.map(|id| id.to_string());
    let which = (application.as_deref(), wanted.state, wanted.sort.unwrap_or_default());
    Ok(Json(logout_deliveries::list(&on, which, &part).await?))
}

/// Has a delivery that failed tried for another day.
#[utoipa::path(
    post, path = "/tenants/{slug}/logout-deliveries/{id}/retry", operation_id = "retryLogoutDelivery", tag = "sessions",
    params(("slug" = String, Path, description = "The tenant", example = "acme"),
        ("id" = String, Path, description = "The delivery", example = "019a0000-0000-7000-8000-000000000006")),
    responses((status = 204, description = "It will be tried at once"))
)]
pub async fn retry(Within(on): Within, AtId(id): AtId<LogoutDeliveryIdKind>) -> Result<StatusCode, ApiError> {
    logout_deliveries::retry(&on, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
