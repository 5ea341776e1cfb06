//! `/tenants/{slug}/branding`.

use http::StatusCode;
use polder_service::json::Json;
use polder_tenant_api::{Branding, BrandingChoices, NewLogo};

use super::ApiError;
use super::input::Input;
use super::within::Within;
use crate::administer::branding;

/// Shows how a tenant's pages and mails look, and how well their colours can be read.
#[utoipa::path(
    get, path = "/tenants/{slug}/branding", operation_id = "showBranding", tag = "branding",
    params(("slug" = String, Path, description = "The tenant", example = "acme")),
    responses((status = 200, description = "The branding", body = Branding, example = json!({
        "choices": {"primary_color": "#1d4ed8", "radius": 12,
            "texts": {"en": {"name": "Acme", "privacy_url": "https://acme.example/privacy"}}},
        "logo": {"url": "https://acme.id.example/branding/logo.bm9uY2U.png", "content_type": "image/png", "width": 480,
            "height": 120, "transparent": true},
        "contrast": [{"scheme": "light", "front": "primary", "front_color": "#1d4ed8", "back": "page",
            "back_color": "#f5f7f6", "ratio": 6.21, "needs": 4.5}]})))
)]
pub async fn show(Within(on): Within) -> Result<Json<Branding>, ApiError> {
    Ok(Json(branding::show(&on).await?))
}

/// Replaces what a tenant chose. Colours are held to WCAG 2.2 AA on what they stand on, in light and in dark; a
/// refusal says the contrast and a colour that would do.
#[utoipa::path(
    put, path = "/tenants/{slug}/branding", operation_id = "chooseBranding", tag = "branding",
    params(("slug" = String, Path, description = "The tenant", example = "acme")),
    request_body(content = BrandingChoices, example = json!({"primary_color": "#1d4ed8", "radius": 12,
        "texts": {"en": {"name": "Acme", "privacy_url": "https://acme.example/privacy"}}})),
    responses((status = 200, description = "The branding as it is now", body = Branding, example = json!({
        "choices": {"primary_color": "#1d4ed8", "radius": 12,
            "texts": {"en": {"name": "Acme", "privacy_url": "https://acme.example/privacy"}}},
        "logo": null,
        "contrast": [{"scheme": "light", "front": "primary", "front_color": "#1d4ed8", "back": "page",
            "back_color": "#f5f7f6", "ratio": 6.21, "needs": 4.5}]})))
)]
pub async fn choose(Within(on): Within, Input(choices): Input<BrandingChoices>) -> Result<Json<Branding>, ApiError> {
    Ok(Json(branding::choose(&on, &choices).await?))
}

/// Takes a logo: PNG, JPEG or WebP, drawn anew to fit 480 by 160 pixels. SVG is refused.
#[utoipa::path(
    put, path = "/tenants/{slug}/branding/logo", operation_id = "setLogo", tag = "branding",
    params(("slug" = String, Path, description = "The tenant", example = "acme")),
    request_body(content = NewLogo, example = json!({"data": "iVBORw0KGgoAAAANSUhEUgAA"})),
    responses((status = 200, description = "The branding as it is now", body = Branding, example = json!({
        "choices": {},
        "logo": {"url": "https://acme.id.example/branding/logo.bm9uY2U.png", "content_type": "image/png", "width": 480,
            "height": 120, "transparent": true},
        "contrast": []})))
)]
pub async fn set_logo(Within(on): Within, Input(new): Input<NewLogo>) -> Result<Json<Branding>, ApiError> {
    Ok(Json(branding::set_logo(&on, &new).await?))
}

/// Removes the logo.
#[utoipa::path(
    delete, path = "/tenants/{slug}/branding/logo", operation_id = "removeLogo", tag = "branding",
    params(("slug" = String, Path, description = "The tenant", example = "acme")),
    responses((status = 204, description = "There is no logo any more"))
)]
pub async fn remove_logo(Within(on): Within) -> Result<StatusCode, ApiError> {
    branding::remove_logo(&on).await?;
    Ok(StatusCode::NO_CONTENT)
}
