//! Proving oneself with a passkey. The challenge is used up first, in a unit of work of its own, so
//! that of many parallel answers one is looked at (C01); then the answer is verified, and only when
//! everything was right is anything changed (C21).

use std::sync::Arc;

use polder_audit::Actor;
use polder_crypto::constant_time_eq;
use polder_db::Tx;
use polder_kernel::Secret;
use polder_tenant_api::AttemptOutcome;
use serde_json::json;

use super::session::Signed;
use super::start::{Completed, Proof, Started};
use super::visit::Visit;
use super::waiting::Waiting;
use crate::account::notice::{self, Change};
use crate::error::Internal;
use crate::guard::attempts;
use crate::model::{Passkey, User};
use crate::passkeys::client_data::ClientData;
use crate::passkeys::prove::{self, Proved};
use crate::passkeys::response::Asserted;
use crate::passkeys::{Ceremony, Challenge, Refusal};
use crate::store::{passkey_owners, passkeys, users};
use crate::{App, audit};

/// What a try came to.
#[derive(Debug)]
pub enum Tried {
    /// The person is known and the session made; the cookie is known to this answer alone.
    Right {
        /// The session and its person.
        signed: Box<Signed>,
        /// The session cookie's value.
        cookie: Secret<String>,
    },
    /// The flow waits: it counts for no more than an e-mail code yet and the person has a second step, or they
    /// have as many sessions as they may.
    Waits,
    /// The key was at hand, but the passkey was removed.
    Gone {
        /// Its id, for the browser to forget.
        credential_id: String,
    },
    /// Anything else.
    Refused,
}

/// A passkey with its owner, as far as they are known.
struct Found {
    passkey: Passkey,
    user: User,
    handle: Vec<u8>,
}

/// Tries `json`, what the browser answered, for this flow.
///
/// # Errors
/// When the database fails.
pub async fn prove(app: &Arc<App>, visit: &Visit, waiting: &Waiting, json: &str) -> Result<Tried, Internal> {
    let proof = Proof::in_flow(app, visit, waiting);
    let (asserted, challenge) = match answered(app, waiting, json).await? {
        Ok(answered) => answered,
        Err(refusal) => return refuse(app, proof, None, refusal).await,
    };
    let Some(found) = find(app, asserted.credential_id()).await? else {
        return refuse(app, proof, None, Refusal::Unknown).await;
    };
    // Nobody said who they are: the authenticator must, and rightly (C18).
    let handle = asserted.response.user_handle.as_ref().map(|handle| handle.0.as_slice()).unwrap_or_default();
    if !constant_time_eq(handle, &found.handle) {
        return refuse(app, proof, Some(found), Refusal::Unknown).await;
    }
    match prove::verify(&app.passkeys, &challenge, &asserted, &found.passkey) {
        Err(refusal) => refuse(app, proof, Some(found), refusal).await,
        Ok(_) if found.passkey.removed_at.is_some() && found.user.disabled_at.is_none() => {
            Ok(Tried::Gone { credential_id: found.passkey.credential.id })
        }
        Ok(_) if found.user.disabled_at.is_some() => refuse(app, proof, Some(found), Refusal::Unknown).await,
        Ok(proved) => start(app, proof, found, proved).await,
    }
}

async fn answered(
    app: &Arc<App>,
    waiting: &Waiting,
    json: &str,
) -> Result<Result<(Asserted, Challenge), Refusal>, Internal> {
    let Ok(asserted) = Asserted::parse(json) else { return Ok(Err(Refusal::Malformed)) };
    let Ok(data) = ClientData::parse(&asserted.response.client_data.0) else { return Ok(Err(Refusal::Malformed)) };
    let Some(challenge) = Challenge::open(app, data.challenge(), Ceremony::SignIn, &waiting.hash(app)) else {
        return Ok(Err(Refusal::Challenge));
    };
    let (unit, used) = (Arc::clone(app), challenge.clone());
    let first = app.db.write(move |tx| Box::pin(async move { used.use_up(&unit, tx).await })).await?;
    Ok(if first { Ok((asserted, challenge)) } else { Err(Refusal::Challenge) })
}

