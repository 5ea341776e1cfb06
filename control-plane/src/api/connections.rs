//! `/tenants/{slug}/connections`, and people's accounts at outside providers.

use axum::extract::{FromRequestParts, Path};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::LOCATION;
use http::request::Parts;
use polder_service::json::Json;
use polder_tenant_api::connections::{
    ConnectedAccount, ConnectedAccountId, Connection, ConnectionChanges, ConnectionCheck, ConnectionKind, NewConnection,
};
use polder_tenant_api::{Page, UserKind};
use serde::Deserialize;

use super::ApiError;
use super::input::{Input, Listing, Params};
use super::within::{AtId, Within};
use crate::administer::connections::{self, NotConnected, WithWays};

/// The account a path names by `{account_id}`. What is no id names nothing: 404.
pub struct AtAccount(ConnectedAccountId);

#[derive(Deserialize)]
struct Named {
    account_id: String,
}

impl<S: Send + Sync> FromRequestParts<S> for AtAccount {
    type Rejection = ApiError;
    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let named = Path::<Named>::from_request_parts(parts, state).await.ok();
        named.and_then(|Path(named)| named.account_id.parse().ok()).map(Self).ok_or_else(ApiError::not_found)
    }
}

impl From<NotConnected> for ApiError {
    fn from(error: NotConnected) -> Self {
        match error.problem() {
            Ok(problem) => problem.into(),
            Err(refused) => refused.into(),
        }
    }
}

/// Lists a tenant's connections to outside identity providers, newest first. Secrets are never shown.
#[utoipa::path(
    get, path = "/tenants/{slug}/connections", operation_id = "listConnections", tag = "connections",
    params(("slug" = String, Path, description = "The tenant", example = "acme"), Listing),
    responses((status = 200, description = "A page of connections", body = Page<Connection>, example = json!({"items": [{
        "id": "019a0000-0000-7000-8000-000000000003", "provider": "google", "name": "Google",
        "client_id": "1234.apps.googleusercontent.com", "has_secret": true, "configuration": {},
        "redirect_uri": "https://acme.example/signin/callback/019a0000-0000-7000-8000-000000000003",
        "hosts": ["accounts.google.com", "oauth2.googleapis.com", "openidconnect.googleapis.com", "www.googleapis.com"],
        "disabled": false, "created_at": "2026-11-21T08:00:00.000Z", "updated_at": "2026-11-21T08:00:00.000Z"}],
        "next": null})))
)]
pub async fn list(Within(on): Within, Params(listing): Params<Listing>) -> Result<Json<Page<Connection>>, ApiError> {
    Ok(Json(connections::list(&on, &listing.part()?).await?))
}

/// Makes a connection, and lets the tenant reach the provider's hosts.
///
/// Register `redirect_uri` at the provider, exactly as it is answered. Hosts that an OpenID Provider uses
/// beside its issuer's belong into `configuration.hosts`; `check` tells which are missing.
#[utoipa::path(
    post, path = "/tenants/{slug}/connections", operation_id = "createConnection", tag = "connections",
    params(("slug" = String, Path, description = "The tenant", example = "acme")),
    request_body(content = NewConnection, example = json!({"provider": "google",
        "client_id": "1234.apps.googleusercontent.com", "client_secret": "from Google"})),
    responses((status = 201, description = "The connection", body = WithWays,
        headers(("location" = String, description = "Where the connection is")),
        example = json!({"id": "019a0000-0000-7000-8000-000000000003", "provider": "google", "name": "Google",
        "client_id": "1234.apps.googleusercontent.com", "has_secret": true, "configuration": {},
        "redirect_uri": "https://acme.example/signin/callback/019a0000-0000-7000-8000-000000000003",
        "hosts": ["accounts.google.com"], "disabled": false, "created_at": "2026-11-21T08:00:00.000Z",
        "updated_at": "2026-11-21T08:00:00.000Z", "allowed_hosts": ["accounts.google.com"], "refused_hosts": [], "closed_hosts": []})))
)]
pub async fn create(Within(on): Within, Input(new): Input<NewConnection>) -> Result<Response, ApiError> {
    let made = connections::create(&on, &new).await?;
    let location = format!("/api/v1/tenants/{}/connections/{}", on.tenant.slug, made.connection.id);
    Ok((StatusCode::CREATED, [(LOCATION, location)], Json(made)).into_response())
}

/// Shows a connection.
#[utoipa::path(
    get, path = "/tenants/{slug}/connections/{id}", operation_id = "showConnection", tag = "connections",
    params(("slug" = String, Path, description = "The tenant", example = "acme"),
        ("id" = String, Path, description = "The connection", example = "019a0000-0000-7000-8000-000000000003")),
    responses((status = 200, description = "The connection", body = Connection, example = json!({
        "id": "019a0000-0000-7000-8000-000000000003", "provider": "oidc", "name": "Example", "client_id": "acme",
        "has_secret": true, "configuration": {"issuer": "https://id.example.org"},
        "redirect_uri": "https://acme.example/signin/callback/019a0000-0000-7000-8000-000000000003",
        "hosts": ["id.example.org"], "disabled": false, "created_at": "2026-11-21T08:00:00.000Z",
        "updated_at": "2026-11-21T08:00:00.000Z"})))
)]
pub async fn show(Within(on): Within, AtId(id): AtId<ConnectionKind>) -> Result<Json<Connection>, ApiError> {
    Ok(Json(connections::show(&on, id).await?))
}

