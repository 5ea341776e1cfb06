//! A sign-in that was handed to a provider: what its answer must match, sealed in the browser that began.
//!
//! The cookie is bound to tenant (by its seal), connection, flow and browser; the provider's answer finds
//! it by the first half of `state` and must know the second (B38, B50). The seal also holds the verifier of
//! PKCE and the nonce, so that neither is ever in a page, an address or a database.

use std::time::Duration;

use polder_crypto::{Category, constant_time_eq};
use polder_kernel::Timestamp;
use polder_service::cookies::{Jar, SetCookie};
use polder_tenant_api::SessionId;
use polder_tenant_api::connections::ConnectionId;
use serde::{Deserialize, Serialize};

use crate::App;
use crate::error::Internal;
use crate::signin::waiting::Waiting;

/// How long a person may take at the provider.
pub const LIFETIME: Duration = Duration::from_secs(900);
const PREFIX: &str = "with-";
/// The handle of what begins on the pages of the account: one at a time.
const ACCOUNT: &str = "account";

/// A sign-in that was handed to a provider.
#[derive(Serialize, Deserialize)]
pub struct Attempt {
    /// The connection.
    pub connection: ConnectionId,
    /// What it is for.
    pub purpose: Purpose,
    /// Bound to the ID token.
    pub nonce: String,
    /// Bound to the code (RFC 7636).
    pub verifier: String,
    /// When it began.
    pub began_at: Timestamp,
    handle: String,
    secret: String,
}

/// What an attempt is for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Purpose {
    /// To sign in, in this flow.
    SignIn {
        /// What pages call the flow.
        flow: String,
        /// What rows call it.
        flow_hash: String,
    },
    /// To connect an account to the person of this session.
    Connect {
        /// The session.
        session: SessionId,
    },
}

impl Attempt {
    /// A new attempt, with a secret for each bond.
    fn new(app: &App, connection: ConnectionId, handle: &str, purpose: Purpose) -> Self {
        let token = || app.entropy.token().expose().clone();
        Self {
            connection,
            purpose,
            nonce: token(),
            verifier: token(),
            began_at: app.clock.now(),
            handle: handle.to_owned(),
            secret: token(),
        }
    }

    /// To sign in, in this flow.
    pub fn to_sign_in(app: &App, connection: ConnectionId, waiting: &Waiting) -> Self {
        let purpose = Purpose::SignIn { flow: waiting.handle.clone(), flow_hash: waiting.hash(app) };
        Self::new(app, connection, &waiting.handle, purpose)
    }

    /// To connect an account to the person of this session.
    pub fn to_connect(app: &App, connection: ConnectionId, session: SessionId) -> Self {
        Self::new(app, connection, ACCOUNT, Purpose::Connect { session })
    }

    /// What goes to the provider and comes back.
    pub fn state(&self) -> String {
        format!("{}.{}", self.handle, self.secret)
    }

    /// The keyed hash by which a state is remembered.
    pub fn state_hash(&self, app: &App) -> String {
        app.keyring.index("provider-state", self.state().as_bytes())
    }

    /// When its answer comes too late.
    pub fn expires_at(&self) -> Timestamp {
        self.began_at + LIFETIME
    }

    /// The cookie that keeps it, and orders to forget those whose flow is gone.
    ///
    /// # Errors
    /// Never in practice: the values are text.
    pub fn keep(&self, app: &App, jar: &Jar) -> Result<Vec<SetCookie>, Internal> {
        let name = name(&self.handle);
        let gone = |other: &&str| {
            **other != name
                && other.strip_prefix(PREFIX).is_some_and(|handle| jar.get(&format!("flow-{handle}")).is_none())
        };
        let mut cookies: Vec<_> = jar.names(PREFIX).filter(gone).map(|other| app.cookies().remove(other)).collect();
        let sealed = app.keyring.seal_text(Category::Flow, &context(&name), &serde_json::to_string(self)?);
        cookies.push(app.cookies().set(&name, &sealed).max_age(LIFETIME));
        Ok(cookies)
    }

    /// The attempt of this browser that `state` belongs to.
    pub fn find(app: &App, jar: &Jar, state: &str) -> Option<Self> {
        let (handle, secret) = state.split_once('.')?;
        let name = name(handle);
        let json = app.keyring.unseal_text(Category::Flow, &context(&name), jar.get(&name)?).ok()?;
        let attempt: Self = serde_json::from_str(&json).ok()?;
        let right = constant_time_eq(attempt.secret.as_bytes(), secret.as_bytes());
        (right && app.clock.now() < attempt.expires_at()).then_some(attempt)
    }

    /// The order to forget it.
    pub fn forget(&self, app: &App) -> SetCookie {
        app.cookies().remove(&name(&self.handle))
    }
}

fn name(handle: &str) -> String {
    format!("{PREFIX}{handle}")
}

fn context(name: &str) -> String {
    format!("cookie:{name}")
}
