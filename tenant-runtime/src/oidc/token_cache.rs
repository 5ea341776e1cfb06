//! Tokens of our own whose signature was checked before, by the hash of their text.
//!
//! Checking a signature costs more than making one. Only what never changes is kept: the claims.
//! Whether the token still stands is asked of the database each time ([`super::standing`]), and what
//! another set of keys verified counts for nothing: a key may have been dropped since (A06).

use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, PoisonError};

use lru::LruCache;
use polder_protocol::claims::AccessToken;

/// How many tokens are remembered: about 1 KB each.
const CAPACITY: NonZeroUsize = NonZeroUsize::new(4096).expect("not zero");

/// Claims of access tokens, by the SHA-256 of the token.
pub struct TokenCache(Mutex<LruCache<[u8; 32], Checked>>);

struct Checked {
    /// The set of keys it was checked with ([`super::keys::KeySet::generation`]).
    keys: u64,
    claims: Arc<AccessToken<'static>>,
}

impl Default for TokenCache {
    fn default() -> Self {
        Self(Mutex::new(LruCache::new(CAPACITY)))
    }
}

impl TokenCache {
    /// The claims, if this very token was checked before with these keys.
    pub fn get(&self, hash: &[u8; 32], keys: u64) -> Option<Arc<AccessToken<'static>>> {
        let mut checked = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        checked.get(hash).filter(|checked| checked.keys == keys).map(|checked| Arc::clone(&checked.claims))
    }

    /// Remembers a token checked with these keys.
    pub fn put(&self, hash: [u8; 32], keys: u64, claims: Arc<AccessToken<'static>>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).put(hash, Checked { keys, claims });
    }
}
