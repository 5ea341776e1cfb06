//! Provisioning against a stand-in for `polder-tenant`: real processes, real sockets, real crashes.

mod life;
mod stand_in;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;

use futures_util::StreamExt;
use polder_kernel::{Clock, Entropy, Slug};
use polder_service::Shutdown;

use super::desired::{Blueprint, Desired, Purpose};
use super::{CreateError, NewTenant, create, events, journal, observe, own_application, plan, resume, runner, steps};
use crate::App;
use crate::audit::ActingFor;
use crate::dev::folder;
use crate::driver::{Health, note};
use crate::model::{Actor, OperationId, OperationKind, OrganisationId, StepStatus, Tenant, TenantState};
use crate::settings::Settings;
use crate::settings::tests::settings;
use crate::store::{operations, organisations, tenants};
use crate::testing::Ground;
use stand_in::Kept;

/// A control plane on `data`, with the stand-in as its tenants' program.
pub(crate) async fn control_plane(data: &Path) -> Arc<App> {
    control_plane_with(data, |_| ()).await
}

async fn control_plane_with(data: &Path, change: impl FnOnce(&mut Settings)) -> Arc<App> {
    let mut settings = settings(&data.join("folder"));
    settings.programs.tenant = stand_in::program(data);
    change(&mut settings);
    folder::take(&settings, None).map(drop).unwrap();
    // As a start does: whoever is just ending holds its sockets until it has.
    note::end_orphans(&settings.layout.children(), settings.patience.stop).await.unwrap();
    App::open(settings, (Clock::System, Entropy::System), Shutdown::new()).await.unwrap()
}

/// What a kill does: children lose their lifeline, nothing more is written.
pub(crate) async fn killed(app: Arc<App>) {
    app.supervisor.stop_all().await;
    app.db.close().await;
}

async fn practice(app: &Arc<App>) -> Tenant {
    let slug: Slug = "practice".parse().unwrap();
    create::ensure(app, (slug, "Practice"), None, Blueprint::Practice).await.unwrap()
}

async fn by_slug(app: &App, slug: &str) -> Tenant {
    tenants::by_slug(&mut app.db.read().await.unwrap(), &slug.parse().unwrap()).await.unwrap().unwrap()
}

pub(crate) async fn organisation(app: &App) -> OrganisationId {
    let (id, now) = (OrganisationId::new(&app.clock, &app.entropy), app.clock.now());
    app.db.write(move |tx| Box::pin(async move { organisations::insert(tx, id, "Acme", now).await })).await.unwrap();
    id
}

