//! Proving an address: a code is tried, and the right one makes a session. One unit of work, so that
//! parallel tries of the right code make one session (D03) and of wrong ones spend a try each (D04).

use std::sync::Arc;

use polder_audit::Actor;
use polder_crypto::constant_time_eq;
use polder_db::Tx;
use polder_kernel::{Email, Secret};
use polder_tenant_api::{AttemptOutcome, UserId};
use serde_json::json;

use super::send;
use super::session::Signed;
use super::sign_up;
use super::start::{Completed, Proof, Started};
use super::visit::Visit;
use super::waiting::Waiting;
use crate::account::notice::{self, Change};
use crate::error::Internal;
use crate::guard::budget::{FAILURES_NOTICED, Keys};
use crate::guard::{attempts, known};
use crate::model::{Method, User};
use crate::store::address_changes;
use crate::store::one_time_codes::{self, MAX_TRIES, StoredCode};
use crate::store::users;
use crate::{App, audit};

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
    /// The address is proved, and the flow waits for the second step or for room.
    Waits,
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
    proof: Proof,
}

/// Tries `code` for this flow.
pub async fn prove(app: &Arc<App>, visit: &Visit, waiting: &Waiting, code: &str) -> Result<Tried, Internal> {
    let attempt = Try {
        flow_hash: waiting.hash(app),
        code_hash: waiting.code_hash(app, code),
        proof: Proof::in_flow(app, visit, waiting),
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
        let visit = self.proof.visit();
        let browser = known::browser(app, &visit.jar, &email);
        let budget = Keys::new(&app.keyring, &email, visit.context.client_ip, browser.as_deref());
        let right = constant_time_eq(stored.code_hash.as_bytes(), self.code_hash.as_bytes());
        let user = if right { self.admit(app, tx, &email).await? } else { None };
        let Some(user) = user else {
            let failures = budget.fail(tx, now).await?;
            self.record_failure(app, tx, &email, (spent, failures)).await?;
            let left = u32::try_from(MAX_TRIES - spent).unwrap_or(0);
            return Ok(if left == 0 { Tried::NoTriesLeft } else { Tried::Wrong { tries_left: left } });
        };
        if !one_time_codes::consume(tx, &self.flow_hash, now).await? {
            return Ok(Tried::Expired);
        }
        budget.succeed(tx).await?;
        users::address_proved(tx, user.id, now).await?;
        match self.proof.complete(app, tx, &user, &[Method::EmailCode]).await? {
            Completed::Waits => Ok(Tried::Waits),
            Completed::Session(started) => {
                let Started { session, cookie } = *started;
                Ok(Tried::Right { signed: Box::new(Signed { session, user }), cookie })
            }
        }
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
        let kept = address_changes::is_kept(tx, &app.keyring, email, app.clock.now()).await?;
        if kept || !sign_up::is_open(&app.tenant.current(), email) {
            return Ok(None);
        }
        let (id, now) = (UserId::new(&app.clock, &app.entropy), app.clock.now());
        let new = users::NewUser { id, email, email_verified_at: Some(now), name: None, locale: None };
        if users::create(tx, &app.keyring, &new, now).await? {
            polder_audit::record(tx, self.proof.event("user.created", Actor::user(id)).user(id));
        }
        users::by_email(tx, &app.keyring, email).await
    }

    async fn record_failure(
        &self,
        app: &App,
        tx: &mut Tx,
        email: &Email,
        (spent, failures): (i64, i64),
    ) -> Result<(), Internal> {
        let ip = self.proof.visit().context.client_ip.map(|ip| ip.to_string());
        let details = json!({ "factor": "email_code", "try": spent, "ip": ip });
        let event = self.proof.event("sign_in.failed", Actor::anonymous()).details(details);
        let context = &self.proof.visit().context;
        attempts::note(app, tx, AttemptOutcome::CodeWrong, Some(email), context).await?;
        let Some(user) = users::by_email(tx, &app.keyring, email).await? else {
            polder_audit::record(tx, event);
            return Ok(());
        };
        polder_audit::record(tx, audit::about(app, event, &user)?);
        if failures == FAILURES_NOTICED && user.disabled_at.is_none() {
            notice::put(app, tx, &user, Some(self.proof.visit()), Change::ManyFailures).await?;
        }
        Ok(())
    }
}
