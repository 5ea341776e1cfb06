//! `/tenants/{slug}/settings`.

use polder_service::json::Json;
use polder_tenant_api::{Settings, SettingsChanges};

use super::ApiError;
use super::input::Input;
use super::within::Within;
use crate::administer::settings;

/// Shows a tenant's settings.
#[utoipa::path(
    get, path = "/tenants/{slug}/settings", operation_id = "showSettings", tag = "settings",
    params(("slug" = String, Path, description = "The tenant", example = "acme")),
    responses((status = 200, description = "The settings", body = Settings,
        example = json!({"name": "Acme", "sign_up": "open", "default_locale": "en", "passkey_models": [],
            "sign_up_domains": ["acme.example"], "passkeys": "preferred", "second_factor": "optional",
            "session_idle_seconds": 43200, "session_absolute_seconds": 2592000, "recovery_wait_hours": 72})))
)]
pub async fn show(Within(on): Within) -> Result<Json<Settings>, ApiError> {
    Ok(Json(settings::show(&on).await?))
}

/// Changes a tenant's settings. What is absent stays.
///
/// A stricter rule for signing in holds at once: whoever is signed in with less is asked for more at the
/// next request, and their applications get no new tokens until then.
#[utoipa::path(
    patch, path = "/tenants/{slug}/settings", operation_id = "changeSettings", tag = "settings",
    params(("slug" = String, Path, description = "The tenant", example = "acme")),
    request_body(content = SettingsChanges, example = json!({"sign_up": "domains", "sign_up_domains": ["acme.example"],
        "second_factor": "required", "session_idle_seconds": 3600})),
    responses((status = 200, description = "The settings as they are now", body = Settings,
        example = json!({"name": "Acme", "sign_up": "domains", "default_locale": "en", "passkey_models": [],
            "sign_up_domains": ["acme.example"], "passkeys": "preferred", "second_factor": "required",
            "session_idle_seconds": 3600, "session_absolute_seconds": 2592000, "recovery_wait_hours": 72})))
)]
pub async fn change(Within(on): Within, Input(changes): Input<SettingsChanges>) -> Result<Json<Settings>, ApiError> {
    Ok(Json(settings::change(&on, &changes).await?))
}
