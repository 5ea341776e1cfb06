//! What somebody kept of a log elsewhere: its key, and a checkpoint from before.

use polder_crypto::{Jwk, Jwks};
use serde::Deserialize;

use crate::chain::Hash;
use crate::checkpoint::{Checkpoint, CheckpointKey, Claims};

/// A key, a checkpoint, or both, as they were kept.
#[derive(Clone, Debug, Default)]
pub struct Kept {
    /// The public key of the log.
    pub key: Option<Jwk>,
    /// The signature of a checkpoint, which holds all that it says.
    pub signature: Option<String>,
}

/// Text that is nothing that can be kept.
#[derive(Debug, thiserror::Error)]
#[error("neither a public key of an audit log nor a checkpoint")]
pub struct NotKept;

#[derive(Deserialize)]
#[serde(untagged)]
enum Shape {
    Keys(Jwks),
    Key(Jwk),
    Checkpoint { signature: String, key: Option<Jwk> },
}

impl Kept {
    /// Reads a JWK, a JWK set with one key, or a checkpoint as the API gives it.
    ///
    /// # Errors
    /// [`NotKept`], also for a key whose `kid` is not its thumbprint.
    pub fn parse(text: &str) -> Result<Self, NotKept> {
        let (key, signature) = match serde_json::from_str(text).map_err(|_| NotKept)? {
            Shape::Keys(Jwks { keys }) => match <[Jwk; 1]>::try_from(keys) {
                Ok([key]) => (Some(key), None),
                Err(_) => return Err(NotKept),
            },
            Shape::Key(key) => (Some(key), None),
            Shape::Checkpoint { signature, key } => (key, Some(signature)),
        };
        if key.as_ref().is_some_and(|key| !is_named(key)) {
            return Err(NotKept);
        }
        Ok(Self { key, signature })
    }
}

/// Whether a key bears its thumbprint as its name.
pub(super) fn is_named(key: &Jwk) -> bool {
    key.kid == key.key.thumbprint()
}

/// What a kept checkpoint says, once its signature was verified.
#[derive(Clone, Copy, Debug)]
pub(super) struct Said {
    pub(super) seq: i64,
    pub(super) hash: Hash,
}

impl Said {
    pub(super) fn by(signature: &str, key: &Jwk) -> Option<Self> {
        let verifier = CheckpointKey::verifier_with(key);
        let Claims { chain, seq, hash, .. } = Checkpoint::said(signature, &verifier)?;
        (chain == crate::CHAIN).then_some(Self { seq, hash: Hash::parse(&hash)? })
    }
}
