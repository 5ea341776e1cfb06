//! `/api-keys`: keys of this API.

use std::sync::Arc;

use axum::extract::State;
use http::HeaderName;
use http::StatusCode;
use http::header::LOCATION;
use polder_kernel::Timestamp;
use polder_service::json::Json;
use polder_service::problem::Problem;
use polder_tenant_api::Page;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::input::{Input, Params, part};
use super::members::{USUAL, cursor};
use super::within::AtId;
use super::{ApiError, Caller};
use crate::app::App;
use crate::model::{ApiKeyKind, Networks, Scopes};
use crate::organisation::keys::{self, Changes, Wish};
use crate::store::api_keys::{KeyOrder, Listed, Rights};

/// A key of this API. The key itself is not kept.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ApiKey {
    /// Names it; it is not the key.
    pub id: String,
    /// What its maker calls it.
    pub name: String,
    /// What it may do: an area and `read` or `write`, which includes `read`. The areas are `tenants`, `applications`,
    /// `users`, `keys`, `audit`, `usage`, `members` and `api-keys`.
    pub scopes: Vec<String>,
    /// The addresses and networks it may be used from; empty for everywhere.
    pub addresses: Vec<String>,
    /// When it was made.
    pub created_at: String,
    /// Who made it: the id of a member or of a key, with which it is revoked; `polder` for the installation.
    pub created_by: String,
    /// When it was last used, to the minute; null for never.
    pub last_used_at: Option<String>,
    /// When it ends by itself; null for never.
    pub expires_at: Option<String>,
    /// When it was revoked; null while it was not.
    pub revoked_at: Option<String>,
}

/// A key that was just made, with the key itself.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ApiKeyMade {
    /// About it.
    #[serde(flatten)]
    pub about: ApiKey,
    /// The key: shown this once.
    pub key: String,
}

/// A key to make. It may do no more than the key that makes it, from no more addresses, and no longer.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewApiKey {
    /// What it is called: 1 to 64 characters.
    #[schema(min_length = 1, max_length = 64)]
    pub name: String,
    /// What it may do; at least one.
    pub scopes: Vec<String>,
    /// The addresses and networks it may be used from, 32 at most; none for everywhere.
    #[serde(default)]
    pub addresses: Vec<String>,
    /// In how many days it ends: 90 unless given, 3650 at most, 0 for never.
    #[schema(minimum = 0, maximum = 3650)]
    pub expires_in_days: Option<u32>,
}

/// What is to change of a key. What it becomes may do no more than the key that changes it.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ApiKeyChanges {
    /// What it is called.
    #[schema(min_length = 1, max_length = 64)]
    pub name: Option<String>,
    /// What it may do.
    pub scopes: Option<Vec<String>>,
    /// The addresses and networks it may be used from; an empty list for everywhere.
    pub addresses: Option<Vec<String>>,
    /// In how many days from now it ends; 0 for never.
    #[schema(minimum = 0, maximum = 3650)]
    pub expires_in_days: Option<u32>,
}

impl From<Listed> for ApiKey {
    fn from(key: Listed) -> Self {
        Self {
            id: key.id.to_string(),
            name: key.name,
            scopes: key.rights.scopes.words(),
            addresses: key.rights.addresses.as_ref().map(Networks::words).unwrap_or_default(),
            created_at: key.created_at.rfc3339(),
            created_by: key.created_by,
            last_used_at: key.last_used_at.map(Timestamp::rfc3339),
            expires_at: key.rights.expires_at.map(Timestamp::rfc3339),
            revoked_at: key.revoked_at.map(Timestamp::rfc3339),
        }
    }
}

fn wrong(pointer: String, why: &str) -> ApiError {
    Problem::invalid(Vec::new()).error(pointer, why).into()
}

fn scopes(words: &[String]) -> Result<Scopes, ApiError> {
    Scopes::parse(words.iter().map(String::as_str)).map_err(|at| wrong(format!("/scopes/{at}"), "is no scope"))
}

