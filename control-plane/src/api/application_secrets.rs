//! `/tenants/{slug}/applications/{id}/secrets`.

use axum::extract::{FromRequestParts, Path};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::request::Parts;
use polder_service::json::Json;
use polder_tenant_api::{ApplicationKind, ApplicationSecret, ApplicationSecretId, CreatedSecret, Page};
use serde::Deserialize;

use super::ApiError;
use super::within::{AtId, Within};
use crate::administer::applications;

/// The secret a path names by `{secret_id}`. What is no id names nothing: 404.
pub struct AtSecret(ApplicationSecretId);

#[derive(Deserialize)]
struct Named {
    secret_id: ApplicationSecretId,
}

impl<S: Send + Sync> FromRequestParts<S> for AtSecret {
    type Rejection = ApiError;
    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let named = Path::<Named>::from_request_parts(parts, state).await;
        named.map(|Path(named)| Self(named.secret_id)).map_err(|_| ApiError::not_found())
    }
}

/// Lists the secrets of an application that work, newest first. They are stored as keyed hashes: none can be shown.
///
/// `last_used_at` says, to the minute, when each last proved the application: one that is no longer used can go. It is
/// written down once a minute; a tenant whose process is killed forgets the last minute.
#[utoipa::path(
    get, path = "/tenants/{slug}/applications/{id}/secrets", operation_id = "listApplicationSecrets",
    tag = "applications",
    params(("slug" = String, Path, description = "The tenant", example = "acme"),
        ("id" = String, Path, description = "The `client_id`", example = "019a0000-0000-7000-8000-000000000001")),
    responses((status = 200, description = "All of them", body = Page<ApplicationSecret>, example = json!({"items": [
        {"id": "019a0000-0000-7000-8000-000000000008", "created_at": "2026-11-21T08:00:00.000Z", "expires_at": null,
        "last_used_at": null},
        {"id": "019a0000-0000-7000-8000-000000000007", "created_at": "2026-08-21T08:00:00.000Z",
        "expires_at": "2026-11-28T08:00:00.000Z", "last_used_at": "2026-11-21T08:04:00.000Z"}], "next": null})))
)]
pub async fn list(
    Within(on): Within,
    AtId(id): AtId<ApplicationKind>,
) -> Result<Json<Page<ApplicationSecret>>, ApiError> {
    Ok(Json(applications::secrets(&on, id).await?))
}

/// Makes a further secret, given this once. Secrets from before go on working for seven days.
#[utoipa::path(
    post, path = "/tenants/{slug}/applications/{id}/secrets", operation_id = "createApplicationSecret",
    tag = "applications",
    params(("slug" = String, Path, description = "The tenant", example = "acme"),
        ("id" = String, Path, description = "The `client_id`", example = "019a0000-0000-7000-8000-000000000001")),
    responses((status = 201, description = "The secret", body = CreatedSecret, example = json!({
        "client_secret": "shown this once", "previous_expire_at": "2026-11-28T08:00:00.000Z"})))
)]
pub async fn add(Within(on): Within, AtId(id): AtId<ApplicationKind>) -> Result<Response, ApiError> {
    let made = applications::add_secret(&on, id).await?;
    Ok((StatusCode::CREATED, Json::<CreatedSecret>(made)).into_response())
}

/// Takes a secret back before it runs out; it stops working at once. The last one stays: 409 `last_secret`.
#[utoipa::path(
    delete, path = "/tenants/{slug}/applications/{id}/secrets/{secret_id}",
    operation_id = "deleteApplicationSecret", tag = "applications",
    params(("slug" = String, Path, description = "The tenant", example = "acme"),
        ("id" = String, Path, description = "The `client_id`", example = "019a0000-0000-7000-8000-000000000001"),
        ("secret_id" = String, Path, description = "The secret", example = "019a0000-0000-7000-8000-000000000007")),
    responses((status = 204, description = "It no longer works"))
)]
pub async fn remove(
    Within(on): Within,
    AtId(id): AtId<ApplicationKind>,
    AtSecret(secret): AtSecret,
) -> Result<StatusCode, ApiError> {
    applications::remove_secret(&on, id, secret).await?;
    Ok(StatusCode::NO_CONTENT)
}
