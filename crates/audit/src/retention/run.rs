//! One run: every rule in batches, then the log itself, then an entry in it that says so.

use std::time::Duration;

use polder_db::{Db, args};
use polder_kernel::{Clock, Timestamp};
use serde::Serialize;
use serde_json::json;

use super::audit::{self, Pruned};
use super::{Rule, next_run};
use crate::Error;
use crate::chain::CHAIN;
use crate::checkpoint::{self, CheckpointKey};
use crate::event::{Actor, Event, record};

/// Rows removed in one unit of work: other work gets its turn in between.
const BATCH: u32 = 500;
/// Batches per table and run; what is left goes in the next run.
const BATCHES: u32 = 2_000;
/// The action of the entry that each run leaves.
const ACTION: &str = "retention.run";

/// What is kept how long.
#[derive(Clone, Copy, Debug)]
pub struct Schedule {
    /// One rule per table that grows.
    pub rules: &'static [Rule],
    /// How long audit events stay.
    pub audit: Duration,
}

/// What one run did.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// When it began, Unix milliseconds.
    pub began_at: Timestamp,
    /// By rule, in order.
    pub swept: Vec<Swept>,
    /// The log itself; `None` when pruning it failed.
    pub audit: Option<Pruned>,
}

/// What one rule removed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Swept {
    /// The table.
    pub table: &'static str,
    /// The column that decided.
    pub column: &'static str,
    /// How long rows are kept, in seconds.
    pub keep_seconds: u64,
    /// Why that long.
    pub reason: &'static str,
    /// Rows removed.
    pub removed: u64,
    /// Rows are left for the next run.
    pub more: bool,
    /// The database refused; the service's log says why.
    pub failed: bool,
}

/// Runs retention when 03:00 in Amsterdam has passed since the last run; a log without a run counts from
/// its first event. `None` when it was not due.
///
/// # Errors
/// As [`run`].
pub async fn run_if_due(
    db: &Db,
    schedule: &Schedule,
    key: &CheckpointKey,
    clock: &Clock,
) -> Result<Option<Report>, Error> {
    const LAST: &str = "SELECT MAX(at) AS at FROM audit_event WHERE action = $1";
    const FIRST: &str = "SELECT at FROM audit_event WHERE chain = $1 ORDER BY seq LIMIT 1";
    let mut tx = db.read().await?;
    let mut since = tx.optional(LAST, &args![ACTION], |row| row.opt_time("at")).await?.flatten();
    if since.is_none() {
        since = tx.optional(FIRST, &args![CHAIN], |row| row.time("at")).await?;
    }
    drop(tx);
    match since {
        Some(since) if next_run(since) <= clock.now() => run(db, schedule, key, clock).await.map(Some),
        _ => Ok(None),
    }
}

/// Runs retention now. A rule that fails does not keep the others from running; the entry names it.
///
/// # Errors
/// That the run's own entry could not be written.
pub async fn run(db: &Db, schedule: &Schedule, key: &CheckpointKey, clock: &Clock) -> Result<Report, Error> {
    let now = clock.now();
    let mut report = Report { began_at: now, swept: Vec::with_capacity(schedule.rules.len()), audit: None };
    for rule in schedule.rules {
        report.swept.push(sweep(db, rule, now).await);
    }
    report.audit = audit::prune(db, key, now - schedule.audit, BATCH)
        .await
        .inspect_err(|error| tracing::error!(%error, "the audit log was not pruned"))
        .ok();
    let entry = Event::new(ACTION, Actor::system("retention")).details(json!({
        "tables": &report.swept,
        "audit": { "keep_seconds": schedule.audit.as_secs(), "pruned": &report.audit },
    }));
    db.write(move |tx| {
        Box::pin(async move {
            record(tx, entry);
            Ok::<_, polder_db::Error>(())
        })
    })
    .await?;
    // Quiet logs get a signature at least once a day.
    checkpoint::write(db, key).await?;
    Ok(report)
}

async fn sweep(db: &Db, rule: &Rule, now: Timestamp) -> Swept {
    let mut swept = Swept {
        table: rule.table,
        column: rule.column,
        keep_seconds: rule.keep.as_secs(),
        reason: rule.reason,
        removed: 0,
        more: true,
        failed: false,
    };
    let (sql, cutoff) = (rule.sql, now - rule.keep);
    for _ in 0..BATCHES {
        let gone = db.write(move |tx| Box::pin(async move { tx.execute(sql, &args![cutoff, BATCH]).await })).await;
        match gone {
            Ok(gone) => {
                swept.removed += gone;
                swept.more = gone == u64::from(BATCH);
            }
            Err(error) => {
                let error: polder_db::Error = error;
                tracing::error!(%error, table = rule.table, "retention failed");
                swept.failed = true;
            }
        }
        if swept.failed || !swept.more {
            break;
        }
    }
    swept
}
