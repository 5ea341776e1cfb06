//! `/tenants/{slug}/users`.

use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::LOCATION;
use polder_service::json::Json;
use polder_tenant_api::{NewUser, Page, User, UserChanges, UserFilter, UserKind, UserOrder};
use serde::Deserialize;
use utoipa::IntoParams;

use super::ApiError;
use super::input::{Input, Params, part};
use super::within::{AtId, Within};
use crate::administer::{Part, users};

/// Which people are wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Wanted {
    /// The one who signs in with this address.
    #[param(nullable = false, example = "ann@example.com")]
    email: Option<String>,
    /// Parts of name or address, separated by spaces: all of them occur, whatever their case and accents.
    #[param(nullable = false, max_length = 200, example = "ann vries")]
    q: Option<String>,
    /// Those who hold this role.
    #[param(nullable = false, example = "staff")]
    role: Option<String>,
    /// Those whose signing in is stopped, or is not.
    #[param(nullable = false)]
    disabled: Option<bool>,
    /// Those who have not proved their address, which is how invited people stand until they sign in; or those who have.
    #[param(nullable = false)]
    unverified: Option<bool>,
    /// In which order; a `-` turns it round, and unless given it is `-created_at`. By `last_sign_in_at` everybody is listed who
    /// ever signed in; those who are looked for are sorted by `created_at` alone.
    #[param(inline, nullable = false)]
    sort: Option<UserOrder>,
    /// `next` of the page before, in the same order.
    #[param(nullable = false)]
    cursor: Option<String>,
    /// How many items at most: 1 to 200, 50 unless given. Fewer where the tenant has many long fields.
    #[param(minimum = 1, maximum = 200, default = 50, nullable = false)]
    limit: Option<u32>,
}

impl Wanted {
    /// Who is wanted, and which part of them.
    pub(super) fn split(self) -> Result<(UserFilter, Part), ApiError> {
        let part = part(self.cursor, self.limit)?;
        let Self { email, q, role, disabled, unverified, sort, .. } = self;
        Ok((UserFilter { email, q, role, disabled, unverified, sort: sort.unwrap_or_default() }, part))
    }
}

/// Lists a tenant's people, or finds some by part of a name or address.
///
/// Names and addresses are sealed in the database; what is searched is in the tenant's memory alone. The first search
/// after a while takes longer.
#[utoipa::path(
    get, path = "/tenants/{slug}/users", operation_id = "listUsers", tag = "users",
    params(("slug" = String, Path, description = "The tenant", example = "acme"), Wanted),
    responses((status = 200, description = "A page of people", body = Page<User>, example = json!({"items": [{
        "id": "019a0000-0000-7000-8000-000000000002", "email": "ann@example.com", "email_verified": true, "name": "Ann",
        "locale": "en", "roles": ["staff"], "disabled": false, "created_at": "2026-11-21T08:00:00.000Z",
        "updated_at": "2026-11-21T08:00:00.000Z", "last_sign_in_at": "2026-11-21T08:05:00.000Z"}], "next": null})))
)]
pub async fn list(Within(on): Within, Params(wanted): Params<Wanted>) -> Result<Json<Page<User>>, ApiError> {
    let (wanted, part) = wanted.split()?;
    Ok(Json(users::list(&on, &wanted, &part).await?))
}

/// Adds a person. Their address counts as unproved until they sign in.
#[utoipa::path(
    post, path = "/tenants/{slug}/users", operation_id = "createUser", tag = "users",
    params(("slug" = String, Path, description = "The tenant", example = "acme")),
    request_body(content = NewUser, example = json!({"email": "ann@example.com", "name": "Ann", "roles": ["staff"]})),
    responses((status = 201, description = "The person", body = User,
        headers(("location" = String, description = "Where the person is")),
        example = json!({
        "id": "019a0000-0000-7000-8000-000000000002", "email": "ann@example.com", "email_verified": false, "name": "Ann",
        "locale": null, "roles": ["staff"], "disabled": false, "created_at": "2026-11-21T08:00:00.000Z",
        "updated_at": "2026-11-21T08:00:00.000Z", "last_sign_in_at": null})))
)]
pub async fn create(Within(on): Within, Input(new): Input<NewUser>) -> Result<Response, ApiError> {
    let made = users::create(&on, &new).await?;
    let location = format!("/api/v1/tenants/{}/users/{}", on.tenant.slug, made.id);
    Ok((StatusCode::CREATED, [(LOCATION, location)], Json(made)).into_response())
}

