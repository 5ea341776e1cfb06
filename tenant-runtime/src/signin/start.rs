//! From a proof to a session: the same for every way in which people prove themselves.

use std::time::Duration;

use polder_audit::{Actor, Event};
use polder_db::Tx;
use polder_kernel::{Secret, Timestamp};
use polder_tenant_api::AttemptOutcome;
use serde_json::json;

use super::accounts::{self, Account, MOST};
use super::room;
use super::session::{self, Signed};
use super::visit::{BROWSER_COOKIE, Visit};
use super::waiting::Waiting;
use crate::account::notice::{self, Change};
use crate::error::Internal;
use crate::factors::lost;
use crate::guard::{attempts, place};
use crate::model::{Assurance, Method, Session, User};
use crate::store::awaited_factors::{self, Awaited, WaitsFor};
use crate::store::{known_browsers, sessions, totp_factors, users};
use crate::usage::{self, Here};
use crate::{App, audit};

/// How long a sign-in waits for its second step, or for room.
const WAITS: Duration = Duration::from_secs(600);

/// What a proof came to.
#[derive(Debug)]
pub enum Completed {
    /// The session.
    Session(Box<Started>),
    /// The flow waits: for the second factor, or for room for one more session.
    Waits,
}

/// A session that just began, or began anew.
#[derive(Debug)]
pub struct Started {
    /// The session.
    pub session: Session,
    /// The session cookie's new value, known to this answer alone: everybody signed in here, this one first.
    pub cookie: Secret<String>,
}

/// A proof that was just given, in the browser that gave it.
#[derive(Clone, Debug)]
pub struct Proof {
    visit: Visit,
    application_id: Option<String>,
    flow_hash: Option<String>,
    authenticated_at: Option<Timestamp>,
}

impl Proof {
    /// A proof given on the pages of a flow.
    pub fn in_flow(app: &App, visit: &Visit, waiting: &Waiting) -> Self {
        Self {
            application_id: Some(waiting.request.client_id.clone()),
            flow_hash: Some(waiting.hash(app)),
            ..Self::of_account(visit)
        }
    }

    /// A proof given on the pages of the account, for no application.
    pub fn of_account(visit: &Visit) -> Self {
        Self { visit: visit.clone(), application_id: None, flow_hash: None, authenticated_at: None }
    }

    /// The same, given at this time: to somebody else, who told us later.
    #[must_use]
    pub const fn at(mut self, at: Option<Timestamp>) -> Self {
        self.authenticated_at = at;
        self
    }

    /// An event of this browser's request.
    pub fn event(&self, action: &'static str, actor: Actor) -> Event {
        let event = Event::new(action, actor).request(self.visit.context.request_id);
        match &self.application_id {
            Some(id) => event.application(id),
            None => event,
        }
    }

