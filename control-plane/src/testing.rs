//! A control plane for tests of the console and the public API: two organisations, a tenant each, and
//! a stub in the tenants' place that serves the admin API's shapes on a Unix socket.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicI32;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use axum::{Json, Router};
use http::header::{AUTHORIZATION, CONTENT_TYPE, COOKIE, HOST};
use http::{Method, StatusCode};
use http_body_util::BodyExt;
use polder_crypto::{Algorithm, Jwks, SigningKey, Verifier};
use polder_db::Location;
use polder_db::testing::TestDatabase;
use polder_kernel::{Clock, Entropy, Timestamp};
use polder_service::listen::{Limits, Listener};
use polder_service::{Shutdown, serve};
use polder_tenant_api::assertion::{Assertion, TYPE};
use serde_json::{Value, json};
use tower::Service;

use crate::App;
use crate::console::oidc::Tokens;
use crate::console::signed_in;
use crate::credentials::{hash_api_key, new_api_key};
use crate::dev::folder;
use crate::gateway::pool::Pool;
use crate::gateway::socket::{ADMIN, Socket};
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

/// An id that the stub knows.
pub(crate) const KNOWN: &str = "019a0000-0000-7000-8000-000000000001";
/// An id that it does not.
pub(crate) const UNKNOWN: &str = "019a0000-0000-7000-8000-00000000dead";

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

/// What a tenant of tests remembers.
pub(crate) struct Stub {
    verifier: Verifier,
    /// Who asked for what, and the body.
    pub(crate) asked: Mutex<Vec<(Assertion, Value)>>,
    /// What is answered in place of the usual.
    pub(crate) answer: Mutex<Option<(StatusCode, Value)>>,
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
        let stub = Arc::new(Stub {
            verifier: Verifier::new(&Jwks { keys: vec![pair.public_jwk().clone(), theirs.public_jwk().clone()] }),
            asked: Mutex::default(),
            answer: Mutex::default(),
        });
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
            return Answer { status: parts.status, headers: parts.headers, body: String::new() };
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
        let mut entries = polder_audit::list(&mut tx, &polder_audit::Filter::default(), None, 200).await.unwrap();
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

impl Stub {
    async fn serve(self: &Arc<Self>, app: &App, tenant: &Tenant, key: SigningKey, shutdown: Shutdown) {
        let folder = app.settings.layout.tenant(&tenant.short_id);
        std::fs::create_dir_all(folder.join("run")).unwrap();
        let address = format!("unix:{}", folder.join("run").join(ADMIN).display());
        let listener = Listener::bind(&address.parse().unwrap()).await.unwrap();
        let router = Router::new().fallback(answer).with_state(Arc::clone(self));
        tokio::spawn(serve(listener, router, Limits::default(), shutdown));
        let owner = Arc::new(AtomicI32::new(std::process::id().cast_signed()));
        let socket = Socket::new(&folder, ADMIN, owner).unwrap();
        app.links.open_to(tenant.id, Pool::new(socket, Duration::from_secs(2)), key);
    }

