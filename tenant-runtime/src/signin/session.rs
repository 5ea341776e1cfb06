//! The session of a browser: finding it, starting it, and who may use what with it.

use polder_db::Tx;
use polder_kernel::{Secret, Timestamp};
use polder_protocol::authorize::Request;
use polder_service::cookies::{Jar, SetCookie};
use polder_tenant_api::SessionId;

use super::flow::Known;
use super::visit::Visit;
use super::{accounts, consent};
use crate::App;
use crate::error::Internal;
use crate::model::{Application, Assurance, Method, Session, User, assurance};
use crate::store::sessions::{self, Metadata};
use crate::store::users;

/// The session cookie's name, without the prefix that https adds.
pub const COOKIE: &str = "session";
/// How stale `last_seen_at` may be: not every request is worth a write.
const SEEN_EVERY: std::time::Duration = std::time::Duration::from_secs(300);

/// A live session with its person.
#[derive(Clone, Debug)]
pub struct Signed {
    /// The session.
    pub session: Session,
    /// Whose it is.
    pub user: User,
}

impl Signed {
    /// Whether the person said on the pages of this flow that they go on as this account.
    pub fn is_chosen_in(&self, flow_hash: Option<&str>) -> bool {
        flow_hash.is_some() && self.session.chosen_in.as_deref() == flow_hash
    }
}

/// Who was used last of the people signed in on this browser: whose account pages it shows.
pub async fn current(app: &App, tx: &mut Tx, jar: &Jar) -> Result<Option<Signed>, Internal> {
    Ok(accounts::live(app, tx, jar).await?.into_iter().next().map(|account| account.signed))
}

/// What a session is worth to a request of this application.
pub async fn known(
    tx: &mut Tx,
    signed: &Signed,
    request: &Request,
    application: &Application,
    (proved_here, passkey_due): (bool, bool),
    now: Timestamp,
) -> Result<Known, Internal> {
    let Signed { session, user } = signed;
    Ok(Known {
        accepted: request.is_for(&user.id.to_string()) && request.accepts_sign_in(session.authenticated_at, now),
        proved_here,
        admitted: users::is_admitted(tx, &application.access, application.id, user.id).await?,
        has_name: user.name.is_some(),
        consented: consent::stands(tx, user.id, application, request).await?,
        passkey_due,
    })
}

/// A session to begin for `user`, proved just now by these methods.
pub fn fresh(app: &App, user: &User, methods: &[Method]) -> Session {
    let now = app.clock.now();
    Session {
        id: SessionId::new(&app.clock, &app.entropy),
        user_id: user.id,
        acr: Assurance::of(methods).acr().to_owned(),
        amr: assurance::amr(methods),
        proved_in: None,
        chosen_in: None,
        created_at: now,
        authenticated_at: now,
        last_seen_at: now,
        idle_expires_at: now + app.lifetimes.session_idle,
        expires_at: now + app.lifetimes.session_absolute,
        ended_at: None,
    }
}

/// The cookie that carries the sessions of a browser, as [`accounts::value`] lists them. It lives there as
/// long as a session may.
pub fn cookie(app: &App, value: &Secret<String>) -> SetCookie {
    app.cookies().set(COOKIE, value.expose()).max_age(app.lifetimes.session_absolute)
}

/// The order to forget the session cookie, with the same attributes (E17).
pub fn forget(app: &App) -> SetCookie {
    app.cookies().remove(COOKIE)
}

/// Where and with what this visit uses a session (K7). The country stays empty where no local file
/// tells it: nobody outside is asked.
pub fn metadata(app: &App, visit: &Visit) -> Metadata {
    let address = visit.context.client_ip;
    Metadata {
        ip: address.map(|ip| ip.to_string()),
        user_agent: visit.context.user_agent.clone(),
        country: address.and_then(|ip| app.places.country(ip)),
    }
}

/// Notes that the session was used, unless it was noted a moment ago.
pub async fn touch(app: &std::sync::Arc<App>, visit: &Visit, session: &Session) -> Result<(), Internal> {
    let now = app.clock.now();
    if now.since(session.last_seen_at) < SEEN_EVERY {
        return Ok(());
    }
    let idle_expires_at = (now + app.lifetimes.session_idle).min(session.expires_at);
    let session = Session { last_seen_at: now, idle_expires_at, ..session.clone() };
    let (unit, metadata) = (std::sync::Arc::clone(app), metadata(app, visit));
    app.db.write(move |tx| Box::pin(async move { sessions::touch(tx, &unit.keyring, &session, &metadata).await })).await
}
