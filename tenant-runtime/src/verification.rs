//! Verifying the audit log in steps (F17): one walk at a time, whoever asks. It goes on by itself; who asks waits a
//! moment for it, and hears how far it is where that is not enough.

use std::sync::{Arc, Mutex, PoisonError};
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

/// The walk that is under way, and what the last one found.
#[derive(Debug, Default)]
pub struct Verification {
    current: Mutex<Option<AuditVerification>>,
    /// Rung when a walk is through.
    through: Notify,
}

impl Verification {
    fn put(&self, found: AuditVerification) {
        *self.current.lock().unwrap_or_else(PoisonError::into_inner) = Some(found);
    }

    fn get(&self) -> Option<AuditVerification> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whether a walk has to be begun: it is then noted as under way.
    fn begin(&self, fresh: AuditVerification) -> bool {
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        let runs = current.as_ref().is_some_and(|found| found.state == VerificationState::Running);
        if !runs {
            *current = Some(fresh);
        }
        !runs
    }
}

/// Begins a walk, or follows the one that is under way.
pub async fn follow(app: &Arc<App>) -> AuditVerification {
    let now = app.clock.now();
    let fresh = told(VerificationState::Running, (now, None), &none());
    let through = app.verification.through.notified();
    tokio::pin!(through);
    through.as_mut().enable();
    if app.verification.begin(fresh.clone()) {
        tokio::spawn(walk(Arc::clone(app), now));
    }
    drop(tokio::time::timeout(WAIT, through).await);
    app.verification.get().unwrap_or(fresh)
}

async fn walk(app: Arc<App>, began: Timestamp) {
    let found = match steps(&app, began).await {
        Ok(report) => {
            let state = if report.is_intact() { VerificationState::Intact } else { VerificationState::Broken };
            told(state, (began, Some(app.clock.now())), &report)
        }
        Err(error) => {
            tracing::error!(%error, "the audit log could not be verified");
            told(VerificationState::Failed, (began, Some(app.clock.now())), &none())
        }
    };
    app.verification.put(found);
    app.verification.through.notify_waiters();
}

async fn steps(app: &App, began: Timestamp) -> Result<Report, Internal> {
    let mut progress: Option<Progress> = None;
    loop {
        // A reader for each step: requests get theirs in between.
        let mut tx = app.db.read().await?;
        let on = polder_audit::verify_on(&mut tx, app.checkpoints.verifier(), progress.take(), STEP).await?;
        drop(tx);
        if on.done {
            return Ok(on.report);
        }
        app.verification.put(told(VerificationState::Running, (began, None), &on.report));
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
