//! `/tenants/{slug}/applications/{id}/invitees`.

use axum::extract::{FromRequestParts, Path};
use http::StatusCode;
use http::request::Parts;
use polder_service::json::Json;
use polder_tenant_api::{ApplicationKind, Invitee, Page, UserId};
use serde::Deserialize;

use super::ApiError;
use super::input::{Listing, Params};
use super::within::{AtId, Within};
use crate::administer::invitees;

/// The person a path names by `{user_id}`. What is no id names nothing: 404.
pub struct AtUser(UserId);

#[derive(Deserialize)]
struct Named {
    user_id: String,
}

impl<S: Send + Sync> FromRequestParts<S> for AtUser {
    type Rejection = ApiError;
    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let named = Path::<Named>::from_request_parts(parts, state).await.ok();
        named.and_then(|Path(named)| named.user_id.parse().ok()).map(Self).ok_or_else(ApiError::not_found)
    }
}

/// Lists who may sign in to an application whose access is by invitation, the latest first.
#[utoipa::path(
    get, path = "/tenants/{slug}/applications/{id}/invitees", operation_id = "listInvitees", tag = "applications",
    params(("slug" = String, Path, description = "The tenant", example = "acme"),
        ("id" = String, Path, description = "The `client_id`", example = "019a0000-0000-7000-8000-000000000001"), Listing),
    responses((status = 200, description = "A page of invitees", body = Page<Invitee>, example = json!({"items": [{
        "user_id": "019a0000-0000-7000-8000-000000000002", "invited_at": "2026-11-21T08:00:00.000Z"}], "next": null})))
)]
pub async fn list(
    Within(on): Within,
    AtId(id): AtId<ApplicationKind>,
    Params(listing): Params<Listing>,
) -> Result<Json<Page<Invitee>>, ApiError> {
    Ok(Json(invitees::list(&on, id, &listing.part()?).await?))
}

/// Lets a person sign in to an application whose access is by invitation. Inviting twice is no error.
#[utoipa::path(
    put, path = "/tenants/{slug}/applications/{id}/invitees/{user_id}", operation_id = "addInvitee", tag = "applications",
    params(("slug" = String, Path, description = "The tenant", example = "acme"),
        ("id" = String, Path, description = "The `client_id`", example = "019a0000-0000-7000-8000-000000000001"),
        ("user_id" = String, Path, description = "The person", example = "019a0000-0000-7000-8000-000000000002")),
    responses((status = 204, description = "They are invited"))
)]
pub async fn add(
    Within(on): Within,
    AtId(id): AtId<ApplicationKind>,
    AtUser(user): AtUser,
) -> Result<StatusCode, ApiError> {
    invitees::add(&on, id, user).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Takes an invitation back. What the application was granted by this person ends at once.
#[utoipa::path(
    delete, path = "/tenants/{slug}/applications/{id}/invitees/{user_id}", operation_id = "removeInvitee",
    tag = "applications",
    params(("slug" = String, Path, description = "The tenant", example = "acme"),
        ("id" = String, Path, description = "The `client_id`", example = "019a0000-0000-7000-8000-000000000001"),
        ("user_id" = String, Path, description = "The person", example = "019a0000-0000-7000-8000-000000000002")),
    responses((status = 204, description = "They are no longer invited"))
)]
pub async fn remove(
    Within(on): Within,
    AtId(id): AtId<ApplicationKind>,
    AtUser(user): AtUser,
) -> Result<StatusCode, ApiError> {
    invitees::remove(&on, id, user).await?;
    Ok(StatusCode::NO_CONTENT)
}
