//! Changing an address, as units of work: a code to the new one, then the change with a notice to the old
//! one, and its undoing.

use std::sync::Arc;
use std::time::Duration;

use polder_audit::{Actor, Event};
use polder_crypto::constant_time_eq;
use polder_db::Tx;
use polder_kernel::Email;
use polder_kernel::encoding::base64url;
use polder_service::RequestContext;
use polder_tenant_api::SessionId;
use serde_json::json;

use super::notice::{self, Change};
use crate::error::Internal;
use crate::factors::since::{self, Removed};
use crate::guard::budget::{Keys, Refused};
use crate::guard::known;
use crate::model::User;
use crate::signin::mail::{self, Parameters, Purpose};
use crate::signin::send::CODE_LIFETIME;
use crate::signin::visit::Visit;
use crate::store::address_changes::{self, MAX_TRIES, NewCode};
use crate::store::outbox::{self, MessageId, NewMessage};
use crate::store::{sessions, users};
use crate::{App, audit};

/// How long the old address can undo a change, in days.
pub const UNDO_DAYS: u64 = 7;
const UNDO: Duration = Duration::from_secs(UNDO_DAYS * 24 * 3600);

/// What asking for a code came to.
#[derive(Debug)]
pub enum Asked {
    /// It is under way.
    UnderWay,
    /// A budget is used up.
    TooMany {
        /// When there is room again.
        retry_after: Duration,
    },
}

/// What a code came to. All but the first are refusals that are committed.
#[derive(Debug, PartialEq, Eq)]
pub enum Changed {
    /// The address is another now.
    Done,
    /// Somebody else has it.
    Taken,
    /// It is not the code.
    Wrong {
        /// Tries left for it.
        tries_left: u32,
    },
    /// All tries are gone.
    NoTriesLeft,
    /// It ran out, was used, or was asked for in another session.
    Expired,
}

/// Why a unit of work is rolled back.
enum Halt {
    Full(Duration),
    Failed(Internal),
}

