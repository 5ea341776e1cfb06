//! The session of a browser: finding it, starting it, and who may use what with it.

use std::time::Duration;

use polder_db::Tx;
use polder_kernel::{Secret, Timestamp};
use polder_protocol::authorize::Request;
use polder_service::cookies::{Jar, SetCookie};
use polder_tenant_api::{SessionId, Settings};

use super::demand::{self, Demand, Holds, Lack};
use super::flow::Known;
use super::visit::Visit;
use super::{accounts, consent};
use crate::App;
use crate::account::form;
use crate::error::Internal;
use crate::model::{Application, Assurance, Method, Session, User, assurance};
use crate::store::sessions::{self, Metadata};
use crate::store::{passkeys, totp_factors, users};

/// The session cookie's name, without the prefix that https adds.
pub const COOKIE: &str = "session";
/// How stale `last_seen_at` may be: not every request is worth a write. A third of the shortest session.
const SEEN_EVERY: Duration = Duration::from_secs(300);

/// How long the tenant's sessions last (E05).
#[derive(Clone, Copy, Debug)]
pub struct Lifetimes {
    /// When they are not used.
    pub idle: Duration,
    /// However much they are used.
    pub absolute: Duration,
}

impl Lifetimes {
    /// As its administrators chose.
    pub fn of(tenant: &Settings) -> Self {
        let seconds = |seconds: u32| Duration::from_secs(u64::from(seconds));
        Self { idle: seconds(tenant.session_idle_seconds), absolute: seconds(tenant.session_absolute_seconds) }
    }
}

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

/// What a session is worth to a request of this application, which asks for this much.
pub async fn known(
    tx: &mut Tx,
    signed: &Signed,
    (request, application, demand): (&Request, &Application, &Demand),
    (proved_here, passkey_due): (bool, bool),
    now: Timestamp,
) -> Result<Known, Internal> {
    let Signed { session, user } = signed;
    Ok(Known {
        accepted: request.is_for(&user.id.to_string()) && request.accepts_sign_in(session.authenticated_at, now),
        proved_here,
        admitted: users::is_admitted(tx, &application.access, application.id, user.id).await?,
        lacks: lacks(tx, signed, demand).await?,
        fresh: session.is_proved_here() && now.since(session.authenticated_at) < form::FRESH,
        has_name: user.name.is_some(),
        consented: consent::stands(tx, user.id, application, request).await?,
        passkey_due,
    })
}

/// What a session lacks. Whoever reached enough is asked nothing, the database neither.
async fn lacks(tx: &mut Tx, Signed { session, user }: &Signed, demand: &Demand) -> Result<Option<Lack>, Internal> {
    if session.assurance() >= demand.least {
        return Ok(None);
    }
    let holds = Holds { passkey: passkeys::count(tx, user.id).await? > 0, app: totp_factors::has(tx, user.id).await? };
    Ok(demand::lack(session.assurance(), demand, holds))
}

/// A session to begin for `user`, proved just now by these methods.
pub fn fresh(app: &App, user: &User, methods: &[Method]) -> Session {
    let (now, lifetimes) = (app.clock.now(), Lifetimes::of(&app.tenant.current()));
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
        idle_expires_at: now + lifetimes.idle.min(lifetimes.absolute),
        expires_at: now + lifetimes.absolute,
        ended_at: None,
    }
}

/// The cookie that carries the sessions of a browser, as [`accounts::value`] lists them. It lives there as
/// long as a session may.
pub fn cookie(app: &App, value: &Secret<String>) -> SetCookie {
    app.cookies().set(COOKIE, value.expose()).max_age(Lifetimes::of(&app.tenant.current()).absolute)
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
    let idle_expires_at = (now + Lifetimes::of(&app.tenant.current()).idle).min(session.expires_at);
    let session = Session { last_seen_at: now, idle_expires_at, ..session.clone() };
    let (unit, metadata) = (std::sync::Arc::clone(app), metadata(app, visit));
    app.db.write(move |tx| Box::pin(async move { sessions::touch(tx, &unit.keyring, &session, &metadata).await })).await
}
