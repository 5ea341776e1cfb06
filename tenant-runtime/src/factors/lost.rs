//! The way back for somebody who lost their app with its recovery codes, or their passkeys (D18).
//!
//! ```text
//! address proved ──ask──> waits ──its hours──> ready ──address proved, finish──> factors gone, all sessions ended
//!                           └──── link in a notice, or a sign-in with what was lost ────> ended
//! ```
//!
//! Whoever reads somebody's mail can begin this, so beginning gives nothing: every address of the person is
//! told, with a link that stops it; using what was said to be lost stops it, too; and what is finished is
//! an account without factors, never one with the asker's.

use std::sync::Arc;
use std::time::Duration;

use polder_audit::{Actor, Event};
use polder_db::Tx;
use polder_kernel::Timestamp;
use polder_tenant_api::{PasskeyId, UserId};
use serde_json::json;

use super::totp::record;
use crate::account::notice::{self, Change};
use crate::error::Internal;
use crate::model::User;
use crate::signin::visit::Visit;
use crate::store::factor_recoveries::{self, Recovery, RecoveryId};
use crate::store::{address_changes, passkeys, sessions, totp_factors, users};
use crate::{App, audit};

/// How long one that is ready can be finished.
const OPEN: Duration = Duration::from_secs(7 * 24 * 3600);

/// Asks for a way back and tells every address. `None` when one waits already.
pub async fn ask(app: &Arc<App>, visit: &Visit, user: &User) -> Result<Option<Recovery>, Internal> {
    let hours = app.tenant.current().recovery_wait_hours;
    let requested_at = app.clock.now();
    let ready_at = requested_at + Duration::from_secs(u64::from(hours) * 3600);
    let recovery = Recovery { requested_at, ready_at, expires_at: ready_at + OPEN };
    let (id, token) = (RecoveryId::new(&app.clock, &app.entropy), app.entropy.token());
    let (unit, user, visit) = (Arc::clone(app), user.clone(), visit.clone());
    let asked = app
        .db
        .write(move |tx| {
            Box::pin(async move {
                let app = &unit;
                let hash = cancel_hash(app, token.expose());
                if !factor_recoveries::ask(tx, id, user.id, &hash, recovery).await? {
                    return Ok(false);
                }
                record(app, tx, &user, &visit, ("recovery.requested", None))?;
                let stop = format!("{}/signin/lost/stop?recovery={}", app.issuer.as_str(), token.expose());
                tell(app, tx, &user, Some(&visit), &Change::RecoveryAsked { stop, hours }).await?;
                Ok::<_, Internal>(true)
            })
        })
        .await?;
    app.outbox_filled.notify_one();
    Ok(asked.then_some(recovery))
}

/// Takes the factors away, ends every session, and tells every address; inside the unit of work that lets
/// the person in. Their passkeys stay but for the `gone` ones, which can be brought back for two weeks.
/// `false` when it is not time, or somebody else just did.
pub async fn finish(
    app: &App,
    tx: &mut Tx,
    visit: &Visit,
    (user, gone): (&User, &[PasskeyId]),
) -> Result<bool, Internal> {
    let now = app.clock.now();
    if !factor_recoveries::finish(tx, user.id, now).await? {
        return Ok(false);
    }
    totp_factors::remove(tx, user.id).await?;
    for id in gone {
        passkeys::remove(tx, *id, user.id, now).await?;
    }
    end_sessions(tx, user.id, ("recovered", now), |event| event.request(visit.context.request_id)).await?;
    record(app, tx, user, visit, ("recovery.finished", None))?;
    tell(app, tx, user, Some(visit), &Change::RecoveryDone).await?;
    Ok(true)
}

/// Ends a way back because the person used what they said they lost, if they had asked for one.
pub async fn proved(app: &App, tx: &mut Tx, user: &User, visit: &Visit) -> Result<(), Internal> {
    if factor_recoveries::proved(tx, user.id, app.clock.now()).await? {
        record(app, tx, user, visit, ("recovery.cancelled", None))?;
    }
    Ok(())
}

/// Stops a way back by what the link in a notice holds, and ends every session: whoever asked may still
/// be there. `false` when there is nothing to stop any more.
pub async fn stop(app: &Arc<App>, visit: &Visit, token: &str) -> Result<bool, Internal> {
    let hash = cancel_hash(app, token);
    let (unit, visit) = (Arc::clone(app), visit.clone());
    let stopped = app
        .db
        .write(move |tx| {
            Box::pin(async move {
                let (app, now) = (&unit, unit.clock.now());
                let Some(id) = factor_recoveries::cancel(tx, &hash, now).await? else { return Ok(false) };
                let Some(user) = users::by_id(tx, &app.keyring, id).await? else { return Ok(false) };
                let request = visit.context.request_id;
                end_sessions(tx, id, ("recovery_stopped", now), |event| event.request(request)).await?;
                record(app, tx, &user, &visit, ("recovery.cancelled", None))?;
                tell(app, tx, &user, Some(&visit), &Change::RecoveryStopped).await?;
                Ok::<_, Internal>(true)
            })
        })
        .await?;
    app.outbox_filled.notify_one();
    Ok(stopped)
}

/// Takes away all of a person's factors and ends their sessions, as an administrator: `by` makes the
/// events. The person is told at every address.
pub async fn reset(app: &App, tx: &mut Tx, user: &User, by: impl Fn(&'static str) -> Event) -> Result<(), Internal> {
    let now = app.clock.now();
    let (id, token) = (RecoveryId::new(&app.clock, &app.entropy), app.entropy.token());
    let app_removed = totp_factors::remove(tx, user.id).await?;
    let mut removed = 0;
    for passkey in passkeys::of_user(tx, &app.keyring, user.id, None).await? {
        removed += i32::from(passkeys::remove(tx, passkey.id, user.id, now).await?);
    }
    factor_recoveries::reset(tx, id, user.id, &cancel_hash(app, token.expose()), now).await?;
    for session in sessions::end_all_of(tx, user.id, "factors_reset", now).await? {
        polder_audit::record(tx, by("session.ended").user(user.id).session(session));
    }
    let details = json!({ "authenticator_app": app_removed, "passkeys": removed });
    polder_audit::record(tx, audit::about(app, by("factors.reset").details(details), user)?);
    tell(app, tx, user, None, &Change::FactorsReset).await
}

/// The keyed hash under which a way back is found. What the link holds is stored nowhere.
pub fn cancel_hash(app: &App, token: &str) -> String {
    app.keyring.index("stop-recovery", token.as_bytes())
}

async fn end_sessions(
    tx: &mut Tx,
    user: UserId,
    (reason, now): (&str, Timestamp),
    with: impl Fn(Event) -> Event,
) -> Result<(), Internal> {
    for session in sessions::end_all_of(tx, user, reason, now).await? {
        polder_audit::record(tx, with(Event::new("session.ended", Actor::user(user)).user(user).session(session)));
    }
    Ok(())
}

/// A notice to every address that is the person's: the present one, and those that could still be taken
/// back.
async fn tell(app: &App, tx: &mut Tx, user: &User, visit: Option<&Visit>, change: &Change) -> Result<(), Internal> {
    let mut addresses = address_changes::kept_of(tx, &app.keyring, user.id, app.clock.now()).await?;
    addresses.retain(|address| *address != user.email);
    addresses.push(user.email.clone());
    for email in addresses {
        let at = User { email, ..user.clone() };
        notice::put(app, tx, &at, visit, change.clone()).await?;
    }
    Ok(())
}