    /// Everything that was asked: who, method and target.
    pub(crate) fn seen(&self) -> Vec<(&'static str, String, String)> {
        let asked = self.asked.lock().unwrap();
        asked.iter().map(|(said, _)| (said.actor.as_str(), said.htm.clone(), said.htu.clone())).collect()
    }
}

async fn answer(State(stub): State<Arc<Stub>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let bearer = parts.headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let verified = stub.verifier.verify(bearer.trim_start_matches("Bearer "), &[TYPE], &[Algorithm::EdDsa]).unwrap();
    let said: Assertion = verified.claims().unwrap();
    let target = parts.uri.path_and_query().unwrap().as_str().to_owned();
    assert_eq!((said.htm.as_str(), said.htu.as_str()), (parts.method.as_str(), target.as_str()));
    let body = body.collect().await.unwrap().to_bytes();
    let body: Value = serde_json::from_slice(&body).unwrap_or(Value::Null);
    stub.asked.lock().unwrap().push((said, body.clone()));
    if let Some((status, answer)) = stub.answer.lock().unwrap().clone() {
        return (status, Json(answer)).into_response();
    }
    if target.contains(UNKNOWN) && !target.contains('?') {
        return (StatusCode::NOT_FOUND, Json(json!({"status": 404, "code": "not_found", "title": "x"})))
            .into_response();
    }
    let path: Vec<&str> = parts.uri.path().trim_start_matches('/').split('/').collect();
    match (&parts.method, &path[..]) {
        (&Method::DELETE, _) => StatusCode::NO_CONTENT.into_response(),
        (&Method::POST, ["applications"]) => {
            let mut made = application();
            made["client_secret"] = json!("a-secret-of-the-stub");
            made["name"] = body["name"].clone();
            (StatusCode::CREATED, Json(made)).into_response()
        }
        (&Method::POST, ["applications", _, "secrets"]) => {
            let made = json!({"client_secret": "another-secret", "previous_expire_at": null});
            (StatusCode::CREATED, Json(made)).into_response()
        }
        (&Method::POST, ["staff-access"]) => StatusCode::NO_CONTENT.into_response(),
        (&Method::POST, ["users"]) => (StatusCode::CREATED, Json(user())).into_response(),
        (_, ["applications", _, "invitees"]) => page(&json!({"user_id": KNOWN, "invited_at": AT})),
        (&Method::PUT, ["applications", _, "invitees", _]) => StatusCode::NO_CONTENT.into_response(),
        (_, ["applications"]) => page(&application()),
        (_, ["applications", _]) => Json(application()).into_response(),
        (&Method::POST, ["connections"]) => (StatusCode::CREATED, Json(connection())).into_response(),
        (_, ["connections"]) => page(&connection()),
        (_, ["connections", _, "check"]) => {
            Json(json!({"works": true, "problem": null, "further_hosts": []})).into_response()
        }
        (_, ["connections", _]) => Json(connection()).into_response(),
        (_, ["users", _, "connected-accounts"]) => page(&connected_account()),
        (_, ["users", _, "connected-accounts", ..]) => Json(connected_account()).into_response(),
        (_, ["users"]) => page(&user()),
        (_, ["users", _, "passkeys"]) => page(&passkey()),
        (_, ["users", _]) => Json(user()).into_response(),
        (_, ["users", _, "sign-in-attempts"]) => page(&attempt()),
        (_, ["sessions"]) => page(&session()),
        (&Method::POST, ["logout-deliveries", _, "retry"]) => StatusCode::NO_CONTENT.into_response(),
        (_, ["logout-deliveries"]) => page(&logout_delivery()),
        (_, ["lockouts"]) => page(&lockout()),
        (&Method::GET, ["blocklists"]) => page(&blocklist()),
        (_, ["blocklists", _]) => Json(blocklist()).into_response(),
        (_, ["audit-events"]) => page(&event()),
        (_, ["keys", ..]) => page(&key()),
        (_, ["data-keys", ..]) => page(&data_key()),
        (&Method::GET, ["seal-key"]) => Json(json!({"id": "seal-of-the-stub"})).into_response(),
        (&Method::GET, ["branding", "logo"]) => {
            (StatusCode::NOT_FOUND, Json(json!({"status": 404, "code": "not_found", "title": "x"}))).into_response()
        }
        (_, ["branding", ..]) => Json(branding()).into_response(),
        (_, ["apis"]) => page(&api()),
        (_, ["apis", _]) => Json(api()).into_response(),
        (&Method::POST, ["registration-tokens"]) => {
            let mut made = registration_token();
            made["token"] = json!("a-token-of-the-stub");
            (StatusCode::CREATED, Json(made)).into_response()
        }
        (_, ["registration-tokens"]) => page(&registration_token()),
        (_, ["profile-fields"]) => page(&profile_field()),
        (_, ["profile-fields", _]) => Json(profile_field()).into_response(),
        (_, ["settings"]) => Json(json!({"name": "Acme", "sign_up": "open", "default_locale": "en"})).into_response(),
        _ => StatusCode::NOT_FOUND.into_response(),
    }
}

fn page(item: &Value) -> Response {
    Json(json!({"items": [item], "next": "more"})).into_response()
}

const AT: &str = "2026-11-21T08:00:00.000Z";

fn passkey() -> Value {
    json!({"id": KNOWN, "name": "Phone", "model": null, "aaguid": "00000000-0000-0000-0000-000000000000",
        "synced": true, "backed_up": true, "transports": ["internal"], "created_at": AT, "last_used_at": null})
}

fn application() -> Value {
    json!({"client_id": KNOWN, "name": "Shop", "profile": "default", "type": "web",
        "token_endpoint_auth_method": "client_secret_basic", "redirect_uris": ["https://shop.example/cb"],
        "post_logout_redirect_uris": [], "grant_types": ["authorization_code"], "third_party": false,
        "access": {"who": "everyone"}, "preferences": {}, "disabled": false, "created_at": AT, "updated_at": AT})
}

fn branding() -> Value {
    json!({"choices": {}, "logo": null, "contrast": []})
}

fn api() -> Value {
    json!({"name": "orders", "identifier": "https://api.example.test", "title": null, "created_at": AT,
        "updated_at": AT})
}

fn registration_token() -> Value {
    json!({"id": KNOWN, "name": "Partners", "scopes": [], "uses": 1, "uses_left": 1, "created_at": AT,
        "expires_at": AT})
}

fn profile_field() -> Value {
    json!({"name": "member_number", "definition": {"type": "text"}, "created_at": AT, "updated_at": AT})
}

fn key() -> Value {
    json!({"kid": "k", "algorithm": "ES256", "state": "active", "created_at": AT, "active_from": AT,
        "retired_at": null, "removed_at": null})
}

fn data_key() -> Value {
    json!({"category": "factors", "version": 1, "created_at": AT, "retired_at": null})
}

fn user() -> Value {
    json!({"id": KNOWN, "email": "ann@example.test", "email_verified": true, "name": "Ann", "locale": "en",
        "roles": ["staff"], "disabled": false, "created_at": AT, "updated_at": AT, "last_sign_in_at": null})
}

fn session() -> Value {
    json!({"id": KNOWN, "user_id": KNOWN, "ip": "203.0.113.7", "user_agent": null, "amr": ["otp"], "created_at": AT,
        "last_seen_at": AT, "expires_at": AT, "ended_at": null, "ended_reason": null, "applications": []})
}

/// What a tenant that was taken over could say: more hosts than somebody asked for.
fn connection() -> Value {
    json!({"id": KNOWN, "provider": "github", "name": "GitHub", "client_id": "x", "has_secret": true,
        "configuration": {}, "redirect_uri": "https://acme.example/signin/callback/x", "hosts": ["evil.example"],
        "disabled": false, "created_at": AT, "updated_at": AT})
}

fn connected_account() -> Value {
    json!({"id": KNOWN, "connection_id": KNOWN, "account": "ann", "tokens_kept": false, "connected_at": AT,
        "last_used_at": null})
}

fn attempt() -> Value {
    json!({"outcome": "code_wrong", "count": 3, "ip": null, "user_agent": null, "first_at": AT, "last_at": AT})
}

fn logout_delivery() -> Value {
    json!({"id": KNOWN, "application_id": KNOWN, "user_id": KNOWN, "sid": "sid", "reason": "signed_out",
        "state": "delivered", "attempts": 1, "created_at": AT, "last_attempt_at": AT, "next_attempt_at": null,
        "delivered_at": AT, "failed_at": null, "jti": "jti", "answered": 200, "failure": null})
}

fn lockout() -> Value {
    json!({"id": KNOWN, "kind": "address", "user_id": null, "email": "ann@example.test", "ip": null,
        "began_at": AT, "ends_at": AT})
}

fn blocklist() -> Value {
    json!({"name": "drop", "format": "plain", "action": "refuse", "networks": 1, "skipped": 0, "updated_at": AT})
}

fn event() -> Value {
    json!({"id": "0-1", "at": AT, "action": "session.started", "actor_kind": "user", "actor_id": KNOWN,
        "user_id": KNOWN, "application_id": null, "session_id": null, "request_id": null, "details": null, "hash": "h"})
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

async fn tenant(app: &App, slug: &str, organisation: OrganisationId, state: TenantState) -> Tenant {
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
