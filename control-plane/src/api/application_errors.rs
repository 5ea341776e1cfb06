//! `/tenants/{slug}/applications/{id}/errors`.

use polder_service::json::Json;
use polder_tenant_api::{ApplicationError, ApplicationKind, Page};

use super::ApiError;
use super::within::{AtId, Within};
use crate::administer::application_errors;

/// Lists what an application was refused lately, newest first, with what to do about it.
///
/// At most fifty, alike ones counted together, for 30 days. They hold no token, no code and nothing about a person.
#[utoipa::path(
    get, path = "/tenants/{slug}/applications/{id}/errors", operation_id = "listApplicationErrors",
    tag = "applications",
    params(("slug" = String, Path, description = "The tenant", example = "acme"),
        ("id" = String, Path, description = "The application", example = "019a0000-0000-7000-8000-000000000001")),
    responses((status = 200, description = "All of them", body = Page<ApplicationError>, example = json!({"items": [{
        "kind": "redirect_uri", "at": "authorize", "error": "invalid_request",
        "reason": "redirect_uri is not registered for this application",
        "advice": "Send one of the registered redirect URIs exactly as it is registered, or register the one you send. \
                   Scheme, port, path and a slash at the end all count.",
        "sent": "https://app.example/callback/", "times": 3, "first_at": "2026-11-21T08:00:00.000Z",
        "last_at": "2026-11-21T08:04:00.000Z"}], "next": null})))
)]
pub async fn list(
    Within(on): Within,
    AtId(id): AtId<ApplicationKind>,
) -> Result<Json<Page<ApplicationError>>, ApiError> {
    Ok(Json(application_errors::list(&on, id).await?))
}
