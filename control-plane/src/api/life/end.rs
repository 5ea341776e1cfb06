//! How a tenant ends: terminated, which can be undone, then destroyed, which cannot.

use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::CONTENT_TYPE;
use polder_service::json::Json;
use polder_service::problem::Problem;
use serde::Deserialize;
use utoipa::ToSchema;

use super::{answer, wanted};
use crate::api::ApiError;
use crate::api::input::Input;
use crate::api::tenants::Tenant;
use crate::api::within::{Remembered, Within};
use crate::provision::certificate::Certificate;
use crate::provision::{Action, GRACE_DAYS};
use crate::store::life;

/// How long the grace period is, unless the request says.
const USUAL_GRACE: u32 = 30;

/// How a tenant is to be terminated.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
#[schema(as = Termination, example = json!({"grace_days": 30}))]
pub struct Termination {
    /// For how many days it can be undone.
    #[schema(minimum = 30, maximum = 90, default = 30)]
    pub grace_days: Option<u32>,
}

/// That it is meant.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Destruction, example = json!({"confirm": "acme"}))]
pub struct Destruction {
    /// The slug of the tenant, once more: nothing brings it back.
    pub confirm: String,
}

/// Terminates a tenant.
///
/// It stops serving at once. Until the grace period ends that can be undone; then everything of it is
/// destroyed. Its slug is never given out again.
#[utoipa::path(
    post, path = "/tenants/{slug}/terminate", operation_id = "terminateTenant", tag = "life",
    params(("slug" = String, Path, description = "The tenant", example = "acme")),
    request_body(content = Option<Termination>, example = json!({"grace_days": 30})),
    responses(
        (status = 200, description = "It serves no more", body = Tenant, example = json!({"slug": "acme", "name": "Acme",
            "issuer": "https://acme.polder.example", "state": "terminating", "failure": null,
            "idle_after_seconds": null, "terminate_at": "2026-12-21T08:00:00.000Z",
            "created_at": "2026-11-21T08:00:00.000Z", "updated_at": "2026-11-21T08:00:01.250Z"})),
        (status = 202, description = "It takes longer; the tenant's events tell how far it is", body = Tenant, example = json!({"slug": "acme", "name": "Acme",
        "issuer": "https://acme.polder.example", "state": "running", "failure": null,
        "idle_after_seconds": null, "terminate_at": null, "created_at": "2026-11-21T08:00:00.000Z",
        "updated_at": "2026-11-21T08:00:01.250Z"}))
    )
)]
pub async fn terminate(Within(on): Within, body: Option<Input<Termination>>) -> Result<Response, ApiError> {
    let grace_days = body.and_then(|Input(wish)| wish.grace_days).unwrap_or(USUAL_GRACE);
    if !GRACE_DAYS.contains(&grace_days) {
        return Err(Problem::invalid(Vec::new()).error("/grace_days", "30 to 90 days").into());
    }
    answer(&on, Action::Terminate { grace_days }).await
}

/// Destroys a terminated tenant before its grace period ends.
///
/// Its keys, its database, its process or container, its sockets, its queue and its folders. Nothing
/// brings it back: with the seal key gone, no copy of its data can be read. A signed certificate says what
/// was destroyed.
#[utoipa::path(
    post, path = "/tenants/{slug}/destroy", operation_id = "destroyTenant", tag = "life",
    params(("slug" = String, Path, description = "The tenant", example = "acme")),
    request_body(content = Destruction, example = json!({"confirm": "acme"})),
    responses(
        (status = 200, description = "Nothing of it is left", body = Certificate, example = json!({
        "certificate": {"tenant_id": "019a0000-0000-7000-8000-000000000001", "slug": "acme",
            "issuer": "https://acme.polder.example", "terminated_at": "2026-11-21T08:00:00.000Z",
            "destroyed_at": "2026-12-21T08:00:00.000Z", "requested_by": {"kind": "system", "id": "polder"},
            "destroyed": [{"kind": "seal_key", "name": "secrets/k3v9q2m7x4ab.seal", "bytes": 43}],
            "copies": "Every copy of the data was sealed under the seal key, which is destroyed."},
        "signed": "eyJhbGciOiJFZERTQSJ9.e30.c2lnbmF0dXJl",
        "key": {"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo", "kid": "key-1"}})),
        (status = 202, description = "It takes longer; the certificate is there once it is done", body = Tenant, example = json!({"slug": "acme", "name": "Acme",
        "issuer": "https://acme.polder.example", "state": "terminating", "failure": null,
        "idle_after_seconds": null, "terminate_at": null, "created_at": "2026-11-21T08:00:00.000Z",
        "updated_at": "2026-11-21T08:00:01.250Z"}))
    )
)]
pub async fn destroy(Within(on): Within, Input(meant): Input<Destruction>) -> Result<Response, ApiError> {
    if meant.confirm != on.tenant.slug.as_str() {
        return Err(Problem::invalid(Vec::new()).error("/confirm", "the slug of the tenant, once more").into());
    }
    let (_, tenant) = wanted(&on, Action::Destroy).await?;
    match life::certificate(&mut on.app.db.read().await?, on.tenant.id).await? {
        Some(text) => Ok(paper(text)),
        None => Ok((StatusCode::ACCEPTED, Json(tenant)).into_response()),
    }
}

/// Shows the certificate of a destroyed tenant.
///
/// `signed` is the same statement as a JWT, which `key` verifies; keep a copy of the key from before.
#[utoipa::path(
    get, path = "/tenants/{slug}/certificate", operation_id = "showCertificate", tag = "life",
    params(("slug" = String, Path, description = "The tenant", example = "acme")),
    responses((status = 200, description = "What was destroyed", body = Certificate, example = json!({
        "certificate": {"tenant_id": "019a0000-0000-7000-8000-000000000001", "slug": "acme",
            "issuer": "https://acme.polder.example", "terminated_at": "2026-11-21T08:00:00.000Z",
            "destroyed_at": "2026-12-21T08:00:00.000Z", "requested_by": {"kind": "system", "id": "polder"},
            "destroyed": [{"kind": "seal_key", "name": "secrets/k3v9q2m7x4ab.seal", "bytes": 43}],
            "copies": "Every copy of the data was sealed under the seal key, which is destroyed."},
        "signed": "eyJhbGciOiJFZERTQSJ9.e30.c2lnbmF0dXJl",
        "key": {"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo", "kid": "key-1"}})))
)]
pub async fn certificate(Remembered(on): Remembered) -> Result<Response, ApiError> {
    let text = life::certificate(&mut on.app.db.read().await?, on.tenant.id).await?;
    text.map(paper).ok_or_else(|| Problem::conflict("tenant_not_destroyed", "the tenant is not destroyed").into())
}

fn paper(text: String) -> Response {
    ([(CONTENT_TYPE, "application/json")], text).into_response()
}
