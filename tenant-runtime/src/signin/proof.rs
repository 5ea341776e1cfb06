//! Proving an address: a code is tried, and the right one makes a session. One unit of work, so that
//! parallel tries of the right code make one session (D03) and of wrong ones spend a try each (D04).

use std::sync::Arc;

use polder_audit::{Actor, Event};
use polder_crypto::constant_time_eq;
use polder_db::Tx;
use polder_kernel::{Email, Secret};
use polder_tenant_api::{SignUp, UserId};
use serde_json::json;

use super::send;
use super::session::{self, Signed};
use super::visit::Visit;
use super::waiting::Waiting;
use crate::App;
use crate::error::Internal;
use crate::guard::budget::Keys;
use crate::model::{Session, User};
use crate::store::one_time_codes::{self, MAX_TRIES, StoredCode};
use crate::store::sessions;
use crate::store::users;

/// What a try came to. All but the first are refusals that are committed.
#[derive(Debug)]
pub enum Tried {
    /// The address is proved and the session made; the cookie is known to this answer alone.
    Right {
        /// The session and its person.
        signed: Box<Signed>,
        /// The session cookie's value.
        cookie: Secret<String>,
    },
    /// It is not the code that was sent.
    Wrong {
        /// Tries left for this code.
        tries_left: u32,
    },
    /// All tries are gone.
    NoTriesLeft,
    /// The code ran out, or was used.
    Expired,
    /// No code was asked for in this flow.
    NotAsked,
}

struct Try {
    flow_hash: String,
    code_hash: String,
    application_id: String,
    visit: Visit,
    before: Option<String>,
    cookie: Secret<String>,
}

/// Tries `code` for this flow.
pub async fn prove(app: &Arc<App>, visit: &Visit, waiting: &Waiting, code: &str) -> Result<Tried, Internal> {
    let attempt = Try {
        flow_hash: waiting.hash(app),
        code_hash: waiting.code_hash(app, code),
        application_id: waiting.request.client_id.clone(),
        visit: visit.clone(),
        before: session::cookie_hash(app, &visit.jar),
        cookie: app.entropy.token(),
    };
    let unit = Arc::clone(app);
    app.db.write(move |tx| Box::pin(async move { attempt.unit_of_work(&unit, tx).await })).await
}

impl Try {
    async fn unit_of_work(self, app: &App, tx: &mut Tx) -> Result<Tried, Internal> {
        let now = app.clock.now();
        let Some((stored, spent)) = one_time_codes::spend_try(tx, &self.flow_hash, now).await? else {
            return self.no_try(app, tx).await;
        };
        let email = send::address(app, &self.flow_hash, &stored)?;
        let budget = Keys::new(&app.keyring, &email, self.visit.context.client_ip);
        let right = constant_time_eq(stored.code_hash.as_bytes(), self.code_hash.as_bytes());
        let user = if right { self.admit(app, tx, &email).await? } else { None };
        let Some(user) = user else {
            budget.fail(tx, now).await?;
            self.record_failure(app, tx, &email, spent).await?;
            let left = u32::try_from(MAX_TRIES - spent).unwrap_or(0);
            return Ok(if left == 0 { Tried::NoTriesLeft } else { Tried::Wrong { tries_left: left } });
        };
        if !one_time_codes::consume(tx, &self.flow_hash, now).await? {
            return Ok(Tried::Expired);
        }
        budget.succeed(tx).await?;
        users::signed_in(tx, user.id, now).await?;
        let session = self.start(app, tx, &user).await?;
        Ok(Tried::Right { signed: Box::new(Signed { session, user }), cookie: self.cookie })
    }

    /// Why there was no try to spend.
    async fn no_try(&self, app: &App, tx: &mut Tx) -> Result<Tried, Internal> {
        let stored: Option<StoredCode> = one_time_codes::of_flow(tx, &self.flow_hash).await?;
        Ok(match stored {
            None => Tried::NotAsked,
            Some(code) if code.used_at.is_some() || code.expires_at <= app.clock.now() => Tried::Expired,
            Some(_) => Tried::NoTriesLeft,
        })
    }

    /// The person behind a proved address: found, or made where strangers may sign up. Whom sign-in
    /// is stopped for is nobody, as is a stranger where sign-up is closed.
    async fn admit(&self, app: &App, tx: &mut Tx, email: &Email) -> Result<Option<User>, Internal> {
        if let Some(user) = users::by_email(tx, &app.keyring, email).await? {
            return Ok(user.disabled_at.is_none().then_some(user));
        }
        if app.tenant.current().sign_up == SignUp::Closed {
            return Ok(None);
        }
        let (id, now) = (UserId::new(&app.clock, &app.entropy), app.clock.now());
        let new = users::NewUser { id, email, email_verified_at: Some(now), name: None, locale: None };
        if users::create(tx, &app.keyring, &new, now).await? {
            polder_audit::record(tx, self.event("user.created", Actor::user(id)).user(id));
        }
        users::by_email(tx, &app.keyring, email).await
    }

    /// The same person goes on in the session they had, under a new cookie; anybody else's session in
    /// this browser ends (E04).
    async fn start(&self, app: &App, tx: &mut Tx, user: &User) -> Result<Session, Internal> {
        let metadata = session::metadata(&self.visit);
        let hash = sessions::cookie_hash(&app.keyring, &self.cookie);
        let mut session = session::fresh(app, user);
        let before = match &self.before {
            Some(before) => sessions::by_cookie(tx, &app.keyring, before, app.clock.now()).await?,
            None => None,
        };
        let action = match before {
            Some((old, owner)) if owner.id == user.id => {
                (session.id, session.created_at) = (old.id, old.created_at);
                sessions::renew(tx, &session, &hash).await?;
                sessions::touch(tx, &app.keyring, &session, &metadata).await?;
                "session.renewed"
            }
            other => {
                if let Some((old, owner)) = other {
                    sessions::end(tx, old.id, "replaced", app.clock.now()).await?;
                    let event = self.event("session.ended", Actor::user(owner.id)).user(owner.id).session(old.id);
                    polder_audit::record(tx, event.details(json!({ "reason": "replaced" })));
                }
                sessions::start(tx, &app.keyring, &session, &hash, &metadata).await?;
                "session.started"
            }
        };
        let event = self.event(action, Actor::user(user.id)).user(user.id).session(session.id);
        let details = json!({ "amr": session.amr, "ip": metadata.ip, "user_agent": metadata.user_agent });
        polder_audit::record(tx, seal_for(app, event.details(details), user)?);
        Ok(session)
    }

    async fn record_failure(&self, app: &App, tx: &mut Tx, email: &Email, spent: i64) -> Result<(), Internal> {
        let ip = self.visit.context.client_ip.map(|ip| ip.to_string());
        let details = json!({ "factor": "email_code", "try": spent, "ip": ip });
        let event = self.event("sign_in.failed", Actor::anonymous()).details(details);
        let event = match users::by_email(tx, &app.keyring, email).await? {
            Some(user) => seal_for(app, event.user(user.id), &user)?,
            None => event,
        };
        polder_audit::record(tx, event);
        Ok(())
    }

    fn event(&self, action: &'static str, actor: Actor) -> Event {
        Event::new(action, actor).application(&self.application_id).request(self.visit.context.request_id)
    }
}

/// Seals the details under the person's own key, so that they go when the person does.
fn seal_for(app: &App, event: Event, user: &User) -> Result<Event, Internal> {
    match &user.audit_key_wrapped {
        Some(wrapped) => Ok(event.sealed_for(&app.keyring.person_key(&user.id.to_string(), wrapped)?)),
        None => Ok(event),
    }
}
