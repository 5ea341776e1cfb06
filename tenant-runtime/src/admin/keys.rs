//! `/keys`, `/data-keys`, `/seal-key`: custody of the tenant's keys. They are made here and nowhere else:
//! no call brings one in, and none takes a private part out.

use std::sync::Arc;

use axum::extract::State;
use polder_crypto::{Algorithm, Category};
use polder_service::Problem;
use polder_service::json::Json;
use polder_tenant_api::{DataKey, Key, KeyAlgorithm, KeyState, Page, RotateDataKeys, RotateKeys, SealKeyInUse};

use super::{Caller, input};
use crate::App;
use crate::error::ProblemError;
use crate::keys::{By, data, schedule, seal, signing};
use crate::store::signing_keys::StoredKey;
use crate::store::{data_keys, signing_keys};

/// Keys that a list shows at most: eight years of the usual schedule.
const SHOWN: i64 = 100;

/// `GET /keys`: newest first, those that left the JWKS included.
pub async fn list(State(app): State<Arc<App>>, _: Caller) -> Result<Json<Page<Key>>, ProblemError> {
    Ok(Json(page(&app).await?))
}

/// `POST /keys/rotate`: new keys are published and sign in a while; in an emergency they sign at once and
/// the old ones are gone.
pub async fn rotate(
    State(app): State<Arc<App>>,
    caller: Caller,
    Json(wish): Json<RotateKeys>,
) -> Result<Json<Page<Key>>, ProblemError> {
    let algorithms = wish.algorithm.map_or_else(|| Algorithm::ALL.to_vec(), |one| vec![from_wire(one)]);
    let by = By::Caller(caller);
    // In a task of its own: a caller that goes away leaves no key half dropped.
    let unit = Arc::clone(&app);
    let rotated = tokio::spawn(async move {
        if wish.emergency {
            signing::drop_at_once(&unit, &algorithms, &by).await
        } else {
            signing::rotate(&unit, &algorithms, &by).await
        }
    });
    rotated.await.map_err(|error| Problem::internal(&error))??;
    Ok(Json(page(&app).await?))
}

/// `GET /data-keys`: by category and version.
pub async fn list_data(State(app): State<Arc<App>>, _: Caller) -> Result<Json<Page<DataKey>>, ProblemError> {
    Ok(Json(data_page(&app).await?))
}

/// `POST /data-keys/rotate`: new versions seal at once; what older ones sealed is resealed in the background.
pub async fn rotate_data(
    State(app): State<Arc<App>>,
    caller: Caller,
    Json(wish): Json<RotateDataKeys>,
) -> Result<Json<Page<DataKey>>, ProblemError> {
    let categories = match wish.category.as_deref().map(str::parse) {
        None => Category::ALL.to_vec(),
        Some(Ok(Category::Index)) => {
            return Err(input::invalid("index never rotates: stored hashes could not be found"));
        }
        Some(Ok(category)) => vec![category],
        Some(Err(_)) => return Err(input::invalid("this is no category of sealed data")),
    };
    let (unit, by) = (Arc::clone(&app), By::Caller(caller));
    let rotated = tokio::spawn(async move { data::rotate(&unit, &categories, &by).await });
    rotated.await.map_err(|error| Problem::internal(&error))??;
    Ok(Json(data_page(&app).await?))
}

/// `GET /seal-key`: which one is in use.
pub async fn seal_key(State(app): State<Arc<App>>, _: Caller) -> Json<SealKeyInUse> {
    Json(SealKeyInUse { id: app.seal.current().id() })
}

/// `POST /seal-key/rotate`: takes the next seal key into use, which must lie beside the present one's file.
pub async fn rotate_seal_key(State(app): State<Arc<App>>, caller: Caller) -> Result<Json<SealKeyInUse>, ProblemError> {
    let (unit, by) = (Arc::clone(&app), By::Caller(caller));
    let rotated = tokio::spawn(async move { seal::rotate(&unit, &by).await });
    match rotated.await.map_err(|error| Problem::internal(&error))?? {
        Some(id) => Ok(Json(SealKeyInUse { id })),
        None => Err(Problem::conflict("no_next_seal_key", "there is no next seal key beside the one in use").into()),
    }
}

async fn page(app: &App) -> Result<Page<Key>, ProblemError> {
    let now = app.clock.now();
    let stored = signing_keys::all(&mut app.db.read().await?, SHOWN).await?;
    let state = |key: &StoredKey| match (key.removed_at, key.retired_at) {
        (Some(_), _) => KeyState::Removed,
        (None, Some(_)) => KeyState::Retired,
        (None, None) if schedule::signer(&stored, key.algorithm, now).is_some_and(|signer| signer.kid == key.kid) => {
            KeyState::Active
        }
        (None, None) if key.active_from > now => KeyState::Next,
        (None, None) => KeyState::Retired,
    };
    let items = stored.iter().map(|key| Key {
        kid: key.kid.clone(),
        algorithm: to_wire(key.algorithm),
        state: state(key),
        created_at: key.created_at.rfc3339(),
        active_from: key.active_from.rfc3339(),
        retired_at: key.retired_at.map(|at| at.rfc3339()),
        removed_at: key.removed_at.map(|at| at.rfc3339()),
    });
    Ok(Page { items: items.collect(), next: None })
}

async fn data_page(app: &App) -> Result<Page<DataKey>, ProblemError> {
    let stored = data_keys::stored(&mut app.db.read().await?).await?;
    let items = stored.into_iter().map(|row| DataKey {
        category: row.key.category.as_str().to_owned(),
        version: row.key.version,
        created_at: row.created_at.rfc3339(),
        retired_at: row.retired_at.map(|at| at.rfc3339()),
    });
    Ok(Page { items: items.collect(), next: None })
}

const fn from_wire(algorithm: KeyAlgorithm) -> Algorithm {
    match algorithm {
        KeyAlgorithm::Es256 => Algorithm::Es256,
        KeyAlgorithm::Rs256 => Algorithm::Rs256,
        KeyAlgorithm::EdDsa => Algorithm::EdDsa,
    }
}

const fn to_wire(algorithm: Algorithm) -> KeyAlgorithm {
    match algorithm {
        Algorithm::Es256 => KeyAlgorithm::Es256,
        Algorithm::Rs256 => KeyAlgorithm::Rs256,
        Algorithm::EdDsa => KeyAlgorithm::EdDsa,
    }
}
