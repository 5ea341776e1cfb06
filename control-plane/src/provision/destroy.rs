//! Destroying a tenant: what there was is written down, the keys go first, nothing is left, and that is
//! signed for.

use std::fs;
use std::io;
use std::sync::Arc;

use polder_kernel::Timestamp;

use super::certificate::{Item, Requester, Statement};
use super::steps::{StepError, files};
use super::{clear, observe, steps};
use crate::app::App;
use crate::courier::Party;
use crate::model::{Operation, Tenant};
use crate::secrets::sync_folder;
use crate::store::{egress_needs, egress_rules, life, mail_counts, mail_domains, own_applications, usage};

/// What destroying the seal key means.
const COPIES: &str = "Every copy of the data, backups included, was sealed under the tenant's seal key. \
     That key is destroyed, so that none of them can be read.";

/// Writes down what there is to destroy, once.
pub(super) async fn take_inventory(app: &App, tenant: &Tenant) -> Result<(), StepError> {
    let layout = &app.settings.layout;
    let mut items = Vec::new();
    for name in secrets_of(app, tenant)? {
        let kind = if name.ends_with(".seal") { "seal_key" } else { "secret" };
        let bytes = fs::metadata(layout.secrets().join(&name)).ok().map(|found| found.len());
        items.push(Item { kind: kind.to_owned(), name: format!("secrets/{name}"), bytes });
    }
    items.push(Item { kind: "runtime".to_owned(), name: tenant.short_id.clone(), bytes: None });
    let folder = layout.tenant(&tenant.short_id);
    let name = format!("tenants/{}", tenant.short_id);
    items
        .extend(aside(move || Ok(clear::list(&folder, &name))).await.map_err(|error| files(&layout.tenants(), error))?);
    if let Some(postgres) = &app.postgres {
        for name in postgres.remains(&tenant.short_id).await? {
            items.push(Item { kind: "database".to_owned(), name: format!("postgres/{name}"), bytes: None });
        }
    }
    for row in own_applications::of_tenant(&mut app.db.read().await?, tenant.id).await? {
        items.push(Item { kind: "application_secret".to_owned(), name: row.purpose, bytes: None });
    }
    let messages = app.mailbox.count_of(&tenant.slug);
    if messages > 0 {
        items.push(Item { kind: "messages".to_owned(), name: format!("{messages} in the queue"), bytes: None });
    }
    let (id, text) = (tenant.id, serde_json::to_string(&items).unwrap_or_default());
    app.db.write(move |tx| Box::pin(async move { life::set_inventory(tx, id, &text).await })).await?;
    Ok(())
}

/// The names of every secret that was ever made for a tenant.
pub(super) fn secrets_of(app: &App, tenant: &Tenant) -> Result<Vec<String>, StepError> {
    let listed = app.secrets.store().list().map_err(|error| files(&app.settings.layout.secrets(), error))?;
    let prefix = format!("{}.", tenant.short_id);
    Ok(listed.iter().map(|id| id.as_str().to_owned()).filter(|name| name.starts_with(&prefix)).collect())
}

/// Beside the tasks that others wait for: a tenant may have made as many files as it could.
async fn aside<T: Send + 'static>(work: impl FnOnce() -> io::Result<T> + Send + 'static) -> io::Result<T> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|error| Err(io::Error::other(error)))
}

/// Destroys the keys.
pub(super) fn keys(app: &App, tenant: &Tenant) -> Result<(), StepError> {
    app.secrets.destroy_tenant(&tenant.short_id).map_err(|error| files(&app.settings.layout.secrets(), error))
}

/// Destroys everything else, the folder last: while that is there, the rest may be.
pub(super) async fn data(app: &App, tenant: &Tenant) -> Result<(), StepError> {
    let layout = &app.settings.layout;
    app.driver.destroy(&tenant.short_id).await?;
    if let Some(postgres) = &app.postgres {
        postgres.destroy(&tenant.short_id).await?;
    }
    app.told.forget(tenant.id);
    app.mailbox.forget(&tenant.slug).await.map_err(|error| files(&layout.mailbox(), error))?;
    let (id, party) = (tenant.id, Party::Tenant(tenant.id).key());
    app.db
        .write(move |tx| {
            Box::pin(async move {
                own_applications::remove_all(tx, id).await?;
                egress_rules::remove_all(tx, id).await?;
                egress_needs::remove_all(tx, id).await?;
                mail_domains::remove(tx, id).await?;
                mail_counts::remove(tx, &party).await
            })
        })
        .await?;
    let folder = layout.tenant(&tenant.short_id);
    let gone = folder.clone();
    aside(move || clear::remove(&gone)).await.map_err(|error| files(&folder, error))?;
    sync_folder(&layout.tenants()).map_err(|error| files(&layout.tenants(), error))
}

/// Looks once more that nothing is left, and signs for it.
pub(super) async fn certify(app: &Arc<App>, (tenant, operation): (&Tenant, &Operation)) -> Result<(), StepError> {
    steps::stop_runtime(app, tenant).await;
    data(app, tenant).await?;
    let left = observe::remains(app, tenant).await?;
    if left.keys || left.data {
        return Err(StepError::Left(format!("something of {}", tenant.short_id)));
    }
    let inventory = life::inventory(&mut app.db.read().await?, tenant.id).await?;
    let now = app.clock.now();
    let statement = Statement {
        tenant_id: tenant.id.to_string(),
        slug: tenant.slug.to_string(),
        issuer: tenant.issuer.clone(),
        terminated_at: tenant.plans.terminated_at.map(Timestamp::rfc3339),
        destroyed_at: now.rfc3339(),
        requested_by: Requester { kind: operation.actor.kind().as_str().to_owned(), id: operation.actor.id() },
        destroyed: inventory.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default(),
        copies: COPIES.to_owned(),
    };
    let certificate = app.certificate_key.certify(statement)?;
    let (id, text) = (tenant.id, serde_json::to_string(&certificate).unwrap_or_default());
    app.db
        .write(move |tx| {
            Box::pin(async move {
                life::certify(tx, id, &text, now).await?;
                usage::end(tx, id, now).await
            })
        })
        .await?;
    Ok(())
}
