//! Signing keys: made, published, used, retired and removed (A06). `schedule` says what is due; here it
//! is done, one transaction per step, and the keys in memory follow once it is durable.

use std::cmp::Reverse;
use std::sync::Arc;

use polder_crypto::{Algorithm, Category, Jwks, Keyring, SigningKey};
use polder_db::{Db, Tx};
use polder_kernel::{Clock, Entropy, Secret, Timestamp};
use serde_json::json;

use super::schedule::{self, Step};
use super::{By, Schedule};
use crate::App;
use crate::error::Internal;
use crate::oidc::keys::{KeySet, Keys};
use crate::oidc::opaque;
use crate::store::signing_keys::{self as store, StoredKey};

/// What is made before the first request: together under a millisecond. RSA follows.
const AT_ONCE: [Algorithm; 2] = [Algorithm::Es256, Algorithm::EdDsa];

/// Loads the keys, making ES256 and EdDSA where there is none that signs.
///
/// # Errors
/// When the database fails or a stored key does not open.
pub async fn load(db: &Db, keyring: &Keyring, (clock, entropy): (&Clock, &Entropy)) -> Result<Keys, Internal> {
    let now = clock.now();
    let mut stored = listed(db).await?;
    for algorithm in AT_ONCE {
        if schedule::signer(&stored, algorithm, now).is_none() {
            let (key, private) = SigningKey::generate(algorithm, entropy)?;
            let key = sealed(&key, &private, keyring, now);
            stored.insert(0, key.clone());
            add(db, key).await?;
        }
    }
    Ok(Keys::new(key_set(&stored, keyring, now)?))
}

/// Does whatever is due: publishes, retires, removes. Steps that were done before a crash are not done
/// again, those that were not are.
///
/// # Errors
/// When the database fails or a key cannot be made; what was not done is still due.
pub async fn round(app: &App) -> Result<(), Internal> {
    let custody = app.custody.lock().await;
    while step(app).await? {}
    drop(custody);
    Ok(())
}

/// Does one step, if one is due. The caller holds `app.custody`, or is alone.
///
/// # Errors
/// As [`round`].
pub async fn step(app: &App) -> Result<bool, Internal> {
    let stored = listed(&app.db).await?;
    let now = app.clock.now();
    let Some(due) = schedule::next(&stored, now, &app.rotation) else {
        app.keys.replace(key_set(&stored, &app.keyring, now)?);
        return Ok(false);
    };
    match due {
        Step::Publish(algorithm, active_from) => {
            add(&app.db, StoredKey { active_from, ..make(app, algorithm).await? }).await?;
        }
        Step::Retire(kid) => {
            write(app, move |tx| Box::pin(async move { retire(tx, &kid, now).await })).await?;
        }
        Step::Remove(kid) => {
            write(app, move |tx| Box::pin(async move { remove(tx, &kid, ("key.removed", &By::Schedule), now).await }))
                .await?;
        }
    }
    show(app).await?;
    Ok(true)
}

/// Publishes new keys that will sign once every verifier had time to learn them; until then the present
/// ones sign. Asked again meanwhile, it changes nothing.
///
/// # Errors
/// When the database fails or a key cannot be made.
pub async fn rotate(app: &App, algorithms: &[Algorithm], by: &By) -> Result<(), Internal> {
    let custody = app.custody.lock().await;
    for algorithm in algorithms {
        let (stored, now) = (listed(&app.db).await?, app.clock.now());
        let by = by.clone();
        let ahead = app.rotation.at_least_ahead;
        if let Some(waiting) = schedule::waiting(&stored, *algorithm, now) {
            let (kid, soonest) = (waiting.kid.clone(), now.max(waiting.created_at + ahead));
            write(app, move |tx| {
                Box::pin(async move {
                    if store::bring_forward(tx, &kid, soonest).await? {
                        let details = json!({ "kid": kid, "active_from": soonest.rfc3339() });
                        polder_audit::record(tx, by.event("key.brought_forward").details(details));
                    }
                    Ok(())
                })
            })
            .await?;
        } else {
            let made = make(app, *algorithm).await?;
            let key = StoredKey { active_from: app.clock.now() + ahead, ..made };
            write(app, move |tx| Box::pin(async move { insert(tx, &key, &by).await })).await?;
        }
        show(app).await?;
    }
    drop(custody);
    Ok(())
}

/// Drops every listed key of these algorithms at once and lets new ones sign: what the old ones signed is
/// refused from now on. The waiting and the retired ones go too: whoever took the active one out of the
/// database had them as well.
///
/// # Errors
/// When the database fails or a key cannot be made; then nothing was dropped.
pub async fn drop_at_once(app: &App, algorithms: &[Algorithm], by: &By) -> Result<(), Internal> {
    let custody = app.custody.lock().await;
    let mut made = Vec::new();
    for algorithm in algorithms {
        made.push(make(app, *algorithm).await?);
    }
    let (now, by) = (app.clock.now(), by.clone());
    let dropped: Vec<String> = listed(&app.db)
        .await?
        .into_iter()
        .filter(|key| algorithms.contains(&key.algorithm))
        .map(|key| key.kid)
        .collect();
    write(app, move |tx| {
        Box::pin(async move {
            for kid in &dropped {
                remove(tx, kid, ("key.dropped", &by), now).await?;
            }
            for key in &made {
                insert(tx, key, &by).await?;
            }
            Ok(())
        })
    })
    .await?;
    show(app).await?;
    drop(custody);
    Ok(())
}

