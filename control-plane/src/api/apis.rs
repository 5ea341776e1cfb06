//! `/tenants/{slug}/apis`.

use http::StatusCode;
use polder_service::json::Json;
use polder_tenant_api::{Api, ApiDefinition, Page};

use super::ApiError;
use super::input::Input;
use super::within::{AtName, Within};
use crate::administer::apis;

/// Lists a tenant's APIs, in the order they were made.
///
/// An application whose `preferences.apis` name one may ask for tokens for it with `resource` (RFC 8707).
#[utoipa::path(
    get, path = "/tenants/{slug}/apis", operation_id = "listApis", tag = "apis",
    params(("slug" = String, Path, description = "The tenant", example = "acme")),
    responses((status = 200, description = "All of them", body = Page<Api>, example = json!({"items": [{
        "name": "orders", "identifier": "https://api.acme.example/orders", "title": "Orders",
        "created_at": "2026-11-21T08:00:00.000Z", "updated_at": "2026-11-21T08:00:00.000Z"}], "next": null})))
)]
pub async fn list(Within(on): Within) -> Result<Json<Page<Api>>, ApiError> {
    Ok(Json(apis::list(&on).await?))
}

/// Shows an API.
#[utoipa::path(
    get, path = "/tenants/{slug}/apis/{name}", operation_id = "showApi", tag = "apis",
    params(("slug" = String, Path, description = "The tenant", example = "acme"),
        ("name" = String, Path, description = "The API", example = "orders")),
    responses((status = 200, description = "The API", body = Api, example = json!({
        "name": "orders", "identifier": "https://api.acme.example/orders", "title": "Orders",
        "created_at": "2026-11-21T08:00:00.000Z", "updated_at": "2026-11-21T08:00:00.000Z"})))
)]
pub async fn show(Within(on): Within, AtName(name): AtName) -> Result<Json<Api>, ApiError> {
    Ok(Json(apis::show(&on, &name).await?))
}

/// Makes an API, or changes what people call it; its identifier stays.
#[utoipa::path(
    put, path = "/tenants/{slug}/apis/{name}", operation_id = "putApi", tag = "apis",
    params(("slug" = String, Path, description = "The tenant", example = "acme"),
        ("name" = String, Path, description = "The API: small letters, digits and underscores", example = "orders")),
    request_body(content = ApiDefinition, example = json!({"identifier": "https://api.acme.example/orders",
        "title": "Orders"})),
    responses((status = 200, description = "The API as it is now", body = Api, example = json!({
        "name": "orders", "identifier": "https://api.acme.example/orders", "title": "Orders",
        "created_at": "2026-11-21T08:00:00.000Z", "updated_at": "2026-11-21T08:00:00.000Z"})))
)]
pub async fn put(
    Within(on): Within,
    AtName(name): AtName,
    Input(definition): Input<ApiDefinition>,
) -> Result<Json<Api>, ApiError> {
    Ok(Json(apis::put(&on, &name, &definition).await?))
}

/// Removes an API, which no application may name any more: no token is given for it.
#[utoipa::path(
    delete, path = "/tenants/{slug}/apis/{name}", operation_id = "deleteApi", tag = "apis",
    params(("slug" = String, Path, description = "The tenant", example = "acme"),
        ("name" = String, Path, description = "The API", example = "orders")),
    responses((status = 204, description = "It is gone"))
)]
pub async fn remove(Within(on): Within, AtName(name): AtName) -> Result<StatusCode, ApiError> {
    apis::remove(&on, &name).await?;
    Ok(StatusCode::NO_CONTENT)
}
