//! A stand-in for `polder-tenant`: this very test program, started again through a small script, with
//! the admin API's shapes and nothing behind them but a file.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use axum::extract::{Path as UrlPath, Query, Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use http::StatusCode;
use polder_crypto::{Algorithm, Jwk, Jwks, Verifier};
use polder_kernel::{Clock, Entropy};
use polder_service::listen::{Limits, Listener};
use polder_service::{Shutdown, serve};
use polder_tenant_api::assertion::{Assertion, TYPE};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// The environment variable by which the script hands on the arguments.
const ARGUMENTS: &str = "STAND_IN";

/// Writes the script, once.
pub(super) fn program(folder: &Path) -> PathBuf {
    let path = folder.join("polder-tenant");
    if !path.exists() {
        let own = std::env::current_exe().unwrap();
        let test = "provision::tests::stand_in::stands_in_for_a_tenant";
        let script = format!("#!/bin/sh\n{ARGUMENTS}=\"$*\" exec '{}' {test} --exact --nocapture\n", own.display());
        fs::write(&path, script).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o700)).unwrap();
    }
    path
}

/// What the stand-in keeps.
#[derive(Default, Serialize, Deserialize)]
pub(super) struct Kept {
    pub(super) applications: Vec<KeptApplication>,
    pub(super) users: Vec<Value>,
    sign_up: Option<String>,
    /// What it was told, each time it was something else.
    #[serde(default)]
    pub(super) standing: Option<String>,
    #[serde(default)]
    pub(super) told: Vec<String>,
    /// How often it was started.
    #[serde(default)]
    pub(super) starts: usize,
}

#[derive(Clone, Serialize, Deserialize)]
pub(super) struct KeptApplication {
    pub(super) client_id: String,
    pub(super) secrets: Vec<String>,
    body: Value,
}

impl Kept {
    pub(super) fn read(data: &Path) -> Self {
        fs::read(data.join("tenant.db")).ok().map(|text| serde_json::from_slice(&text).unwrap()).unwrap_or_default()
    }
}

struct StandIn {
    data: PathBuf,
    issuer: String,
    verifier: Verifier,
    kept: Mutex<Kept>,
}

impl StandIn {
    fn change<T>(&self, change: impl FnOnce(&mut Kept) -> T) -> T {
        let mut kept = self.kept.lock().unwrap();
        let changed = change(&mut kept);
        // Whole or not at all: it is killed at any moment.
        let draft = self.data.join(".tenant.db.new");
        fs::write(&draft, serde_json::to_vec(&*kept).unwrap()).unwrap();
        fs::rename(draft, self.data.join("tenant.db")).unwrap();
        changed
    }
}

#[test]
fn stands_in_for_a_tenant() {
    let Some(arguments) = std::env::var_os(ARGUMENTS) else { return };
    // Its last words are why it ended.
    std::panic::set_hook(Box::new(|why| eprintln!("{}", why.to_string().replace('\n', " "))));
    let arguments = arguments.into_string().unwrap();
    let mut words = arguments.split(' ');
    let value = |name: &str| {
        let mut again = arguments.split(' ');
        again.find(|word| *word == name).and_then(|_| again.next()).unwrap().to_owned()
    };
    assert!(words.any(|word| word == "--lifeline"));
    let key: Jwk = serde_json::from_slice(&fs::read(value("--admin-key")).unwrap()).unwrap();
    assert!(Path::new(&value("--seal-key")).exists());
    let data = PathBuf::from(value("--data"));
    let app = Arc::new(StandIn {
        kept: Mutex::new(Kept::read(&data)),
        data,
        issuer: value("--issuer"),
        verifier: Verifier::new(&Jwks { keys: vec![key] }),
    });
    app.change(|kept| kept.starts += 1);
    let (listen, admin) = (value("--listen"), value("--admin-listen"));
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    runtime.block_on(async {
        let shutdown = Shutdown::new().and_lifeline().unwrap();
        let public = Listener::bind(&listen.parse().unwrap()).await.unwrap();
        let admin = Listener::bind(&admin.parse().unwrap()).await.unwrap();
        let greeting = Router::new().fallback(async || "a tenant");
        tokio::join!(
            serve(public, greeting, Limits::default(), shutdown.clone()),
            serve(admin, routes(app), Limits::default(), shutdown),
        );
    });
}

fn routes(app: Arc<StandIn>) -> Router {
    Router::new()
        .route("/settings", get(settings).patch(change_settings))
        .route("/applications", get(applications).post(add_application))
        .route("/applications/{id}", get(application).patch(change_application))
        .route("/applications/{id}/secrets", post(add_secret))
        .route("/users", get(users).post(add_user))
        .route("/standing", axum::routing::put(tell))
        .layer(from_fn_with_state(Arc::clone(&app), check))
        .route("/health", get(health))
        .with_state(app)
}

/// The assertion is for this tenant, this request, and not too old.
async fn check(State(app): State<Arc<StandIn>>, request: Request, next: Next) -> Response {
    let bearer = request.headers().get("authorization").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let token = bearer.strip_prefix("Bearer ").unwrap_or_default();
    let assertion: Option<Assertion> =
        app.verifier.verify(token, &[TYPE], &[Algorithm::EdDsa]).ok().and_then(|verified| verified.claims().ok());
    let target = request.uri().path_and_query().map(|target| target.as_str().to_owned()).unwrap_or_default();
    let good = assertion.is_some_and(|said| {
        said.aud == app.issuer
            && said.htm == request.method().as_str()
            && said.htu == target
            && said.exp - said.iat <= 60
            && (said.sub == "polder") == (said.actor.as_str() == "system")
    });
    if good { next.run(request).await } else { StatusCode::UNAUTHORIZED.into_response() }
}

