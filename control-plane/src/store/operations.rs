//! Provisioning's journal: operations and the steps they attempted.

use polder_db::{Error, Row, Tx, args};
use polder_kernel::Timestamp;

use crate::model::{Actor, Operation, OperationId, OperationKind, StepEvent, StepStatus, TenantId};

/// The operation of this tenant that is not over yet.
pub async fn open(tx: &mut Tx, tenant: TenantId) -> Result<Option<Operation>, Error> {
    tx.optional(
        "SELECT id, tenant_id, COALESCE(task, purpose, kind) AS kind, actor_kind, actor_id, started_at FROM operation
         WHERE tenant_id = $1 AND finished_at IS NULL AND failed_at IS NULL",
        &args![tenant],
        |row| {
            Ok(Operation {
                id: row.id("id")?,
                tenant_id: row.id("tenant_id")?,
                kind: row.parse("kind")?,
                actor: Actor::named(&row.text("actor_kind")?, &row.text("actor_id")?).unwrap_or(Actor::System),
                started_at: row.time("started_at")?,
            })
        },
    )
    .await
}

/// At most `limit` tenants whose operation is not over yet, the oldest first, with who wanted it.
pub async fn unfinished(tx: &mut Tx, limit: i64) -> Result<Vec<(TenantId, Actor)>, Error> {
    tx.all(
        "SELECT tenant_id, actor_kind, actor_id FROM operation WHERE finished_at IS NULL AND failed_at IS NULL
         ORDER BY started_at, id LIMIT $1",
        &args![limit],
        |row| {
            let actor = Actor::named(&row.text("actor_kind")?, &row.text("actor_id")?);
            Ok((row.id("tenant_id")?, actor.unwrap_or(Actor::System)))
        },
    )
    .await
}

/// Begins an operation.
pub async fn begin(
    tx: &mut Tx,
    id: OperationId,
    (tenant, kind): (TenantId, OperationKind),
    actor: &Actor,
    now: Timestamp,
) -> Result<(), Error> {
    // The column `kind` knows two, `purpose` those of a tenant's life, and `task` all others.
    let (stored, purpose, task) = match kind {
        OperationKind::Create => (OperationKind::Create, None, None),
        OperationKind::Start => (OperationKind::Start, None, None),
        OperationKind::RotateDatabase => (OperationKind::Start, None, Some(kind.as_str())),
        other => (OperationKind::Start, Some(other.as_str()), None),
    };
    tx.execute(
        "INSERT INTO operation (id, tenant_id, kind, purpose, task, actor_kind, actor_id, started_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        &args![id, tenant, stored.as_str(), purpose, task, actor.kind().as_str(), actor.id(), now],
    )
    .await?;
    Ok(())
}

/// Ends an operation, for better or worse.
pub async fn end(tx: &mut Tx, id: OperationId, failed: bool, now: Timestamp) -> Result<(), Error> {
    let sql = if failed {
        "UPDATE operation SET failed_at = $2 WHERE id = $1"
    } else {
        "UPDATE operation SET finished_at = $2 WHERE id = $1"
    };
    tx.execute(sql, &args![id, now]).await?;
    Ok(())
}

/// Writes down that a step begins; its place in the operation comes back.
pub async fn begin_step(tx: &mut Tx, id: OperationId, step: &str, now: Timestamp) -> Result<i64, Error> {
    let seq = tx
        .optional(
            "INSERT INTO operation_step (operation_id, seq, step, started_at)
             SELECT $1, COALESCE(MAX(seq), 0) + 1, $2, $3 FROM operation_step WHERE operation_id = $1
             RETURNING seq",
            &args![id, step, now],
            |row| row.int("seq"),
        )
        .await?;
    Ok(seq.unwrap_or_default())
}

