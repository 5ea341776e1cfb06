//! A sign-in that has begun: what the callback must match, sealed in the browser that began it.

use polder_crypto::{Category, Keyring};
use polder_kernel::{Clock, Entropy, Timestamp};
use serde::{Deserialize, Serialize};

use crate::model::Side;

/// How long a person may take at the identity provider, in seconds.
const LIFETIME: std::time::Duration = std::time::Duration::from_secs(1800);

/// What the callback is checked against.
#[derive(Debug, Serialize, Deserialize)]
pub struct Attempt {
    /// Bound to the request (RFC 6749, 10.12).
    pub state: String,
    /// Bound to the ID token.
    pub nonce: String,
    /// Bound to the code (RFC 7636).
    pub verifier: String,
    expires_at: Timestamp,
}

impl Attempt {
    /// A new attempt, with a secret for each bond.
    pub fn new(clock: &Clock, entropy: &Entropy) -> Self {
        let token = || entropy.token().expose().clone();
        Self { state: token(), nonce: token(), verifier: token(), expires_at: clock.now() + LIFETIME }
    }

    /// For the cookie.
    ///
    /// # Errors
    /// Never in practice: the values are text.
    pub fn seal(&self, keys: &Keyring, side: Side) -> Result<String, serde_json::Error> {
        Ok(keys.seal(Category::Flow, &format!("cookie.attempt:{side}"), &serde_json::to_vec(self)?))
    }

    /// From the cookie: `None` when it is not ours, of the other side, or too old.
    pub fn open(keys: &Keyring, side: Side, cookie: &str, clock: &Clock) -> Option<Self> {
        let text = keys.unseal(Category::Flow, &format!("cookie.attempt:{side}"), cookie).ok()?;
        let attempt: Self = serde_json::from_slice(text.expose()).ok()?;
        (attempt.expires_at > clock.now()).then_some(attempt)
    }
}
