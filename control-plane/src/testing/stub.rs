//! In a tenant's place: takes assertions, notes what is asked, and answers with one of each.

use std::sync::atomic::AtomicI32;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use axum::{Json, Router};
use http::header::AUTHORIZATION;
use http::{Method, StatusCode};
use http_body_util::BodyExt;
use polder_crypto::{Algorithm, Jwks, SigningKey, Verifier};
use polder_service::listen::{Limits, Listener};
use polder_service::{Shutdown, serve};
use polder_tenant_api::assertion::{Assertion, TYPE};
use serde_json::{Value, json};

use crate::App;
use crate::gateway::pool::Pool;
use crate::gateway::socket::{ADMIN, Socket};
use crate::model::Tenant;

/// An id that the stub knows.
pub(crate) const KNOWN: &str = "019a0000-0000-7000-8000-000000000001";
/// An id that it does not.
pub(crate) const UNKNOWN: &str = "019a0000-0000-7000-8000-00000000dead";

/// What a tenant of tests remembers.
pub(crate) struct Stub {
    verifier: Verifier,
    /// Who asked for what, and the body.
    pub(crate) asked: Mutex<Vec<(Assertion, Value)>>,
    /// What is answered in place of the usual.
    pub(crate) answer: Mutex<Option<(StatusCode, Value)>>,
    /// What a try-out is refused with in the beginning.
    pub(crate) refusal: Mutex<Option<Value>>,
}

impl Stub {
    pub(super) fn new(pairs: &[&SigningKey]) -> Self {
        Self {
            verifier: Verifier::new(&Jwks { keys: pairs.iter().map(|pair| pair.public_jwk().clone()).collect() }),
            asked: Mutex::default(),
            answer: Mutex::default(),
            refusal: Mutex::default(),
        }
    }

