//! The tenant's signing keys in memory, and the JWKS as bytes.
//!
//! ES256 and EdDSA exist when the program answers its first request; RSA-3072 takes tenths of a
//! second to make and follows. Whoever needs it waits ([`Keys::signer`]); until then the JWKS must
//! not be kept by anyone ([`KeySet::complete`]).

use std::sync::Arc;

use bytes::Bytes;
use http::HeaderValue;
use polder_crypto::{Algorithm, Jwks, SigningKey, Verifier};
use tokio::sync::watch;

use super::documents::etag;
use crate::error::Internal;

/// The keys, as they change: RSA arrives, keys rotate.
pub struct Keys(watch::Sender<Arc<KeySet>>);

/// The keys at one moment: signers, JWKS and verifier change together or not at all.
pub struct KeySet {
    /// Counts the sets of this process: what was verified with another set is verified again.
    pub generation: u64,
    signers: Vec<Arc<SigningKey>>,
    /// The JWKS document.
    pub jwks: Bytes,
    /// The document's entity tag.
    pub etag: HeaderValue,
    /// Checks signatures of ours, also by keys that sign no more but are not yet removed.
    pub verifier: Verifier,
    /// Whether every algorithm has its key.
    pub complete: bool,
}

impl KeySet {
    /// Keys that sign (newest first of each algorithm counts) and all public keys still listed.
    ///
    /// # Errors
    /// When the JWKS does not become JSON.
    pub fn new(signers: Vec<Arc<SigningKey>>, listed: &Jwks) -> Result<Self, Internal> {
        let complete = Algorithm::ALL.iter().all(|a| signers.iter().any(|k| k.algorithm() == *a));
        let jwks: Bytes = serde_json::to_vec(listed)?.into();
        Ok(Self { generation: 0, signers, etag: etag(&jwks), jwks, verifier: Verifier::new(listed), complete })
    }

    /// Whether signers and published keys are the same.
    pub fn is_same(&self, other: &Self) -> bool {
        let kids = |set: &Self| set.signers.iter().map(|key| key.kid().to_owned()).collect::<Vec<_>>();
        self.jwks == other.jwks && kids(self) == kids(other)
    }

    /// The key that signs with `algorithm` now.
    pub fn signer(&self, algorithm: Algorithm) -> Option<&Arc<SigningKey>> {
        self.signers.iter().find(|key| key.algorithm() == algorithm)
    }
}

impl Keys {
    /// Starts with these keys.
    pub fn new(set: KeySet) -> Self {
        Self(watch::Sender::new(Arc::new(set)))
    }

    /// The keys now.
    pub fn current(&self) -> Arc<KeySet> {
        self.0.borrow().clone()
    }

    /// Whether every algorithm has its key.
    pub fn are_complete(&self) -> bool {
        self.0.borrow().complete
    }

    /// Replaces the keys, all at once. Does nothing where they are the same.
    pub fn replace(&self, mut set: KeySet) {
        self.0.send_if_modified(|current| {
            let changed = !current.is_same(&set);
            if changed {
                set.generation = current.generation + 1;
                *current = Arc::new(set);
            }
            changed
        });
    }

    /// The key that signs with `algorithm`, waiting for it if it is still being made.
    ///
    /// # Errors
    /// When the program ends meanwhile.
    pub async fn signer(&self, algorithm: Algorithm) -> Result<Arc<SigningKey>, Internal> {
        if let Some(key) = self.0.borrow().signer(algorithm) {
            return Ok(key.clone());
        }
        let mut changes = self.0.subscribe();
        let set = changes.wait_for(|set| set.signer(algorithm).is_some()).await;
        let key = set.ok().and_then(|set| set.signer(algorithm).cloned());
        key.ok_or(Internal::NotReady("the signing key is not ready"))
    }
}
