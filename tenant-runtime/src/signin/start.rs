//! From a proof to a session: the same for every way in which people prove themselves.

use std::time::Duration;

use polder_audit::{Actor, Event};
use polder_db::Tx;
use polder_kernel::Secret;
use serde_json::json;

use super::session;
use super::visit::{BROWSER_COOKIE, Visit};
use super::waiting::Waiting;
use crate::account::notice::{self, Change};
use crate::error::Internal;
use crate::model::{Assurance, Method, Session, User};
use crate::store::awaited_factors::{self, Awaited};
use crate::store::{known_browsers, sessions, totp_factors, users};
use crate::{App, audit};

/// How long a sign-in waits for its second step.
const SECOND_STEP_WAITS: Duration = Duration::from_secs(600);

/// What a proof came to.
#[derive(Debug)]
pub enum Completed {
    /// The session.
    Session(Session),
    /// The second factor is asked for first.
    SecondStep,
}

/// A proof that was just given, in the browser that gave it.
#[derive(Clone, Debug)]
pub struct Proof {
    visit: Visit,
    application_id: Option<String>,
    flow_hash: Option<String>,
    before: Option<String>,
    /// The session cookie's new value, known to this answer alone.
    pub cookie: Secret<String>,
}

impl Proof {
    /// A proof given on the pages of a flow.
    pub fn in_flow(app: &App, visit: &Visit, waiting: &Waiting) -> Self {
        Self {
            application_id: Some(waiting.request.client_id.clone()),
            flow_hash: Some(waiting.hash(app)),
            ..Self::of_account(app, visit)
        }
    }

    /// A proof given on the pages of the account, for no application.
    pub fn of_account(app: &App, visit: &Visit) -> Self {
        Self {
            visit: visit.clone(),
            application_id: None,
            flow_hash: None,
            before: session::cookie_hash(app, &visit.jar),
            cookie: app.entropy.token(),
        }
    }

    /// An event of this browser's request.
    pub fn event(&self, action: &'static str, actor: Actor) -> Event {
        let event = Event::new(action, actor).request(self.visit.context.request_id);
        match &self.application_id {
            Some(id) => event.application(id),
            None => event,
        }
    }

    /// The visit it came with.
    pub const fn visit(&self) -> &Visit {
        &self.visit
    }

    /// Starts the session, or makes the flow wait for the second factor of somebody who has one. A passkey
    /// is two factors by itself.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn complete(
        &self,
        app: &App,
        tx: &mut Tx,
        user: &User,
        methods: &[Method],
    ) -> Result<Completed, Internal> {
        let second = Assurance::of(methods) < Assurance::TwoFactors && totp_factors::has(tx, user.id).await?;
        let Some(flow_hash) = self.flow_hash.as_deref().filter(|_| second) else {
            return Ok(Completed::Session(self.start(app, tx, user, methods).await?));
        };
        let now = app.clock.now();
        let (user_id, methods) = (user.id, methods.to_vec());
        let awaited = Awaited { user_id, methods, expires_at: now + SECOND_STEP_WAITS, used_at: None };
        awaited_factors::put(tx, flow_hash, &awaited, now).await?;
        Ok(Completed::SecondStep)
    }

    /// Starts the session. The same person goes on in the session they had, under a new cookie;
    /// anybody else's session in this browser ends (E04).
    ///
    /// # Errors
    /// When the database fails.
    pub async fn start(&self, app: &App, tx: &mut Tx, user: &User, methods: &[Method]) -> Result<Session, Internal> {
        let now = app.clock.now();
        users::signed_in(tx, user.id, now).await?;
        let metadata = session::metadata(&self.visit);
        let hash = sessions::cookie_hash(&app.keyring, &self.cookie);
        let mut session = Session { proved_in: self.flow_hash.clone(), ..session::fresh(app, user, methods) };
        let before = match &self.before {
            Some(before) => sessions::by_cookie(tx, &app.keyring, before, now).await?,
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
                    sessions::end(tx, old.id, "replaced", now).await?;
                    let event = self.event("session.ended", Actor::user(owner.id)).user(owner.id).session(old.id);
                    polder_audit::record(tx, event.details(json!({ "reason": "replaced" })));
                }
                sessions::start(tx, &app.keyring, &session, &hash, &metadata).await?;
                "session.started"
            }
        };
        let details = json!({ "amr": session.amr, "ip": metadata.ip, "user_agent": metadata.user_agent });
        let event = self.event(action, Actor::user(user.id)).session(session.id).details(details);
        polder_audit::record(tx, audit::about(app, event, user)?);
        self.note_browser(app, tx, user).await?;
        Ok(session)
    }

    /// Tells the person about a sign-in from a browser they never used before (D26). The first of all is
    /// no news.
    async fn note_browser(&self, app: &App, tx: &mut Tx, user: &User) -> Result<(), Internal> {
        let Some(cookie) = self.visit.jar.get(BROWSER_COOKIE) else { return Ok(()) };
        let hash = known_browsers::hash(&app.keyring, user.id, cookie);
        let first = !known_browsers::any(tx, user.id).await?;
        if known_browsers::note(tx, user.id, &hash, app.clock.now()).await? && !first {
            notice::put(app, tx, user, Some(&self.visit), Change::NewBrowser).await?;
        }
        Ok(())
    }
}