async fn health(State(app): State<Arc<StandIn>>) -> Json<Value> {
    let due = |name: &str| fs::read_to_string(app.data.join(name)).ok().and_then(|due| due.parse::<i64>().ok());
    Json(json!({ "issuer": app.issuer, "version": "0", "keys_complete": true, "next_message_at": due("mail"),
        "next_logout_at": due("logout"),
        "standing": app.kept.lock().unwrap().standing.as_deref().unwrap_or("serving") }))
}

fn settings_of(kept: &Kept) -> Json<Value> {
    Json(json!({ "name": "x", "sign_up": kept.sign_up.as_deref().unwrap_or("open"), "default_locale": "en" }))
}

async fn settings(State(app): State<Arc<StandIn>>) -> Json<Value> {
    settings_of(&app.kept.lock().unwrap())
}

async fn change_settings(State(app): State<Arc<StandIn>>, Json(body): Json<Value>) -> Json<Value> {
    app.change(|kept| {
        kept.sign_up = body["sign_up"].as_str().map(str::to_owned);
        settings_of(kept)
    })
}

async fn tell(State(app): State<Arc<StandIn>>, Json(body): Json<Value>) -> Json<Value> {
    let told = body["standing"].as_str().unwrap().to_owned();
    app.change(|kept| {
        if kept.standing.as_deref().unwrap_or("serving") != told {
            kept.told.push(told.clone());
        }
        kept.standing = Some(told);
    });
    Json(body)
}

fn shown(application: &KeptApplication) -> Value {
    let body = &application.body;
    json!({
        "client_id": application.client_id, "name": body["name"], "profile": "default", "type": "web",
        "token_endpoint_auth_method": "client_secret_basic", "redirect_uris": body["redirect_uris"],
        "post_logout_redirect_uris": body["post_logout_redirect_uris"], "grant_types": body["grant_types"],
        "third_party": false, "access": body["access"], "preferences": body["preferences"], "disabled": false,
        "created_at": "", "updated_at": "",
    })
}

/// One at a time, so that walking by cursor is walked.
async fn applications(State(app): State<Arc<StandIn>>, Query(query): Query<Value>) -> Json<Value> {
    let kept = app.kept.lock().unwrap();
    let at: usize = query["cursor"].as_str().map_or(0, |cursor| cursor.parse().unwrap());
    let items: Vec<Value> = kept.applications.iter().skip(at).take(1).map(shown).collect();
    let next = (at + 1 < kept.applications.len()).then(|| (at + 1).to_string());
    Json(json!({ "items": items, "next": next }))
}

async fn add_application(State(app): State<Arc<StandIn>>, Json(body): Json<Value>) -> (StatusCode, Json<Value>) {
    let id = polder_tenant_api::ApplicationId::new(&Clock::System, &Entropy::System).to_string();
    let secret = Entropy::System.token().expose().clone();
    let made = KeptApplication { client_id: id, secrets: vec![secret.clone()], body };
    let mut answer = shown(&made);
    answer["client_secret"] = Value::from(secret);
    app.change(|kept| kept.applications.push(made));
    (StatusCode::CREATED, Json(answer))
}

async fn application(State(app): State<Arc<StandIn>>, UrlPath(id): UrlPath<String>) -> Result<Json<Value>, StatusCode> {
    let kept = app.kept.lock().unwrap();
    let found = kept.applications.iter().find(|application| application.client_id == id);
    found.map(|found| Json(shown(found))).ok_or(StatusCode::NOT_FOUND)
}

async fn change_application(
    State(app): State<Arc<StandIn>>,
    UrlPath(id): UrlPath<String>,
    Json(body): Json<Value>,
) -> Result<Json<Value>, StatusCode> {
    app.change(|kept| {
        let found = kept.applications.iter_mut().find(|application| application.client_id == id);
        let found = found.ok_or(StatusCode::NOT_FOUND)?;
        for (name, value) in body.as_object().unwrap() {
            found.body[name] = value.clone();
        }
        Ok(Json(shown(found)))
    })
}

async fn add_secret(State(app): State<Arc<StandIn>>, UrlPath(id): UrlPath<String>) -> Result<Json<Value>, StatusCode> {
    let secret = Entropy::System.token().expose().clone();
    app.change(|kept| {
        let found = kept.applications.iter_mut().find(|application| application.client_id == id);
        found.ok_or(StatusCode::NOT_FOUND)?.secrets.push(secret.clone());
        Ok(Json(json!({ "client_secret": secret, "previous_expire_at": null })))
    })
}

async fn users(State(app): State<Arc<StandIn>>, Query(query): Query<Value>) -> Json<Value> {
    let kept = app.kept.lock().unwrap();
    let items: Vec<&Value> = kept.users.iter().filter(|user| user["email"] == query["email"]).collect();
    Json(json!({ "items": items, "next": null }))
}

async fn add_user(State(app): State<Arc<StandIn>>, Json(body): Json<Value>) -> (StatusCode, Json<Value>) {
    let id = polder_tenant_api::UserId::new(&Clock::System, &Entropy::System).to_string();
    let user = json!({
        "id": id, "email": body["email"], "email_verified": false, "name": body["name"], "locale": null,
        "roles": body["roles"], "disabled": false, "created_at": "", "updated_at": "", "last_sign_in_at": null,
    });
    app.change(|kept| kept.users.push(user.clone()));
    (StatusCode::CREATED, Json(user))
}