impl<E: Into<Internal>> From<E> for Halt {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

/// Sends a code to `email`. It falls under the same budgets as codes to sign in: nobody's mailbox is
/// flooded from an account page either (D06).
pub async fn ask(
    app: &Arc<App>,
    visit: &Visit,
    (user, session): (&User, SessionId),
    email: Email,
) -> Result<Asked, Internal> {
    let code = app.entropy.eight_digits();
    let code_hash = code_hash(app, user, session, code.expose());
    let (unit, user, visit) = (Arc::clone(app), user.clone(), visit.clone());
    let asked = app
        .db
        .write(move |tx| {
            Box::pin(async move {
                let (app, now) = (&unit, unit.clock.now());
                let browser = known::browser(app, &visit.jar, &email);
                let keys = Keys::new(&app.keyring, &email, visit.context.client_ip, browser.as_deref());
                match keys.take(tx, now).await {
                    Ok(_) => {}
                    Err(Refused::Full(full)) => return Err(Halt::Full(full.retry_after)),
                    Err(Refused::Database(error)) => return Err(error.into()),
                }
                let expires_at = now + CODE_LIFETIME;
                let new = NewCode {
                    user: user.id,
                    session,
                    email: &email,
                    code_hash: &code_hash,
                    created_at: now,
                    expires_at,
                };
                address_changes::put_code(tx, &app.keyring, &new).await?;
                let parameters = Parameters {
                    code: code.expose().clone(),
                    purpose: Purpose::NewAddress,
                    application: String::new(),
                    user_agent: visit.context.user_agent.clone(),
                    network: visit.context.client_ip.map(|ip| ip.to_string()),
                    at: now,
                };
                let message = NewMessage {
                    id: MessageId::new(&app.clock, &app.entropy),
                    template: mail::TEMPLATE,
                    locale: visit.locale(app, &[]),
                    user_id: Some(user.id),
                    recipient: &email,
                    parameters: &parameters,
                    expires_at,
                };
                outbox::put(tx, &app.keyring, &message, true, now).await?;
                record(app, tx, &user, &visit.context, ("email_change.requested", session))?;
                Ok(())
            })
        })
        .await;
    app.outbox_filled.notify_one();
    match asked {
        Ok(()) => Ok(Asked::UnderWay),
        Err(Halt::Full(retry_after)) => Ok(Asked::TooMany { retry_after }),
        Err(Halt::Failed(error)) => Err(error),
    }
}

/// Tries the code. The right one changes the address; sessions stay, since the same person goes on.
pub async fn confirm(
    app: &Arc<App>,
    visit: &Visit,
    (user, session): (&User, SessionId),
    code: &str,
) -> Result<Changed, Internal> {
    let typed = code_hash(app, user, session, code);
    let undo = app.entropy.token();
    let (unit, user, visit) = (Arc::clone(app), user.clone(), visit.clone());
    let changed = app
        .db
        .write(move |tx| {
            Box::pin(async move {
                let (app, now) = (&unit, unit.clock.now());
                let stored = address_changes::code_of(tx, &app.keyring, user.id, session).await?;
                let Some(stored) = stored else { return Ok(Changed::Expired) };
                let Some(spent) = address_changes::spend_try(tx, user.id, session, now).await? else {
                    let ran_out = stored.expires_at <= now;
                    return Ok(if ran_out { Changed::Expired } else { Changed::NoTriesLeft });
                };
                if !constant_time_eq(stored.code_hash.as_bytes(), typed.as_bytes()) {
                    return Ok(Changed::Wrong { tries_left: u32::try_from(MAX_TRIES - spent).unwrap_or(0) });
                }
                if !address_changes::consume(tx, user.id, session, now).await? {
                    return Ok(Changed::Expired);
                }
                let kept = address_changes::kept_for(tx, &app.keyring, &stored.email, now).await?;
                let theirs = kept.is_none_or(|owner| owner == user.id);
                if !theirs || !users::set_email(tx, &app.keyring, user.id, &stored.email, now).await? {
                    return Ok(Changed::Taken);
                }
                let hash = undo_hash(app, undo.expose());
                let old = (user.id, &user.email);
                address_changes::remember(tx, &app.keyring, old, &hash, (now, now + UNDO)).await?;
                record(app, tx, &user, &visit.context, ("email.changed", session))?;
                // To the old address, which `user` still has here.
                let undo = format!("{}/account/email/undo?change={}", app.issuer.as_str(), undo.expose());
                let change = Change::EmailChanged { undo, days: UNDO_DAYS };
                notice::put(app, tx, &user, Some(&visit), change).await?;
                Ok::<_, Internal>(Changed::Done)
            })
        })
        .await?;
    app.outbox_filled.notify_one();
    Ok(changed)
}

/// Changes an address as an administrator, inside their unit of work: the new one counts as unproved, and the old one
/// is told. Whoever proved the old one can undo it, as any change. `false` when somebody else has the new one, or can
/// still take it back.
pub async fn correct(app: &App, tx: &mut Tx, user: &User, email: &Email) -> Result<bool, Internal> {
    let now = app.clock.now();
    let kept = address_changes::kept_for(tx, &app.keyring, email, now).await?;
    let theirs = kept.is_none_or(|owner| owner == user.id);
    if !theirs || !users::set_unproved_email(tx, &app.keyring, user.id, email, now).await? {
        return Ok(false);
    }
    address_changes::drop_code(tx, user.id).await?;
    let change = if user.email_verified_at.is_some() {
        let undo = app.entropy.token();
        let hash = undo_hash(app, undo.expose());
        address_changes::remember(tx, &app.keyring, (user.id, &user.email), &hash, (now, now + UNDO)).await?;
        let undo = format!("{}/account/email/undo?change={}", app.issuer.as_str(), undo.expose());
        Change::EmailChanged { undo, days: UNDO_DAYS }
    } else {
        Change::EmailCorrected
    };
    // To the old address, which `user` still has here.
    notice::put(app, tx, user, None, change).await?;
    Ok(true)
}

/// Gives the account its old address back, ends every session and grant, and takes away every way of signing in
/// that was added since: whoever changed it may still be there, or mean to come back. `false` when the change cannot be undone any more.
pub async fn undo(app: &Arc<App>, visit: &Visit, change: &str) -> Result<bool, Internal> {
    let hash = undo_hash(app, change);
    let (unit, visit) = (Arc::clone(app), visit.clone());
    let undone = app
        .db
        .write(move |tx| {
            Box::pin(async move {
                let (app, now) = (&unit, unit.clock.now());
                let undone = address_changes::undo(tx, &app.keyring, &hash, now).await?;
                let Some((id, old, since)) = undone else { return Ok(false) };
                let Some(user) = users::by_id(tx, &app.keyring, id).await? else { return Ok(false) };
                if !users::set_email(tx, &app.keyring, id, &old, now).await? {
                    // Rolled back: the link works again once the address is free.
                    return Err(NotUndone::Taken);
                }
                address_changes::drop_code(tx, id).await?;
                let removed = since::remove(tx, id, since).await?;
                for session in sessions::end_all_of(tx, id, "email_change_undone", now).await? {
                    let event = Event::new("session.ended", Actor::user(id)).user(id).session(session);
                    polder_audit::record(tx, event.request(visit.context.request_id));
                }
                record_undone(app, tx, &user, &visit.context, removed)?;
                // To both: whoever has the other address learns why they are out.
                notice::put(app, tx, &user, Some(&visit), Change::EmailChangeUndone(removed)).await?;
                let back = User { email: old, ..user };
                notice::put(app, tx, &back, Some(&visit), Change::EmailChangeUndone(removed)).await?;
                Ok(true)
            })
        })
        .await;
    app.outbox_filled.notify_one();
    match undone {
        Ok(undone) => Ok(undone),
        Err(NotUndone::Taken) => Ok(false),
        Err(NotUndone::Failed(error)) => Err(error),
    }
}

/// Why an undo is rolled back.
enum NotUndone {
    /// Somebody else has the address.
    Taken,
    Failed(Internal),
}

impl<E: Into<Internal>> From<E> for NotUndone {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

/// The keyed hash under which a change is found. What the link holds is stored nowhere.
pub fn undo_hash(app: &App, change: &str) -> String {
    app.keyring.index("undo-address", change.as_bytes())
}

fn code_hash(app: &App, user: &User, session: SessionId, code: &str) -> String {
    base64url(&app.keyring.mac("address-code", &[user.id.as_bytes(), session.as_bytes(), code.as_bytes()]))
}

fn record(
    app: &App,
    tx: &mut Tx,
    user: &User,
    context: &RequestContext,
    (action, session): (&'static str, SessionId),
) -> Result<(), Internal> {
    let ip = context.client_ip.map(|ip| ip.to_string());
    let event = Event::new(action, Actor::user(user.id)).request(context.request_id).session(session);
    let details = json!({ "ip": ip, "user_agent": context.user_agent });
    polder_audit::record(tx, audit::about(app, event.details(details), user)?);
    Ok(())
}

fn record_undone(
    app: &App,
    tx: &mut Tx,
    user: &User,
    context: &RequestContext,
    removed: Removed,
) -> Result<(), Internal> {
    let ip = context.client_ip.map(|ip| ip.to_string());
    let event = Event::new("email_change.undone", Actor::user(user.id)).request(context.request_id);
    let details = json!({ "ip": ip, "user_agent": context.user_agent, "removed": removed });
    polder_audit::record(tx, audit::about(app, event.details(details), user)?);
    Ok(())
}
