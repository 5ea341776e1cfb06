//! Lockouts as an administrator sees them (K19): who or what has to wait, since when, until when, and a way
//! to lift it. Each is a counter that is full; none is longer than an hour, and none stands before a
//! passkey.

use std::net::IpAddr;
use std::sync::Arc;

use polder_audit::{Actor, Event};
use polder_crypto::Category;
use polder_db::Tx;
use polder_kernel::{Email, Timestamp};
use polder_tenant_api::{Lockout, LockoutId, LockoutKind, UserId};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::budget::Full;
use crate::error::Internal;
use crate::model::User;
use crate::signin::visit::Visit;
use crate::store::lockouts::{self, NewLockout, StoredLockout};
use crate::store::{code_budgets, factor_tries, users};
use crate::{App, audit};

/// The most that are listed.
const MOST: i64 = 200;

/// Whom or what it keeps waiting.
#[derive(Serialize, Deserialize)]
struct Details {
    email: Option<String>,
    ip: Option<String>,
}

/// Notes that codes for `email` from here have to wait, once per lockout: what is asked for again and again
/// meanwhile writes nothing.
///
/// # Errors
/// When the database fails.
pub async fn note_codes(app: &Arc<App>, visit: &Visit, email: &Email, full: &Full) -> Result<(), Internal> {
    let Full { kind: Some(kind), counter, address, ends_at, .. } = full.clone() else { return Ok(()) };
    if lockouts::is_noted(&mut app.db.read().await?, &counter, ends_at).await? {
        return Ok(());
    }
    let (unit, visit, email) = (Arc::clone(app), visit.clone(), email.clone());
    app.db
        .write(move |tx| {
            Box::pin(async move {
                let (of_address, ip) = (kind == LockoutKind::Address, visit.context.client_ip);
                let person = users::by_email(tx, &unit.keyring, &email).await?.filter(|_| of_address);
                let what = What { kind, counter: &counter, address: of_address.then_some(address.as_str()) };
                let email = of_address.then_some(&email);
                put(&unit, tx, &what, (person.as_ref(), email, ip), ends_at).await
            })
        })
        .await
}

/// Notes that a second factor of `user` has to wait, in the unit of work that counted the wrong try.
///
/// # Errors
/// When the database fails.
pub async fn note_factor(
    app: &App,
    tx: &mut Tx,
    (user, factor): (&User, &str),
    ip: Option<IpAddr>,
    ends_at: Timestamp,
) -> Result<(), Internal> {
    let counter = factor_tries::key(user.id, factor);
    let what = What { kind: LockoutKind::SecondFactor, counter: &counter, address: None };
    put(app, tx, &what, (Some(user), Some(&user.email), ip), ends_at).await
}

struct What<'a> {
    kind: LockoutKind,
    counter: &'a str,
    address: Option<&'a str>,
}

async fn put(
    app: &App,
    tx: &mut Tx,
    what: &What<'_>,
    (person, email, ip): (Option<&User>, Option<&Email>, Option<IpAddr>),
    ends_at: Timestamp,
) -> Result<(), Internal> {
    let ip = ip.map(|ip| ip.to_string());
    let id = LockoutId::new(&app.clock, &app.entropy);
    let details = Details { email: email.map(|email| email.as_str().to_owned()), ip: ip.clone() };
    let lockout = NewLockout {
        id,
        counter: what.counter,
        kind: what.kind,
        address: what.address,
        user: person.map(|person| person.id),
        details_sealed: app.keyring.seal_text(Category::Identifiers, &place(id), &serde_json::to_string(&details)?),
        ends_at,
    };
    if lockouts::put(tx, &lockout, app.clock.now()).await? {
        let event = Event::new("lockout.began", Actor::system("polder"));
        let event = event.details(json!({ "kind": what.kind, "ip": ip, "ends_at": ends_at.rfc3339() }));
        polder_audit::record(
            tx,
            match person {
                Some(person) => audit::about(app, event, person)?,
                None => event,
            },
        );
    }
    Ok(())
}

/// The lockouts there are, newest first.
///
/// # Errors
/// When the database fails, or a row does not open.
pub async fn list(app: &App, tx: &mut Tx, user: Option<UserId>) -> Result<Vec<Lockout>, Internal> {
    let stored = lockouts::live(tx, user, app.clock.now(), MOST).await?;
    stored.iter().map(|lockout| open(app, lockout)).collect()
}

fn open(app: &App, stored: &StoredLockout) -> Result<Lockout, Internal> {
    let json = app.keyring.unseal_text(Category::Identifiers, &place(stored.id), &stored.details_sealed)?;
    let details: Details = serde_json::from_str(&json)?;
    Ok(Lockout {
        id: stored.id,
        kind: stored.kind,
        user_id: stored.user,
        email: details.email,
        ip: details.ip,
        began_at: stored.began_at.rfc3339(),
        ends_at: stored.ends_at.rfc3339(),
    })
}

/// Lifts one: its counters begin anew. Gives whom it was about, or `None` when there is no such lockout.
///
/// # Errors
/// When the database fails.
pub async fn lift(tx: &mut Tx, id: LockoutId) -> Result<Option<(LockoutKind, Option<UserId>)>, Internal> {
    let Some(lifted) = lockouts::remove(tx, id).await? else { return Ok(None) };
    match lifted.kind {
        LockoutKind::SecondFactor => factor_tries::forget(tx, &lifted.counter).await?,
        LockoutKind::Address | LockoutKind::Network => code_budgets::clear(tx, &lifted.counter).await?,
    }
    if let Some(address) = &lifted.address {
        code_budgets::clear(tx, address).await?;
    }
    Ok(Some((lifted.kind, lifted.user)))
}

fn place(id: LockoutId) -> String {
    format!("lockout.details_sealed:{id}")
}
