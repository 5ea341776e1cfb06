//! `/tenants/{slug}/users/{id}/passkeys`.

use axum::extract::{FromRequestParts, Path};
use http::StatusCode;
use http::request::Parts;
use polder_service::json::Json;
use polder_tenant_api::{Page, Passkey, PasskeyId, UserKind};
use serde::Deserialize;

use super::ApiError;
use super::within::{AtId, Within};
use crate::administer::passkeys;

/// The passkey a path names by `{passkey_id}`. What is no id names nothing: 404.
pub struct AtPasskey(PasskeyId);

#[derive(Deserialize)]
struct Named {
    passkey_id: String,
}

impl<S: Send + Sync> FromRequestParts<S> for AtPasskey {
    type Rejection = ApiError;
    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let named = Path::<Named>::from_request_parts(parts, state).await.ok();
        named.and_then(|Path(named)| named.passkey_id.parse().ok()).map(Self).ok_or_else(ApiError::not_found)
    }
}

/// Lists a person's passkeys, oldest first.
#[utoipa::path(
    get, path = "/tenants/{slug}/users/{id}/passkeys", operation_id = "listPasskeys", tag = "users",
    params(("slug" = String, Path, description = "The tenant", example = "acme"),
        ("id" = String, Path, description = "The `sub` of their tokens", example = "019a0000-0000-7000-8000-000000000002")),
    responses((status = 200, description = "All of them", body = Page<Passkey>, example = json!({"items": [{
        "id": "019a0000-0000-7000-8000-000000000004", "name": "Ann's phone", "model": "Google Password Manager",
        "aaguid": "ea9b8d66-4d01-1d21-3ce4-b6b48cb575d4", "synced": true, "backed_up": true,
        "transports": ["internal", "hybrid"], "created_at": "2026-11-21T08:00:00.000Z",
        "last_used_at": "2026-11-21T08:05:00.000Z"}], "next": null})))
)]
pub async fn list(Within(on): Within, AtId(id): AtId<UserKind>) -> Result<Json<Page<Passkey>>, ApiError> {
    Ok(Json(passkeys::list(&on, id).await?))
}

/// Removes a passkey. The person is told by mail, and can bring it back for two weeks.
#[utoipa::path(
    delete, path = "/tenants/{slug}/users/{id}/passkeys/{passkey_id}", operation_id = "removePasskey", tag = "users",
    params(("slug" = String, Path, description = "The tenant", example = "acme"),
        ("id" = String, Path, description = "The `sub` of their tokens", example = "019a0000-0000-7000-8000-000000000002"),
        ("passkey_id" = String, Path, description = "The passkey", example = "019a0000-0000-7000-8000-000000000004")),
    responses((status = 204, description = "It no longer signs in"))
)]
pub async fn remove(
    Within(on): Within,
    AtId(id): AtId<UserKind>,
    AtPasskey(passkey): AtPasskey,
) -> Result<StatusCode, ApiError> {
    passkeys::remove(&on, id, passkey).await?;
    Ok(StatusCode::NO_CONTENT)
}