async fn find(app: &App, credential_id: &[u8]) -> Result<Option<Found>, Internal> {
    let mut tx = app.db.read().await?;
    let Some(passkey) = passkeys::by_credential(&mut tx, &app.keyring, credential_id).await? else { return Ok(None) };
    let Some(user) = users::by_id(&mut tx, &app.keyring, passkey.user_id).await? else { return Ok(None) };
    let handle = passkey_owners::handle_of(&mut tx, &app.keyring, user.id).await?;
    Ok(handle.map(|handle| Found { passkey, user, handle }))
}

async fn start(app: &Arc<App>, proof: Proof, found: Found, proved: Proved) -> Result<Tried, Internal> {
    let unit = Arc::clone(app);
    app.db.write(move |tx| Box::pin(async move { signed(&unit, tx, &proof, found, proved).await })).await
}

/// The use is noted and the session made; refused when the passkey was removed or used meanwhile, or the
/// person stopped.
async fn signed(app: &App, tx: &mut Tx, proof: &Proof, found: Found, proved: Proved) -> Result<Tried, Internal> {
    let (Found { passkey, .. }, now) = (found, app.clock.now());
    let user = users::by_id(tx, &app.keyring, passkey.user_id).await?.filter(|user| user.disabled_at.is_none());
    let Some(user) = user else { return Ok(Tried::Refused) };
    if !passkeys::used(tx, &passkey, proved, now).await? {
        return Ok(Tried::Refused);
    }
    if proved.backed_up != passkey.backed_up_at.is_some() {
        let details = json!({ "passkey": passkey.id.to_string(), "backed_up": proved.backed_up });
        let event = proof.event("passkey.backup_changed", Actor::user(user.id)).details(details);
        polder_audit::record(tx, audit::about(app, event, &user)?);
    }
    match proof.complete(app, tx, &user, &[passkey.method(now)]).await? {
        Completed::Session(started) => {
            let Started { session, cookie } = *started;
            Ok(Tried::Right { signed: Box::new(Signed { session, user }), cookie })
        }
        Completed::Waits => Ok(Tried::Waits),
    }
}

/// The failure is recorded. A counter that went back is worth a mail as well (C20).
async fn refuse(app: &Arc<App>, proof: Proof, found: Option<Found>, refusal: Refusal) -> Result<Tried, Internal> {
    let unit = Arc::clone(app);
    app.db.write(move |tx| Box::pin(async move { note(&unit, tx, &proof, found, refusal).await })).await?;
    if refusal == Refusal::Counter {
        app.outbox_filled.notify_one();
    }
    Ok(Tried::Refused)
}

async fn note(app: &App, tx: &mut Tx, proof: &Proof, found: Option<Found>, refusal: Refusal) -> Result<(), Internal> {
    let ip = proof.visit().context.client_ip.map(|ip| ip.to_string());
    let passkey = found.as_ref().map(|found| found.passkey.id.to_string());
    let details = json!({ "factor": "passkey", "reason": refusal.to_string(), "passkey": passkey, "ip": ip });
    let event = proof.event("sign_in.failed", Actor::anonymous()).details(details);
    let email = found.as_ref().map(|found| &found.user.email);
    attempts::note(app, tx, AttemptOutcome::PasskeyRefused, email, &proof.visit().context).await?;
    let Some(Found { user, passkey, .. }) = found else {
        polder_audit::record(tx, event);
        return Ok(());
    };
    polder_audit::record(tx, audit::about(app, event, &user)?);
    if refusal == Refusal::Counter {
        let change = Change::PasskeyCounter { model: passkey.model().map(str::to_owned) };
        notice::put(app, tx, &user, Some(proof.visit()), change).await?;
    }
    Ok(())
}
