//! One runner per tenant: looks, asks the plan, does the step, and looks again.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use polder_db::Error;
use tokio::sync::broadcast;

use super::desired::Desired;
use super::plan;
use super::steps::{self, StepError};
use super::{journal, observe};
use crate::app::App;
use crate::model::{Actor, Operation, StepEvent, Tenant, TenantId};
use crate::store::tenants;

/// Who is being worked on, and the news of it.
pub struct Provision {
    at_work: Mutex<HashSet<TenantId>>,
    news: broadcast::Sender<(TenantId, StepEvent)>,
}

impl Default for Provision {
    fn default() -> Self {
        Self { at_work: Mutex::default(), news: broadcast::channel(256).0 }
    }
}

impl Provision {
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
    if !app.provision.at_work.lock().unwrap_or_else(PoisonError::into_inner).insert(tenant) {
        return;
    }
    if let Err(error) = run(app, tenant, actor).await {
        tracing::error!(%tenant, %error, "provisioning stopped; the next start goes on");
    }
    app.provision.at_work.lock().unwrap_or_else(PoisonError::into_inner).remove(&tenant);
}

/// Brings a tenant to what is wanted. Its state says how that ended; an error is the database's.
async fn run(app: &Arc<App>, id: TenantId, actor: Actor) -> Result<(), Error> {
    let Some(tenant) = tenants::by_id(&mut app.db.read().await?, id).await? else { return Ok(()) };
    let desired = Desired::of(tenant.blueprint, &app.settings);
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
        app.driver.stop(&tenant.short_id).await;
        app.courier.close(tenant.id);
        app.egress.close(tenant.id);
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
    let observed = observe::observe(app, tenant, desired).await?;
    let Some(step) = plan::next(desired, &observed)? else { return Ok(false) };
    let begun = journal::begin(app, operation, step.to_string()).await?;
    match steps::perform(app, tenant, desired, step).await {
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
