//! `/tenants/{slug}/applications`.

use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::LOCATION;
use polder_service::json::Json;
use polder_tenant_api::{
    Application, ApplicationChanges, ApplicationKind, ApplicationOrder, CreatedApplication, NewApplication, Page,
};
use serde::Deserialize;
use utoipa::IntoParams;

use super::ApiError;
use super::input::{Input, Params, part};
use super::within::{AtId, Within};
use crate::administer::applications;

/// Which part of the applications is wanted.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Wanted {
    /// In which order; a `-` turns it round, and unless given it is `-created_at`, the newest first.
    #[param(inline, nullable = false)]
    sort: Option<ApplicationOrder>,
    /// `next` of the page before, in the same order.
    #[param(nullable = false)]
    cursor: Option<String>,
    /// How many items at most: 1 to 200, 50 unless given.
    #[param(minimum = 1, maximum = 200, default = 50, nullable = false)]
    limit: Option<u32>,
}

/// Lists a tenant's applications.
#[utoipa::path(
    get, path = "/tenants/{slug}/applications", operation_id = "listApplications", tag = "applications",
    params(("slug" = String, Path, description = "The tenant", example = "acme"), Wanted),
    responses((status = 200, description = "A page of applications", body = Page<Application>, example = json!({"items": [{
        "client_id": "019a0000-0000-7000-8000-000000000001", "name": "Shop", "profile": "default", "type": "web",
        "token_endpoint_auth_method": "client_secret_basic", "redirect_uris": ["https://shop.example/callback"],
        "post_logout_redirect_uris": ["https://shop.example/"], "grant_types": ["authorization_code", "refresh_token"],
        "third_party": false, "access": {"who": "everyone"}, "preferences": {}, "disabled": false,
        "created_at": "2026-11-21T08:00:00.000Z", "updated_at": "2026-11-21T08:00:00.000Z"}], "next": null})))
)]
pub async fn list(Within(on): Within, Params(wanted): Params<Wanted>) -> Result<Json<Page<Application>>, ApiError> {
    let part = part(wanted.cursor, wanted.limit)?;
    Ok(Json(applications::list(&on, wanted.sort.unwrap_or_default(), &part).await?))
}

/// Makes an application.
///
/// `client_secret` is given this once, to applications that can keep one.
#[utoipa::path(
    post, path = "/tenants/{slug}/applications", operation_id = "createApplication", tag = "applications",
    params(("slug" = String, Path, description = "The tenant", example = "acme")),
    request_body(content = NewApplication, example = json!({"name": "Shop", "type": "web",
        "redirect_uris": ["https://shop.example/callback"], "post_logout_redirect_uris": ["https://shop.example/"],
        "grant_types": ["authorization_code", "refresh_token"]})),
    responses((status = 201, description = "The application, with its secret", body = CreatedApplication,
        headers(("location" = String, description = "Where the application is")),
        example = json!({"client_id": "019a0000-0000-7000-8000-000000000001", "client_secret": "shown this once",
        "name": "Shop", "profile": "default", "type": "web", "token_endpoint_auth_method": "client_secret_basic",
        "redirect_uris": ["https://shop.example/callback"], "post_logout_redirect_uris": ["https://shop.example/"],
        "grant_types": ["authorization_code", "refresh_token"], "third_party": false, "access": {"who": "everyone"},
        "preferences": {}, "disabled": false, "created_at": "2026-11-21T08:00:00.000Z",
        "updated_at": "2026-11-21T08:00:00.000Z"})))
)]
pub async fn create(Within(on): Within, Input(new): Input<NewApplication>) -> Result<Response, ApiError> {
    let made = applications::create(&on, &new).await?;
    let location = format!("/api/v1/tenants/{}/applications/{}", on.tenant.slug, made.application.client_id);
    Ok((StatusCode::CREATED, [(LOCATION, location)], Json(made)).into_response())
}

/// Shows an application.
#[utoipa::path(
    get, path = "/tenants/{slug}/applications/{id}", operation_id = "showApplication", tag = "applications",
    params(("slug" = String, Path, description = "The tenant", example = "acme"),
        ("id" = String, Path, description = "The `client_id`", example = "019a0000-0000-7000-8000-000000000001")),
    responses((status = 200, description = "The application", body = Application, example = json!({
        "client_id": "019a0000-0000-7000-8000-000000000001", "name": "Shop", "profile": "default", "type": "web",
        "token_endpoint_auth_method": "client_secret_basic", "redirect_uris": ["https://shop.example/callback"],
        "post_logout_redirect_uris": [], "grant_types": ["authorization_code"], "third_party": false,
        "access": {"who": "role", "role": "staff"}, "preferences": {}, "disabled": false,
        "created_at": "2026-11-21T08:00:00.000Z", "updated_at": "2026-11-21T08:00:00.000Z"})))
)]
pub async fn show(Within(on): Within, AtId(id): AtId<ApplicationKind>) -> Result<Json<Application>, ApiError> {
    Ok(Json(applications::show(&on, id).await?))
}

/// Changes an application. What is absent stays.
///
/// `preferences` replace all that were there. With `passkeys`, `second_factor` and `default_max_age` an
/// application asks for more than its tenant; of two rules the stricter holds.
#[utoipa::path(
    patch, path = "/tenants/{slug}/applications/{id}", operation_id = "changeApplication", tag = "applications",
    params(("slug" = String, Path, description = "The tenant", example = "acme"),
        ("id" = String, Path, description = "The `client_id`", example = "019a0000-0000-7000-8000-000000000001")),
    request_body(content = ApplicationChanges, example = json!({"access": {"who": "role", "role": "staff"},
        "preferences": {"second_factor": "required"}})),
    responses((status = 200, description = "The application as it is now", body = Application, example = json!({
        "client_id": "019a0000-0000-7000-8000-000000000001", "name": "Shop", "profile": "default", "type": "web",
        "token_endpoint_auth_method": "client_secret_basic", "redirect_uris": ["https://shop.example/callback"],
        "post_logout_redirect_uris": [], "grant_types": ["authorization_code"], "third_party": false,
        "access": {"who": "role", "role": "staff"}, "preferences": {"second_factor": "required"}, "disabled": false,
        "created_at": "2026-11-21T08:00:00.000Z", "updated_at": "2026-11-21T09:00:00.000Z"})))
)]
pub async fn change(
    Within(on): Within,
    AtId(id): AtId<ApplicationKind>,
    Input(changes): Input<ApplicationChanges>,
) -> Result<Json<Application>, ApiError> {
    Ok(Json(applications::change(&on, id, &changes).await?))
}

/// Deletes an application, with its secrets and grants. People are signed out of it at once.
#[utoipa::path(
    delete, path = "/tenants/{slug}/applications/{id}", operation_id = "deleteApplication", tag = "applications",
    params(("slug" = String, Path, description = "The tenant", example = "acme"),
        ("id" = String, Path, description = "The `client_id`", example = "019a0000-0000-7000-8000-000000000001")),
    responses((status = 204, description = "It is gone"))
)]
pub async fn remove(Within(on): Within, AtId(id): AtId<ApplicationKind>) -> Result<StatusCode, ApiError> {
    applications::remove(&on, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