fn addresses(words: &[String]) -> Result<Option<Networks>, ApiError> {
    let parsed = Networks::parse(words.iter().map(String::as_str));
    parsed.map_err(|at| wrong(format!("/addresses/{at}"), "an address or a network such as 192.0.2.0/24; 32 at most"))
}

fn end(now: Timestamp, days: u32) -> Result<Option<Timestamp>, ApiError> {
    if days > keys::MOST_DAYS {
        return Err(wrong("/expires_in_days".to_owned(), "0 to 3650"));
    }
    Ok(keys::after(now, days))
}

/// Which part of the keys is wanted.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Wanted {
    /// In which order; a `-` turns it round, and unless given it is `-created_at`, the newest first.
    #[param(inline, nullable = false)]
    sort: Option<KeyOrder>,
    /// `next` of the page before, in the same order.
    #[param(nullable = false)]
    cursor: Option<String>,
    /// How many items at most: 1 to 200, 50 unless given.
    #[param(minimum = 1, maximum = 200, default = 50, nullable = false)]
    limit: Option<u32>,
}

/// Lists the keys of your organisation, revoked ones among them.
#[utoipa::path(
    get, path = "/api-keys", operation_id = "listApiKeys", tag = "api-keys", params(Wanted),
    responses((status = 200, description = "A page of keys", body = Page<ApiKey>, example = json!({"items": [{
        "id": "019a0000-0000-7000-8000-000000000004", "name": "Deployments", "scopes": ["tenants:read", "applications:write"],
        "addresses": ["192.0.2.0/24"], "created_at": "2026-11-21T08:00:00.000Z",
        "created_by": "019a0000-0000-7000-8000-000000000005", "last_used_at": null,
        "expires_at": "2027-02-19T08:00:00.000Z", "revoked_at": null}], "next": null})))
)]
pub async fn list(
    State(app): State<Arc<App>>,
    caller: Caller,
    Params(wanted): Params<Wanted>,
) -> Result<Json<Page<ApiKey>>, ApiError> {
    let part = part(wanted.cursor, wanted.limit)?;
    let (seen, limit) = (cursor(part.cursor.as_deref())?, part.limit.unwrap_or(USUAL));
    let (found, more) =
        keys::page(&app, caller.organisation_id, (wanted.sort.unwrap_or_default(), seen), limit).await?;
    let next = found.last().filter(|_| more).map(|last| last.id.to_string());
    Ok(Json(Page { items: found.into_iter().map(ApiKey::from).collect(), next }))
}

/// Makes a key. The answer holds the key, this once.
#[utoipa::path(
    post, path = "/api-keys", operation_id = "createApiKey", tag = "api-keys",
    request_body(content = NewApiKey, example = json!({"name": "Deployments",
        "scopes": ["tenants:read", "applications:write"], "addresses": ["192.0.2.0/24"], "expires_in_days": 90})),
    responses((status = 201, description = "It is made", body = ApiKeyMade,
        headers(("Location" = String, description = "Where it is")),
        example = json!({"id": "019a0000-0000-7000-8000-000000000004", "name": "Deployments",
        "scopes": ["tenants:read", "applications:write"], "addresses": ["192.0.2.0/24"],
        "created_at": "2026-11-21T08:00:00.000Z", "created_by": "019a0000-0000-7000-8000-000000000005",
        "last_used_at": null, "expires_at": "2027-02-19T08:00:00.000Z",
        "revoked_at": null, "key": "polder_4fGh7Jk2Lm9Np3Qr8St5Vw6Xy1Zb0Cd"})))
)]
pub async fn create(
    State(app): State<Arc<App>>,
    caller: Caller,
    Input(new): Input<NewApiKey>,
) -> Result<(StatusCode, [(HeaderName, String); 1], Json<ApiKeyMade>), ApiError> {
    let rights = Rights {
        scopes: scopes(&new.scopes)?,
        addresses: addresses(&new.addresses)?,
        expires_at: end(app.clock.now(), new.expires_in_days.unwrap_or(keys::USUAL_DAYS))?,
    };
    let wish = Wish { name: new.name, rights };
    let (made, key) = keys::create(&app, &caller.by(), wish).await?;
    let at = format!("/api/v1/api-keys/{}", made.id);
    let made = ApiKeyMade { about: made.into(), key: key.expose().clone() };
    Ok((StatusCode::CREATED, [(LOCATION, at)], Json(made)))
}

