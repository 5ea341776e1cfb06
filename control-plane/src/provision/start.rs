//! How a tenant's runtime is started: what it is told, and what has to be there before and after.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::steps::{StepError, files};
use crate::administer::assertion_key;
use crate::app::App;
use crate::courier::Party;
use crate::driver::{Argument, SecretFile, Spec};
use crate::gateway::socket;
use crate::isolation;
use crate::model::Tenant;
use crate::postgres;
use crate::secrets::Name;
use crate::tenant_client;

/// Starts a tenant's runtime, with its ways out open before and our way to it after, and waits until it answers.
pub(super) async fn runtime(app: &Arc<App>, tenant: &Tenant) -> Result<(), StepError> {
    let layout = &app.settings.layout;
    let run = layout.tenant_run(&tenant.short_id);
    app.routes.close_unless_held(tenant.slug.as_str());
    app.provision.started(tenant.id, app.clock.now());
    // A kill may have come between another private half and its public one.
    let published = assertion_key::publish(&app.secrets, &tenant.short_id);
    published.map_err(|error| files(&layout.secrets(), error))?;
    app.courier.open(app, tenant).await.map_err(|error| files(&run, error))?;
    app.egress.open(app, tenant).await.map_err(|error| files(&run, error))?;
    if let Some(postgres) = &app.postgres {
        if postgres.has_next(&tenant.short_id) {
            // It is taken up now: whoever runs on with the present one would be locked out.
            app.driver.stop(&tenant.short_id).await;
        }
        postgres.open(&tenant.short_id, &run).await?;
    }
    app.driver.start(&spec(app, tenant)).await?;
    app.courier.admit(Party::Tenant(tenant.id), app.driver.peer(&tenant.short_id));
    app.egress.admit(tenant.id, app.driver.peer(&tenant.short_id));
    app.links.open(app, tenant).map_err(|error| files(&run, error))?;
    let until = Instant::now() + app.settings.patience.start;
    let mut pause = Duration::from_millis(2);
    while !answers(app, tenant).await {
        if let Some(words) = app.driver.trouble(&tenant.short_id) {
            app.driver.stop(&tenant.short_id).await;
            return Err(StepError::Ended(words));
        }
        if Instant::now() > until {
            return Err(StepError::Silent);
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 5 / 4).min(Duration::from_millis(100));
    }
    // Beside the start: whoever wakes a tenant waits for no report.
    let (app, tenant) = (Arc::clone(app), tenant.clone());
    tokio::spawn(async move { isolation::tell(&app, &tenant).await });
    Ok(())
}

/// Whether the runtime answers at once; the pool itself would wait for one that is starting.
async fn answers(app: &App, tenant: &Tenant) -> bool {
    let asked = tokio::time::timeout(Duration::from_millis(100), tenant_client::health(app, tenant)).await;
    asked.is_ok_and(|answer| answer.is_ok_and(|health| health.issuer == tenant.issuer))
}

fn spec(app: &App, tenant: &Tenant) -> Spec {
    let layout = &app.settings.layout;
    let short = tenant.short_id.as_str();
    let secret = |name, kept: Name<'_>| SecretFile { name, source: app.secrets.path(&kept) };
    let mut secrets =
        vec![secret("seal", Name::TenantSeal(short)), secret("admin.pub", Name::TenantAdminPublic(short))];
    // While the seal key is being rotated: the tenant looks for the next one beside the one in use.
    if app.secrets.has(&Name::TenantSealNext(short)) {
        secrets.push(secret("seal.next", Name::TenantSealNext(short)));
    }
    let mut arguments = match &app.postgres {
        None => vec!["--data".into(), Argument::Data],
        Some(_) => {
            secrets.push(secret("database", Name::TenantDatabase(short)));
            vec![
                "--database".into(),
                Argument::SecretUrl("database"),
                "--database-socket".into(),
                Argument::Socket(postgres::SOCKET),
            ]
        }
    };
    arguments.extend([
        "--issuer".into(),
        tenant.issuer.clone().into(),
        "--seal-key".into(),
        Argument::Secret("seal"),
        "--listen".into(),
        Argument::Socket(socket::PUBLIC),
        "--admin-listen".into(),
        Argument::Socket(socket::ADMIN),
        "--admin-key".into(),
        Argument::Secret("admin.pub"),
        "--courier".into(),
        Argument::Socket(crate::courier::SOCKET),
        "--egress".into(),
        Argument::Socket(crate::egress::SOCKET),
        // One argument, so that a name that begins with a hyphen is no option.
        format!("--name={}", tenant.name).into(),
        "--trust-gateway".into(),
        "--log".into(),
        "json".into(),
    ]);
    let places = app.settings.places.is_some().then(|| layout.places_file());
    if places.is_some() {
        arguments.extend(["--places".into(), Argument::Places]);
    }
    Spec {
        short_id: short.to_owned(),
        slug: tenant.slug.to_string(),
        folder: layout.tenant(short),
        data: layout.tenant_data(short),
        run: layout.tenant_run(short),
        secrets,
        places,
        arguments,
    }
}