/// A key as it is stored, able to sign from `now`.
pub fn sealed(key: &SigningKey, private: &Secret<Vec<u8>>, keyring: &Keyring, now: Timestamp) -> StoredKey {
    let private_sealed = keyring.seal(Category::SigningKeys, &context(key.kid()), private.expose());
    StoredKey {
        kid: key.kid().to_owned(),
        algorithm: key.algorithm(),
        public_jwk: key.public_jwk().clone(),
        private_sealed,
        created_at: now,
        active_from: now,
        retired_at: None,
        removed_at: None,
    }
}

/// Stores a key that the schedule asked for.
///
/// # Errors
/// When the database fails.
pub async fn add(db: &Db, key: StoredKey) -> Result<(), Internal> {
    db.write(move |tx| Box::pin(async move { insert(tx, &key, &By::Schedule).await })).await
}

/// RSA takes tenths of a second: no request waits on this thread.
async fn make(app: &App, algorithm: Algorithm) -> Result<StoredKey, Internal> {
    let (keyring, entropy, clock) = (app.keyring.clone(), app.entropy.clone(), app.clock.clone());
    let made = tokio::task::spawn_blocking(move || {
        let (key, private) = SigningKey::generate(algorithm, &entropy)?;
        Ok::<_, Internal>(sealed(&key, &private, &keyring, clock.now()))
    });
    made.await.map_err(|_| Internal::NotReady("a signing key could not be made"))?
}

async fn insert(tx: &mut Tx, key: &StoredKey, by: &By) -> Result<(), Internal> {
    store::add(tx, key, &serde_json::to_string(&key.public_jwk)?).await?;
    let details = json!({
        "kid": key.kid, "algorithm": key.algorithm.as_str(), "active_from": key.active_from.rfc3339()
    });
    polder_audit::record(tx, by.event("key.created").details(details));
    Ok(())
}

async fn retire(tx: &mut Tx, kid: &str, now: Timestamp) -> Result<(), Internal> {
    if store::retire(tx, kid, now).await? {
        polder_audit::record(tx, By::Schedule.event("key.retired").details(json!({ "kid": kid })));
    }
    Ok(())
}

async fn remove(tx: &mut Tx, kid: &str, (action, by): (&'static str, &By), now: Timestamp) -> Result<(), Internal> {
    if store::remove(tx, kid, now).await? {
        polder_audit::record(tx, by.event(action).details(json!({ "kid": kid })));
    }
    Ok(())
}

/// Brings the keys in memory to what is stored: signers, JWKS and verifier in one exchange.
async fn show(app: &App) -> Result<(), Internal> {
    app.keys.replace(key_set(&listed(&app.db).await?, &app.keyring, app.clock.now())?);
    Ok(())
}

async fn write<F>(app: &App, work: F) -> Result<(), Internal>
where
    F: for<'t> FnOnce(&'t mut Tx) -> futures_util::future::BoxFuture<'t, Result<(), Internal>> + Send + 'static,
{
    app.db.write(work).await
}

async fn listed(db: &Db) -> Result<Vec<StoredKey>, Internal> {
    Ok(store::listed(&mut db.read().await?).await?)
}

fn key_set(stored: &[StoredKey], keyring: &Keyring, now: Timestamp) -> Result<KeySet, Internal> {
    let mut signers = Vec::new();
    for key in Algorithm::ALL.into_iter().filter_map(|algorithm| schedule::signer(stored, algorithm, now)) {
        let private = keyring.unseal(Category::SigningKeys, &context(&key.kid), &key.private_sealed)?;
        signers.push(Arc::new(SigningKey::from_pkcs8(key.algorithm, private.expose())?));
    }
    // Signers first: some verifiers take the first key of an algorithm without looking at the kid.
    let mut listed: Vec<&StoredKey> = stored.iter().collect();
    listed.sort_by_key(|key| {
        let waits = !signers.iter().any(|signer| signer.kid() == key.kid);
        (waits, key.algorithm, Reverse(key.active_from), key.kid.clone())
    });
    KeySet::new(signers, &Jwks { keys: listed.into_iter().map(|key| key.public_jwk.clone()).collect() })
}

fn context(kid: &str) -> String {
    format!("signing_key.private_sealed:{kid}")
}

/// The usual times of this tenant's rotations.
pub fn usual(lifetimes: &crate::settings::Lifetimes) -> Schedule {
    Schedule::usual(lifetimes.id_token.max(opaque::LONGEST))
}
