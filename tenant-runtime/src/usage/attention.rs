//! What somebody should look at, told from facts alone.

use std::time::Duration;

use polder_db::Tx;
use polder_kernel::{Day, Timestamp};
use polder_tenant_api::{Attention, AttentionKind, SignUp};

use crate::App;
use crate::error::Internal;
use crate::store::{application_errors, signing_keys, usage};

const DAY: Duration = Duration::from_secs(24 * 3600);
const WEEK: Duration = Duration::from_secs(7 * 24 * 3600);
/// So many failures of sign-ins with outside providers on one day are no accident.
const FAILURES: u64 = 5;
/// So many refusals of an application in a day are worth a look.
const REFUSALS: u64 = 20;

/// What needs attention now, the most urgent first.
///
/// # Errors
/// When the database fails.
pub async fn attention(app: &App, tx: &mut Tx) -> Result<Vec<Attention>, Internal> {
    let now = app.clock.now();
    let (mail, logouts) = usage::undelivered(tx, now - WEEK).await?;
    let found = [
        (AttentionKind::UndeliveredMail, mail),
        (AttentionKind::Lockouts, usage::lockouts(tx, now).await?),
        (AttentionKind::UndeliveredLogouts, logouts),
        (AttentionKind::KeysOverdue, overdue_keys(app, tx, now).await?),
        (AttentionKind::ConnectionFailing, failing_connections(tx, now).await?),
        (AttentionKind::OpenSignUp, u64::from(app.tenant.current().sign_up == SignUp::Open)),
    ];
    let found = found.into_iter().filter(|(_, count)| *count > 0);
    let mut all: Vec<Attention> = found.map(|(kind, count)| Attention { kind, count, id: None, name: None }).collect();
    all.extend(refused_applications(tx, now - DAY).await?);
    Ok(all)
}

/// Signing keys that should have been followed by another: a day is left for the job that does it.
async fn overdue_keys(app: &App, tx: &mut Tx, now: Timestamp) -> Result<u64, Internal> {
    let keys = signing_keys::listed(tx).await?;
    let old = |key: &&signing_keys::StoredKey| {
        key.retired_at.is_none() && key.removed_at.is_none() && now.since(key.active_from) > app.rotation.period + DAY
    };
    Ok(u64::try_from(keys.iter().filter(old).count()).unwrap_or(0))
}

/// Applications that are asked for although they are switched off, and those that are refused again and again.
async fn refused_applications(tx: &mut Tx, since: Timestamp) -> Result<Vec<Attention>, Internal> {
    let mut found = Vec::new();
    for (id, name, off, times) in application_errors::since(tx, since).await? {
        let kind = if off { AttentionKind::DisabledApplicationUsed } else { AttentionKind::ApplicationRefused };
        let count = u64::try_from(times).unwrap_or(0);
        if off || count >= REFUSALS {
            found.push(Attention { kind, count, id: Some(id.to_string()), name: Some(name) });
        }
    }
    Ok(found)
}

async fn failing_connections(tx: &mut Tx, now: Timestamp) -> Result<u64, Internal> {
    let today = Day::of(now);
    let sums = usage::sums(tx, today, today).await?;
    let failures = sums.into_iter().find(|(_, (what, _))| what == "failed_connection").map_or(0, |(_, (_, n))| n);
    Ok(if failures >= FAILURES { failures } else { 0 })
}
