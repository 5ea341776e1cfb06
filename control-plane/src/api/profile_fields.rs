//! `/tenants/{slug}/profile-fields`.

use http::StatusCode;
use polder_service::json::Json;
use polder_tenant_api::{FieldDefinition, FieldOrder, Page, ProfileField};

use super::ApiError;
use super::input::Input;
use super::within::{AtName, Within};
use crate::administer::profile_fields;

/// Lists the fields that a tenant adds to the profile of its people, in the order in which people see them.
#[utoipa::path(
    get, path = "/tenants/{slug}/profile-fields", operation_id = "listProfileFields", tag = "profile-fields",
    params(("slug" = String, Path, description = "The tenant", example = "acme")),
    responses((status = 200, description = "All of them", body = Page<ProfileField>, example = json!({"items": [{
        "name": "member_number", "definition": {"type": "number", "labels": {"en": "Member number"}, "minimum": 1.0,
        "required": false, "editable_by": "administrator", "at_sign_up": false,
        "claim": {"name": "member_number", "scope": "membership", "id_token": false}},
        "created_at": "2026-11-21T08:00:00.000Z", "updated_at": "2026-11-21T08:00:00.000Z"}], "next": null})))
)]
pub async fn list(Within(on): Within) -> Result<Json<Page<ProfileField>>, ApiError> {
    Ok(Json(profile_fields::list(&on).await?))
}

/// Puts the fields in another order: people see them so where they fill them in, and so do lists and files of people. It
/// names every field once; a new one comes after all others.
#[utoipa::path(
    put, path = "/tenants/{slug}/profile-fields", operation_id = "orderProfileFields", tag = "profile-fields",
    params(("slug" = String, Path, description = "The tenant", example = "acme")),
    request_body(content = FieldOrder, example = json!({"names": ["member_number", "plan"]})),
    responses((status = 200, description = "All of them, as they stand now", body = Page<ProfileField>, example = json!({"items": [{
        "name": "member_number", "definition": {"type": "number", "labels": {"en": "Member number"}, "minimum": 1.0,
        "required": false, "editable_by": "administrator", "at_sign_up": false,
        "claim": {"name": "member_number", "scope": "membership", "id_token": false}},
        "created_at": "2026-11-21T08:00:00.000Z", "updated_at": "2026-11-21T08:00:00.000Z"}], "next": null})))
)]
pub async fn put_in_order(
    Within(on): Within,
    Input(order): Input<FieldOrder>,
) -> Result<Json<Page<ProfileField>>, ApiError> {
    Ok(Json(profile_fields::put_in_order(&on, &order).await?))
}

/// Shows a field.
#[utoipa::path(
    get, path = "/tenants/{slug}/profile-fields/{name}", operation_id = "showProfileField", tag = "profile-fields",
    params(("slug" = String, Path, description = "The tenant", example = "acme"),
        ("name" = String, Path, description = "The field", example = "member_number")),
    responses((status = 200, description = "The field", body = ProfileField, example = json!({
        "name": "member_number", "definition": {"type": "number", "required": false, "editable_by": "administrator",
        "at_sign_up": false}, "created_at": "2026-11-21T08:00:00.000Z", "updated_at": "2026-11-21T08:00:00.000Z"})))
)]
pub async fn show(Within(on): Within, AtName(name): AtName) -> Result<Json<ProfileField>, ApiError> {
    Ok(Json(profile_fields::show(&on, &name).await?))
}

/// Makes a field, or changes it; its type stays. A claim that tokens have a meaning for is refused.
#[utoipa::path(
    put, path = "/tenants/{slug}/profile-fields/{name}", operation_id = "putProfileField", tag = "profile-fields",
    params(("slug" = String, Path, description = "The tenant", example = "acme"),
        ("name" = String, Path, description = "The field: small letters, digits and underscores", example = "member_number")),
    request_body(content = FieldDefinition, example = json!({"type": "number", "labels": {"en": "Member number"},
        "minimum": 1.0, "editable_by": "administrator", "claim": {"name": "member_number", "scope": "membership"}})),
    responses((status = 200, description = "The field as it is now", body = ProfileField, example = json!({
        "name": "member_number", "definition": {"type": "number", "labels": {"en": "Member number"}, "minimum": 1.0,
        "required": false, "editable_by": "administrator", "at_sign_up": false,
        "claim": {"name": "member_number", "scope": "membership", "id_token": false}},
        "created_at": "2026-11-21T08:00:00.000Z", "updated_at": "2026-11-21T08:00:00.000Z"})))
)]
pub async fn put(
    Within(on): Within,
    AtName(name): AtName,
    Input(definition): Input<FieldDefinition>,
) -> Result<Json<ProfileField>, ApiError> {
    Ok(Json(profile_fields::put(&on, &name, &definition).await?))
}

/// Removes a field, and with it everything that people filled in.
#[utoipa::path(
    delete, path = "/tenants/{slug}/profile-fields/{name}", operation_id = "deleteProfileField", tag = "profile-fields",
    params(("slug" = String, Path, description = "The tenant", example = "acme"),
        ("name" = String, Path, description = "The field", example = "member_number")),
    responses((status = 204, description = "It is gone"))
)]
pub async fn remove(Within(on): Within, AtName(name): AtName) -> Result<StatusCode, ApiError> {
    profile_fields::remove(&on, &name).await?;
    Ok(StatusCode::NO_CONTENT)
}
