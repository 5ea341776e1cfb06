//! One runner per tenant: looks, asks the plan, does the step, and looks again.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use polder_db::Error;
use polder_kernel::Timestamp;
use tokio::sync::{Notify, broadcast};

use super::desired::Desired;
use super::listening::Listening;
use super::plan::{self, Step};
use super::steps::{self, StepError};
use super::{journal, observe};
use crate::app::App;
use crate::audit::{self, ActingFor};
use crate::model::{Actor, Operation, StepEvent, Tenant, TenantId, TenantState};
use crate::store::{operations, tenants};

/// Who is being worked on, and the news of it.
pub struct Provision {
    /// Whose runner is at work, and whether it was asked to look again since it last looked.
    at_work: Mutex<HashMap<TenantId, bool>>,
    rested: Notify,
    started: Mutex<HashMap<TenantId, Timestamp>>,
    news: broadcast::Sender<(TenantId, StepEvent)>,
    /// Who follows them live.
    pub listening: Listening,
}

impl Default for Provision {
    fn default() -> Self {
        Self {
            at_work: Mutex::default(),
            rested: Notify::new(),
            started: Mutex::default(),
            news: broadcast::channel(256).0,
            listening: Listening::default(),
        }
    }
}

impl Provision {
    /// When this control plane last started a tenant's runtime.
    pub(super) fn started_at(&self, tenant: TenantId) -> Option<Timestamp> {
        self.started.lock().unwrap_or_else(PoisonError::into_inner).get(&tenant).copied()
    }

    /// A tenant's runtime is started now.
    pub(super) fn started(&self, tenant: TenantId, now: Timestamp) {
        self.started.lock().unwrap_or_else(PoisonError::into_inner).insert(tenant, now);
    }

    /// Takes a tenant on: `false` where its runner is at work, which then looks again before it rests.
    fn take(&self, tenant: TenantId) -> bool {
        let mut at_work = self.at_work.lock().unwrap_or_else(PoisonError::into_inner);
        let begun = !at_work.contains_key(&tenant);
        at_work.insert(tenant, !begun);
        begun
    }

    /// Lets a tenant go: `false` where it was asked for again. In one moment, so that no wish is missed
    /// and nobody who waits for the runner's rest is surprised by it.
    fn rest(&self, tenant: TenantId) -> bool {
        let mut at_work = self.at_work.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(again) = at_work.get_mut(&tenant).filter(|again| **again) {
            *again = false;
            return false;
        }
        at_work.remove(&tenant);
        drop(at_work);
        self.rested.notify_waiters();
        true
    }

    /// Tells when a runner rests after this call.
    pub(super) fn rested(&self) -> tokio::sync::futures::Notified<'_> {
        self.rested.notified()
    }

    /// News of all tenants from now on.
    pub fn listen(&self) -> broadcast::Receiver<(TenantId, StepEvent)> {
        self.news.subscribe()
    }

    /// Tells whoever listens; that nobody does is no failure.
    pub(super) fn tell(&self, tenant: TenantId, event: StepEvent) {
        drop(self.news.send((tenant, event)));
    }

    /// Whether a runner works on this tenant.
    pub fn is_at_work(&self, tenant: TenantId) -> bool {
        self.at_work.lock().unwrap_or_else(PoisonError::into_inner).contains_key(&tenant)
    }
}

/// Begins to bring a tenant to what is wanted, unless a runner does that already.
pub fn drive(app: &Arc<App>, tenant: TenantId, actor: Actor) {
    let app = Arc::clone(app);
    tokio::spawn(async move { work(&app, tenant, actor).await });
}

/// Brings a tenant to what is wanted, unless a runner does that already: then that one does.
pub(super) async fn work(app: &Arc<App>, tenant: TenantId, actor: Actor) {
    if app.provision.take(tenant) {
        try_run(app, tenant, actor).await;
        until_rest(app, tenant, actor).await;
    }
}

/// Stops a tenant that does harm, and keeps the reason, until somebody wants it to run again. One that is being
/// worked on is left alone for now.
///
/// # Errors
/// The database's; it is stopped all the same.
pub(super) async fn stop(app: &Arc<App>, tenant: &Tenant, why: String) -> Result<(), Error> {
    if !app.provision.take(tenant.id) {
        return Ok(());
    }
    tracing::error!(tenant = %tenant.slug, why, "a tenant is stopped");
    app.routes.close(tenant.slug.as_str());
    steps::stop_runtime(app, tenant).await;
    let (id, now) = (tenant.id, app.clock.now());
    let event = audit::event(
        "tenant.stopped",
        &ActingFor::system_within(tenant.organisation_id),
        Some(&tenant.slug),
        &[("why", &why)],
    );
    let noted = app.db.write(move |tx| {
        Box::pin(async move {
            tenants::set_state(tx, id, TenantState::Failed, Some(why), now).await?;
            polder_audit::record(tx, event);
            Ok(())
        })
    });
    let noted = noted.await;
    until_rest(app, tenant.id, Actor::System).await;
    noted
}

