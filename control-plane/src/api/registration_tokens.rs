//! `/tenants/{slug}/registration-tokens`.

use axum::response::{IntoResponse, Response};
use http::StatusCode;
use polder_service::json::Json;
use polder_tenant_api::{
    CreatedRegistrationToken, NewRegistrationToken, Page, RegistrationToken, RegistrationTokenKind,
};

use super::ApiError;
use super::input::{Input, Listing, Params};
use super::within::{AtId, Within};
use crate::administer::registration_tokens;

/// Lists a tenant's registration tokens, newest first.
#[utoipa::path(
    get, path = "/tenants/{slug}/registration-tokens", operation_id = "listRegistrationTokens", tag = "registration",
    params(("slug" = String, Path, description = "The tenant", example = "acme"), Listing),
    responses((status = 200, description = "A page of tokens", body = Page<RegistrationToken>, example = json!({"items": [{
        "id": "019a0000-0000-7000-8000-000000000006", "name": "Partners", "scopes": ["orders:read"], "uses": 10,
        "uses_left": 7, "created_at": "2026-11-21T08:00:00.000Z", "expires_at": "2026-11-28T08:00:00.000Z"}],
        "next": null})))
)]
pub async fn list(
    Within(on): Within,
    Params(listing): Params<Listing>,
) -> Result<Json<Page<RegistrationToken>>, ApiError> {
    Ok(Json(registration_tokens::list(&on, &listing.part()?).await?))
}

/// Makes a registration token, which is given this once.
///
/// While the setting `registration` is on, a program that sends it to the tenant's `registration_endpoint` registers
/// itself as an application (RFC 7591), as often as `uses` says.
#[utoipa::path(
    post, path = "/tenants/{slug}/registration-tokens", operation_id = "createRegistrationToken",
    tag = "registration",
    params(("slug" = String, Path, description = "The tenant", example = "acme")),
    request_body(content = NewRegistrationToken, example = json!({"name": "Partners", "uses": 10,
        "expires_in_seconds": 604_800, "scopes": ["orders:read"]})),
    responses((status = 201, description = "The token, with its text", body = CreatedRegistrationToken,
        example = json!({"id": "019a0000-0000-7000-8000-000000000006", "token": "shown this once", "name": "Partners",
        "scopes": ["orders:read"], "uses": 10, "uses_left": 10, "created_at": "2026-11-21T08:00:00.000Z",
        "expires_at": "2026-11-28T08:00:00.000Z"})))
)]
pub async fn create(Within(on): Within, Input(new): Input<NewRegistrationToken>) -> Result<Response, ApiError> {
    let made: CreatedRegistrationToken = registration_tokens::create(&on, &new).await?;
    Ok((StatusCode::CREATED, Json(made)).into_response())
}

/// Deletes a registration token. Applications that were registered with it stay.
#[utoipa::path(
    delete, path = "/tenants/{slug}/registration-tokens/{id}", operation_id = "deleteRegistrationToken",
    tag = "registration",
    params(("slug" = String, Path, description = "The tenant", example = "acme"),
        ("id" = String, Path, description = "The token", example = "019a0000-0000-7000-8000-000000000006")),
    responses((status = 204, description = "It is gone"))
)]
pub async fn remove(Within(on): Within, AtId(id): AtId<RegistrationTokenKind>) -> Result<StatusCode, ApiError> {
    registration_tokens::remove(&on, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
