//! A tenant's whole life, against the stand-in: every operation, killed at every step, and what the
//! gateway says meanwhile.

use std::os::unix::net::UnixStream;
use std::time::Duration;

use axum::body::Body;
use axum::extract::Request;
use futures_util::future::join_all;
use http::StatusCode;
use http_body_util::BodyExt;
use polder_kernel::Timestamp;
use tower::Service;

use super::super::certificate::Certificate;
use super::super::{Action, ChangeError, Illegal, change, disk, set_idle, settled, timers};
use super::*;
use crate::administer::{On, assertion_key, settings};
use crate::custody;
use crate::egress::allow_list;
use crate::gateway::WayState;
use crate::model::Aim;
use crate::router::Front;
use crate::secrets::Name;
use crate::store::life;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
const GRACE: Action = Action::Terminate { grace_days: 30 };
const WITHIN: Duration = Duration::from_secs(20);

/// A tenant of a customer, running.
async fn acme(app: &Arc<App>) -> Tenant {
    let organisation_id = organisation(app).await;
    let new = NewTenant { slug: "acme".parse().unwrap(), name: "Acme".to_owned(), organisation_id };
    let tenant = create(app, &ActingFor::system(), new).await.unwrap();
    assert!(settled(app, tenant.id, WITHIN).await);
    assert_eq!(by_slug(app, "acme").await.state, TenantState::Running);
    tenant
}

async fn wish(app: &Arc<App>, tenant: &Tenant, action: Action) -> Tenant {
    change(app, &ActingFor::system(), tenant.id, action).await.unwrap_or_else(|error| panic!("{action:?}: {error}"));
    assert!(settled(app, tenant.id, WITHIN).await, "{action:?}");
    by_slug(app, "acme").await
}

async fn ask(app: &Arc<App>, path: &str) -> (StatusCode, String) {
    asked(Front::new(app), path).await
}

/// Many requests at once.
async fn many(app: &Arc<App>, number: usize) -> Vec<(StatusCode, String)> {
    let front = Front::new(app);
    join_all((0..number).map(|_| asked(front.clone(), "/"))).await
}

async fn asked(mut front: Front, path: &str) -> (StatusCode, String) {
    let request = Request::get(path).header("host", "acme.localhost:8600").body(Body::empty()).unwrap();
    let answer = front.call(request).await.unwrap();
    let status = answer.status();
    let body = answer.into_body().collect().await.unwrap().to_bytes();
    (status, String::from_utf8_lossy(&body).into_owned())
}

async fn certificate(app: &App, tenant: &Tenant) -> Option<Certificate> {
    let text = life::certificate(&mut app.db.read().await.unwrap(), tenant.id).await.unwrap();
    text.map(|text| serde_json::from_str(&text).unwrap())
}

fn kept(app: &App, tenant: &Tenant) -> Kept {
    Kept::read(&app.settings.layout.tenant_data(&tenant.short_id))
}

/// What has to be true of a tenant that is what it is meant to be.
async fn assert_settled(app: &Arc<App>, tenant: &Tenant, aim: Aim, when: &str) {
    let found = by_slug(app, "acme").await;
    assert_eq!((found.desired, found.state), (aim, aim.state()), "{when}: {:?}", found.failure);
    let layout = &app.settings.layout;
    let way = match aim {
        Aim::Running => WayState::Open,
        Aim::Suspended => WayState::Documents,
        Aim::Asleep => WayState::Held,
        Aim::Terminating | Aim::Destroyed => WayState::Closed,
    };
    assert_eq!(app.routes.state("acme"), way, "{when}");
    assert_eq!(app.driver.running(&tenant.short_id), aim.runs(), "{when}");
    let folders = fs::read_dir(layout.tenants()).unwrap().count();
    let secrets = fs::read_dir(layout.secrets()).unwrap().count();
    if aim == Aim::Destroyed {
        assert_eq!((folders, secrets), (0, 1), "{when}: nothing is left but the control plane's own");
        let certificate = certificate(app, tenant).await.unwrap_or_else(|| panic!("{when}: no certificate"));
        certificate.verify(app.certificate_key.public_jwk()).unwrap();
        return;
    }
    assert_eq!((folders, secrets), (1, 4), "{when}: one of everything");
    if aim.runs() {
        let standing = kept(app, tenant).standing;
        let expected = if aim == Aim::Suspended { "suspended" } else { "serving" };
        assert_eq!(standing.as_deref().unwrap_or("serving"), expected, "{when}");
    }
    assert!(certificate(app, tenant).await.is_none(), "{when}");
}

