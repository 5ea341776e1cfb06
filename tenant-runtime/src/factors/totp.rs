//! The authenticator app: setting it up, and its codes at sign-in.

use std::sync::Arc;
use std::time::Duration;

use polder_audit::{Actor, Event};
use polder_crypto::TotpSecret;
use polder_crypto::totp::DIGITS;
use polder_db::Tx;
use polder_tenant_api::{AttemptOutcome, SessionId};
use serde_json::json;
use url::form_urlencoded::byte_serialize;

use super::Checked;
use super::tries::{Factor, Spent, TOLD_AFTER};
use crate::account::notice::{self, Change};
use crate::error::Internal;
use crate::guard::{attempts, lockout};
use crate::model::User;
use crate::signin::visit::Visit;
use crate::store::totp_factors;
use crate::{App, audit};

/// How long a picture is shown.
const SHOWN: Duration = Duration::from_secs(300);

/// A code as typed, without the space that apps show in the middle; `None` for what cannot be one.
pub fn digits(typed: &str) -> Option<String> {
    let code: String = typed.chars().filter(|c| !c.is_whitespace() && *c != '-').collect();
    (code.len() == DIGITS && code.bytes().all(|b| b.is_ascii_digit())).then_some(code)
}

/// What the picture holds: the key, and whose it is, as authenticator apps read it.
pub fn uri(tenant_name: &str, user: &User, secret: &TotpSecret) -> String {
    let word = |text: &str| byte_serialize(text.as_bytes()).collect::<String>().replace('+', "%20");
    let (tenant, address) = (word(&tenant_name.replace(':', " ")), word(user.email.as_str()));
    format!("otpauth://totp/{tenant}:{address}?secret={}&issuer={tenant}", secret.to_base32().expose())
}

/// A secret to be shown, in the place of one shown before.
pub async fn begin(app: &Arc<App>, user: &User, session: SessionId) -> Result<TotpSecret, Internal> {
    let secret = TotpSecret::generate(&app.entropy);
    let (unit, id, kept) = (Arc::clone(app), user.id, secret.clone());
    let now = app.clock.now();
    app.db
        .write(move |tx| {
            Box::pin(async move {
                totp_factors::begin(tx, &unit.keyring, (id, session), &kept, (now, now + SHOWN)).await?;
                Ok::<_, Internal>(())
            })
        })
        .await?;
    Ok(secret)
}

/// What confirming came to.
#[derive(Debug)]
pub enum Confirmed {
    /// The app is in force; whether it took the place of another.
    InForce {
        /// Whether there was one before.
        replaced: bool,
    },
    /// It is not the code of the secret that is shown.
    Wrong {
        /// That secret.
        shown: TotpSecret,
    },
    /// Too many wrong ones.
    Wait {
        /// That secret.
        shown: TotpSecret,
        /// When to try again.
        retry_after: Duration,
    },
    /// None is being shown any more.
    Expired,
}

/// Puts the app in force, if `code` is the one it shows. That code is used up with it (D14, D15).
pub async fn confirm(
    app: &Arc<App>,
    visit: &Visit,
    (user, session): (&User, SessionId),
    code: Option<String>,
) -> Result<Confirmed, Internal> {
    let (unit, user, visit) = (Arc::clone(app), user.clone(), visit.clone());
    let confirmed = app
        .db
        .write(move |tx| {
            Box::pin(async move {
                let (app, now) = (&unit, unit.clock.now());
                let shown = totp_factors::begun(tx, &app.keyring, (user.id, session), now).await?;
                let Some(shown) = shown else { return Ok(Confirmed::Expired) };
                if let Spent::Wait(retry_after) = Factor::Totp.spend(tx, user.id, now).await? {
                    return Ok(Confirmed::Wait { shown, retry_after });
                }
                let step = code.as_deref().and_then(|code| shown.step_of(code, now));
                let Some(step) = step else { return Ok(Confirmed::Wrong { shown }) };
                if !totp_factors::end(tx, user.id).await? {
                    return Ok(Confirmed::Expired);
                }
                Factor::Totp.clear(tx, user.id).await?;
                let replaced = totp_factors::has(tx, user.id).await?;
                totp_factors::put(tx, &app.keyring, user.id, &shown, (step, now)).await?;
                let (action, change) = match replaced {
                    true => ("totp.replaced", Change::TotpReplaced),
                    false => ("totp.added", Change::TotpAdded),
                };
                record(app, tx, &user, &visit, (action, Some(session)))?;
                notice::put(app, tx, &user, Some(&visit), change).await?;
                Ok::<_, Internal>(Confirmed::InForce { replaced })
            })
        })
        .await?;
    app.outbox_filled.notify_one();
    Ok(confirmed)
}

