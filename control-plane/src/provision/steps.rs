//! The steps themselves. Each may be done twice: a crash can come after one and before its journal entry.

use std::fs::DirBuilder;
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;
use std::sync::Arc;

use http::{HeaderValue, Method};
use polder_crypto::{Category, KeyError, SealKey};
use polder_db::Error;
use polder_kernel::Secret;
use polder_tenant_api::{
    Application, ApplicationChanges, ApplicationId, CreatedApplication, CreatedSecret, Health, NewApplication,
    Preferences, Settings as Policy, SettingsChanges, Standing, StandingChange, User,
};

use super::desired::{Desired, Purpose};
use super::plan::{KeysLost, Step};
use super::{destroy, start};
use crate::administer::assertion_key;
use crate::app::App;
use crate::audit::ActingFor;
use crate::courier::Party;
use crate::driver::DriverError;
use crate::gateway::fair::turns::Turns;
use crate::gateway::pool::Pool;
use crate::gateway::routes::finish;
use crate::gateway::socket::{self, Socket};
use crate::gateway::{InUse, Route};
use crate::model::{Aim, Operation, Tenant};
use crate::postgres::PostgresError;
use crate::secrets::{Name, sync_folder};
use crate::store::{life, own_applications};
use crate::tenant_client::{self, CallError, ask};
use crate::usage;