/// Kills the control plane at the step `at` of what `action` begins; `false` when there are fewer.
async fn killed_at(before: &[Action], action: Action, (at, done): (usize, bool)) -> bool {
    let data = Ground::new().await;
    let app = control_plane(data.path()).await;
    let tenant = acme(&app).await;
    for earlier in before {
        wish(&app, &tenant, *earlier).await;
    }
    // As `change` does, without a runner.
    let now = app.clock.now();
    let current = by_slug(&app, "acme").await;
    let turned = super::super::transition::next(&current, action, now).unwrap().unwrap();
    let (id, from, row) = (crate::model::OperationId::new(&app.clock, &app.entropy), current.desired, turned.clone());
    let begun = app.db.write(move |tx| {
        Box::pin(async move {
            assert!(life::turn(tx, from, &row, now).await?);
            crate::store::operations::begin(tx, id, (row.id, action.kind()), &Actor::System, now).await
        })
    });
    begun.await.unwrap();
    let desired = Desired::of(&turned, &app.settings);
    let operation = journal::open(&app, &turned, Actor::System).await.unwrap();
    assert_eq!(operation.kind, action.kind());
    let mut more = true;
    for _ in 0..at {
        more = runner::advance(&app, &turned, &operation, &desired).await.unwrap();
    }
    let mut name = "the end".to_owned();
    if more {
        let observed = observe::observe(&app, &turned, &desired).await.unwrap();
        if let Some(step) = plan::next(&desired, &observed).unwrap() {
            name = step.to_string();
            journal::begin(&app, &operation, name.clone()).await.unwrap();
            if done {
                steps::perform(&app, (&turned, &operation), &desired, step).await.unwrap();
            }
        } else {
            more = false;
        }
    }
    killed(app).await;

    let app = control_plane(data.path()).await;
    resume::all(&app).await.unwrap();
    assert_settled(&app, &tenant, turned.desired, &format!("{action:?} killed at {name}, done: {done}")).await;
    let found = by_slug(&app, "acme").await;
    assert_eq!(found.plans.restart_at, None);
    killed(app).await;
    more
}

