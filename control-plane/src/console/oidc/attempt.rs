//! A sign-in that has begun: what the callback must match, sealed in the browser that began it.

use std::time::Duration;

use polder_crypto::{Category, Keyring};
use polder_kernel::{Clock, Entropy, Timestamp};
use serde::{Deserialize, Serialize};

use crate::model::InvitationId;

/// How long a person may take.
pub const LIFETIME: Duration = Duration::from_secs(1800);

const CONTEXT: &str = "cookie.console-attempt";

/// What the callback is checked against.
#[derive(Serialize, Deserialize)]
pub struct Attempt {
    /// Bound to the request (RFC 6749, 10.12).
    pub state: String,
    /// Bound to the ID token.
    pub nonce: String,
    /// Bound to the code (RFC 7636).
    pub verifier: String,
    /// Path on this origin to go on at.
    pub to: String,
    /// What it is for besides signing in, if anything.
    #[serde(default)]
    pub claim: Option<Claim>,
    expires_at: Timestamp,
}

/// What somebody signs in for whose link was followed in this very browser: nothing else is used up. Whoever else
/// knows a link makes nobody a member, or owner, by another's sign-in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Claim {
    /// To accept this invitation.
    Invitation(InvitationId),
    /// To have the organisation that this link is for, by the keyed hash of its token.
    SignUp(String),
}

impl Attempt {
    /// A new attempt, with a secret for each bond.
    pub fn new(clock: &Clock, entropy: &Entropy, (to, claim): (String, Option<Claim>)) -> Self {
        let token = || entropy.token().expose().clone();
        Self { state: token(), nonce: token(), verifier: token(), to, claim, expires_at: clock.now() + LIFETIME }
    }

    /// For the cookie.
    ///
    /// # Errors
    /// Never in practice: the values are text.
    pub fn seal(&self, keyring: &Keyring) -> Result<String, serde_json::Error> {
        Ok(keyring.seal(Category::Flow, CONTEXT, &serde_json::to_vec(self)?))
    }

    /// From the cookie: `None` when it is not ours or too old.
    pub fn open(keyring: &Keyring, cookie: &str, clock: &Clock) -> Option<Self> {
        let text = keyring.unseal(Category::Flow, CONTEXT, cookie).ok()?;
        let attempt: Self = serde_json::from_slice(text.expose()).ok()?;
        (attempt.expires_at > clock.now()).then_some(attempt)
    }
}
