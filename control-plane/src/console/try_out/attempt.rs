//! A try-out under way: what the callback must match, sealed in the browser of the member who began it.

use std::time::Duration;

use polder_crypto::{Category, Keyring, constant_time_eq, sha256};
use polder_kernel::encoding::base64url;
use polder_kernel::{Clock, Entropy, Slug, Timestamp};
use polder_tenant_api::{ApplicationId, NewTryOut};
use serde::{Deserialize, Serialize};

use crate::model::ConsoleSessionId;

/// How long the sign-in may take.
pub const LIFETIME: Duration = Duration::from_secs(900);

const CONTEXT: &str = "cookie.console-try-out";

/// What the callback is checked against.
#[derive(Serialize, Deserialize)]
pub struct Attempt {
    /// The tenant.
    pub slug: Slug,
    /// The application.
    pub application: ApplicationId,
    /// What was asked for, to be offered again.
    pub scope: String,
    /// Bound to the ID token.
    pub nonce: String,
    /// Bound to the code (RFC 7636).
    pub verifier: String,
    session: ConsoleSessionId,
    state: String,
    expires_at: Timestamp,
}

impl Attempt {
    /// A new attempt of this session, with a secret for each bond.
    pub fn new(
        (clock, entropy): (&Clock, &Entropy),
        session: ConsoleSessionId,
        (slug, application): (Slug, ApplicationId),
        scope: String,
    ) -> Self {
        let token = || entropy.token().expose().clone();
        let expires_at = clock.now() + LIFETIME;
        Self { slug, application, scope, nonce: token(), verifier: token(), session, state: token(), expires_at }
    }

    /// The request to push.
    pub fn request(&self, redirect_uri: String, anew: bool) -> NewTryOut {
        NewTryOut {
            redirect_uri,
            scope: self.scope.clone(),
            state: self.state.clone(),
            nonce: self.nonce.clone(),
            code_challenge: base64url(&sha256(self.verifier.as_bytes())),
            anew,
        }
    }

    /// For the cookie.
    ///
    /// # Errors
    /// Never in practice: the values are text.
    pub fn seal(&self, keyring: &Keyring) -> Result<String, serde_json::Error> {
        Ok(keyring.seal(Category::Flow, CONTEXT, &serde_json::to_vec(self)?))
    }

    /// From the cookie: `None` when it is not ours, too old, of another session, or not what this state belongs to.
    pub fn open(
        (keyring, clock): (&Keyring, &Clock),
        cookie: &str,
        (session, state): (ConsoleSessionId, &str),
    ) -> Option<Self> {
        let text = keyring.unseal(Category::Flow, CONTEXT, cookie).ok()?;
        let attempt: Self = serde_json::from_slice(text.expose()).ok()?;
        let same = attempt.session == session && constant_time_eq(attempt.state.as_bytes(), state.as_bytes());
        (same && attempt.expires_at > clock.now()).then_some(attempt)
    }
}