/// Shows a person.
#[utoipa::path(
    get, path = "/tenants/{slug}/users/{id}", operation_id = "showUser", tag = "users",
    params(("slug" = String, Path, description = "The tenant", example = "acme"),
        ("id" = String, Path, description = "The `sub` of their tokens", example = "019a0000-0000-7000-8000-000000000002")),
    responses((status = 200, description = "The person", body = User, example = json!({
        "id": "019a0000-0000-7000-8000-000000000002", "email": "ann@example.com", "email_verified": true, "name": "Ann",
        "locale": "en", "roles": ["staff"], "disabled": false, "created_at": "2026-11-21T08:00:00.000Z",
        "updated_at": "2026-11-21T08:00:00.000Z", "last_sign_in_at": "2026-11-21T08:05:00.000Z"})))
)]
pub async fn show(Within(on): Within, AtId(id): AtId<UserKind>) -> Result<Json<User>, ApiError> {
    Ok(Json(users::show(&on, id).await?))
}

/// Changes a person. What is absent stays. Disabling ends every session and grant at once: it is also how the use of
/// somebody's data is restricted (GDPR, art. 18), and setting it back lifts that. A new address counts as unproved until
/// they sign in with it; the old one is told, and whoever proved it can undo the change for a week.
#[utoipa::path(
    patch, path = "/tenants/{slug}/users/{id}", operation_id = "changeUser", tag = "users",
    params(("slug" = String, Path, description = "The tenant", example = "acme"),
        ("id" = String, Path, description = "The `sub` of their tokens", example = "019a0000-0000-7000-8000-000000000002")),
    request_body(content = UserChanges, example = json!({"disabled": true})),
    responses((status = 200, description = "The person as they are now", body = User, example = json!({
        "id": "019a0000-0000-7000-8000-000000000002", "email": "ann@example.com", "email_verified": true, "name": "Ann",
        "locale": "en", "roles": ["staff"], "disabled": true, "created_at": "2026-11-21T08:00:00.000Z",
        "updated_at": "2026-11-21T09:00:00.000Z", "last_sign_in_at": "2026-11-21T08:05:00.000Z"})))
)]
pub async fn change(
    Within(on): Within,
    AtId(id): AtId<UserKind>,
    Input(changes): Input<UserChanges>,
) -> Result<Json<User>, ApiError> {
    Ok(Json(users::change(&on, id, &changes).await?))
}

/// Erases a person: everything that is kept about them, for good. Their `sub` is never given to anybody else.
#[utoipa::path(
    delete, path = "/tenants/{slug}/users/{id}", operation_id = "deleteUser", tag = "users",
    params(("slug" = String, Path, description = "The tenant", example = "acme"),
        ("id" = String, Path, description = "The `sub` of their tokens", example = "019a0000-0000-7000-8000-000000000002")),
    responses((status = 204, description = "They are erased"))
)]
pub async fn erase(Within(on): Within, AtId(id): AtId<UserKind>) -> Result<StatusCode, ApiError> {
    users::erase(&on, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Takes away a person's authenticator app, recovery codes and passkeys, and ends their sessions.
///
/// For somebody who lost them. Make sure that it is really them who ask: from then on a code by e-mail is
/// enough to set up new ones. They are told at every address they have. Passkeys can be brought back for two
/// weeks.
#[utoipa::path(
    delete, path = "/tenants/{slug}/users/{id}/factors", operation_id = "resetFactors", tag = "users",
    params(("slug" = String, Path, description = "The tenant", example = "acme"),
        ("id" = String, Path, description = "The `sub` of their tokens", example = "019a0000-0000-7000-8000-000000000002")),
    responses((status = 204, description = "They have none any more"))
)]
pub async fn reset_factors(Within(on): Within, AtId(id): AtId<UserKind>) -> Result<StatusCode, ApiError> {
    users::reset_factors(&on, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
