//! Which connections a tenant may cancel: its own.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use super::bytes::Key;

/// The keys of a tenant's open connections, as the server gave them out.
#[derive(Clone, Default)]
pub(super) struct Keys(Arc<Mutex<HashSet<Key>>>);

/// A key that counts for as long as this lives.
pub(super) struct Held {
    keys: Keys,
    key: Key,
}

impl Keys {
    /// Remembers the key of a connection.
    pub(super) fn hold(&self, key: Key) -> Held {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(key);
        Held { keys: self.clone(), key }
    }

    /// Whether the key is that of an open connection here.
    pub(super) fn has(&self, key: &Key) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).contains(key)
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.keys.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.key);
    }
}
