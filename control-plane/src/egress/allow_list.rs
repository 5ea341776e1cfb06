//! Changing which hosts a tenant may reach: by somebody, and written down (K15, P18).

use polder_db::Error;

use super::rule::{Rule, RuleError};
use crate::app::App;
use crate::audit::{self, ActingFor};
use crate::model::{EgressRuleId, Tenant};
use crate::store::egress_rules::{self, Row};

/// Why a rule was not added.
#[derive(Debug, thiserror::Error)]
pub enum AllowError {
    /// It is none.
    #[error(transparent)]
    Rule(#[from] RuleError),
    /// It is there already, or there are too many.
    #[error("the tenant has this rule already, or as many as it can have")]
    NoPlace,
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
pub async fn allow(app: &App, tenant: &Tenant, by: &ActingFor, host: &str) -> Result<Row, AllowError> {
    let rule = Rule::parse(host, app.egress.is_dev())?;
    let row =
        Row { id: EgressRuleId::new(&app.clock, &app.entropy), host: rule.to_string(), created_at: app.clock.now() };
    let event = audit::event("egress.allowed", by, Some(&tenant.slug), &[("host", &row.host)]);
    let (tenant, actor, new) = (tenant.id, by.actor, row.clone());
    app.db
        .write(move |tx| {
            Box::pin(async move {
                if !egress_rules::insert(tx, tenant, &new, actor).await? {
                    return Err(AllowError::NoPlace);
                }
                polder_audit::record(tx, event);
                Ok(())
            })
        })
        .await?;
    Ok(row)
}

/// Closes a way out. Tunnels through it end by themselves, soon. `false` when there is no such rule.
///
/// # Errors
/// When the database fails.
pub async fn withdraw(app: &App, tenant: &Tenant, by: &ActingFor, rule: EgressRuleId) -> Result<bool, Error> {
    let (by, slug, tenant) = (by.clone(), tenant.slug.clone(), tenant.id);
    app.db
        .write(move |tx| {
            Box::pin(async move {
                let Some(host) = egress_rules::remove(tx, tenant, rule).await? else { return Ok(false) };
                polder_audit::record(tx, audit::event("egress.withdrawn", &by, Some(&slug), &[("host", &host)]));
                Ok(true)
            })
        })
        .await
}
