//! What is written down about an operation, and told at once to who listens.

use polder_db::Error;
use polder_kernel::Timestamp;

use super::plan::Step;
use crate::app::App;
use crate::audit::{self, ActingFor};
use crate::model::{Actor, Aim, Operation, OperationId, OperationKind, StepEvent, StepStatus, Tenant, TenantState};
use crate::store::{life, operations, tenants};

/// The tenant's open operation, or a new one of the kind its state calls for.
pub async fn open(app: &App, tenant: &Tenant, actor: Actor) -> Result<Operation, Error> {
    let now = app.clock.now();
    let fresh = OperationId::new(&app.clock, &app.entropy);
    let kind = match tenant.state {
        TenantState::Provisioning | TenantState::Failed if tenant.desired == Aim::Running => OperationKind::Create,
        _ => OperationKind::Start,
    };
    let tenant_id = tenant.id;
    app.db
        .write(move |tx| {
            Box::pin(async move {
                if let Some(open) = operations::open(tx, tenant_id).await? {
                    operations::interrupt_steps(tx, open.id, now).await?;
                    return Ok(open);
                }
                operations::begin(tx, fresh, (tenant_id, kind), &actor, now).await?;
                Ok(Operation { id: fresh, tenant_id, kind, actor, started_at: now })
            })
        })
        .await
}

/// Whether the step that an operation is there for is still to be done. What it makes cannot be seen from
/// outside, so the journal says it.
pub async fn is_due(app: &App, operation: &Operation, step: Step) -> Result<bool, Error> {
    if operation.kind != OperationKind::RotateDatabase {
        return Ok(false);
    }
    let mut tx = app.db.read().await?;
    Ok(!operations::has_finished(&mut tx, operation.id, &step.to_string()).await?)
}

/// A step that is written down as begun.
#[derive(Debug)]
pub struct Begun {
    operation: Operation,
    seq: i64,
    step: String,
}

/// Writes down that a step begins.
pub async fn begin(app: &App, operation: &Operation, step: String) -> Result<Begun, Error> {
    let (now, id, name) = (app.clock.now(), operation.id, step.clone());
    let seq = app.db.write(move |tx| Box::pin(async move { operations::begin_step(tx, id, &name, now).await })).await?;
    let begun = Begun { operation: operation.clone(), seq, step };
    begun.tell(app, StepStatus::Started, now, None);
    Ok(begun)
}

impl Begun {
    /// Writes down that it is done.
    pub async fn finish(self, app: &App) -> Result<(), Error> {
        let (now, id, seq) = (app.clock.now(), self.operation.id, self.seq);
        app.db.write(move |tx| Box::pin(async move { operations::finish_step(tx, id, seq, now).await })).await?;
        self.tell(app, StepStatus::Finished, now, None);
        Ok(())
    }

    /// Writes down why it failed.
    pub async fn fail(self, app: &App, why: &str) -> Result<(), Error> {
        let (now, id, seq, text) = (app.clock.now(), self.operation.id, self.seq, why.to_owned());
        app.db.write(move |tx| Box::pin(async move { operations::fail_step(tx, id, seq, &text, now).await })).await?;
        self.tell(app, StepStatus::Failed, now, Some(why.to_owned()));
        Ok(())
    }

    fn tell(&self, app: &App, status: StepStatus, at: Timestamp, failure: Option<String>) {
        let event =
            StepEvent { operation_id: self.operation.id, seq: self.seq, step: self.step.clone(), status, at, failure };
        app.provision.tell(self.operation.tenant_id, event);
    }
}

/// Ends an operation: the tenant is what it is meant to be, or `failure` says why it is not. The audit
/// entry is part of the same transaction.
pub async fn end(app: &App, tenant: &Tenant, operation: &Operation, failure: Option<String>) -> Result<(), Error> {
    let (now, id, tenant_id) = (app.clock.now(), operation.id, tenant.id);
    let failed = failure.is_some();
    let action = if failed { "tenant.failed" } else { done(operation.kind) };
    let event = audit::event(action, &ActingFor::system_within(tenant.organisation_id), Some(&tenant.slug), &[]);
    let state = if failed { TenantState::Failed } else { tenant.desired.state() };
    app.db
        .write(move |tx| {
            Box::pin(async move {
                operations::end(tx, id, failed, now).await?;
                tenants::set_state(tx, tenant_id, state, failure, now).await?;
                if !failed {
                    life::restarted(tx, tenant_id).await?;
                }
                polder_audit::record(tx, event);
                Ok::<_, Error>(())
            })
        })
        .await?;
    app.provision.tell(tenant_id, operations::last(id, i64::MAX, !failed, now));
    Ok(())
}

/// What the log says when an operation went well. What somebody asked for was written down with their
/// name when they did; this is the control plane saying that it is so.
const fn done(kind: OperationKind) -> &'static str {
    match kind {
        OperationKind::Create => "tenant.provisioned",
        OperationKind::Start => "tenant.started",
        OperationKind::Suspend => "tenant.suspended",
        OperationKind::Resume => "tenant.resumed",
        OperationKind::Sleep => "tenant.fell_asleep",
        OperationKind::Wake => "tenant.woke",
        OperationKind::Restart => "tenant.restarted",
        OperationKind::RotateDatabase => "tenant.database_rotated",
        OperationKind::Terminate => "tenant.terminated",
        OperationKind::Undo => "tenant.termination_undone",
        OperationKind::Destroy => "tenant.destroyed",
    }
}