    /// Makes the flow wait until the person, who is all proved, has room for one more session.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn wait_for_room(&self, app: &App, tx: &mut Tx, user: &User, methods: &[Method]) -> Result<(), Internal> {
        let Some(flow_hash) = &self.flow_hash else { return Ok(()) };
        let (now, methods) = (app.clock.now(), methods.to_vec());
        let waits_for = WaitsFor::Room;
        let awaited = Awaited { user_id: user.id, methods, waits_for, expires_at: now + WAITS, used_at: None };
        awaited_factors::put_for_room(tx, flow_hash, &awaited, now).await
    }

    /// The visit it came with.
    pub const fn visit(&self) -> &Visit {
        &self.visit
    }

    /// Starts the session, or makes the flow wait for the second factor of somebody who has one. A passkey
    /// is two factors by itself, and so is the word of a provider whose second factor is believed. The moment of
    /// the second step is then the moment of the sign-in.
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
            return self.start(app, tx, user, methods).await;
        };
        let now = app.clock.now();
        let (user_id, methods) = (user.id, methods.to_vec());
        let awaited = Awaited { user_id, methods, waits_for: WaitsFor::Factor, expires_at: now + WAITS, used_at: None };
        awaited_factors::put(tx, flow_hash, &awaited, now).await?;
        Ok(Completed::Waits)
    }

    /// Starts the session. The same person goes on in the session they had, under a new cookie (E04);
    /// others who are signed in on this browser stay so, as far as there is room for them (E19). Where the
    /// person has as many sessions as they may, one ends or the flow waits (E18).
    ///
    /// # Errors
    /// When the database fails.
    pub async fn start(&self, app: &App, tx: &mut Tx, user: &User, methods: &[Method]) -> Result<Completed, Internal> {
        if Assurance::of(methods) >= Assurance::TwoFactors {
            lost::proved(app, tx, user, &self.visit).await?;
        }
        let fresh = session::fresh(app, user, methods);
        let authenticated_at = self.authenticated_at.unwrap_or(fresh.authenticated_at);
        self.begin(app, tx, user, (methods, Session { authenticated_at, ..fresh })).await
    }

    /// Starts a session in the place of one that ended in this very unit of work, worth what that one was.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn start_again(
        &self,
        app: &App,
        tx: &mut Tx,
        user: &User,
        ended: &Session,
    ) -> Result<Completed, Internal> {
        let (acr, amr, authenticated_at) = (ended.acr.clone(), ended.amr.clone(), ended.authenticated_at);
        let session = Session { acr, amr, authenticated_at, ..session::fresh(app, user, &[]) };
        self.begin(app, tx, user, (&[], session)).await
    }

    async fn begin(
        &self,
        app: &App,
        tx: &mut Tx,
        user: &User,
        (methods, session): (&[Method], Session),
    ) -> Result<Completed, Internal> {
        let (metadata, secret) = (session::metadata(app, &self.visit), app.entropy.token());
        let hash = sessions::cookie_hash(&app.keyring, &secret);
        let (proved_in, chosen_in) = (self.flow_hash.clone(), self.flow_hash.clone());
        let mut session = Session { proved_in, chosen_in, ..session };
        let mut others = accounts::live(app, tx, &self.visit.jar).await?;
        let own = others.iter().position(|account| account.signed.user.id == user.id);
        let elsewhere = place::is_news(app, tx, user.id, metadata.country.as_deref()).await?;
        let action = match own.map(|at| others.remove(at).signed.session) {
            Some(old) => {
                (session.id, session.created_at) = (old.id, old.created_at);
                sessions::renew(tx, &session, &hash).await?;
                sessions::touch(tx, &app.keyring, &session, &metadata).await?;
                "session.renewed"
            }
            None if !room::make(app, tx, self, (user, methods)).await? => return Ok(Completed::Waits),
            None => {
                sessions::start(tx, &app.keyring, &session, &hash, &metadata).await?;
                "session.started"
            }
        };
        users::signed_in(tx, user.id, app.clock.now()).await?;
        self.make_way(app, tx, &mut others).await?;
        let details = json!({ "amr": session.amr, "ip": metadata.ip, "user_agent": metadata.user_agent });
        let event = self.event(action, Actor::user(user.id)).session(session.id).details(details);
        polder_audit::record(tx, audit::about(app, event, user)?);
        attempts::note(app, tx, AttemptOutcome::SignedIn, Some(&user.email), &self.visit.context).await?;
        // A session in the place of another is no sign-in.
        if !methods.is_empty() {
            usage::signed_in(tx, methods, app.clock.now()).await?;
            if let Some(here) = Here::of(app, user.id) {
                here.note(tx).await?;
            }
        }
        self.note_place(app, tx, user, elsewhere).await?;
        let cookie = accounts::value(std::iter::once(&secret).chain(others.iter().map(|other| &other.secret)));
        Ok(Completed::Session(Box::new(Started { session, cookie })))
    }

    /// Nobody else is who goes on in this flow any more, and whoever was used longest ago leaves a browser
    /// that has too many people.
    async fn make_way(&self, app: &App, tx: &mut Tx, others: &mut Vec<Account>) -> Result<(), Internal> {
        for other in others.iter().filter(|other| other.signed.is_chosen_in(self.flow_hash.as_deref())) {
            sessions::unchoose(tx, other.signed.session.id, self.flow_hash.as_deref().unwrap_or_default()).await?;
        }
        for Account { signed: Signed { session, user }, .. } in others.drain(others.len().min(MOST - 1)..) {
            sessions::end(tx, session.id, "replaced", app.clock.now()).await?;
            let event = self.event("session.ended", Actor::user(user.id)).user(user.id).session(session.id);
            polder_audit::record(tx, event.details(json!({ "reason": "replaced" })));
        }
        Ok(())
    }

    /// Adds a proof to a session of this browser: it is worth more, under a new cookie (E04), and goes on
    /// for as long as it would have. When the person last proved who they are stays as it was, since one
    /// factor of two is no new sign-in. `None` when the session has ended meanwhile.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn rise(
        &self,
        app: &App,
        tx: &mut Tx,
        signed: &Signed,
        method: Method,
    ) -> Result<Option<Started>, Internal> {
        let mut others = accounts::live(app, tx, &self.visit.jar).await?;
        let own = others.iter().position(|account| account.signed.session.id == signed.session.id);
        let Some(Signed { session: old, user }) = own.map(|at| others.remove(at).signed) else { return Ok(None) };
        let reached = if method.is_second_factor() { Assurance::TwoFactors } else { method.assurance() };
        let mut amr = old.amr.clone();
        amr.extend(
            method.amr().iter().filter(|word| !old.amr.iter().any(|known| known == *word)).map(ToString::to_string),
        );
        let session = Session {
            acr: old.assurance().max(reached).acr().to_owned(),
            amr,
            proved_in: self.flow_hash.clone(),
            chosen_in: self.flow_hash.clone(),
            last_seen_at: app.clock.now(),
            ..old
        };
        let (metadata, secret) = (session::metadata(app, &self.visit), app.entropy.token());
        if !sessions::renew(tx, &session, &sessions::cookie_hash(&app.keyring, &secret)).await? {
            return Ok(None);
        }
        sessions::touch(tx, &app.keyring, &session, &metadata).await?;
        if session.assurance() >= Assurance::TwoFactors {
            lost::proved(app, tx, &user, &self.visit).await?;
        }
        self.make_way(app, tx, &mut others).await?;
        let details = json!({ "amr": session.amr, "ip": metadata.ip, "user_agent": metadata.user_agent });
        let event = self.event("session.stepped_up", Actor::user(user.id)).session(session.id).details(details);
        polder_audit::record(tx, audit::about(app, event, &user)?);
        let cookie = accounts::value(std::iter::once(&secret).chain(others.iter().map(|other| &other.secret)));
        Ok(Some(Started { session, cookie }))
    }

    /// Tells the person about a sign-in from a browser they never used before, or from another country
    /// than ever (D26).
    async fn note_place(&self, app: &App, tx: &mut Tx, user: &User, elsewhere: bool) -> Result<(), Internal> {
        let news = match self.is_new_browser(app, tx, user).await? {
            true => Change::NewBrowser,
            false if elsewhere => Change::NewCountry,
            false => return Ok(()),
        };
        notice::put(app, tx, user, Some(&self.visit), news).await
    }

    /// Whether the person never used this browser before. The first of all is no news.
    async fn is_new_browser(&self, app: &App, tx: &mut Tx, user: &User) -> Result<bool, Internal> {
        let Some(cookie) = self.visit.jar.get(BROWSER_COOKIE) else { return Ok(false) };
        let hash = known_browsers::hash(&app.keyring, user.id, cookie);
        let first = !known_browsers::any(tx, user.id).await?;
        Ok(known_browsers::note(tx, user.id, &hash, app.clock.now()).await? && !first)
    }
}