/// Lets a tenant go, once nothing more is wanted of it.
async fn until_rest(app: &Arc<App>, tenant: TenantId, actor: Actor) {
    while !app.provision.rest(tenant) {
        // Whoever asked may have wanted what has come about.
        if !app.shutdown.is_triggered() && has_open(app, tenant).await {
            try_run(app, tenant, actor).await;
        }
    }
}

async fn try_run(app: &Arc<App>, tenant: TenantId, actor: Actor) {
    if let Err(error) = run(app, tenant, actor).await {
        tracing::error!(%tenant, %error, "provisioning stopped; the next start goes on");
    }
}

async fn has_open(app: &App, tenant: TenantId) -> bool {
    let Ok(mut tx) = app.db.read().await else { return false };
    operations::open(&mut tx, tenant).await.is_ok_and(|open| open.is_some())
}

/// Brings a tenant to what is wanted, unless the control plane is stopped meanwhile. Its state says how that
/// ended; an error is the database's.
async fn run(app: &Arc<App>, id: TenantId, actor: Actor) -> Result<(), Error> {
    let Some(tenant) = tenants::by_id(&mut app.db.read().await?, id).await? else { return Ok(()) };
    let desired = Desired::of(&tenant, &app.settings);
    let operation = journal::open(app, &tenant, actor).await?;
    let mut failures = 0;
    let mut pause = app.settings.patience.retry;
    let failure = loop {
        match advance(app, &tenant, &operation, &desired).await {
            Ok(true) => {}
            Ok(false) => break None,
            Err(StepError::Database(error)) => return Err(error),
            Err(error) if app.shutdown.is_triggered() => {
                tracing::info!(tenant = %tenant.slug, %error, "interrupted; the next start goes on");
                return Ok(());
            }
            Err(error) => {
                failures += 1;
                tracing::info!(tenant = %tenant.slug, %error, failures, "a step failed");
                if failures >= app.settings.patience.attempts || error.is_final() {
                    break Some(error.to_string());
                }
                tokio::time::sleep(pause).await;
                pause *= 2;
            }
        }
    };
    let done = failure.is_none();
    if let Some(why) = &failure {
        tracing::info!(tenant = %tenant.slug, why, "given up until the next start");
        // Nothing that failed stays reachable (G23).
        app.routes.close(tenant.slug.as_str());
        steps::stop_runtime(app, &tenant).await;
    }
    journal::end(app, &tenant, &operation, failure).await?;
    tracing::info!(tenant = %tenant.slug, done, "provisioned");
    Ok(())
}

/// Does the next step, if there is one: `false` when nothing is missing.
pub(super) async fn advance(
    app: &Arc<App>,
    tenant: &Tenant,
    operation: &Operation,
    desired: &Desired,
) -> Result<bool, StepError> {
    let mut observed = observe::observe(app, tenant, desired).await?;
    observed.passwords_due = journal::is_due(app, operation, Step::RotatePasswords).await?;
    let Some(step) = plan::next(desired, &observed)? else { return Ok(false) };
    let begun = journal::begin(app, operation, step.to_string()).await?;
    match steps::perform(app, (tenant, operation), desired, step).await {
        Ok(()) => {
            begun.finish(app).await?;
            Ok(true)
        }
        Err(error) => {
            begun.fail(app, &error.to_string()).await?;
            Err(error)
        }
    }
}

#[cfg(test)]
mod tests {
    use polder_kernel::{Clock, Entropy};

    use super::*;

    #[test]
    fn g23_a_runner_that_rests_begins_nothing_more() {
        let (provision, tenant) = (Provision::default(), TenantId::new(&Clock::System, &Entropy::System));
        assert!(provision.take(tenant));
        assert!(!provision.take(tenant), "one at a time");
        assert!(!provision.rest(tenant), "it was asked for again: it looks before it rests");
        assert!(provision.is_at_work(tenant));
        assert!(provision.rest(tenant));
        assert!(!provision.is_at_work(tenant) && provision.take(tenant), "and then another one begins");
    }
}