async fn assert_whole(app: &Arc<App>, when: &str) {
    let tenant = by_slug(app, "practice").await;
    assert_eq!(tenant.state, TenantState::Running, "{when}: {:?}", tenant.failure);
    assert!(app.routes.get("practice").is_some(), "{when}");
    assert_eq!(fs::read_dir(app.settings.layout.tenants()).unwrap().count(), 1, "{when}: one folder");
    let kept = Kept::read(&app.settings.layout.tenant_data(&tenant.short_id));
    assert_eq!(kept.applications.len(), 2, "{when}: two applications");
    assert_eq!(kept.users.len(), 2, "{when}: two people");
    for purpose in [Purpose::Coach, Purpose::Portal] {
        let own = own_application(app, &tenant, purpose).await.unwrap();
        let there = kept.applications.iter().find(|found| found.client_id == own.client_id).unwrap();
        assert!(there.secrets.contains(own.client_secret.expose()), "{when}: the secret of {purpose:?} works");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn g23_a_kill_at_every_step_converges() {
    // Once with the step done and not written down as done, once with it only written down as begun.
    for done in [true, false] {
        for kill_at in 0..8 {
            let data = Ground::new().await;
            let app = control_plane(data.path()).await;
            let tenant = practice(&app).await;
            let desired = Desired::of(&tenant, &app.settings);
            let operation = journal::open(&app, &tenant, Actor::System).await.unwrap();
            for _ in 0..kill_at {
                assert!(runner::advance(&app, &tenant, &operation, &desired).await.unwrap());
            }
            let observed = observe::observe(&app, &tenant, &desired).await.unwrap();
            let step = plan::next(&desired, &observed).unwrap().unwrap();
            journal::begin(&app, &operation, step.to_string()).await.unwrap();
            if done {
                steps::perform(&app, (&tenant, &operation), &desired, step).await.unwrap();
            }
            killed(app).await;

            let app = control_plane(data.path()).await;
            resume::all(&app).await.unwrap();
            assert_whole(&app, &format!("killed at {step}, done: {done}")).await;
            killed(app).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn g23_a_crash_between_an_application_and_its_secret_leaves_one_application() {
    let data = Ground::new().await;
    let app = control_plane(data.path()).await;
    let tenant = practice(&app).await;
    resume::all(&app).await.unwrap();
    assert_whole(&app, "at first").await;
    // As if the answer with the secret had never been kept.
    app.db.write(|tx| Box::pin(async move { tx.execute("DELETE FROM own_application", &[]).await })).await.unwrap();
    killed(app).await;
    let app = control_plane(data.path()).await;
    resume::all(&app).await.unwrap();
    assert_whole(&app, "after the secrets were lost").await;
    let kept = Kept::read(&app.settings.layout.tenant_data(&tenant.short_id));
    assert!(kept.applications.iter().all(|application| application.secrets.len() == 2), "each got a second secret");
    killed(app).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn k3_a_start_with_lost_keys_makes_no_new_ones() {
    let data = Ground::new().await;
    let app = control_plane(data.path()).await;
    practice(&app).await;
    resume::all(&app).await.unwrap();
    let seal = app.secrets.path(&crate::secrets::Name::TenantSeal(&by_slug(&app, "practice").await.short_id));
    killed(app).await;
    fs::rename(&seal, data.path().join("elsewhere")).unwrap();

    let app = control_plane(data.path()).await;
    resume::all(&app).await.unwrap();
    let tenant = by_slug(&app, "practice").await;
    assert_eq!(tenant.state, TenantState::Failed);
    assert!(tenant.failure.unwrap().contains("restore"));
    assert!(!seal.exists());
    killed(app).await;

    fs::rename(data.path().join("elsewhere"), &seal).unwrap();
    let app = control_plane(data.path()).await;
    resume::all(&app).await.unwrap();
    assert_whole(&app, "with the keys back").await;
    killed(app).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn g23_what_fails_is_not_reachable_and_says_why() {
    let data = Ground::new().await;
    let app = control_plane(data.path()).await;
    fs::write(&app.settings.programs.tenant, "#!/bin/sh\necho no luck >&2\nexit 1\n").unwrap();
    let mut settings = app.settings.clone();
    settings.patience.start = std::time::Duration::from_millis(100);
    killed(app).await;
    let app = App::open(settings, (Clock::System, Entropy::System), Shutdown::new()).await.unwrap();
    practice(&app).await;
    resume::all(&app).await.unwrap();
    let tenant = by_slug(&app, "practice").await;
    assert_eq!(tenant.state, TenantState::Failed);
    assert_eq!(tenant.failure.as_deref(), Some("no luck"));
    assert!(app.routes.get("practice").is_none());
    assert_eq!(app.supervisor.health(&tenant.short_id), Health::Stopped);
    let told: Vec<_> = events(&app, tenant.id).await.unwrap().collect().await;
    assert!(told.iter().any(|event| event.status == StepStatus::Failed && event.failure.is_some()), "{told:?}");
    assert_eq!(told.last().unwrap().step, "failed");
    killed(app).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn progress_can_be_followed_live_and_read_afterwards() {
    let data = Ground::new().await;
    let app = control_plane(data.path()).await;
    let new =
        NewTenant { slug: "acme".parse().unwrap(), name: "Acme".to_owned(), organisation_id: organisation(&app).await };
    let tenant = create(&app, &ActingFor::system(), new).await.unwrap();
    assert_eq!(tenant.state, TenantState::Provisioning);
    let live: Vec<_> = events(&app, tenant.id).await.unwrap().collect().await;
    let later: Vec<_> = events(&app, tenant.id).await.unwrap().collect().await;
    assert_eq!(live, later);
    let finished: Vec<&str> =
        live.iter().filter(|event| event.status == StepStatus::Finished).map(|event| event.step.as_str()).collect();
    assert_eq!(finished, ["make-folders", "make-keys", "start-runtime", "open-route", "done"]);
    assert_eq!(by_slug(&app, "acme").await.state, TenantState::Running);
    killed(app).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn g24_names_are_given_once_and_never_when_reserved() {
    let data = Ground::new().await;
    let app = control_plane(data.path()).await;
    let organisation_id = organisation(&app).await;
    let attempt = async |slug: &str, name: &str| {
        let new = NewTenant { slug: slug.parse().unwrap(), name: name.to_owned(), organisation_id };
        create(&app, &ActingFor::system(), new).await
    };
    for reserved in ["platform", "admin", "console", "xn--acme"] {
        assert!(matches!(attempt(reserved, "X").await, Err(CreateError::Reserved(_))), "{reserved}");
    }
    for name in ["", "  ", "a\nb", &"x".repeat(81)] {
        assert!(matches!(attempt("acme", name).await, Err(CreateError::Name)), "{name:?}");
    }
    let racing: Vec<_> = futures_util::future::join_all((0..20).map(|_| attempt("acme", "Acme"))).await;
    assert_eq!(racing.iter().filter(|result| result.is_ok()).count(), 1);
    assert!(racing.iter().all(|result| matches!(result, Ok(_) | Err(CreateError::Taken))));
    killed(app).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn g18_no_secret_is_in_a_tenants_arguments_or_environment() {
    let data = Ground::new().await;
    let app = control_plane(data.path()).await;
    practice(&app).await;
    resume::all(&app).await.unwrap();
    let tenant = by_slug(&app, "practice").await;
    let Health::Alive(pid) = app.supervisor.health(&tenant.short_id) else { panic!("it is not alive") };
    let seen = ["cmdline", "environ"]
        .map(|name| String::from_utf8_lossy(&fs::read(format!("/proc/{pid}/{name}")).unwrap()).into_owned());
    for entry in fs::read_dir(app.settings.layout.secrets()).unwrap() {
        let entry = entry.unwrap();
        assert_eq!(entry.metadata().unwrap().permissions().mode() & 0o077, 0, "{:?}", entry.path());
        let secret = fs::read_to_string(entry.path()).unwrap();
        assert!(seen.iter().all(|text| !text.contains(secret.trim())), "{:?}", entry.path());
    }
    let own = own_application(&app, &tenant, Purpose::Coach).await.unwrap();
    assert!(seen.iter().all(|text| !text.contains(own.client_secret.expose())));
    assert!(seen.iter().all(|text| !text.contains("@example.test")));
    killed(app).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn g02_two_tenants_share_no_key() {
    let data = Ground::new().await;
    let app = control_plane(data.path()).await;
    practice(&app).await;
    create::ensure(&app, (Slug::platform(), "Polder"), None, Blueprint::Platform).await.unwrap();
    resume::all(&app).await.unwrap();
    let mut secrets: Vec<String> = fs::read_dir(app.settings.layout.secrets())
        .unwrap()
        .map(|entry| fs::read_to_string(entry.unwrap().path()).unwrap())
        .collect();
    assert_eq!(secrets.len(), 7, "three for each tenant, and the control plane's own");
    secrets.sort_unstable();
    secrets.dedup();
    assert_eq!(secrets.len(), 7);
    killed(app).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn k13_every_change_of_a_tenant_is_in_the_audit_log() {
    let data = Ground::new().await;
    let app = control_plane(data.path()).await;
    practice(&app).await;
    resume::all(&app).await.unwrap();
    let mut tx = app.db.read().await.unwrap();
    let actions = tx.all("SELECT action FROM audit_event ORDER BY seq", &[], |row| row.text("action")).await.unwrap();
    assert!(actions.windows(2).any(|pair| pair == ["tenant.created", "tenant.provisioned"]), "{actions:?}");
    let plain = tx
        .all("SELECT COALESCE(details_sealed, '') AS details FROM audit_event", &[], |row| row.text("details"))
        .await
        .unwrap();
    assert!(plain.iter().all(|details| !details.contains("practice")), "details are sealed");
    drop(tx);
    killed(app).await;
}
