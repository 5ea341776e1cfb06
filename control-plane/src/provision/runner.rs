//! One runner per tenant: looks, asks the plan, does the step, and looks again.

use std::collections::{HashMap, HashSet};
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
use crate::model::{Actor, Operation, StepEvent, Tenant, TenantId};
use crate::store::{operations, tenants};

/// Who is being worked on, and the news of it.
pub struct Provision {
    at_work: Mutex<HashSet<TenantId>>,
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

    fn take(&self, tenant: TenantId) -> bool {
        self.at_work.lock().unwrap_or_else(PoisonError::into_inner).insert(tenant)
    }

    fn rest(&self, tenant: TenantId) {
        self.at_work.lock().unwrap_or_else(PoisonError::into_inner).remove(&tenant);
        self.rested.notify_waiters();
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
        self.at_work.lock().unwrap_or_else(PoisonError::into_inner).contains(&tenant)
    }
}

/// Begins to bring a tenant to what is wanted, unless a runner does that already.
pub fn drive(app: &Arc<App>, tenant: TenantId, actor: Actor) {
    let app = Arc::clone(app);
    tokio::spawn(async move { work(&app, tenant, actor).await });
}

/// Brings a tenant to what is wanted, unless a runner does that already.
pub(super) async fn work(app: &Arc<App>, tenant: TenantId, actor: Actor) {
    while app.provision.take(tenant) {
        let ran = run(app, tenant, actor).await;
        app.provision.rest(tenant);
        match ran {
            // Something else may have been wanted in the last moment of this run.
            Ok(true) if has_open(app, tenant).await => {}
            Ok(_) => return,
            Err(error) => {
                tracing::error!(%tenant, %error, "provisioning stopped; the next start goes on");
                return;
            }
        }
    }
}

async fn has_open(app: &App, tenant: TenantId) -> bool {
    let Ok(mut tx) = app.db.read().await else { return false };
    operations::open(&mut tx, tenant).await.is_ok_and(|open| open.is_some())
}

/// Brings a tenant to what is wanted: `false` when it was interrupted. Its state says how that ended;
/// an error is the database's.
async fn run(app: &Arc<App>, id: TenantId, actor: Actor) -> Result<bool, Error> {
    let Some(tenant) = tenants::by_id(&mut app.db.read().await?, id).await? else { return Ok(false) };
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
                return Ok(false);
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
    Ok(true)
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
