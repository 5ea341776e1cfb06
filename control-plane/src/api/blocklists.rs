//! `/tenants/{slug}/blocklists`.

use axum::extract::{FromRequestParts, Path};
use http::StatusCode;
use http::request::Parts;
use polder_service::json::Json;
use polder_tenant_api::{Blocklist, NewBlocklist, Page};
use serde::Deserialize;

use super::ApiError;
use super::input::LargeInput;
use super::within::Within;
use crate::administer::blocklists::{self, Name};

/// The list a path names by `{name}`. What is no name names nothing: 404.
pub struct AtList(Name);

#[derive(Deserialize)]
struct Named {
    name: String,
}

impl<S: Send + Sync> FromRequestParts<S> for AtList {
    type Rejection = ApiError;
    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let named = Path::<Named>::from_request_parts(parts, state).await.ok();
        named.and_then(|Path(named)| Name::parse(&named.name)).map(Self).ok_or_else(ApiError::not_found)
    }
}

/// Lists the lists of networks that abuse comes from, by name.
#[utoipa::path(
    get, path = "/tenants/{slug}/blocklists", operation_id = "listBlocklists", tag = "abuse",
    params(("slug" = String, Path, description = "The tenant", example = "acme")),
    responses((status = 200, description = "All of them", body = Page<Blocklist>, example = json!({"items": [{
        "name": "drop", "format": "plain", "action": "refuse", "networks": 1482, "skipped": 0,
        "updated_at": "2026-11-21T08:00:00.000Z"}], "next": null})))
)]
pub async fn list(Within(on): Within) -> Result<Json<Page<Blocklist>>, ApiError> {
    Ok(Json(blocklists::list(&on).await?))
}

/// Shows what there is to know of a list.
#[utoipa::path(
    get, path = "/tenants/{slug}/blocklists/{name}", operation_id = "showBlocklist", tag = "abuse",
    params(("slug" = String, Path, description = "The tenant", example = "acme"),
        ("name" = String, Path, description = "The list", example = "drop")),
    responses((status = 200, description = "The list", body = Blocklist, example = json!({
        "name": "drop", "format": "plain", "action": "refuse", "networks": 1482, "skipped": 0,
        "updated_at": "2026-11-21T08:00:00.000Z"})))
)]
pub async fn show(Within(on): Within, AtList(name): AtList) -> Result<Json<Blocklist>, ApiError> {
    Ok(Json(blocklists::show(&on, &name).await?))
}

/// Puts a list in the place of the one with its name, as a whole or not at all. Up to 8 lists, 50,000 networks
/// on each and 100,000 on all. Signing in with a passkey is possible from everywhere.
#[utoipa::path(
    put, path = "/tenants/{slug}/blocklists/{name}", operation_id = "putBlocklist", tag = "abuse",
    params(("slug" = String, Path, description = "The tenant", example = "acme"),
        ("name" = String, Path, description = "1 to 32 of a-z, 0-9 and hyphens", example = "drop")),
    request_body(content = NewBlocklist, example = json!({"format": "plain", "action": "refuse",
        "content": "# networks\n192.0.2.0/24\n2001:db8::/32\n"})),
    responses((status = 200, description = "The list as it is now", body = Blocklist, example = json!({
        "name": "drop", "format": "plain", "action": "refuse", "networks": 2, "skipped": 0,
        "updated_at": "2026-11-21T08:00:00.000Z"})))
)]
pub async fn put(
    Within(on): Within,
    AtList(name): AtList,
    LargeInput(new): LargeInput<NewBlocklist>,
) -> Result<Json<Blocklist>, ApiError> {
    Ok(Json(blocklists::put(&on, &name, &new).await?))
}

/// Removes a list.
#[utoipa::path(
    delete, path = "/tenants/{slug}/blocklists/{name}", operation_id = "removeBlocklist", tag = "abuse",
    params(("slug" = String, Path, description = "The tenant", example = "acme"),
        ("name" = String, Path, description = "The list", example = "drop")),
    responses((status = 204, description = "Its networks are no longer on it"))
)]
pub async fn remove(Within(on): Within, AtList(name): AtList) -> Result<StatusCode, ApiError> {
    blocklists::remove(&on, &name).await?;
    Ok(StatusCode::NO_CONTENT)
}