/// Writes down that a step is done.
pub async fn finish_step(tx: &mut Tx, id: OperationId, seq: i64, now: Timestamp) -> Result<(), Error> {
    tx.execute("UPDATE operation_step SET finished_at = $3 WHERE operation_id = $1 AND seq = $2", &args![id, seq, now])
        .await?;
    Ok(())
}

/// Writes down why a step failed.
pub async fn fail_step(tx: &mut Tx, id: OperationId, seq: i64, why: &str, now: Timestamp) -> Result<(), Error> {
    tx.execute(
        "UPDATE operation_step SET failed_at = $4, failure = $3 WHERE operation_id = $1 AND seq = $2",
        &args![id, seq, why, now],
    )
    .await?;
    Ok(())
}

/// Whether a step of an operation was done.
pub async fn has_finished(tx: &mut Tx, id: OperationId, step: &str) -> Result<bool, Error> {
    const SQL: &str =
        "SELECT seq FROM operation_step WHERE operation_id = $1 AND step = $2 AND finished_at IS NOT NULL LIMIT 1";
    Ok(tx.optional(SQL, &args![id, step], |row| row.int("seq")).await?.is_some())
}

/// Marks what a killed control plane left half done, so that the journal says so.
pub async fn interrupt_steps(tx: &mut Tx, id: OperationId, now: Timestamp) -> Result<u64, Error> {
    tx.execute(
        "UPDATE operation_step SET failed_at = $2, failure = 'interrupted'
         WHERE operation_id = $1 AND finished_at IS NULL AND failed_at IS NULL",
        &args![id, now],
    )
    .await
}

/// Everything that happened in a tenant's latest operation, oldest first.
pub async fn history(tx: &mut Tx, tenant: TenantId) -> Result<Vec<StepEvent>, Error> {
    let Some(latest) = tx
        .optional(
            "SELECT id, finished_at, failed_at FROM operation WHERE tenant_id = $1
             ORDER BY started_at DESC, id DESC LIMIT 1",
            &args![tenant],
            |row| {
                Ok(Latest {
                    id: row.id("id")?,
                    finished_at: row.opt_time("finished_at")?,
                    failed_at: row.opt_time("failed_at")?,
                })
            },
        )
        .await?
    else {
        return Ok(Vec::new());
    };
    let rows = tx
        .all(
            "SELECT operation_id, seq, step, started_at, finished_at, failed_at, failure
             FROM operation_step WHERE operation_id = $1 ORDER BY seq",
            &args![latest.id],
            events_of_row,
        )
        .await?;
    let mut events: Vec<StepEvent> = rows.into_iter().flatten().collect();
    let seq = i64::MAX;
    if let Some(at) = latest.finished_at {
        events.push(last(latest.id, seq, true, at));
    } else if let Some(at) = latest.failed_at {
        events.push(last(latest.id, seq, false, at));
    }
    Ok(events)
}

struct Latest {
    id: OperationId,
    finished_at: Option<Timestamp>,
    failed_at: Option<Timestamp>,
}

/// The event that ends an operation.
pub fn last(operation_id: OperationId, seq: i64, well: bool, at: Timestamp) -> StepEvent {
    let (step, status) = if well { ("done", StepStatus::Finished) } else { ("failed", StepStatus::Failed) };
    StepEvent { operation_id, seq, step: step.to_owned(), status, at, failure: None }
}

fn events_of_row(row: &Row) -> Result<Vec<StepEvent>, Error> {
    let operation_id: OperationId = row.id("operation_id")?;
    let (seq, step) = (row.int("seq")?, row.text("step")?);
    let event = |status, at, failure| StepEvent { operation_id, seq, step: step.clone(), status, at, failure };
    let mut events = vec![event(StepStatus::Started, row.time("started_at")?, None)];
    if let Some(at) = row.opt_time("finished_at")? {
        events.push(event(StepStatus::Finished, at, None));
    } else if let Some(at) = row.opt_time("failed_at")? {
        events.push(event(StepStatus::Failed, at, row.opt_text("failure")?));
    }
    Ok(events)
}
