//! A tenant's whole life, against the stand-in: every operation, killed at every step, and what the
//! gateway says meanwhile.

mod ended;
mod held_back;
mod in_time;
mod keys;
mod killed;
mod log;
mod sleepers;
mod waiting;

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

/// A control plane whose clock a test moves.
async fn by_hand(data: &Path) -> Arc<App> {
    let mut settings = settings(&data.join("folder"));
    settings.programs.tenant = stand_in::program(data);
    folder::take(&settings, None).map(drop).unwrap();
    let clock = Clock::manual(Timestamp::from_seconds(1_795_248_000));
    App::open(settings, (clock, Entropy::System), Shutdown::new()).await.unwrap()
}
