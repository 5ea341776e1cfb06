//! From what a provider vouched for to a session, or to an account that waits to be connected.
//!
//! ```text
//! known by (connection, iss, sub) ──> the second step of whoever has one ──> their session
//! unknown, address given out by the provider, nobody has it, sign-up open ──> new person, connected ──> session
//! unknown otherwise ──> waits in the flow, until the person proved by code or passkey who they are (B100)
//! ```
//!
//! One unit of work: the state is used, once, in the transaction that makes the session.

use std::sync::Arc;

use polder_audit::Actor;
use polder_db::Tx;
use polder_kernel::{Secret, Timestamp};
use polder_tenant_api::UserId;
use polder_tenant_api::connections::ConnectedAccountId;
use serde_json::json;

use super::session::Signed;
use super::sign_up;
use super::start::{Completed, Proof, Started};
use super::visit::Visit;
use super::waiting::{self, Waiting};
use crate::account::notice::{self, Change};
use crate::connections::attempt::Attempt;
use crate::connections::identity::Vouched;
use crate::error::Internal;
use crate::model::{Connection, Method, User};
use crate::store::connected_accounts::{self, ConnectedAccount, NewAccount, subject_index};
use crate::store::{address_changes, connections, unconnected_accounts, used_states, users};
use crate::{App, audit};

/// What a provider's word came to.
#[derive(Debug)]
pub enum Entered {
    /// The session is made; the cookie is known to this answer alone.
    SignedIn {
        /// The session and its person.
        signed: Box<Signed>,
        /// The session cookie's value.
        cookie: Secret<String>,
    },
    /// The person is known, and their second step is next, or they have as many sessions as they may.
    NotYet,
    /// The account is nobody's yet and waits in the flow.
    Waits,
    /// The answer counted before.
    Replayed,
    /// Signing in is stopped for the person.
    Stopped,
    /// Too many accounts wait.
    Full,
    /// The connection was switched off or removed while the provider was asked.
    SwitchedOff,
}

struct Entering {
    flow_hash: String,
    state_hash: String,
    state_ends: Timestamp,
    connection: Arc<Connection>,
    vouched: Vouched,
    subject_index: String,
    proof: Proof,
}

/// Takes a provider's word, in the flow it was asked for.
///
/// # Errors
/// When the database fails.
pub async fn enter(
    app: &Arc<App>,
    visit: &Visit,
    waiting: &Waiting,
    (connection, attempt, vouched): (&Arc<Connection>, &Attempt, Vouched),
) -> Result<Entered, Internal> {
    let profile = &vouched.profile;
    let entering = Entering {
        flow_hash: waiting.hash(app),
        state_hash: attempt.state_hash(app),
        state_ends: attempt.expires_at(),
        connection: Arc::clone(connection),
        subject_index: subject_index(&app.keyring, connection.id, &profile.issuer, &profile.subject),
        proof: Proof::in_flow(app, visit, waiting).at(vouched.authenticated_at),
        vouched,
    };
    let unit = Arc::clone(app);
    let entered = app.db.write(move |tx| Box::pin(async move { entering.unit_of_work(&unit, tx).await })).await?;
    app.outbox_filled.notify_one();
    Ok(entered)
}

impl Entering {
    async fn unit_of_work(self, app: &App, tx: &mut Tx) -> Result<Entered, Internal> {
        if !used_states::add(tx, &self.state_hash, self.state_ends).await? {
            return Ok(Entered::Replayed);
        }
        if !connections::is_enabled(tx, self.connection.id).await? {
            return Ok(Entered::SwitchedOff);
        }
        let user = match connected_accounts::by_subject(tx, &app.keyring, &self.subject_index).await? {
            Some(account) => {
                self.used(app, tx, &account).await?;
                users::by_id(tx, &app.keyring, account.user_id).await?
            }
            None => match self.sign_up(app, tx).await? {
                Some(user) => Some(user),
                None => return self.wait(app, tx).await,
            },
        };
        let Some(user) = user.filter(|user| user.disabled_at.is_none()) else {
            self.record_stopped(tx);
            return Ok(Entered::Stopped);
        };
        unconnected_accounts::forget(tx, &self.flow_hash).await?;
        let method = Method::Connection { second_factor: self.vouched.second_factor };
        let session = match self.proof.complete(app, tx, &user, &[method]).await? {
            Completed::Session(started) => *started,
            Completed::Waits => return Ok(Entered::NotYet),
        };
        let Started { session, cookie } = session;
        Ok(Entered::SignedIn { signed: Box::new(Signed { session, user }), cookie })
    }