/// Changes a connection. What is absent stays; `configuration` replaces all of it. Hosts that no connection
/// needs any more cannot be reached any more.
#[utoipa::path(
    patch, path = "/tenants/{slug}/connections/{id}", operation_id = "changeConnection", tag = "connections",
    params(("slug" = String, Path, description = "The tenant", example = "acme"),
        ("id" = String, Path, description = "The connection", example = "019a0000-0000-7000-8000-000000000003")),
    request_body(content = ConnectionChanges, example = json!({"disabled": true})),
    responses((status = 200, description = "The connection as it is now", body = WithWays, example = json!({
        "id": "019a0000-0000-7000-8000-000000000003", "provider": "google", "name": "Google", "client_id": "1234",
        "has_secret": true, "configuration": {},
        "redirect_uri": "https://acme.example/signin/callback/019a0000-0000-7000-8000-000000000003",
        "hosts": ["accounts.google.com"], "disabled": true, "created_at": "2026-11-21T08:00:00.000Z",
        "updated_at": "2026-11-21T09:00:00.000Z", "allowed_hosts": [], "refused_hosts": [], "closed_hosts": []})))
)]
pub async fn change(
    Within(on): Within,
    AtId(id): AtId<ConnectionKind>,
    Input(changes): Input<ConnectionChanges>,
) -> Result<Json<WithWays>, ApiError> {
    Ok(Json(connections::change(&on, id, &changes).await?))
}

/// Removes a connection, with every account that people connected through it, and closes the ways to hosts
/// that no other connection needs. The people stay.
#[utoipa::path(
    delete, path = "/tenants/{slug}/connections/{id}", operation_id = "removeConnection", tag = "connections",
    params(("slug" = String, Path, description = "The tenant", example = "acme"),
        ("id" = String, Path, description = "The connection", example = "019a0000-0000-7000-8000-000000000003")),
    responses((status = 204, description = "It is gone"))
)]
pub async fn remove(Within(on): Within, AtId(id): AtId<ConnectionKind>) -> Result<StatusCode, ApiError> {
    connections::remove(&on, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Tries whether the provider of a connection can be reached and speaks as it should.
#[utoipa::path(
    post, path = "/tenants/{slug}/connections/{id}/check", operation_id = "checkConnection", tag = "connections",
    params(("slug" = String, Path, description = "The tenant", example = "acme"),
        ("id" = String, Path, description = "The connection", example = "019a0000-0000-7000-8000-000000000003")),
    responses((status = 200, description = "Whether it works, and if not why", body = ConnectionCheck,
        example = json!({"works": true, "problem": null, "further_hosts": []})))
)]
pub async fn check(Within(on): Within, AtId(id): AtId<ConnectionKind>) -> Result<Json<ConnectionCheck>, ApiError> {
    Ok(Json(connections::try_out(&on, id).await?))
}

/// Lists a person's accounts at outside providers, in the order they were connected.
#[utoipa::path(
    get, path = "/tenants/{slug}/users/{id}/connected-accounts", operation_id = "listConnectedAccounts",
    tag = "connections",
    params(("slug" = String, Path, description = "The tenant", example = "acme"),
        ("id" = String, Path, description = "The person", example = "019a0000-0000-7000-8000-000000000002")),
    responses((status = 200, description = "The accounts", body = Page<ConnectedAccount>, example = json!({"items": [{
        "id": "019a0000-0000-7000-8000-000000000004", "connection_id": "019a0000-0000-7000-8000-000000000003",
        "account": "ann@gmail.com", "tokens_kept": false, "connected_at": "2026-11-21T08:00:00.000Z",
        "last_used_at": null}], "next": null})))
)]
pub async fn of_user(Within(on): Within, AtId(user): AtId<UserKind>) -> Result<Json<Page<ConnectedAccount>>, ApiError> {
    Ok(Json(connections::of_user(&on, user).await?))
}

/// Disconnects a person's account. They learn of it by mail.
#[utoipa::path(
    delete, path = "/tenants/{slug}/users/{id}/connected-accounts/{account_id}", operation_id = "disconnectAccount",
    tag = "connections",
    params(("slug" = String, Path, description = "The tenant", example = "acme"),
        ("id" = String, Path, description = "The person", example = "019a0000-0000-7000-8000-000000000002"),
        ("account_id" = String, Path, description = "The account", example = "019a0000-0000-7000-8000-000000000004")),
    responses((status = 204, description = "It is disconnected"))
)]
pub async fn disconnect(
    Within(on): Within,
    AtId(user): AtId<UserKind>,
    AtAccount(account): AtAccount,
) -> Result<StatusCode, ApiError> {
    connections::disconnect(&on, user, account).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Trades the tokens that are kept for an account for new ones. Where the provider says that its grant is
/// gone, nothing is kept any more.
#[utoipa::path(
    post, path = "/tenants/{slug}/users/{id}/connected-accounts/{account_id}/refresh",
    operation_id = "refreshConnectedAccount", tag = "connections",
    params(("slug" = String, Path, description = "The tenant", example = "acme"),
        ("id" = String, Path, description = "The person", example = "019a0000-0000-7000-8000-000000000002"),
        ("account_id" = String, Path, description = "The account", example = "019a0000-0000-7000-8000-000000000004")),
    responses((status = 200, description = "The account as it is now", body = ConnectedAccount, example = json!({
        "id": "019a0000-0000-7000-8000-000000000004", "connection_id": "019a0000-0000-7000-8000-000000000003",
        "account": "ann@gmail.com", "tokens_kept": true, "connected_at": "2026-11-21T08:00:00.000Z",
        "last_used_at": null})))
)]
pub async fn refresh(
    Within(on): Within,
    AtId(user): AtId<UserKind>,
    AtAccount(account): AtAccount,
) -> Result<Json<ConnectedAccount>, ApiError> {
    Ok(Json(connections::refresh(&on, user, account).await?))
}
