//! From a proof to a session: the same for every way in which people prove themselves.

use polder_audit::{Actor, Event};
use polder_db::Tx;
use polder_kernel::Secret;
use serde_json::json;

use super::session;
use super::visit::Visit;
use super::waiting::Waiting;
use crate::error::Internal;
use crate::model::{Method, Session, User};
use crate::store::{sessions, users};
use crate::{App, audit};

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
        Ok(session)
    }
}
