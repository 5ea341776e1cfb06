//! The tenant's signing keys: loaded at each start, made at the first. RSA follows in the background.

use std::sync::Arc;

use polder_audit::{Actor, Event};
use polder_crypto::{Algorithm, Category, Jwks, Keyring, SigningKey};
use polder_db::Db;
use polder_kernel::{Clock, Entropy, Secret, Timestamp};

use crate::App;
use crate::error::Internal;
use crate::oidc::keys::{KeySet, Keys};
use crate::store;
use crate::store::signing_keys::StoredKey;

/// What is made at once: together under a millisecond.
const AT_ONCE: [Algorithm; 2] = [Algorithm::Es256, Algorithm::EdDsa];

/// Loads the keys, making ES256 and EdDSA where they are missing.
///
/// # Errors
/// When the database fails or a stored key does not open.
pub async fn signing_keys(db: &Db, keyring: &Keyring, clock: &Clock, entropy: &Entropy) -> Result<Keys, Internal> {
    let mut stored = listed(db).await?;
    let missing = |algorithm: &Algorithm| !stored.iter().any(|key| key.algorithm == *algorithm);
    let to_make: Vec<Algorithm> = AT_ONCE.into_iter().filter(missing).collect();
    if !to_make.is_empty() {
        for algorithm in to_make {
            let key = make(algorithm, keyring, entropy, clock.now())?;
            add(db, key, clock.now()).await?;
        }
        stored = listed(db).await?;
    }
    Ok(Keys::new(key_set(&stored, keyring, clock.now())?))
}

/// Makes the RSA key in the background, if it is missing. Whoever needs it waits for it.
pub fn complete_keys(app: &Arc<App>) {
    if app.keys.current().complete {
        return;
    }
    let app = app.clone();
    tokio::spawn(async move {
        if let Err(error) = make_rsa(&app).await {
            tracing::error!(%error, "the RSA key could not be made");
        }
    });
}

async fn make_rsa(app: &App) -> Result<(), Internal> {
    let (keyring, entropy, now) = (app.keyring.clone(), app.entropy.clone(), app.clock.now());
    let made = tokio::task::spawn_blocking(move || make(Algorithm::Rs256, &keyring, &entropy, now)).await;
    let key = made.map_err(|_| Internal::NotReady("the RSA key could not be made"))??;
    add(&app.db, key, app.clock.now()).await?;
    app.keys.replace(key_set(&listed(&app.db).await?, &app.keyring, app.clock.now())?);
    Ok(())
}

async fn listed(db: &Db) -> Result<Vec<StoredKey>, Internal> {
    Ok(store::signing_keys::listed(&mut db.read().await?).await?)
}

fn make(algorithm: Algorithm, keyring: &Keyring, entropy: &Entropy, now: Timestamp) -> Result<StoredKey, Internal> {
    let (key, private) = SigningKey::generate(algorithm, entropy)?;
    Ok(sealed(&key, &private, keyring, now))
}

/// A key as it is stored, able to sign from `now`.
pub fn sealed(key: &SigningKey, private: &Secret<Vec<u8>>, keyring: &Keyring, now: Timestamp) -> StoredKey {
    let private_sealed = keyring.seal(Category::SigningKeys, &context(key.kid()), private.expose());
    StoredKey {
        kid: key.kid().to_owned(),
        algorithm: key.algorithm(),
        public_jwk: key.public_jwk().clone(),
        private_sealed,
        active_from: now,
        retired_at: None,
    }
}

/// Stores a key.
///
/// # Errors
/// When the database fails.
pub async fn add(db: &Db, key: StoredKey, now: Timestamp) -> Result<(), Internal> {
    let public = serde_json::to_string(&key.public_jwk)?;
    db.write(move |tx| {
        Box::pin(async move {
            store::signing_keys::add(tx, &key, &public, now).await?;
            let details = serde_json::json!({ "kid": key.kid, "algorithm": key.algorithm.as_str() });
            polder_audit::record(tx, Event::new("key.created", Actor::system("keys")).details(details));
            Ok::<_, Internal>(())
        })
    })
    .await
}

fn key_set(stored: &[StoredKey], keyring: &Keyring, now: Timestamp) -> Result<KeySet, Internal> {
    let mut signers = Vec::new();
    for key in stored.iter().filter(|key| key.retired_at.is_none() && key.active_from <= now) {
        let private = keyring.unseal(Category::SigningKeys, &context(&key.kid), &key.private_sealed)?;
        signers.push(Arc::new(SigningKey::from_pkcs8(key.algorithm, private.expose())?));
    }
    let listed = Jwks { keys: stored.iter().map(|key| key.public_jwk.clone()).collect() };
    KeySet::new(signers, &listed)
}

fn context(kid: &str) -> String {
    format!("signing_key.private_sealed:{kid}")
}