#[tokio::test(flavor = "multi_thread")]
async fn g23_a_kill_at_every_step_of_every_operation_converges() {
    let table: [(&[Action], Action); 9] = [
        (&[], Action::Suspend),
        (&[Action::Suspend], Action::Resume),
        (&[], Action::Sleep),
        (&[Action::Sleep], Action::Wake),
        (&[], Action::Restart),
        (&[], GRACE),
        (&[GRACE], Action::Undo),
        (&[GRACE], Action::Destroy),
        (&[Action::Suspend, GRACE], Action::Undo),
    ];
    for (before, action) in table {
        for done in [true, false] {
            let mut at = 0;
            while killed_at(before, action, (at, done)).await {
                at += 1;
                assert!(at < 12, "{action:?} never ends");
            }
            assert!(at > 0, "{action:?} has no step");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn g25_suspended_is_a_neutral_page_and_the_documents_that_verify_tokens() {
    let data = Ground::new().await;
    let app = control_plane(data.path()).await;
    let tenant = acme(&app).await;
    let suspended = wish(&app, &tenant, Action::Suspend).await;
    assert_eq!(suspended.state, TenantState::Suspended);
    for document in ["/.well-known/openid-configuration", "/.well-known/oauth-authorization-server", "/jwks.json"] {
        assert_eq!(ask(&app, document).await, (StatusCode::OK, "a tenant".to_owned()), "{document}");
    }
    for path in ["/", "/authorize?client_id=x", "/token", "/signin", "/jwks.json/x", "/assets/x"] {
        let (status, page) = ask(&app, path).await;
        assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE, "{path}");
        assert!(page.contains("Not available") && !page.to_lowercase().contains("suspend"), "{page}");
    }
    // A repeat changes nothing.
    wish(&app, &tenant, Action::Suspend).await;
    wish(&app, &tenant, Action::Resume).await;
    assert_eq!(ask(&app, "/authorize").await.0, StatusCode::OK);
    assert_eq!(kept(&app, &tenant).told, ["suspended", "serving"], "its own log says so, once each");
    killed(app).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn p15_a_terminated_tenant_looks_like_none_and_comes_back_when_that_is_undone() {
    let data = Ground::new().await;
    let app = control_plane(data.path()).await;
    let tenant = acme(&app).await;
    let ended = wish(&app, &tenant, GRACE).await;
    assert_eq!(ended.state, TenantState::Terminating);
    assert_eq!(ended.plans.terminate_at, Some(ended.plans.terminated_at.unwrap() + DAY * 30));
    let mut front = Front::new(&app);
    let stranger = Request::get("/").header("host", "nobody.localhost:8600").body(Body::empty()).unwrap();
    let stranger = front.call(stranger).await.unwrap();
    let (status, page) = (stranger.status(), stranger.into_body().collect().await.unwrap().to_bytes());
    assert_eq!(ask(&app, "/").await, (status, String::from_utf8_lossy(&page).into_owned()), "G07: the same");
    wish(&app, &tenant, Action::Undo).await;
    assert_settled(&app, &tenant, Aim::Running, "undone").await;
    assert_eq!(ask(&app, "/").await.0, StatusCode::OK);
    killed(app).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn h17_what_is_destroyed_is_gone_signed_for_and_never_given_out_again() {
    let data = Ground::new().await;
    let app = control_plane(data.path()).await;
    let tenant = acme(&app).await;
    let seal = fs::read_to_string(app.secrets.path(&Name::TenantSeal(&tenant.short_id))).unwrap();
    allow_list::allow(&app, &tenant, &ActingFor::system(), "api.example.org").await.unwrap();
    wish(&app, &tenant, GRACE).await;
    wish(&app, &tenant, Action::Destroy).await;
    assert_settled(&app, &tenant, Aim::Destroyed, "destroyed").await;
    assert!(allow_list::list(&app, &tenant).await.unwrap().is_empty(), "it reaches nothing any more");
    // The seal key is nowhere, in no file and in no row.
    for file in walk(data.path()) {
        let held = fs::read(&file).unwrap();
        assert!(!held.windows(seal.trim().len()).any(|part| part == seal.trim().as_bytes()), "{}", file.display());
    }
    let paper = certificate(&app, &tenant).await.unwrap();
    let kinds: Vec<&str> = paper.certificate.destroyed.iter().map(|item| item.kind.as_str()).collect();
    for kind in ["seal_key", "secret", "runtime", "database", "folder"] {
        assert!(kinds.contains(&kind), "{kind}: {kinds:?}");
    }
    assert_eq!(paper.certificate.slug, "acme");
    // Offline, with the key alone; and not once a word is changed, or for another key.
    paper.verify(app.certificate_key.public_jwk()).unwrap();
    let mut changed = paper.clone();
    changed.certificate.destroyed.pop();
    assert!(changed.verify(app.certificate_key.public_jwk()).is_err());
    assert!(paper.verify(app.checkpoint_key.public_jwk()).is_err());
    // The slug, and what looks like it, are never given out again.
    let organisation_id = organisation(&app).await;
    for (slug, taken) in [("acme", true), ("acrne", false), ("acm3", false)] {
        let new = NewTenant { slug: slug.parse().unwrap(), name: "Again".to_owned(), organisation_id };
        let refused = create(&app, &ActingFor::system(), new).await.unwrap_err();
        assert!(matches!((taken, &refused), (true, CreateError::Taken) | (false, CreateError::Lookalike(_))), "{slug}");
    }
    let again = change(&app, &ActingFor::system(), tenant.id, Action::Undo).await;
    assert!(matches!(again, Err(ChangeError::Illegal(Illegal::Destroyed))));
    killed(app).await;
    // Nor does a start bring anything of it back.
    let app = control_plane(data.path()).await;
    resume::all(&app).await.unwrap();
    assert_settled(&app, &tenant, Aim::Destroyed, "after a start").await;
    killed(app).await;
}

fn walk(folder: &Path) -> Vec<std::path::PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries
        .flat_map(|path| if path.is_dir() { walk(&path) } else { vec![path] })
        .filter(|path| path.is_file())
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_requests_at_once_for_a_sleeper_start_it_once_and_are_all_answered() {
    let data = Ground::new().await;
    let app = control_plane(data.path()).await;
    let tenant = acme(&app).await;
    let asleep = wish(&app, &tenant, Action::Sleep).await;
    assert_eq!(asleep.state, TenantState::Asleep);
    let starts = kept(&app, &tenant).starts;
    let answers = many(&app, 50).await;
    assert!(answers.iter().all(|(status, body)| *status == StatusCode::OK && body == "a tenant"), "{answers:?}");
    assert_eq!(kept(&app, &tenant).starts, starts + 1, "one start");
    assert!(settled(&app, tenant.id, WITHIN).await);
    assert_settled(&app, &tenant, Aim::Running, "woken").await;
    killed(app).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_more_requests_wait_than_may() {
    let data = Ground::new().await;
    let app = control_plane(data.path()).await;
    let tenant = acme(&app).await;
    wish(&app, &tenant, Action::Sleep).await;
    let most = crate::gateway::wake::MOST_WAITING_OF_ONE;
    let answers = many(&app, most + 40).await;
    let refused = answers.iter().filter(|(status, _)| *status == StatusCode::SERVICE_UNAVAILABLE).count();
    assert!(refused > 0 && refused <= 40, "{refused}");
    assert_eq!(answers.len() - refused, answers.iter().filter(|(status, _)| *status == StatusCode::OK).count());
    killed(app).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sleeper_that_does_not_come_up_is_answered_for_and_not_tried_for_ever() {
    let data = Ground::new().await;
    let app = control_plane(data.path()).await;
    let tenant = acme(&app).await;
    wish(&app, &tenant, Action::Sleep).await;
    fs::write(&app.settings.programs.tenant, "#!/bin/sh\necho no luck >&2\nexit 1\n").unwrap();
    let answers = many(&app, 5).await;
    assert!(answers.iter().all(|(status, _)| *status == StatusCode::SERVICE_UNAVAILABLE), "{answers:?}");
    assert!(settled(&app, tenant.id, WITHIN).await);
    let failed = by_slug(&app, "acme").await;
    assert_eq!((failed.state, failed.failure.as_deref()), (TenantState::Failed, Some("no luck")));
    assert_eq!(ask(&app, "/").await.0, StatusCode::MISDIRECTED_REQUEST);
    killed(app).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_is_a_new_process_and_no_request_is_lost() {
    let data = Ground::new().await;
    let app = control_plane(data.path()).await;
    let tenant = acme(&app).await;
    let starts = kept(&app, &tenant).starts;
    let socket = app.settings.layout.tenant_run(&tenant.short_id).join("public.sock");
    assert!(UnixStream::connect(&socket).is_ok());
    change(&app, &ActingFor::system(), tenant.id, Action::Restart).await.unwrap();
    while app.routes.state("acme") != WayState::Held {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let answers = many(&app, 20).await;
    assert!(settled(&app, tenant.id, WITHIN).await);
    assert_eq!(kept(&app, &tenant).starts, starts + 1);
    assert!(answers.iter().all(|(status, _)| *status == StatusCode::OK), "{answers:?}");
    assert_settled(&app, &tenant, Aim::Running, "restarted").await;
    killed(app).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn k1_who_administers_a_tenant_waits_while_it_is_restarted() {
    let data = Ground::new().await;
    let app = control_plane(data.path()).await;
    let tenant = acme(&app).await;
    let suspended = wish(&app, &tenant, Action::Suspend).await;
    for shown in [suspended, wish(&app, &tenant, Action::Resume).await] {
        let before = app.provision.started_at(tenant.id);
        change(&app, &ActingFor::system(), tenant.id, Action::Restart).await.unwrap();
        // From before it is stopped until after it is back, without a moment in which nobody asks.
        let mut asked = 0;
        while app.provision.started_at(tenant.id) == before || !settled(&app, tenant.id, Duration::ZERO).await {
            let on = On { app: Arc::clone(&app), tenant: shown.clone(), acting: ActingFor::system() };
            settings::show(&on).await.unwrap_or_else(|error| panic!("{}: {error}", shown.state));
            asked += 1;
        }
        assert!(asked > 0);
    }
    killed(app).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn g12_who_fills_the_disk_is_suspended_and_who_goes_on_is_stopped() {
    let data = Ground::new().await;
    let app = control_plane_with(data.path(), |settings| settings.disk_per_tenant = Some(8 << 20)).await;
    let tenant = acme(&app).await;
    let junk = app.settings.layout.tenant_data(&tenant.short_id).join("junk");
    let look = async || {
        disk::look(&app).await.unwrap();
        by_slug(&app, "acme").await
    };
    assert_eq!(look().await.state, TenantState::Running);
    fs::write(&junk, vec![1; 9 << 20]).unwrap();
    let held = look().await;
    assert_eq!((held.state, held.desired), (TenantState::Suspended, Aim::Suspended));
    assert!(held.failure.as_deref().is_some_and(|why| why.contains("it may hold 8 MiB")), "{:?}", held.failure);
    assert_eq!((ask(&app, "/jwks.json").await.0, ask(&app, "/").await.0.as_u16()), (StatusCode::OK, 503));
    assert_eq!(look().await.state, TenantState::Suspended, "its data stays, and so do its documents");
    assert!(app.driver.running(&tenant.short_id));
    fs::remove_file(&junk).unwrap();
    let back = wish(&app, &tenant, Action::Resume).await;
    assert_eq!((look().await.state, back.failure), (TenantState::Running, None));
    // Who goes on writing, suspended.
    fs::write(&junk, vec![1; 12 << 20]).unwrap();
    assert_eq!(look().await.state, TenantState::Suspended);
    let stopped = look().await;
    assert_eq!(stopped.state, TenantState::Failed);
    assert!(stopped.failure.is_some() && !app.driver.running(&tenant.short_id));
    assert_eq!(ask(&app, "/jwks.json").await.0, StatusCode::MISDIRECTED_REQUEST);
    fs::remove_file(&junk).unwrap();
    assert_eq!(wish(&app, &tenant, Action::Resume).await.state, TenantState::Running);
    assert_settled(&app, &tenant, Aim::Running, "once there is room").await;
    killed(app).await;
}

/// A control plane whose clock a test moves.
async fn by_hand(data: &Path) -> Arc<App> {
    let mut settings = settings(&data.join("folder"));
    settings.programs.tenant = stand_in::program(data);
    folder::take(&settings, None).map(drop).unwrap();
    let clock = Clock::manual(Timestamp::from_seconds(1_795_248_000));
    App::open(settings, (clock, Entropy::System), Shutdown::new()).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn timers_put_the_idle_to_sleep_wake_them_for_their_work_and_end_the_grace() {
    let data = Ground::new().await;
    let app = by_hand(data.path()).await;
    let tenant = acme(&app).await;
    let look = async || {
        timers::look(&app).await.unwrap();
        assert!(settled(&app, tenant.id, WITHIN).await);
        by_slug(&app, "acme").await.state
    };
    set_idle(&app, &ActingFor::system(), &by_slug(&app, "acme").await, Some(600)).await.unwrap();
    app.clock.advance(Duration::from_secs(599));
    assert_eq!(look().await, TenantState::Running);
    assert_eq!(ask(&app, "/").await.0, StatusCode::OK);
    app.clock.advance(Duration::from_secs(599));
    assert_eq!(look().await, TenantState::Running, "a request counts");
    app.clock.advance(Duration::from_secs(1));
    assert_eq!(look().await, TenantState::Asleep);
    let due = by_slug(&app, "acme").await.plans.wake_at.unwrap();
    app.clock.advance(due.since(app.clock.now()) - Duration::from_secs(1));
    assert_eq!(look().await, TenantState::Asleep);
    app.clock.advance(Duration::from_secs(1));
    assert_eq!(look().await, TenantState::Running, "its own work is due");
    // Never, when that was chosen.
    set_idle(&app, &ActingFor::system(), &by_slug(&app, "acme").await, Some(0)).await.unwrap();
    app.clock.advance(DAY * 365);
    assert_eq!(look().await, TenantState::Running);
    // Thirty days of grace, to the second.
    wish(&app, &tenant, GRACE).await;
    app.clock.advance(DAY * 30 - Duration::from_secs(1));
    assert_eq!(look().await, TenantState::Terminating);
    assert_eq!(by_slug(&app, "acme").await.desired, Aim::Terminating);
    app.clock.advance(Duration::from_secs(1));
    look().await;
    assert_settled(&app, &tenant, Aim::Destroyed, "the grace is over").await;
    killed(app).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn d07_mail_that_waits_keeps_a_tenant_awake_or_wakes_it() {
    let data = tempfile::tempdir().unwrap();
    let app = by_hand(data.path()).await;
    let tenant = acme(&app).await;
    let look = async || {
        timers::look(&app).await.unwrap();
        assert!(settled(&app, tenant.id, WITHIN).await);
        by_slug(&app, "acme").await.state
    };
    let due = app.clock.now() + Duration::from_secs(3600);
    let mail = app.settings.layout.tenant_data(&tenant.short_id).join("mail");
    fs::write(&mail, due.millis().to_string()).unwrap();
    set_idle(&app, &ActingFor::system(), &tenant, Some(600)).await.unwrap();
    app.clock.advance(Duration::from_secs(900));
    assert_eq!(look().await, TenantState::Running, "it is idle, and a message waits");
    assert_eq!(wish(&app, &tenant, Action::Sleep).await.state, TenantState::Asleep, "somebody insists");
    assert_eq!(by_slug(&app, "acme").await.plans.wake_at, Some(due));
    app.clock.advance(Duration::from_secs(2700));
    assert_eq!(look().await, TenantState::Running, "the message is due");
    fs::remove_file(&mail).unwrap();
    app.clock.advance(Duration::from_secs(601));
    assert_eq!(look().await, TenantState::Asleep);
    assert!(by_slug(&app, "acme").await.plans.wake_at.is_some_and(|at| at > due));
    killed(app).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn g19_the_key_of_our_word_is_rotated_and_a_rotation_that_was_interrupted_is_completed() {
    let data = tempfile::tempdir().unwrap();
    let app = control_plane(data.path()).await;
    let tenant = acme(&app).await;
    let key = || app.secrets.read(&Name::TenantAdmin(&tenant.short_id)).unwrap().unwrap().expose().clone();
    let on = async || On { app: Arc::clone(&app), tenant: by_slug(&app, "acme").await, acting: ActingFor::system() };
    let first = key();
    assertion_key::rotate(&on().await).await.unwrap();
    let second = key();
    assert_ne!(first, second);
    // It believes what the new key signs: being told needs our word.
    assert_eq!(wish(&app, &tenant, Action::Suspend).await.state, TenantState::Suspended);
    assert_eq!(kept(&app, &tenant).told, ["suspended"]);
    // Killed once the next key was made.
    let next = assertion_key::generate(&app.entropy).unwrap();
    app.secrets.keep(&Name::TenantAdminNext(&tenant.short_id), &next).unwrap();
    custody::round(&app).await.unwrap();
    assert_eq!(key(), *next.expose());
    assert_eq!(wish(&app, &tenant, Action::Resume).await.state, TenantState::Running);
    assert_eq!(kept(&app, &tenant).told, ["suspended", "serving"]);
    killed(app).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn g25_platform_is_never_stopped() {
    let data = Ground::new().await;
    let app = by_hand(data.path()).await;
    create::ensure(&app, (Slug::platform(), "Polder"), None, Blueprint::Platform).await.unwrap();
    resume::all(&app).await.unwrap();
    let platform = by_slug(&app, "platform").await;
    for action in [Action::Suspend, Action::Sleep, GRACE, Action::Undo, Action::Destroy] {
        let refused = change(&app, &ActingFor::system(), platform.id, action).await;
        assert!(matches!(refused, Err(ChangeError::Illegal(Illegal::Platform))), "{action:?}");
    }
    app.clock.advance(DAY * 365);
    timers::look(&app).await.unwrap();
    assert!(settled(&app, platform.id, WITHIN).await);
    assert_eq!(by_slug(&app, "platform").await.state, TenantState::Running);
    killed(app).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn k13_who_wanted_what_is_in_the_audit_log() {
    let data = Ground::new().await;
    let app = control_plane(data.path()).await;
    let tenant = acme(&app).await;
    for action in [Action::Suspend, Action::Resume, Action::Sleep, Action::Wake, Action::Restart, GRACE, Action::Undo] {
        wish(&app, &tenant, action).await;
    }
    wish(&app, &tenant, GRACE).await;
    wish(&app, &tenant, Action::Destroy).await;
    let mut tx = app.db.read().await.unwrap();
    let actions = tx.all("SELECT action FROM audit_event ORDER BY seq", &[], |row| row.text("action")).await.unwrap();
    for pair in [
        ["tenant.suspend_asked", "tenant.suspended"],
        ["tenant.resume_asked", "tenant.resumed"],
        ["tenant.sleep_asked", "tenant.fell_asleep"],
        ["tenant.wake_asked", "tenant.woke"],
        ["tenant.restart_asked", "tenant.restarted"],
        ["tenant.terminate_asked", "tenant.terminated"],
        ["tenant.undo_asked", "tenant.termination_undone"],
        ["tenant.destroy_asked", "tenant.destroyed"],
    ] {
        assert!(actions.windows(2).any(|found| found == pair), "{pair:?}: {actions:?}");
    }
    drop(tx);
    killed(app).await;
}

/// Bytes of memory that this process holds.
fn resident() -> usize {
    let statm = fs::read_to_string("/proc/self/statm").unwrap();
    statm.split_whitespace().nth(1).unwrap().parse::<usize>().unwrap() * 4096
}

#[tokio::test(flavor = "multi_thread")]
async fn three_hundred_sleepers_cost_next_to_nothing() {
    let data = Ground::new().await;
    let app = control_plane(data.path()).await;
    let acme = acme(&app).await;
    let first = wish(&app, &acme, Action::Sleep).await;
    let before = resident();
    for number in 0..300 {
        let slug: Slug = format!("sleeper-{number}").parse().unwrap();
        let row = Tenant {
            id: crate::model::TenantId::new(&app.clock, &app.entropy),
            issuer: app.settings.issuer(&slug),
            short_id: format!("short{number}"),
            slug,
            ..first.clone()
        };
        let (id, slug) = (row.id, row.slug.to_string());
        app.db
            .write(move |tx| {
                Box::pin(async move {
                    assert!(tenants::insert(tx, &row).await?);
                    life::turn(tx, Aim::Running, &row, row.created_at).await?;
                    tenants::set_state(tx, id, TenantState::Asleep, None, row.created_at).await
                })
            })
            .await
            .unwrap();
        app.routes.hold(&slug, id);
    }
    timers::look(&app).await.unwrap();
    let each = resident().saturating_sub(before) / 300;
    assert!(each < 256 * 1024, "{each} bytes each");
    killed(app).await;
}