/// Why a step failed, in words an operator can act on. No secrets and no personal data.
#[derive(Debug, thiserror::Error)]
pub enum StepError {
    /// The file system refused.
    #[error("{0}: {1}")]
    Files(String, #[source] io::Error),
    /// The driver could not do it.
    #[error(transparent)]
    Driver(#[from] DriverError),
    /// A key could not be made.
    #[error("a key could not be made: {0}")]
    Key(#[from] KeyError),
    /// The tenant's PostgreSQL database.
    #[error(transparent)]
    Postgres(#[from] PostgresError),
    /// The tenant gave no answer, or not the one wanted.
    #[error(transparent)]
    Call(#[from] CallError),
    /// The control plane's database failed.
    #[error("the control plane's database: {0}")]
    Database(#[from] Error),
    /// Only a person can go on.
    #[error(transparent)]
    KeysLost(#[from] KeysLost),
    /// The tenant's process does not answer.
    #[error("the tenant's program does not answer; its log lines say why")]
    Silent,
    /// The tenant's process ends by itself.
    #[error("{0}")]
    Ended(String),
    /// Something of a destroyed tenant is there still.
    #[error("{0} is still there; remove it by hand and start again")]
    Left(String),
    /// The plan and the list do not go together.
    #[error("the plan names something that is not wanted")]
    NotWanted,
}

impl StepError {
    /// Whether trying again is of no use.
    pub const fn is_final(&self) -> bool {
        match self {
            Self::KeysLost(_) | Self::Ended(_) => true,
            Self::Postgres(error) => error.is_final(),
            _ => false,
        }
    }
}

/// Does one step.
pub async fn perform(
    app: &Arc<App>,
    (tenant, operation): (&Tenant, &Operation),
    desired: &Desired,
    step: Step,
) -> Result<(), StepError> {
    let slug = tenant.slug.as_str();
    match step {
        Step::MakeFolders => make_folders(app, tenant),
        Step::MakeKeys => make_keys(app, tenant),
        Step::MakeDatabase => match &app.postgres {
            Some(postgres) => Ok(postgres.prepare(&tenant.short_id).await?),
            None => Ok(()),
        },
        Step::RotatePasswords => match &app.postgres {
            Some(postgres) => {
                let runs = app.driver.running(&tenant.short_id);
                if !runs {
                    // A container that outlived a killed control plane holds the password that now goes.
                    app.driver.stop(&tenant.short_id).await;
                }
                Ok(postgres.rotate(&tenant.short_id, runs).await?)
            }
            None => Ok(()),
        },
        Step::StartRuntime => start::runtime(app, tenant).await,
        Step::SetPolicy => {
            let changes = SettingsChanges { sign_up: desired.sign_up, ..SettingsChanges::default() };
            let _: Policy = send(app, tenant, (Method::PATCH, "/settings"), &changes).await?;
            Ok(())
        }
        Step::AddApplication(purpose) => {
            let made: CreatedApplication =
                send(app, tenant, (Method::POST, "/applications"), wanted(desired, purpose)?).await?;
            keep(
                app,
                tenant,
                (purpose, made.application.client_id),
                &Secret::new(made.client_secret.unwrap_or_default()),
            )
            .await
        }
        Step::RenewSecret(purpose, id) => {
            let target = format!("/applications/{id}/secrets");
            let made: CreatedSecret =
                ask(app, tenant, &ActingFor::system(), (Method::POST, &target), None::<&()>).await?;
            keep(app, tenant, (purpose, id), &Secret::new(made.client_secret)).await
        }
        Step::AlignApplication(purpose, id) => {
            let wanted = wanted(desired, purpose)?.clone();
            let target = format!("/applications/{id}");
            let found: Application =
                ask(app, tenant, &ActingFor::system(), (Method::GET, &target), None::<&()>).await?;
            let Preferences { backchannel_logout_uri: told_at, audience, .. } = wanted.preferences;
            let changes = ApplicationChanges {
                // What else was chosen stays.
                preferences: told_at.map(|uri| Preferences {
                    backchannel_logout_uri: Some(uri),
                    audience: audience.or(found.preferences.audience.clone()),
                    ..found.preferences
                }),
                redirect_uris: Some(wanted.redirect_uris),
                post_logout_redirect_uris: Some(wanted.post_logout_redirect_uris),
                access: Some(wanted.access),
                ..ApplicationChanges::default()
            };
            let _: Application = send(app, tenant, (Method::PATCH, &target), &changes).await?;
            Ok(())
        }
        Step::AddPerson(place) => {
            let person = desired.people.get(place).ok_or(StepError::NotWanted)?;
            let _: User = send(app, tenant, (Method::POST, "/users"), person).await?;
            Ok(())
        }
        Step::OpenRoute => {
            app.routes.open(slug, route(app, tenant)?);
            Ok(())
        }
        Step::LimitRoute => limit_route(app, tenant),
        Step::HoldRoute => {
            finish(app.routes.hold(slug, tenant.id)).await;
            Ok(())
        }
        Step::CloseRoute => {
            finish(app.routes.close(slug)).await;
            Ok(())
        }
        Step::TellTenant => tell_tenant(app, (tenant, operation), desired).await,
        Step::StopRuntime => {
            if desired.aim == Aim::Asleep {
                wake_for_mail(app, tenant).await?;
            }
            stop_runtime(app, tenant).await;
            Ok(())
        }
        Step::RestartRuntime => {
            finish(app.routes.hold(slug, tenant.id)).await;
            stop_runtime(app, tenant).await;
            let promoted = app.secrets.promote_admin(&tenant.short_id);
            promoted.map_err(|error| files(&app.settings.layout.secrets(), error))?;
            start::runtime(app, tenant).await
        }
        Step::TakeInventory => destroy::take_inventory(app, tenant).await,
        Step::DestroyKeys => destroy::keys(app, tenant),
        Step::DestroyData => destroy::data(app, tenant).await,
        Step::Certify => destroy::certify(app, (tenant, operation)).await,
    }
}

fn wanted(desired: &Desired, purpose: Purpose) -> Result<&NewApplication, StepError> {
    let found = desired.applications.iter().find(|(wanted, _)| *wanted == purpose);
    found.map(|(_, application)| application).ok_or(StepError::NotWanted)
}

fn make_folders(app: &App, tenant: &Tenant) -> Result<(), StepError> {
    let layout = &app.settings.layout;
    let short = &tenant.short_id;
    for folder in [layout.tenant(short), layout.tenant_data(short), layout.tenant_run(short)] {
        let made = DirBuilder::new().mode(0o700).create(&folder);
        match made {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(files(&folder, error)),
            _ => {}
        }
    }
    sync_folder(&layout.tenants()).map_err(|error| files(&layout.tenants(), error))
}

fn make_keys(app: &App, tenant: &Tenant) -> Result<(), StepError> {
    let short = tenant.short_id.as_str();
    let failed = |error| files(&app.settings.layout.secrets(), error);
    app.secrets.keep(&Name::TenantSeal(short), &SealKey::generate(&app.entropy).to_text()).map_err(failed)?;
    // Where a key was there before, that one is it.
    app.secrets.keep(&Name::TenantAdmin(short), &assertion_key::generate(&app.entropy)?).map_err(failed)?;
    assertion_key::publish(&app.secrets, short).map_err(failed)
}

/// The way for requests to a runtime that runs.
fn route(app: &App, tenant: &Tenant) -> Result<Route, StepError> {
    let folder = app.settings.layout.tenant(&tenant.short_id);
    let owner = app.driver.peer(&tenant.short_id).ok_or(StepError::Silent)?;
    let process = owner.clone();
    let socket = Socket::new(&folder, socket::PUBLIC, owner).map_err(|error| files(&folder, error))?;
    let authority = app.settings.authority(tenant.slug.as_str());
    let authority = HeaderValue::try_from(authority).map_err(|_| StepError::NotWanted)?;
    let public = Arc::new(Pool::new(socket, app.settings.patience.connect));
    let in_use = InUse::new(app.clock.now(), super::idle::after(&app.settings, tenant));
    Ok(Route { tenant_id: tenant.id, authority, public, process, turns: Turns::default(), in_use })
}

/// Where there is no runtime yet to ask, nothing passes.
fn limit_route(app: &App, tenant: &Tenant) -> Result<(), StepError> {
    if app.driver.running(&tenant.short_id) {
        app.routes.open_documents(tenant.slug.as_str(), route(app, tenant)?);
    } else {
        app.routes.close(tenant.slug.as_str());
    }
    Ok(())
}

/// Tells the tenant what it is, in the name of who wanted it.
async fn tell_tenant(
    app: &App,
    (tenant, operation): (&Tenant, &Operation),
    desired: &Desired,
) -> Result<(), StepError> {
    let standing = match desired.aim {
        Aim::Suspended => Standing::Suspended,
        Aim::Terminating | Aim::Destroyed => Standing::Terminating,
        Aim::Running | Aim::Asleep => Standing::Serving,
    };
    let acting = ActingFor { actor: operation.actor, ..ActingFor::system() };
    let _: StandingChange =
        ask(app, tenant, &acting, (Method::PUT, "/standing"), Some(&StandingChange { standing })).await?;
    Ok(())
}

/// One that is put to sleep with a message waiting, or word of an ended session, is woken when that is due. One that does not answer is
/// stopped all the same.
async fn wake_for_mail(app: &App, tenant: &Tenant) -> Result<(), StepError> {
    if !app.driver.running(&tenant.short_id) {
        return Ok(());
    }
    let health = tokio::time::timeout(app.settings.patience.connect, tenant_client::health(app, tenant)).await;
    let Ok(Ok(Health { next_message_at, next_logout_at, .. })) = health else { return Ok(()) };
    let Some(due) = next_message_at.into_iter().chain(next_logout_at).min() else { return Ok(()) };
    let id = tenant.id;
    app.db.write(move |tx| Box::pin(async move { life::wake_by(tx, id, due).await })).await?;
    Ok(())
}

pub(super) async fn stop_runtime(app: &App, tenant: &Tenant) {
    usage::before_stop(app, tenant.id).await;
    app.links.close(tenant.id);
    app.driver.stop(&tenant.short_id).await;
    app.courier.close(Party::Tenant(tenant.id));
    app.egress.close(tenant.id);
    if let Some(postgres) = &app.postgres {
        postgres.close(&tenant.short_id);
    }
}

/// Keeps the secret of one of our own applications, sealed.
async fn keep(
    app: &App,
    tenant: &Tenant,
    (purpose, id): (Purpose, ApplicationId),
    secret: &Secret<String>,
) -> Result<(), StepError> {
    let context = own_secret_context(tenant, purpose);
    let row = own_applications::Row {
        purpose: purpose.as_str().to_owned(),
        client_id: id.to_string(),
        secret_sealed: app.keyring.seal_text(Category::ProviderTokens, &context, secret.expose()),
    };
    let (now, tenant_id) = (app.clock.now(), tenant.id);
    app.db.write(move |tx| Box::pin(async move { own_applications::put(tx, tenant_id, &row, now).await })).await?;
    Ok(())
}

/// What the sealed secret of one of our own applications is bound to.
pub(super) fn own_secret_context(tenant: &Tenant, purpose: Purpose) -> String {
    format!("own_application.secret:{}:{}", tenant.id, purpose.as_str())
}

async fn send<T: serde::de::DeserializeOwned>(
    app: &App,
    tenant: &Tenant,
    request: (Method, &str),
    body: &(impl serde::Serialize + Sync),
) -> Result<T, StepError> {
    Ok(ask(app, tenant, &ActingFor::system(), request, Some(body)).await?)
}

pub(super) fn files(path: &Path, error: io::Error) -> StepError {
    StepError::Files(path.display().to_string(), error)
}
