//! `/tenants/{slug}/users/{id}/sign-in-attempts`.

use polder_service::json::Json;
use polder_tenant_api::{AttemptOrder, Page, SignInAttempt, UserKind};
use serde::Deserialize;
use utoipa::IntoParams;

use super::ApiError;
use super::input::Params;
use super::within::{AtId, Within};
use crate::administer::sign_in_attempts;

/// In which order.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Wanted {
    /// In which order; a `-` turns it round, and unless given it is `-last_at`, the newest first.
    #[param(inline, nullable = false)]
    sort: Option<AttemptOrder>,
}

/// Lists how signing in went at a person's address during the last 30 days. Attempts of one
/// day from one network with one outcome are one item, which counts them.
#[utoipa::path(
    get, path = "/tenants/{slug}/users/{id}/sign-in-attempts", operation_id = "listSignInAttempts", tag = "abuse",
    params(("slug" = String, Path, description = "The tenant", example = "acme"),
        ("id" = String, Path, description = "The `sub` of their tokens", example = "019a0000-0000-7000-8000-000000000002"),
        Wanted),
    responses((status = 200, description = "All of them", body = Page<SignInAttempt>, example = json!({"items": [{
        "outcome": "code_wrong", "count": 3, "ip": "203.0.113.7",
        "user_agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
        "first_at": "2026-11-21T08:05:00.000Z", "last_at": "2026-11-21T08:06:00.000Z"}], "next": null})))
)]
pub async fn list(
    Within(on): Within,
    AtId(id): AtId<UserKind>,
    Params(wanted): Params<Wanted>,
) -> Result<Json<Page<SignInAttempt>>, ApiError> {
    Ok(Json(sign_in_attempts::list(&on, id, wanted.sort.unwrap_or_default()).await?))
}
