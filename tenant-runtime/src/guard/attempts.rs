//! The log of sign-in attempts (R3): what brute force looks like, kept for 30 days and then removed with the
//! rest of what retention removes.
//!
//! One row per address, network, outcome and day, which counts: a flood of one thing is one row. Addresses
//! and networks are keyed hashes, where and with what is sealed. Refusals that nobody's budget paid for
//! are counted by network alone, and noted only so often, so that strangers cannot fill the table.

use std::sync::Arc;

use polder_crypto::Category;
use polder_db::Tx;
use polder_kernel::Email;
use polder_service::RequestContext;
use polder_tenant_api::{AttemptOutcome, SignInAttempt};
use serde::{Deserialize, Serialize};

use super::network;
use crate::error::Internal;
use crate::model::User;
use crate::store::address_changes;
use crate::store::sign_in_attempts::{self, NewAttempt};
use crate::{App, limits, usage};

const DAY_MILLIS: i64 = 24 * 60 * 60 * 1000;
/// The most that is shown of one address.
const MOST: i64 = 200;

/// Where and with what the first of a row's attempts was made.
#[derive(Serialize, Deserialize)]
struct Details {
    ip: Option<String>,
    user_agent: Option<String>,
}

/// Notes an attempt, in the unit of work that it is part of.
///
/// # Errors
/// When the database fails.
pub async fn note(
    app: &App,
    tx: &mut Tx,
    outcome: AttemptOutcome,
    email: Option<&Email>,
    context: &RequestContext,
) -> Result<(), Internal> {
    let (now, site) = (app.clock.now(), network::site(context.client_ip));
    let address = email.map(Email::as_str).unwrap_or_default();
    let day = now.millis() / DAY_MILLIS;
    // Neither part holds a NUL, so the whole has one reading.
    let whole = format!("{}\0{address}\0{site}\0{day}", outcome.as_str());
    let key = app.keyring.index("sign-in-attempt", whole.as_bytes());
    let ip = context.client_ip.map(|ip| ip.to_string());
    let details = serde_json::to_string(&Details { ip, user_agent: context.user_agent.clone() })?;
    let attempt = NewAttempt {
        address_index: email.map(|email| address_index(app, email)),
        network_index: app.keyring.index("attempt-network", site.as_bytes()),
        outcome: outcome.as_str(),
        details_sealed: app.keyring.seal_text(Category::SessionMetadata, &place(&key), &details),
        key,
    };
    usage::failed(tx, outcome, now).await?;
    Ok(sign_in_attempts::count(tx, &attempt, now).await?)
}

/// Notes a refusal by network alone, in a unit of work of its own.
///
/// # Errors
/// When the database fails.
pub async fn note_refusal(app: &Arc<App>, outcome: AttemptOutcome, context: &RequestContext) -> Result<(), Internal> {
    if app.limits.check(limits::NOTED_REFUSAL, context.client_ip).is_err() {
        return Ok(());
    }
    let (unit, context) = (Arc::clone(app), context.clone());
    app.db.write(move |tx| Box::pin(async move { note(&unit, tx, outcome, None, &context).await })).await
}

/// The attempts for somebody's address, and for a former one as long as it is kept, newest first.
///
/// # Errors
/// When the database fails, or a row does not open.
pub async fn of_person(app: &App, tx: &mut Tx, user: &User) -> Result<Vec<SignInAttempt>, Internal> {
    let mut all = Vec::new();
    for email in addresses(app, tx, user).await? {
        all.extend(of_address(app, tx, &email).await?);
    }
    all.sort_by(|a, b| b.last_at.cmp(&a.last_at));
    Ok(all)
}

/// Forgets them: the person is being erased.
///
/// # Errors
/// When the database fails.
pub async fn forget_person(app: &App, tx: &mut Tx, user: &User) -> Result<(), Internal> {
    for email in addresses(app, tx, user).await? {
        sign_in_attempts::forget_address(tx, &address_index(app, &email)).await?;
    }
    Ok(())
}

async fn addresses(app: &App, tx: &mut Tx, user: &User) -> Result<Vec<Email>, Internal> {
    let former = address_changes::of_user(tx, &app.keyring, user.id).await?;
    Ok(std::iter::once(user.email.clone()).chain(former.into_iter().map(|former| former.address)).collect())
}

/// The attempts for an address, newest first.
///
/// # Errors
/// When the database fails, or a row does not open.
async fn of_address(app: &App, tx: &mut Tx, email: &Email) -> Result<Vec<SignInAttempt>, Internal> {
    let rows = sign_in_attempts::of_address(tx, &address_index(app, email), MOST).await?;
    let open = |row: sign_in_attempts::StoredAttempt| {
        let json = app.keyring.unseal_text(Category::SessionMetadata, &place(&row.key), &row.details_sealed)?;
        let details: Details = serde_json::from_str(&json)?;
        Ok(SignInAttempt {
            outcome: row.outcome,
            count: row.count,
            ip: details.ip,
            user_agent: details.user_agent,
            first_at: row.first_at.rfc3339(),
            last_at: row.last_at.rfc3339(),
        })
    };
    rows.into_iter().map(open).collect()
}

fn address_index(app: &App, email: &Email) -> String {
    app.keyring.index("attempt-address", email.as_str().as_bytes())
}

fn place(key: &str) -> String {
    format!("sign_in_attempt.details_sealed:{key}")
}