/// Removes the app, and the recovery codes that stand in for it. `false` when there was none.
pub async fn remove(app: &Arc<App>, visit: &Visit, user: &User, session: SessionId) -> Result<bool, Internal> {
    let (unit, user, visit) = (Arc::clone(app), user.clone(), visit.clone());
    let removed = app
        .db
        .write(move |tx| {
            Box::pin(async move {
                if !totp_factors::remove(tx, user.id).await? {
                    return Ok(false);
                }
                record(&unit, tx, &user, &visit, ("totp.removed", Some(session)))?;
                notice::put(&unit, tx, &user, Some(&visit), Change::TotpRemoved).await?;
                Ok::<_, Internal>(true)
            })
        })
        .await?;
    app.outbox_filled.notify_one();
    Ok(removed)
}

/// Checks a code at sign-in, inside the unit of work that makes the session. Each step works once, and
/// the time is ours (D16).
pub async fn check(app: &App, tx: &mut Tx, user: &User, visit: &Visit, code: &str) -> Result<Checked, Internal> {
    let now = app.clock.now();
    let number = match Factor::Totp.spend(tx, user.id, now).await? {
        Spent::Try(number) => number,
        Spent::Wait(retry_after) => return Ok(Checked::Wait { retry_after }),
    };
    let factor = totp_factors::of_user(tx, &app.keyring, user.id).await?;
    let step = factor.and_then(|factor| factor.secret.step_of(code, now));
    let accepted = match step {
        Some(step) => totp_factors::accept_step(tx, user.id, step, now).await?,
        None => false,
    };
    if accepted {
        Factor::Totp.clear(tx, user.id).await?;
        return Ok(Checked::Right);
    }
    failed(app, tx, user, visit, (Factor::Totp, number)).await?;
    Ok(Checked::Wrong)
}

/// Notes a wrong try, and tells the person when there were many in a row (D26).
pub(super) async fn failed(
    app: &App,
    tx: &mut Tx,
    user: &User,
    visit: &Visit,
    (factor, number): (Factor, i64),
) -> Result<(), Internal> {
    let (now, context) = (app.clock.now(), &visit.context);
    attempts::note(app, tx, AttemptOutcome::SecondStepWrong, Some(&user.email), context).await?;
    if let Some(wait) = Factor::wait_after(number) {
        lockout::note_factor(app, tx, (user, factor.as_str()), context.client_ip, now + wait).await?;
    }
    let action = match factor {
        Factor::Totp => "totp.failed",
        Factor::RecoveryCode => "recovery_code.failed",
    };
    let ip = visit.context.client_ip.map(|ip| ip.to_string());
    let event = Event::new(action, Actor::anonymous()).request(visit.context.request_id);
    polder_audit::record(tx, audit::about(app, event.details(json!({ "try": number, "ip": ip })), user)?);
    if number == TOLD_AFTER {
        notice::put(app, tx, user, Some(visit), Change::ManyFailures).await?;
    }
    Ok(())
}

/// Notes a change of somebody's factors.
pub(super) fn record(
    app: &App,
    tx: &mut Tx,
    user: &User,
    visit: &Visit,
    (action, session): (&'static str, Option<SessionId>),
) -> Result<(), Internal> {
    let ip = visit.context.client_ip.map(|ip| ip.to_string());
    let details = json!({ "ip": ip, "user_agent": visit.context.user_agent });
    let event = Event::new(action, Actor::user(user.id)).request(visit.context.request_id).details(details);
    let event = session.into_iter().fold(event, |event, id| event.session(id));
    polder_audit::record(tx, audit::about(app, event, user)?);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn d14_a_code_is_six_digits_however_it_is_spaced() {
        assert_eq!(digits(" 012 345 ").as_deref(), Some("012345"));
        for typed in ["", "12345", "1234567", "12345a", "１２３４５６"] {
            assert_eq!(digits(typed), None, "{typed}");
        }
    }
}
