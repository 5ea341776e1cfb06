//! One person of a tenant: `/tenants/{slug}/users/{id}/…`.

use axum::extract::{FromRequestParts, Path};
use axum::response::{IntoResponse, Response};
use http::header::CONTENT_TYPE;
use http::request::Parts;
use http::{Method, StatusCode};
use polder_service::json::Json;
use polder_tenant_api::{ApplicationId, Factors, Page, UserApplication, UserKind};
use serde::Deserialize;

use super::ApiError;
use super::within::{AtId, Within};
use crate::administer::{person, sessions, users};

/// The application a path names by `{application_id}`. What is no id names nothing: 404.
pub struct AtApplication(ApplicationId);

#[derive(Deserialize)]
struct Named {
    application_id: String,
}

impl<S: Send + Sync> FromRequestParts<S> for AtApplication {
    type Rejection = ApiError;
    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let named = Path::<Named>::from_request_parts(parts, state).await.ok();
        named.and_then(|Path(named)| named.application_id.parse().ok()).map(Self).ok_or_else(ApiError::not_found)
    }
}

/// Shows what a person signs in with beside their address. Passkeys have a list of their own.
#[utoipa::path(
    get, path = "/tenants/{slug}/users/{id}/factors", operation_id = "showFactors", tag = "users",
    params(("slug" = String, Path, description = "The tenant", example = "acme"),
        ("id" = String, Path, description = "The `sub` of their tokens", example = "019a0000-0000-7000-8000-000000000002")),
    responses((status = 200, description = "Their factors", body = Factors, example = json!({"passkeys": 2,
        "authenticator_app": {"created_at": "2026-11-21T08:00:00.000Z", "last_used_at": "2026-11-21T08:05:00.000Z"},
        "recovery_codes": {"left": 9, "created_at": "2026-11-21T08:00:00.000Z"}})))
)]
pub async fn factors(Within(on): Within, AtId(id): AtId<UserKind>) -> Result<Json<Factors>, ApiError> {
    Ok(Json(person::factors(&on, id).await?))
}

/// Removes a person's authenticator app, with the recovery codes that stand in for it. They are told by mail.
#[utoipa::path(
    delete, path = "/tenants/{slug}/users/{id}/authenticator-app", operation_id = "removeAuthenticatorApp", tag = "users",
    params(("slug" = String, Path, description = "The tenant", example = "acme"),
        ("id" = String, Path, description = "The `sub` of their tokens", example = "019a0000-0000-7000-8000-000000000002")),
    responses((status = 204, description = "It gives no codes any more"))
)]
pub async fn remove_app(Within(on): Within, AtId(id): AtId<UserKind>) -> Result<StatusCode, ApiError> {
    person::remove_app(&on, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Ends all of a person's sessions, with every grant that hangs on them.
#[utoipa::path(
    delete, path = "/tenants/{slug}/users/{id}/sessions", operation_id = "endSessionsOfUser", tag = "sessions",
    params(("slug" = String, Path, description = "The tenant", example = "acme"),
        ("id" = String, Path, description = "The `sub` of their tokens", example = "019a0000-0000-7000-8000-000000000002")),
    responses((status = 204, description = "They are signed in nowhere"))
)]
pub async fn end_sessions(Within(on): Within, AtId(id): AtId<UserKind>) -> Result<StatusCode, ApiError> {
    sessions::end_all(&on, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Lists the applications with access to a person's account.
#[utoipa::path(
    get, path = "/tenants/{slug}/users/{id}/applications", operation_id = "listApplicationsOfUser", tag = "users",
    params(("slug" = String, Path, description = "The tenant", example = "acme"),
        ("id" = String, Path, description = "The `sub` of their tokens", example = "019a0000-0000-7000-8000-000000000002")),
    responses((status = 200, description = "All of them", body = Page<UserApplication>, example = json!({"items": [{
        "application_id": "019a0000-0000-7000-8000-000000000001", "name": "Shop", "since": "2026-11-21T08:00:00.000Z",
        "scopes": ["openid", "email"], "consented_at": null}], "next": null})))
)]
pub async fn applications(
    Within(on): Within,
    AtId(id): AtId<UserKind>,
) -> Result<Json<Page<UserApplication>>, ApiError> {
    Ok(Json(person::applications(&on, id).await?))
}

/// Takes an application's access to a person's account away: its tokens stop working, and what the person agreed to ends.
/// They may let it in again.
#[utoipa::path(
    delete, path = "/tenants/{slug}/users/{id}/applications/{application_id}", operation_id = "withdrawApplication",
    tag = "users",
    params(("slug" = String, Path, description = "The tenant", example = "acme"),
        ("id" = String, Path, description = "The `sub` of their tokens", example = "019a0000-0000-7000-8000-000000000002"),
        ("application_id" = String, Path, description = "The application", example = "019a0000-0000-7000-8000-000000000001")),
    responses((status = 204, description = "It has no access any more"))
)]
pub async fn withdraw(
    Within(on): Within,
    AtId(id): AtId<UserKind>,
    AtApplication(application): AtApplication,
) -> Result<StatusCode, ApiError> {
    person::withdraw(&on, id, application).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Sends a person the invitation, once more where one went before. 409 when they have proved their address, are stopped
/// from signing in, or an invitation left within the last minute.
#[utoipa::path(
    post, path = "/tenants/{slug}/users/{id}/invitation", operation_id = "inviteUser", tag = "users",
    params(("slug" = String, Path, description = "The tenant", example = "acme"),
        ("id" = String, Path, description = "The `sub` of their tokens", example = "019a0000-0000-7000-8000-000000000002")),
    responses((status = 204, description = "It is on its way"))
)]
pub async fn invite(Within(on): Within, AtId(id): AtId<UserKind>) -> Result<StatusCode, ApiError> {
    person::invite(&on, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Gives everything that is kept about a person, as they download it themselves (GDPR, art. 15 and 20): addresses, networks
/// and what they did. It needs `users:write`, although it is read: both logs say who took it, each time. `format` names the
/// shape.
#[utoipa::path(
    get, path = "/tenants/{slug}/users/{id}/data", operation_id = "exportUser", tag = "users",
    params(("slug" = String, Path, description = "The tenant", example = "acme"),
        ("id" = String, Path, description = "The `sub` of their tokens", example = "019a0000-0000-7000-8000-000000000002")),
    responses((status = 200, description = "The file", body = Object,
        example = json!({"format": "polder.account/1", "profile": {"email": "ann@example.com"}})))
)]
pub async fn data(Within(on): Within, AtId(id): AtId<UserKind>, method: Method) -> Result<Response, ApiError> {
    if method == Method::HEAD {
        // Nobody takes anything: nothing is read, and no log says so.
        users::show(&on, id).await?;
        return Ok([(CONTENT_TYPE, "application/json")].into_response());
    }
    Ok(person::data(&on, id).await?)
}
