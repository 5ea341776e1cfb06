//! A control plane for tests of the console and the public API: two organisations, a tenant each, and
//! a stub in the tenants' place that serves the admin API's shapes on a Unix socket ([`stub`]).

mod stub;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::Body;
use axum::extract::Request;
use http::header::{AUTHORIZATION, CONTENT_TYPE, COOKIE, HOST};
use http::{Method, StatusCode};
use http_body_util::BodyExt;
use polder_crypto::{Algorithm, SigningKey};
use polder_db::Location;
use polder_db::testing::TestDatabase;
use polder_kernel::{Clock, Entropy, Timestamp};
use polder_service::Shutdown;
use serde_json::Value;
use tower::Service;

pub(crate) use stub::{KNOWN, Stub, UNKNOWN};

use crate::App;
use crate::console::oidc::Tokens;
use crate::console::signed_in;
use crate::credentials::{hash_api_key, new_api_key};
use crate::dev::folder;
use crate::model::{
    ApiKeyId, ConsoleSessionId, KeyAccess, MemberId, OrganisationId, Role, Tenant, TenantId, TenantState,
};
use crate::provision::desired::Blueprint;
use crate::router::Front;
use crate::settings::tests::settings;
use crate::store::api_keys::{self, NewApiKey, Rights};
use crate::store::console_sessions::{self, NewSession};
use crate::store::members::{self, NewMember};
use crate::store::{organisations, tenants};

/// The whole stage.
pub(crate) struct World {
    pub(crate) app: Arc<App>,
    pub(crate) front: Front,
    pub(crate) organisation: OrganisationId,
    pub(crate) strangers: OrganisationId,
    pub(crate) stub: Arc<Stub>,
    _data: Ground,
}

/// A temporary folder, and the database of the control plane that is started on it: a file, or where
/// `POLDER_TEST_CONTROL_DATABASE=postgres` a database on the server that `POLDER_TEST_POSTGRES` names.
pub(crate) struct Ground {
    folder: tempfile::TempDir,
    database: Option<TestDatabase>,
}

/// Which database belongs to which folder. A test that starts a control plane twice finds the same again.
static DATABASES: Mutex<BTreeMap<PathBuf, Location>> = Mutex::new(BTreeMap::new());

impl Ground {
    #[expect(clippy::disallowed_methods, reason = "tests have no command line to take it from")]
    pub(crate) async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let database = match std::env::var("POLDER_TEST_CONTROL_DATABASE").as_deref() {
            Ok("postgres") => Some(polder_db::testing::postgres().await.expect("POLDER_TEST_POSTGRES names a server")),
            _ => None,
        };
        if let Some(database) = &database {
            DATABASES.lock().unwrap().insert(folder.path().to_owned(), database.location.clone());
            database.db.close().await;
        }
        Self { folder, database }
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }
}

impl Drop for Ground {
    fn drop(&mut self) {
        DATABASES.lock().unwrap().remove(self.folder.path());
        drop(self.database.take());
    }
}

