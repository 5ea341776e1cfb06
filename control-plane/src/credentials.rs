//! What the control plane gives out once and keeps only as a keyed hash.

use polder_crypto::Keyring;
use polder_kernel::{Entropy, Secret};

/// A new key of the public API: 256 bits, with a beginning by which scanners recognise a leaked one.
pub fn new_api_key(entropy: &Entropy) -> Secret<String> {
    Secret::new(format!("polder_{}", entropy.token().expose()))
}

/// How a key of the public API is stored and found.
pub fn hash_api_key(keyring: &Keyring, key: &str) -> String {
    keyring.index("api-key", key.as_bytes())
}

/// How an invitation's token is stored and found.
pub fn hash_invitation(keyring: &Keyring, token: &str) -> String {
    keyring.index("invitation", token.as_bytes())
}
