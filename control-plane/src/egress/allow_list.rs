//! Changing which hosts a tenant may reach: by somebody, written down (K15, P18), and at once.

use std::sync::Arc;

use polder_audit::Event;
use polder_db::Error;
use tokio::task::JoinError;

use super::rule::{Rule, RuleError};
use crate::app::App;
use crate::audit::{self, ActingFor};
use crate::model::{Actor, EgressRuleId, Tenant, TenantId};
use crate::store::egress_rules::{self, Row, Why};

/// Why a rule was not added.
#[derive(Debug, thiserror::Error)]
pub enum AllowError {
    /// It is none.
    #[error(transparent)]
    Rule(#[from] RuleError),
    /// It is there already.
    #[error("the tenant has this rule already")]
    There,
    /// There is no place for it.
    #[error("a tenant has {} rules at most", egress_rules::MOST)]
    TooMany,
    /// Our database failed.
    #[error(transparent)]
    Database(#[from] Error),
}

/// A tenant's rules.
///
/// # Errors
/// When the database fails.
pub async fn list(app: &App, tenant: &Tenant) -> Result<Vec<Row>, Error> {
    egress_rules::of_tenant(&mut app.db.read().await?, tenant.id).await
}

/// Lets a tenant reach a host from now on.
///
/// # Errors
/// [`AllowError`].
pub async fn allow(app: &Arc<App>, tenant: &Tenant, by: &ActingFor, host: &str) -> Result<Row, AllowError> {
    let rule = Rule::parse(host, app.egress.is_dev())?;
    let row =
        Row { id: EgressRuleId::new(&app.clock, &app.entropy), host: rule.to_string(), created_at: app.clock.now() };
    let event = audit::event("egress.allowed", by, Some(&tenant.slug), &[("host", &row.host)]);
    // In a task of its own, and so is the other: one who hangs up between the record and its taking effect
    // must not leave a way open that the record no longer has.
    tokio::spawn(add(Arc::clone(app), (tenant.id, by.actor), row.clone(), event)).await.map_err(lost)??;
    Ok(row)
}

async fn add(app: Arc<App>, (tenant, actor): (TenantId, Actor), new: Row, event: Event) -> Result<(), AllowError> {
    app.db
        .write(move |tx| {
            Box::pin(async move {
                if egress_rules::insert(tx, tenant, &new, (actor, Why::Asked)).await? {
                    polder_audit::record(tx, event);
                    return Ok(());
                }
                let there = egress_rules::of_tenant(tx, tenant).await?.iter().any(|row| row.host == new.host);
                Err(if there { AllowError::There } else { AllowError::TooMany })
            })
        })
        .await?;
    Ok(app.egress.reload(&app.db, tenant).await?)
}

/// Closes a way out, and the tunnels through it. `false` when there is no such rule.
///
/// # Errors
/// When the database fails.
pub async fn withdraw(app: &Arc<App>, tenant: &Tenant, by: &ActingFor, rule: EgressRuleId) -> Result<bool, Error> {
    let event = |host: &str| audit::event("egress.withdrawn", by, Some(&tenant.slug), &[("host", host)]);
    let rows = list(app, tenant).await?;
    let Some(row) = rows.iter().find(|row| row.id == rule) else { return Ok(false) };
    tokio::spawn(remove(Arc::clone(app), (tenant.id, rule), event(&row.host))).await.map_err(lost)?
}

async fn remove(app: Arc<App>, (tenant, rule): (TenantId, EgressRuleId), event: Event) -> Result<bool, Error> {
    let removed = app
        .db
        .write(move |tx| {
            Box::pin(async move {
                let removed = egress_rules::remove(tx, tenant, rule).await?;
                if removed {
                    polder_audit::record(tx, event);
                }
                Ok::<_, Error>(removed)
            })
        })
        .await?;
    app.egress.reload(&app.db, tenant).await?;
    Ok(removed)
}

fn lost(_: JoinError) -> Error {
    Error::Lost
}