    pub(super) async fn serve(self: &Arc<Self>, app: &App, tenant: &Tenant, key: SigningKey, shutdown: Shutdown) {
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
        (&Method::GET, ["applications", _, "secrets"]) => {
            page(&json!({"id": KNOWN, "created_at": AT, "expires_at": null, "last_used_at": AT}))
        }
        (&Method::POST, ["staff-access"]) => StatusCode::NO_CONTENT.into_response(),
        (&Method::POST, ["users"]) => (StatusCode::CREATED, Json(user())).into_response(),
        (_, ["applications", _, "invitees"]) => page(&json!({"user_id": KNOWN, "invited_at": AT})),
        (&Method::PUT, ["applications", _, "invitees", _]) => StatusCode::NO_CONTENT.into_response(),
        (_, ["applications", _, "errors"]) => page(&application_error()),
        (&Method::POST, ["applications", _, "try-outs"]) => {
            if let Some(refusal) = stub.refusal.lock().unwrap().clone() {
                return Json(refusal).into_response();
            }
            let request_uri = "urn:ietf:params:oauth:request_uri:try-of-the-stub";
            Json(json!({"result": "ready", "request_uri": request_uri, "expires_in": 60})).into_response()
        }
        (&Method::POST, ["applications", _, "try-outs", "end"]) => {
            Json(try_out(&stub, body["code"].as_str().unwrap_or_default())).into_response()
        }
        (_, ["applications"]) => page(&application()),
        (&Method::PATCH, ["applications", _]) => {
            let mut changed = application();
            for (name, value) in body.as_object().into_iter().flatten().filter(|(name, _)| name.ends_with("_uris")) {
                changed[name] = value.clone();
            }
            Json(changed).into_response()
        }
        (_, ["applications", _]) => Json(application()).into_response(),
        (&Method::POST, ["connections"]) => (StatusCode::CREATED, Json(connection())).into_response(),
        (_, ["connections"]) => page(&connection()),
        (_, ["connections", _, "check"]) => {
            Json(json!({"works": true, "problem": null, "further_hosts": []})).into_response()
        }
        (_, ["connections", _]) => Json(connection()).into_response(),
        (_, ["users", _, "connected-accounts"]) => page(&connected_account()),
        (_, ["users", _, "connected-accounts", ..]) => Json(connected_account()).into_response(),
        (&Method::GET, ["users", "imports"]) => page(&user_import()),
        (&Method::GET, ["users", "imports", _]) => Json(user_import()).into_response(),
        (&Method::POST, ["users", "imports"]) => (StatusCode::ACCEPTED, Json(user_import())).into_response(),
        (&Method::POST, ["users", "exports"]) => StatusCode::NO_CONTENT.into_response(),
        // A list that is read to its end has one.
        (_, ["users"]) if target.contains("cursor=more") => {
            Json(json!({"items": [user()], "next": null})).into_response()
        }
        (_, ["users"]) => page(&user()),
        (_, ["users", _, "factors"]) => Json(factors()).into_response(),
        (_, ["users", _, "applications"]) => page(&user_application()),
        (&Method::POST, ["users", _, "invitation"]) => StatusCode::NO_CONTENT.into_response(),
        (&Method::POST, ["users", _, "data"]) => Json(json!({"format": "polder.account/1"})).into_response(),
        (_, ["messages"]) => page(&message()),
        (_, ["messages", _]) => Json(message()).into_response(),
        (_, ["users", _, "passkeys"]) => page(&passkey()),
        (_, ["users", _]) => Json(user()).into_response(),
        (_, ["users", _, "sign-in-attempts"]) => page(&attempt()),
        (_, ["sessions"]) => page(&session()),
        (&Method::POST, ["logout-deliveries", _, "retry"]) => StatusCode::NO_CONTENT.into_response(),
        (_, ["logout-deliveries"]) => page(&logout_delivery()),
        (_, ["lockouts"]) => page(&lockout()),
        (&Method::GET, ["blocklists"]) => page(&blocklist()),
        (_, ["blocklists", _]) => Json(blocklist()).into_response(),
        (_, ["audit-events"]) if target.contains("cursor=more") => {
            Json(json!({"items": [event()], "next": null})).into_response()
        }
        (_, ["audit-verification"]) => Json(verification()).into_response(),
        (_, ["audit-chain"]) => chain(target.contains("cursor=2-3")),
        (_, ["audit-checkpoint"]) => Json(checkpoint()).into_response(),
        (_, ["usage"]) => Json(usage()).into_response(),
        (_, ["usage", "months", month, "recount"]) => {
            Json(json!({"month": month, "kept": 42, "counted": 42, "days": []})).into_response()
        }
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

/// The log of `docs/audit.md` in two parts.
fn chain(second: bool) -> Response {
    let lines = chain_lines();
    let (items, next) = if second { (&lines[3..], Value::Null) } else { (&lines[..3], json!("2-3")) };
    Json(json!({"items": items, "next": next})).into_response()
}

/// Its lines.
pub fn chain_lines() -> Vec<Value> {
    let page = include_str!("../../../docs/audit.md");
    let block = page.split("```ndjson\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap_or_default();
    block.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn checkpoint() -> Value {
    let lines = chain_lines();
    let last = &lines[lines.len() - 1]["checkpoint"];
    json!({"seq": last["seq"], "at": AT, "hash": last["hash"], "signature": last["signature"],
        "key": lines[0]["log"]["key"]})
}

const AT: &str = "2026-11-21T08:00:00.000Z";

/// What a code of a try-out leads to: the nonce is the one that was asked with, for `good-code` alone.
fn try_out(stub: &Stub, code: &str) -> Value {
    let asked = stub.asked.lock().unwrap();
    let nonce = asked.iter().rev().find_map(|(_, body)| body["nonce"].as_str()).unwrap_or_default();
    let issuer = asked.last().map_or("", |(said, _)| said.aud.as_str());
    if code == "used-code" {
        return json!({"result": "refused", "kind": "code", "error": "invalid_grant", "reason": "used before"});
    }
    let nonce = if code == "good-code" { nonce } else { "another" };
    json!({
        "result": "signed_in",
        "id_token": {"iss": issuer, "aud": KNOWN, "sub": "ann-at-shop", "nonce": nonce,
            "exp": 1_795_251_600, "iat": 1_795_248_000, "auth_time": 1_795_248_000, "amr": ["otp"]},
        "id_token_alg": "RS256",
        "userinfo": {"sub": "ann-at-shop", "email": "ann@example.test", "email_verified": true},
        "scope": "openid email", "acr": "urn:polder:acr:email", "amr": ["otp"], "authenticated_at": AT,
        "access_token_seconds": 900, "refresh_token": false
    })
}

fn application_error() -> Value {
    json!({"kind": "redirect_uri", "at": "authorize", "error": "invalid_request",
        "reason": "redirect_uri is not registered for this application", "advice": "x",
        "sent": "https://shop.example/callback", "times": 3, "first_at": AT, "last_at": AT})
}

fn verification() -> Value {
    json!({"state": "intact", "started_at": AT, "finished_at": AT, "entries": 4711, "start": 0, "head": 4711,
        "head_hash": "n4bQgYhMfWWaL-qgxVrQFaO_TxsrC4Is0V1sFbDwCgg", "checkpoints": 9, "signed_through": 4700,
        "broken": null})
}

/// What a tenant says of its usage: a day, a month that is over and one that goes on.
fn usage() -> Value {
    json!({
        "days": [{"day": "2026-11-21", "active_people": 42, "failed_sign_ins": 2,
            "sign_ins": {"email_code": 12, "passkey": 30, "connection": 3}}],
        "months": [
            {"month": "2026-10", "active_people": 310, "sign_ins": 1204, "failed_sign_ins": 31,
                "closed_at": "2026-11-01T00:10:00.000Z"},
            {"month": "2026-11", "active_people": 205, "sign_ins": 812, "failed_sign_ins": 9, "closed_at": null}],
        "attention": [{"kind": "lockouts", "count": 3}]
    })
}

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

fn factors() -> Value {
    json!({"passkeys": 1, "authenticator_app": {"created_at": AT, "last_used_at": null},
        "recovery_codes": {"left": 9, "created_at": AT}})
}

fn user_application() -> Value {
    json!({"application_id": KNOWN, "name": "Shop", "since": AT, "scopes": ["openid"], "consented_at": AT})
}

fn message() -> Value {
    json!({"id": KNOWN, "kind": "invitation", "user_id": KNOWN, "to": "a…@example.test", "locale": "en",
        "subject": "Your account", "state": "failed", "attempts": 1, "created_at": AT, "expires_at": AT,
        "next_attempt_at": null, "sent_at": null, "failed_at": AT, "failure": "refused", "answer": "550 no"})
}

fn user_import() -> Value {
    json!({"id": KNOWN, "state": "running", "total": 2, "done": 1, "created": 1, "updated": 0, "skipped": 0, "wrong": 0,
        "problems": [], "created_at": AT, "finished_at": null})
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
