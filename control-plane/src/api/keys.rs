//! `/tenants/{slug}/keys`, `data-keys` and `seal-key`: custody. No answer holds a private part, and no
//! request brings a key in.

use http::StatusCode;
use polder_service::json::Json;
use polder_tenant_api::{DataKey, Key, Page, RotateDataKeys, RotateKeys, SealKeyInUse};

use super::ApiError;
use super::input::Input;
use super::within::Within;
use crate::administer::{assertion_key, keys};

/// Lists a tenant's signing keys, newest first, those no longer published included.
#[utoipa::path(
    get, path = "/tenants/{slug}/keys", operation_id = "listKeys", tag = "keys",
    params(("slug" = String, Path, description = "The tenant", example = "acme")),
    responses((status = 200, description = "The keys, without their private parts", body = Page<Key>,
        example = json!({"items": [{
        "kid": "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs", "algorithm": "ES256", "state": "active",
        "created_at": "2026-11-21T08:00:00.000Z", "active_from": "2026-11-21T08:00:00.000Z", "retired_at": null,
        "removed_at": null}], "next": null})))
)]
pub async fn list(Within(on): Within) -> Result<Json<Page<Key>>, ApiError> {
    Ok(Json(keys::list(&on).await?))
}

/// Rotates a tenant's signing keys. New ones are published now and sign in ten minutes, when every verifier
/// has had time to learn them; the old ones stay published until their last token has expired. In an
/// `emergency` the old ones are dropped at once with every token they signed, and the new ones sign at once.
#[utoipa::path(
    post, path = "/tenants/{slug}/keys/rotate", operation_id = "rotateKeys", tag = "keys",
    params(("slug" = String, Path, description = "The tenant", example = "acme")),
    request_body(content = RotateKeys, example = json!({"algorithm": "ES256"})),
    responses((status = 200, description = "The keys as they are now", body = Page<Key>, example = json!({"items": [{
        "kid": "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k", "algorithm": "ES256", "state": "next",
        "created_at": "2026-11-21T08:00:00.000Z", "active_from": "2026-11-21T08:10:00.000Z", "retired_at": null,
        "removed_at": null}], "next": null})))
)]
pub async fn rotate(Within(on): Within, Input(wish): Input<RotateKeys>) -> Result<Json<Page<Key>>, ApiError> {
    Ok(Json(keys::rotate(&on, &wish).await?))
}

/// Lists the versions of a tenant's data keys, by category of what they seal.
#[utoipa::path(
    get, path = "/tenants/{slug}/data-keys", operation_id = "listDataKeys", tag = "keys",
    params(("slug" = String, Path, description = "The tenant", example = "acme")),
    responses((status = 200, description = "Categories, versions and dates", body = Page<DataKey>,
        example = json!({"items": [{"category": "identifiers", "version": 1,
        "created_at": "2026-11-21T08:00:00.000Z", "retired_at": null}], "next": null})))
)]
pub async fn list_data(Within(on): Within) -> Result<Json<Page<DataKey>>, ApiError> {
    Ok(Json(keys::list_data(&on).await?))
}

/// Rotates a tenant's data keys. New versions seal at once; what older ones sealed is sealed anew in the
/// background, and a version goes when nothing is under it any more. Keys of keyed hashes do not rotate.
#[utoipa::path(
    post, path = "/tenants/{slug}/data-keys/rotate", operation_id = "rotateDataKeys", tag = "keys",
    params(("slug" = String, Path, description = "The tenant", example = "acme")),
    request_body(content = RotateDataKeys, example = json!({"category": "identifiers"})),
    responses((status = 200, description = "The data keys as they are now", body = Page<DataKey>,
        example = json!({"items": [{"category": "identifiers", "version": 2,
        "created_at": "2026-11-21T08:00:00.000Z", "retired_at": null}], "next": null})))
)]
pub async fn rotate_data(
    Within(on): Within,
    Input(wish): Input<RotateDataKeys>,
) -> Result<Json<Page<DataKey>>, ApiError> {
    Ok(Json(keys::rotate_data(&on, &wish).await?))
}

/// Rotates the key that signs the control plane's word to a tenant. The tenant is started again to learn it;
/// requests that come meanwhile wait.
#[utoipa::path(
    post, path = "/tenants/{slug}/assertion-key/rotate", operation_id = "rotateAssertionKey", tag = "keys",
    params(("slug" = String, Path, description = "The tenant", example = "acme")),
    responses((status = 204, description = "The next key is in use"))
)]
pub async fn rotate_assertion(Within(on): Within) -> Result<StatusCode, ApiError> {
    assertion_key::rotate(&on).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Rotates a tenant's seal key: every data key is wrapped under a new one, and the old one is destroyed. A
/// copy of the data made before opens with the old key alone, which is gone.
#[utoipa::path(
    post, path = "/tenants/{slug}/seal-key/rotate", operation_id = "rotateSealKey", tag = "keys",
    params(("slug" = String, Path, description = "The tenant", example = "acme")),
    responses((status = 200, description = "The name of the new seal key", body = SealKeyInUse,
        example = json!({"id": "mUZ1q0cQm3yH5c4h"})))
)]
pub async fn rotate_seal(Within(on): Within) -> Result<Json<SealKeyInUse>, ApiError> {
    Ok(Json(keys::rotate_seal(&on).await?))
}
