//! Verifying the audit log in steps (F17): one walk at a time, whoever asks. It goes on by itself; who asks waits a
//! moment for it, and hears how far it is where that is not enough. What was found waits for whoever asks next.

use std::fmt::Display;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use polder_audit::{Progress, Report, Why};
use polder_kernel::Timestamp;
use polder_tenant_api::{AuditBreak, AuditVerification, VerificationState};
use tokio::sync::Notify;

use crate::App;
use crate::error::Internal;

/// Pages of 500 entries that one step reads.
const STEP: u32 = 8;
/// How long who asks waits.
const WAIT: Duration = Duration::from_millis(1_500);
/// How long what was found waits for somebody who asks.
const KEPT: Duration = Duration::from_secs(600);

/// The walk that is under way, or what the last one found.
#[derive(Debug, Default)]
pub struct Verification {
    current: Mutex<Option<Walk>>,
    /// Rung when a walk is through.
    through: Notify,
}

#[derive(Debug)]
struct Walk {
    found: AuditVerification,
    /// When it was through.
    through_at: Option<Timestamp>,
    /// Whether somebody heard what it found.
    told: bool,
}

impl Verification {
    fn lock(&self) -> MutexGuard<'_, Option<Walk>> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn put(&self, found: AuditVerification, through_at: Option<Timestamp>) {
        *self.lock() = Some(Walk { found, through_at, told: false });
    }

    /// What to tell now; what is final is told once.
    fn tell(&self) -> Option<AuditVerification> {
        self.lock().as_mut().map(|walk| {
            walk.told = walk.through_at.is_some();
            walk.found.clone()
        })
    }

    /// Whether a walk has to be begun: it is then noted as under way.
    fn begin(&self, fresh: AuditVerification, now: Timestamp) -> bool {
        let mut current = self.lock();
        let stands = current
            .as_ref()
            .is_some_and(|walk| walk.through_at.is_none_or(|through_at| !walk.told && now.since(through_at) < KEPT));
        if !stands {
            *current = Some(Walk { found: fresh, through_at: None, told: false });
        }
        !stands
    }

    fn runs(&self) -> bool {
        self.lock().as_ref().is_some_and(|walk| walk.through_at.is_none())
    }
}

/// Begins a walk, or follows the one that is under way.
pub async fn follow(app: &Arc<App>) -> AuditVerification {
    let now = app.clock.now();
    let fresh = told(VerificationState::Running, (now, None), &none());
    let through = app.verification.through.notified();
    tokio::pin!(through);
    through.as_mut().enable();
    if app.verification.begin(fresh.clone(), now) {
        tokio::spawn(walk(Arc::clone(app), now));
    }
    if app.verification.runs() {
        drop(tokio::time::timeout(WAIT, through).await);
    }
    app.verification.tell().unwrap_or(fresh)
}

async fn walk(app: Arc<App>, began: Timestamp) {
    // A task of its own: should it panic, that is a failure too, and the next who asks begins anew.
    let steps = tokio::spawn(steps(Arc::clone(&app), began)).await;
    let finished = app.clock.now();
    let found = match steps {
        Ok(Ok(report)) => {
            let state = if report.is_intact() { VerificationState::Intact } else { VerificationState::Broken };
            told(state, (began, Some(finished)), &report)
        }
        Ok(Err(error)) => failed(&error, (began, finished)),
        Err(panic) => failed(&panic, (began, finished)),
    };
    app.verification.put(found, Some(finished));
    app.verification.through.notify_waiters();
}

fn failed(error: &dyn Display, (began, finished): (Timestamp, Timestamp)) -> AuditVerification {
    tracing::error!(%error, "the audit log could not be verified");
    told(VerificationState::Failed, (began, Some(finished)), &none())
}

async fn steps(app: Arc<App>, began: Timestamp) -> Result<Report, Internal> {
    let mut progress: Option<Progress> = None;
    loop {
        // A reader for each step: requests get theirs in between.
        let mut tx = app.db.read().await?;
        let on = polder_audit::verify_on(&mut tx, app.checkpoints.verifier(), progress.take(), STEP).await?;
        drop(tx);
        if on.done {
            return Ok(on.report);
        }
        app.verification.put(told(VerificationState::Running, (began, None), &on.report), None);
        progress = Some(on);
        tokio::task::yield_now().await;
    }
}

fn told(
    state: VerificationState,
    (began, finished): (Timestamp, Option<Timestamp>),
    report: &Report,
) -> AuditVerification {
    AuditVerification {
        state,
        started_at: began.rfc3339(),
        finished_at: finished.map(Timestamp::rfc3339),
        entries: report.entries,
        start: report.start,
        head: report.head,
        head_hash: report.head_hash.clone(),
        checkpoints: report.checkpoints,
        signed_through: report.signed_through,
        broken: report.broken.map(|broken| AuditBreak { seq: broken.seq, why: word(broken.why).to_owned() }),
    }
}

const fn word(why: Why) -> &'static str {
    match why {
        Why::Changed => "changed",
        Why::Missing => "missing",
        Why::Unreadable => "unreadable",
        Why::ForgedCheckpoint => "forged_checkpoint",
        Why::Rewritten => "rewritten",
        Why::ForeignChain => "foreign_chain",
    }
}

/// Nothing was looked at yet.
const fn none() -> Report {
    Report { entries: 0, start: 0, head: 0, head_hash: String::new(), checkpoints: 0, signed_through: 0, broken: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(state: VerificationState, began: i64) -> AuditVerification {
        told(state, (Timestamp::from_millis(began), None), &none())
    }

    #[test]
    fn f17_what_a_long_walk_found_waits_for_whoever_asks_next_and_not_for_ever() {
        let (verification, at) = (Verification::default(), Timestamp::from_millis);
        assert!(verification.begin(of(VerificationState::Running, 0), at(0)));
        assert!(!verification.begin(of(VerificationState::Running, 1), at(1)), "one walk at a time");
        assert_eq!(verification.tell().unwrap().state, VerificationState::Running);

        verification.put(of(VerificationState::Broken, 0), Some(at(9_000)));
        assert!(!verification.begin(of(VerificationState::Running, 60_000), at(60_000)), "nobody heard of it yet");
        assert_eq!(verification.tell().unwrap().state, VerificationState::Broken);
        assert!(verification.begin(of(VerificationState::Running, 60_001), at(60_001)), "asked once more");

        verification.put(of(VerificationState::Intact, 60_001), Some(at(70_000)));
        assert!(verification.begin(of(VerificationState::Running, 700_000), at(700_000)), "nobody came back for it");
    }
}