/// Shows a key; never the key itself.
#[utoipa::path(
    get, path = "/api-keys/{id}", operation_id = "showApiKey", tag = "api-keys",
    params(("id" = String, Path, description = "The key's id", example = "019a0000-0000-7000-8000-000000000004")),
    responses((status = 200, description = "The key", body = ApiKey, example = json!({
        "id": "019a0000-0000-7000-8000-000000000004", "name": "Deployments", "scopes": ["tenants:read", "applications:write"],
        "addresses": [], "created_at": "2026-11-21T08:00:00.000Z", "created_by": "019a0000-0000-7000-8000-000000000005",
        "last_used_at": null, "expires_at": null, "revoked_at": null})))
)]
pub async fn show(
    State(app): State<Arc<App>>,
    caller: Caller,
    AtId(id): AtId<ApiKeyKind>,
) -> Result<Json<ApiKey>, ApiError> {
    Ok(Json(keys::show(&app, caller.organisation_id, id).await?.into()))
}

/// Changes a key: its name, what it may do, from where, and until when. One that ended by itself stays as it is.
#[utoipa::path(
    patch, path = "/api-keys/{id}", operation_id = "changeApiKey", tag = "api-keys",
    params(("id" = String, Path, description = "The key's id", example = "019a0000-0000-7000-8000-000000000004")),
    request_body(content = ApiKeyChanges, example = json!({"scopes": ["tenants:read"]})),
    responses((status = 200, description = "The key as it is now", body = ApiKey, example = json!({
        "id": "019a0000-0000-7000-8000-000000000004", "name": "Deployments", "scopes": ["tenants:read"],
        "addresses": [], "created_at": "2026-11-21T08:00:00.000Z", "created_by": "019a0000-0000-7000-8000-000000000005",
        "last_used_at": null, "expires_at": null, "revoked_at": null})))
)]
pub async fn change(
    State(app): State<Arc<App>>,
    caller: Caller,
    AtId(id): AtId<ApiKeyKind>,
    Input(changes): Input<ApiKeyChanges>,
) -> Result<Json<ApiKey>, ApiError> {
    let ApiKeyChanges { name, scopes: words, addresses: networks, expires_in_days } = changes;
    let changes = Changes {
        name,
        scopes: words.map(|words| scopes(&words)).transpose()?,
        addresses: networks.map(|words| addresses(&words)).transpose()?,
        expires_at: expires_in_days.map(|days| end(app.clock.now(), days)).transpose()?,
    };
    Ok(Json(keys::change(&app, &caller.by(), id, changes).await?.into()))
}

/// Revokes a key, and the keys that it made. Whoever uses one is refused from the next request on.
#[utoipa::path(
    delete, path = "/api-keys/{id}", operation_id = "revokeApiKey", tag = "api-keys",
    params(("id" = String, Path, description = "The key's id", example = "019a0000-0000-7000-8000-000000000004")),
    responses((status = 204, description = "It is revoked"))
)]
pub async fn revoke(
    State(app): State<Arc<App>>,
    caller: Caller,
    AtId(id): AtId<ApiKeyKind>,
) -> Result<StatusCode, ApiError> {
    keys::revoke(&app, &caller.by(), id).await?;
    Ok(StatusCode::NO_CONTENT)
}