/// Where the control plane on `data` keeps its own data, when that is no file.
pub(crate) fn control_database(data: &Path) -> Option<Location> {
    let databases = DATABASES.lock().unwrap();
    data.ancestors().find_map(|above| databases.get(above).cloned())
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: http::HeaderMap,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or(Value::Null)
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

impl World {
    /// `acme` of the first organisation, `foreign` of the second; `young` of the first is being made.
    pub(crate) async fn new() -> Self {
        let data = Ground::new().await;
        let settings = settings(&data.path().join("folder"));
        folder::take(&settings, None).map(drop).unwrap();
        let clock = Clock::manual(Timestamp::from_seconds(1_795_248_000));
        let shutdown = Shutdown::new();
        let app = App::open(settings, (clock, Entropy::seeded(7)), shutdown.clone()).await.unwrap();
        let (pair, _) = SigningKey::generate(Algorithm::EdDsa, &app.entropy).unwrap();
        let (theirs, _) = SigningKey::generate(Algorithm::EdDsa, &app.entropy).unwrap();
        let stub = Arc::new(Stub::new(&[&pair, &theirs]));
        let organisation = organisation(&app, "Acme").await;
        let other = organisation_of_strangers(&app).await;
        let acme = tenant(&app, "acme", organisation, TenantState::Running).await;
        tenant(&app, "young", organisation, TenantState::Provisioning).await;
        let foreign = tenant(&app, "foreign", other, TenantState::Running).await;
        stub.serve(&app, &acme, pair, shutdown.clone()).await;
        stub.serve(&app, &foreign, theirs, shutdown).await;
        let front = Front::new(&app);
        Self { app, front, organisation, strangers: other, stub, _data: data }
    }

    /// The tenant with this slug.
    pub(crate) async fn tenant(&self, slug: &str) -> Tenant {
        let mut tx = self.app.db.read().await.unwrap();
        tenants::by_slug(&mut tx, &slug.parse().unwrap()).await.unwrap().unwrap()
    }

    /// A key of the public API.
    pub(crate) async fn key(&self, access: KeyAccess) -> String {
        self.key_of(self.organisation, access).await
    }

    pub(crate) async fn key_of(&self, organisation_id: OrganisationId, access: KeyAccess) -> String {
        self.key_with(organisation_id, Rights::all(access)).await
    }

    pub(crate) async fn key_with(&self, organisation_id: OrganisationId, rights: Rights) -> String {
        let key = new_api_key(&self.app.entropy).expose().clone();
        let row = NewApiKey {
            id: ApiKeyId::new(&self.app.clock, &self.app.entropy),
            organisation_id,
            name: "test".to_owned(),
            key_hash: hash_api_key(&self.app.keyring, &key),
            rights,
            created_by: "polder".to_owned(),
        };
        let now = self.app.clock.now();
        let insert = self.app.db.write(move |tx| Box::pin(async move { api_keys::insert(tx, &row, now).await }));
        insert.await.unwrap();
        key
    }

    /// The cookie and the form token of a new member's session.
    pub(crate) async fn member(&self, role: Role) -> (String, String) {
        let (_, cookie, csrf) = self.member_of(self.organisation, role).await;
        (cookie, csrf)
    }

    /// The same of an organisation, and who it is.
    pub(crate) async fn member_of(&self, organisation_id: OrganisationId, role: Role) -> (MemberId, String, String) {
        let app = &self.app;
        let (now, cookie) = (app.clock.now(), app.entropy.token().expose().clone());
        let member = NewMember {
            id: MemberId::new(&app.clock, &app.entropy),
            organisation_id,
            subject: app.entropy.token().expose().clone(),
            role,
        };
        let tokens = Tokens {
            access: "a".to_owned(),
            refresh: None,
            id: "i".to_owned(),
            renew_at: now + Duration::from_secs(86_400),
        };
        let session = NewSession {
            id: ConsoleSessionId::new(&app.clock, &app.entropy),
            cookie_hash: console_sessions::cookie_hash(&app.keyring, &cookie),
            member_id: member.id,
            tokens: serde_json::to_string(&tokens).unwrap(),
            metadata: "{}".to_owned(),
            idle_expires_at: now + signed_in::IDLE,
            expires_at: now + signed_in::LONGEST,
        };
        let (keyring, id, who) = (app.keyring.clone(), session.id, member.id);
        let insert = app.db.write(move |tx| {
            Box::pin(async move {
                members::put(tx, &member, now).await?;
                members::set_identity(
                    tx,
                    &keyring,
                    member.id,
                    ("Olivia", &"olivia@example.test".parse().unwrap()),
                    now,
                )
                .await?;
                console_sessions::insert(tx, &keyring, &session, now).await
            })
        });
        insert.await.unwrap();
        let csrf = polder_service::csrf::Token::from_mac(app.keyring.mac("console-csrf", &[id.as_bytes()]));
        (who, format!("{}={cookie}", signed_in::COOKIE), csrf.to_text())
    }

    /// A request to the console's host.
    pub(crate) async fn send(&self, request: http::request::Builder, body: impl Into<Body>) -> Answer {
        let host = self.app.settings.authority("console");
        let request = request.header(HOST, host).body(body.into()).unwrap();
        let response = self.front.clone().call(request).await.unwrap();
        let (parts, body) = response.into_parts();
        if parts.headers.get(CONTENT_TYPE).is_some_and(|kind| kind == "text/event-stream") {
            // What is told at once: a stream may have no end.
            let (mut body, mut told) = (body, String::new());
            while let Ok(Some(Ok(frame))) = tokio::time::timeout(Duration::from_millis(300), body.frame()).await {
                told.push_str(&String::from_utf8_lossy(&frame.into_data().unwrap_or_default()));
            }
            return Answer { status: parts.status, headers: parts.headers, body: told };
        }
        let body = body.collect().await.unwrap().to_bytes();
        Answer { status: parts.status, headers: parts.headers, body: String::from_utf8_lossy(&body).into_owned() }
    }

    /// A call of the public API.
    pub(crate) async fn api(&self, key: &str, method: Method, path: &str, body: Option<Value>) -> Answer {
        let mut request = Request::builder().method(method).uri(format!("/api/v1{path}"));
        if !key.is_empty() {
            request = request.header(AUTHORIZATION, format!("Bearer {key}"));
        }
        match body {
            Some(body) => self.send(request.header(CONTENT_TYPE, "application/json"), body.to_string()).await,
            None => self.send(request, Body::empty()).await,
        }
    }

    /// A page of the console.
    pub(crate) async fn get(&self, cookie: &str, path: &str) -> Answer {
        self.send(Request::get(path).header(COOKIE, cookie), Body::empty()).await
    }

    /// A form of the console, as our own page sends it.
    pub(crate) async fn post(&self, (cookie, csrf): (&str, &str), path: &str, form: &str) -> Answer {
        let request = Request::post(path)
            .header(COOKIE, cookie)
            .header("origin", self.app.settings.console())
            .header("sec-fetch-site", "same-origin")
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        self.send(request, format!("csrf={csrf}&{form}")).await
    }

    /// What is newest in an organisation's own log: number, action, kind of actor, address.
    pub(crate) async fn newest(&self, organisation: OrganisationId) -> Vec<(i64, String, String, Option<String>)> {
        let filter = crate::store::organisation_events::Filter::default();
        let page = crate::organisation::trail::page(&self.app, organisation, (&filter, None), 5).await.unwrap().0;
        page.into_iter().map(|event| (event.number, event.action, event.actor_kind, event.ip)).collect()
    }

    /// What the control plane's own log says, oldest first: action, kind of actor, details.
    pub(crate) async fn log(&self) -> Vec<(String, String, Value)> {
        let mut tx = self.app.db.read().await.unwrap();
        let mut entries = polder_audit::list(&mut tx, &polder_audit::Filter::default(), None, 1000).await.unwrap();
        entries.reverse();
        entries
            .into_iter()
            .map(|entry| {
                let details = entry.details(&self.app.keyring, None).unwrap().unwrap_or_default();
                (entry.action, entry.actor_kind, details)
            })
            .collect()
    }
}

async fn organisation(app: &App, name: &'static str) -> OrganisationId {
    let (id, now) = (OrganisationId::new(&app.clock, &app.entropy), app.clock.now());
    let insert = app.db.write(move |tx| Box::pin(async move { organisations::insert(tx, id, name, now).await }));
    insert.await.unwrap();
    id
}

async fn organisation_of_strangers(app: &App) -> OrganisationId {
    app.clock.advance(Duration::from_millis(1));
    organisation(app, "Strangers").await
}

pub(crate) async fn tenant(app: &App, slug: &str, organisation: OrganisationId, state: TenantState) -> Tenant {
    let slug: polder_kernel::Slug = slug.parse().unwrap();
    let now = app.clock.now();
    let tenant = Tenant {
        id: TenantId::new(&app.clock, &app.entropy),
        issuer: app.settings.issuer(&slug),
        short_id: format!("{slug}shortid"),
        name: slug.to_string(),
        slug,
        organisation_id: Some(organisation),
        state,
        failure: None,
        desired: crate::model::Aim::Running,
        plans: crate::model::tenant::Plans::default(),
        blueprint: Blueprint::Plain,
        created_at: now,
        updated_at: now,
    };
    let row = tenant.clone();
    let insert = app.db.write(move |tx| Box::pin(async move { tenants::insert(tx, &row).await }));
    assert!(insert.await.unwrap());
    tenant
}