    /// Notes what the provider says now, and its tokens where they are kept.
    async fn used(&self, app: &App, tx: &mut Tx, account: &ConnectedAccount) -> Result<(), Internal> {
        let before = connected_accounts::tokens(tx, &app.keyring, account.id).await?;
        let tokens = self.vouched.tokens.clone().map(|tokens| tokens.after(before.as_ref()));
        let said = (&self.vouched.profile, tokens.as_ref());
        connected_accounts::used(tx, &app.keyring, account.id, said, app.clock.now()).await
    }

    /// A new person, where strangers may sign up, the provider itself gives the address out, and nobody
    /// here has it. The unique index decides who was first.
    async fn sign_up(&self, app: &App, tx: &mut Tx) -> Result<Option<User>, Internal> {
        let Some(email) = self.vouched.profile.address().filter(|_| self.vouched.email_by_authority) else {
            return Ok(None);
        };
        let (id, now) = (UserId::new(&app.clock, &app.entropy), app.clock.now());
        let kept = address_changes::is_kept(tx, &app.keyring, &email, now).await?;
        if kept || !sign_up::is_open(&app.tenant.current(), &email) {
            return Ok(None);
        }
        let name = self.vouched.profile.name.as_deref();
        let new = users::NewUser { id, email: &email, email_verified_at: Some(now), name, locale: None };
        if !users::create(tx, &app.keyring, &new, now).await? {
            return Ok(None);
        }
        let Some(user) = users::by_id(tx, &app.keyring, id).await? else { return Ok(None) };
        polder_audit::record(tx, self.proof.event("user.created", Actor::user(id)).user(id));
        let connecting = Connecting { connection: &self.connection, vouched: &self.vouched, proof: &self.proof };
        connecting.add(app, tx, &user, &self.subject_index).await?;
        Ok(Some(user))
    }

    async fn wait(&self, app: &App, tx: &mut Tx) -> Result<Entered, Internal> {
        let now = app.clock.now();
        let what = (self.connection.id, self.subject_index.as_str(), &self.vouched);
        let put =
            unconnected_accounts::put(tx, &app.keyring, &self.flow_hash, what, (now, now + waiting::LIFETIME)).await?;
        Ok(if put { Entered::Waits } else { Entered::Full })
    }

    fn record_stopped(&self, tx: &mut Tx) {
        let details = json!({ "factor": "connection", "connection": self.connection.id, "why": "stopped" });
        polder_audit::record(tx, self.proof.event("sign_in.failed", Actor::anonymous()).details(details));
    }
}

/// An account to be connected to somebody.
pub(crate) struct Connecting<'a> {
    pub(crate) connection: &'a Connection,
    pub(crate) vouched: &'a Vouched,
    pub(crate) proof: &'a Proof,
}

impl Connecting<'_> {
    /// Connects it, says so in the log, and tells the person by mail. False when it is somebody's already.
    pub(crate) async fn add(&self, app: &App, tx: &mut Tx, user: &User, subject_index: &str) -> Result<bool, Internal> {
        let id = ConnectedAccountId::new(&app.clock, &app.entropy);
        let new = NewAccount {
            id,
            connection_id: self.connection.id,
            user_id: user.id,
            subject_index,
            profile: &self.vouched.profile,
            tokens: self.vouched.tokens.as_ref(),
        };
        if !connected_accounts::add(tx, &app.keyring, &new, app.clock.now()).await? {
            return Ok(false);
        }
        let details = json!({ "connection": self.connection.id, "account": id });
        let event = self.proof.event("connected_account.added", Actor::user(user.id)).details(details);
        polder_audit::record(tx, audit::about(app, event, user)?);
        let change = Change::AccountConnected { provider: self.connection.name.clone() };
        notice::put(app, tx, user, Some(self.proof.visit()), change).await?;
        Ok(true)
    }
}
