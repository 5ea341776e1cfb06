//! Making a passkey for whoever is signed in: the offer after a sign-in and the account page do the same.

use std::sync::Arc;
use std::time::Duration;

use polder_audit::{Actor, Event};
use polder_db::Tx;
use polder_hosted_pages::Device;
use polder_kernel::Timestamp;
use polder_tenant_api::{PasskeyId, Settings};
use serde_json::{Value, json};

use super::client_data::ClientData;
use super::options::{self, Person};
use super::register::{self, Models, Registered};
use super::response::Created;
use super::{Ceremony, Challenge, Refusal, models};
use crate::account::notice::{self, Change};
use crate::error::Internal;
use crate::model::{Assurance, Passkey, Session};
use crate::signin::session::Signed;
use crate::signin::visit::Visit;
use crate::store::{factor_recoveries, passkey_owners, passkeys};
use crate::{App, audit};

/// The most passkeys one person may have.
pub const MOST: i64 = 20;
/// How long a passkey counts for no more than a code when nothing better than a code vouched for it,
/// though there are others that could have (D13).
pub const WAIT: Duration = Duration::from_secs(24 * 3600);
/// How long a removed passkey can be brought back, and counts as one that the person has.
pub const REGRET: Duration = Duration::from_secs(14 * 24 * 3600);

/// What the browser is asked for. `quietly` for the creation that it makes by itself, if it will.
///
/// # Errors
/// When the database fails.
pub async fn options(app: &Arc<App>, signed: &Signed, quietly: bool) -> Result<Value, Internal> {
    let (unit, user, now) = (Arc::clone(app), signed.user.id, app.clock.now());
    let (handle, existing) = app
        .db
        .write(move |tx| {
            Box::pin(async move {
                let handle = passkey_owners::ensure(tx, (&unit.keyring, &unit.entropy), user, now).await?;
                Ok::<_, Internal>((handle, passkeys::of_user(tx, &unit.keyring, user, None).await?))
            })
        })
        .await?;
    let ceremony = if quietly { Ceremony::CreateQuietly } else { Ceremony::Create };
    let challenge = Challenge::issue(app, ceremony, &bound_to(&signed.session));
    let (tenant, address) = (app.tenant.current(), signed.user.email.as_str());
    let name = signed.user.name.as_deref().unwrap_or(address);
    let person = Person { handle: &handle, address, name };
    let attestation = !tenant.passkey_models.is_empty();
    Ok(options::to_create((&app.passkeys, &tenant.name), &challenge, person, &existing, attestation))
}

/// Verifies and stores what the browser made.
///
/// # Errors
/// The reason for a refusal, inside; outside when the database fails.
pub async fn finish(
    app: &Arc<App>,
    visit: &Visit,
    signed: &Signed,
    json: &str,
) -> Result<Result<Passkey, Refusal>, Internal> {
    let created = match answered(app, signed, json).await? {
        Ok(created) => created,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let (created, ceremony, challenge) = created;
    let tenant: Arc<Settings> = app.tenant.current();
    let models = Models { allowed: &tenant.passkey_models };
    let registered = match register::verify(&app.passkeys, (ceremony, &challenge), &created, &models) {
        Ok(registered) => registered,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let passkey = passkey(app, visit, signed, registered);
    let (unit, visit, signed) = (Arc::clone(app), visit.clone(), signed.clone());
    let stored =
        app.db.write(move |tx| Box::pin(async move { store(&unit, tx, &visit, &signed, passkey).await })).await?;
    app.outbox_filled.notify_one();
    Ok(stored)
}

/// The answer and the challenge it answers, which is used up now, before anything is verified (C01).
async fn answered(
    app: &Arc<App>,
    signed: &Signed,
    json: &str,
) -> Result<Result<(Created, Ceremony, Challenge), Refusal>, Internal> {
    let Ok(created) = Created::parse(json) else { return Ok(Err(Refusal::Malformed)) };
    let Ok(data) = ClientData::parse(&created.response.client_data.0) else { return Ok(Err(Refusal::Malformed)) };
    let bound_to = bound_to(&signed.session);
    let opened = [Ceremony::Create, Ceremony::CreateQuietly].into_iter().find_map(|ceremony| {
        Challenge::open(app, data.challenge(), ceremony, &bound_to).map(|challenge| (ceremony, challenge))
    });
    let Some((ceremony, challenge)) = opened else { return Ok(Err(Refusal::Challenge)) };
    let (unit, used) = (Arc::clone(app), challenge.clone());
    let first = app.db.write(move |tx| Box::pin(async move { used.use_up(&unit, tx).await })).await?;
    Ok(if first { Ok((created, ceremony, challenge)) } else { Err(Refusal::Challenge) })
}

fn passkey(app: &App, visit: &Visit, signed: &Signed, registered: Registered) -> Passkey {
    let now = app.clock.now();
    let Registered { credential, kind, backed_up, sign_count } = registered;
    let locale = visit.locale(app, &[]);
    let browser = visit.context.user_agent.as_deref().map(Device::from_user_agent).unwrap_or_default();
    let name = models::name(&credential.aaguid).map_or_else(|| browser.name(locale), str::to_owned);
    Passkey {
        id: PasskeyId::new(&app.clock, &app.entropy),
        user_id: signed.user.id,
        credential,
        name,
        rp_id: app.passkeys.id.clone(),
        kind,
        backed_up_at: backed_up.then_some(now),
        sign_count,
        created_at: now,
        strong_from: now,
        last_used_at: None,
        removed_at: None,
    }
}

async fn store(
    app: &App,
    tx: &mut Tx,
    visit: &Visit,
    signed: &Signed,
    mut passkey: Passkey,
) -> Result<Result<Passkey, Refusal>, Internal> {
    let now = app.clock.now();
    // One that was just removed counts: else removing it would spare the wait. One that went with a way
    // back does not: that had a wait of its own.
    let done = factor_recoveries::last_done(tx, signed.user.id).await?;
    let since = done.map_or(now - REGRET, |done| done.max(now - REGRET));
    let others = passkeys::of_user(tx, &app.keyring, signed.user.id, Some(since)).await?;
    let waits = !others.is_empty() && signed.session.assurance() < Assurance::TwoFactors;
    if waits {
        passkey.strong_from = now + WAIT;
    }
    if passkeys::count(tx, signed.user.id).await? >= MOST || !passkeys::add(tx, &app.keyring, &passkey).await? {
        return Ok(Err(Refusal::Taken));
    }
    let model = passkey.model().map(str::to_owned);
    let details =
        json!({ "passkey": passkey.id.to_string(), "model": model, "kind": passkey.kind.as_str(), "waits": waits });
    record(app, tx, visit, signed, "passkey.added", details)?;
    notice::put(app, tx, &signed.user, Some(visit), Change::PasskeyAdded { model, waits }).await?;
    Ok(Ok(passkey))
}

/// Records that the person changed something about their passkeys.
///
/// # Errors
/// When the person's key cannot be opened.
pub fn record(
    app: &App,
    tx: &mut Tx,
    visit: &Visit,
    signed: &Signed,
    action: &'static str,
    details: Value,
) -> Result<(), Internal> {
    let event = Event::new(action, Actor::user(signed.user.id)).session(signed.session.id);
    let event = event.request(visit.context.request_id).details(details);
    polder_audit::record(tx, audit::about(app, event, &signed.user)?);
    Ok(())
}

/// Since when a removed passkey may be brought back.
pub fn regret_since(now: Timestamp) -> Timestamp {
    now - REGRET
}

fn bound_to(session: &Session) -> String {
    session.id.to_string()
}
