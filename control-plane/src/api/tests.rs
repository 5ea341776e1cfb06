//! The public API, against a stub in the tenants' place.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::Request;
use futures_util::future::join_all;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{Method, StatusCode};
use serde_json::{Value, json};

mod conditional;
mod keys;
mod members;
mod person;
mod sorting;

use super::router::document;
use crate::model::KeyAccess;
use crate::testing::{Answer, KNOWN, UNKNOWN, World};

/// Every operation that is advertised: method and path.
fn operations() -> Vec<(Method, String)> {
    let document = serde_json::to_value(document()).unwrap();
    let mut all = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for method in item.as_object().unwrap().keys() {
            all.push((method.to_uppercase().parse().unwrap(), path.clone()));
        }
    }
    assert!(all.len() >= 18, "{all:?}");
    all
}

fn at(path: &str, slug: &str, id: &str) -> String {
    path.replace("{slug}", slug)
        .replace("{id}", id)
        .replace("blocklists/{name}", "blocklists/drop")
        .replace("{name}", "member_number")
        .replace("{user_id}", KNOWN)
        .replace("{secret_id}", KNOWN)
        .replace("{passkey_id}", KNOWN)
        .replace("{account_id}", KNOWN)
        .replace("{application_id}", KNOWN)
}

/// Operations that are tried where tenants are real: see `life`.
fn is_of_life(path: &str) -> bool {
    if path.ends_with("/database/rotate") {
        return true;
    }
    let words = ["suspend", "resume", "sleep", "wake", "restart", "terminate", "undo", "destroy", "certificate"];
    path.rsplit('/').next().is_some_and(|last| words.contains(&last))
}

/// A body that every write takes as far as its shape goes, or none.
fn body(method: &Method, path: &str) -> Option<Value> {
    match (method.as_str(), path.rsplit('/').next().unwrap()) {
        ("POST", "tenants") => Some(json!({"slug": "newone", "name": "New"})),
        ("POST", "applications") => Some(json!({"name": "Shop", "type": "web"})),
        ("POST", "rotate") if !path.contains("seal-key") && !path.contains("assertion-key") => Some(json!({})),
        ("POST", "registration-tokens") => Some(json!({"name": "Partners"})),
        ("POST", "egress") => Some(json!({"host": "accounts.example.org"})),
        ("POST", "connections") => Some(json!({"provider": "github", "client_id": "x", "client_secret": "y"})),
        ("PUT", "branding") => Some(json!({"primary_color": "#1d4ed8"})),
        ("PUT", "logo") => Some(json!({"data": "iVBORw0KGgo="})),
        ("PUT", "profile-fields") => Some(json!({"names": ["member_number"]})),
        ("PUT", "{name}") if path.contains("/apis/") => Some(json!({"identifier": "https://api.example.test"})),
        ("POST", "invitations") => Some(json!({"email": "bob@example.test", "role": "developer"})),
        ("POST", "api-keys") => Some(json!({"name": "Deployments", "scopes": ["tenants:read"]})),
        ("POST", "users") => Some(json!({"email": "ann@example.test"})),
        ("POST", "imports") => Some(json!({"content": "email\nann@example.test\n"})),
        ("PUT", "{name}") if path.contains("profile-fields") => Some(json!({"type": "text"})),
        ("PUT", "{name}") => Some(json!({"format": "plain", "action": "refuse", "content": "192.0.2.0/24"})),
        ("PATCH", "{slug}") => Some(json!({"idle_after_seconds": 900})),
        ("PATCH", "organisation") => Some(json!({"name": "Acme"})),
        ("PATCH", _) => Some(json!({})),
        _ => None,
    }
}

async fn once(world: &World, key: &str, idempotency: &str, body: &Value) -> Answer {
    let request = Request::post("/api/v1/tenants/acme/applications")
        .header(AUTHORIZATION, format!("Bearer {key}"))
        .header("idempotency-key", idempotency)
        .header(CONTENT_TYPE, "application/json");
    world.send(request, body.to_string()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn g20_every_operation_refuses_strangers_foreign_tenants_and_read_only_keys() {
    let world = World::new().await;
    let (write, read) = (world.key(KeyAccess::Write).await, world.key(KeyAccess::Read).await);
    for (method, path) in operations() {
        let (call, input) = (|slug, id| at(&path, slug, id), || body(&method, &path));
        let what = format!("{method} {path}");
        for key in ["", "wrong", "polder_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"] {
            let answer = world.api(key, method.clone(), &call("acme", KNOWN), input()).await;
            assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{what}");
            let challenge = answer.header("www-authenticate");
            assert!(challenge.starts_with("Bearer") && challenge.contains("resource_metadata=\""), "{what} b87");
            assert_eq!(answer.header("content-type"), "application/problem+json", "{what}");
        }
        if !method.is_safe() {
            let answer = world.api(&read, method.clone(), &call("acme", KNOWN), input()).await;
            assert_eq!((answer.status, answer.json()["code"].as_str()), (StatusCode::FORBIDDEN, Some("read_only_key")));
        }
        if path.contains("{slug}") {
            for slug in ["foreign", "nobody", "platform", "..", "ACME"] {
                let answer = world.api(&write, method.clone(), &call(slug, KNOWN), input()).await;
                assert_eq!(answer.status, StatusCode::NOT_FOUND, "{what} at {slug}");
            }
        }
        if path.contains("{id}") {
            for id in [UNKNOWN, "not-an-id", "..%2Fusers", &KNOWN.to_uppercase()] {
                let answer = world.api(&write, method.clone(), &call("acme", id), input()).await;
                assert_eq!(answer.status, StatusCode::NOT_FOUND, "{what} at {id}");
            }
        }
    }
    assert!(world.stub.seen().iter().all(|(_, _, target)| target.contains(UNKNOWN)), "{:?}", world.stub.seen());
}

#[tokio::test(flavor = "multi_thread")]
async fn k17_every_operation_works_with_a_key_and_says_who_acts() {
    let world = World::new().await;
    let key = world.key(KeyAccess::Write).await;
    let mut silent = Vec::new();
    for (method, path) in operations() {
        // Some never end, two need a tenant that reads its files, others a rule, a member, an invitation or a key
        // that is there; a tenant's life needs one that lives.
        let needs_more = ["/events", "/seal-key/rotate", "/assertion-key/rotate", "/egress/{id}"];
        let needs_more = needs_more.into_iter().chain([
            "members/{id}",
            "invitations/{id}",
            "/resend",
            "api-keys/{id}",
            "staff-access/{id}",
        ]);
        let needs_more = needs_more.collect::<Vec<_>>().into_iter().any(|end| path.ends_with(end));
        if needs_more || is_of_life(&path) {
            continue;
        }
        let before = world.newest(world.organisation).await.first().map_or(0, |(number, ..)| *number);
        let answer = world.api(&key, method.clone(), &at(&path, "acme", KNOWN), body(&method, &path)).await;
        assert!(answer.status.is_success(), "{method} {path}: {answer:?}");
        if !method.is_safe() {
            let told = world.newest(world.organisation).await;
            // Beside it stands what the control plane does meanwhile by itself.
            let named = told.iter().any(|(number, _, kind, _)| *number > before && kind == "api_key");
            // Who has a log verified changes nothing.
            if !named && !path.ends_with("/verify") {
                silent.push(format!("{method} {path}: {told:?}"));
            }
        }
        assert!(answer.header("ratelimit").contains(";r="), "{method} {path}");
        assert_eq!(answer.header("cache-control"), "no-store");
    }
    assert_eq!(silent, Vec::<String>::new(), "K13: all of it is in the organisation's own log");
    let asked = world.stub.seen();
    // Its usage is collected on our own account.
    let by_key = |(actor, _, target): &(&str, String, String)| *actor == "api_key" || target.starts_with("/usage?");
    assert!(asked.len() >= 15 && asked.iter().all(by_key), "{asked:?}");
    // K13: what, by which kind of actor, on which tenant.
    let log = world.log().await;
    for action in [
        "tenant.created",
        "application.created",
        "application.changed",
        "application.removed",
        "application.secret_created",
        "user.created",
        "user.changed",
        "user.erased",
        "connection.created",
        "connection.changed",
        "connection.removed",
        "connected_account.removed",
        "connected_account.refreshed",
        "session.ended",
        "settings.changed",
        "branding.changed",
        "api.changed",
        "api.removed",
        "registration_token.created",
        "registration_token.removed",
        "profile_field.changed",
        "profile_field.removed",
        "profile_fields.ordered",
        "egress.allowed",
        "lockout.lifted",
        "user.invited",
        "users.exported",
        "user_import.began",
        "user_import.cancelled",
        "data.downloaded",
        "sessions.ended",
        "consent.withdrawn",
        "totp.removed",
        "blocklist.replaced",
        "blocklist.removed",
    ] {
        let (_, kind, details) = log.iter().find(|(found, ..)| found == action).unwrap_or_else(|| panic!("{action}"));
        assert_eq!(kind, "api_key", "{action}");
        assert!(details["tenant"].is_string(), "{action}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn f08_other_methods_and_addresses_are_refused_with_the_right_status() {
    let world = World::new().await;
    let key = world.key(KeyAccess::Write).await;
    let all = operations();
    let paths: BTreeSet<&String> = all.iter().map(|(_, path)| path).collect();
    for path in paths {
        let known = |method: &Method| all.iter().any(|(m, p)| m == method && p == path);
        let others = [Method::PUT, Method::DELETE, Method::TRACE, Method::from_bytes(b"BREW").unwrap()];
        for method in others.into_iter().filter(|method| !known(method)) {
            let answer = world.api(&key, method.clone(), &at(path, "acme", KNOWN), None).await;
            assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED, "{method} {path}");
            assert!(!answer.header("allow").is_empty(), "{method} {path}");
            assert_eq!(answer.json()["code"], "method_not_allowed");
        }
    }
    let head = world.api(&key, Method::HEAD, "/tenants", None).await;
    assert_eq!((head.status, head.body.as_str()), (StatusCode::OK, ""));
    for path in ["/nothing", "/tenants/acme/nothing", ""] {
        let answer = world.api(&key, Method::GET, path, None).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
        assert_eq!(answer.header("content-type"), "application/problem+json", "{path}");
    }
    assert_eq!(world.api("", Method::POST, "/openapi.json", None).await.status, StatusCode::METHOD_NOT_ALLOWED);
}

#[tokio::test(flavor = "multi_thread")]
async fn e09_g21_bodies_are_json_of_the_known_shape() {
    let world = World::new().await;
    let key = world.key(KeyAccess::Write).await;
    for content_type in ["text/plain", "application/x-www-form-urlencoded", ""] {
        let request = Request::post("/api/v1/tenants")
            .header(AUTHORIZATION, format!("Bearer {key}"))
            .header(CONTENT_TYPE, content_type);
        let answer = world.send(request, r#"{"slug":"newone","name":"x"}"#).await;
        assert_eq!(answer.status, StatusCode::UNSUPPORTED_MEDIA_TYPE, "{content_type}");
    }
    for (sent, status, pointer) in [
        (json!({"slug": "newone", "name": "x", "owner": "me"}), 422, "/owner"),
        (json!({"slug": "newone", "name": "x", "organisation_id": KNOWN}), 422, "/organisation_id"),
        (json!({"slug": "newone"}), 422, "/name"),
        (json!({"slug": "newone", "name": ""}), 422, "/name"),
        (json!({"slug": "New One", "name": "x"}), 422, "/slug"),
        (json!({"slug": "ab", "name": "x"}), 422, "/slug"),
        (json!({"slug": 7, "name": "x"}), 422, "/slug"),
    ] {
        let answer = world.api(&key, Method::POST, "/tenants", Some(sent.clone())).await;
        assert_eq!(answer.status.as_u16(), status, "{sent}");
        assert_eq!(answer.json()["errors"][0]["pointer"], pointer, "{sent}");
    }
    for (slug, code) in
        [("admin", "slug_reserved"), ("platform", "slug_reserved"), ("acme", "slug_taken"), ("foreign", "slug_taken")]
    {
        let answer = world.api(&key, Method::POST, "/tenants", Some(json!({"slug": slug, "name": "x"}))).await;
        assert_eq!((answer.status.as_u16(), answer.json()["code"].as_str()), (409, Some(code)), "{slug}");
    }
    for query in ["?limit=0", "?limit=201", "?limit=x", "?offset=1", "?cursor=%2e%2e", "?cursor=x&cursor=y"] {
        let answer = world.api(&key, Method::GET, &format!("/tenants{query}"), None).await;
        assert_eq!(answer.status.as_u16(), 400, "{query}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_are_walked_by_cursor() {
    let world = World::new().await;
    let key = world.key(KeyAccess::Read).await;
    let first = world.api(&key, Method::GET, "/tenants?limit=1", None).await.json();
    assert_eq!(first["items"][0]["slug"], "acme");
    let next = first["next"].as_str().unwrap();
    let second = world.api(&key, Method::GET, &format!("/tenants?limit=1&cursor={next}"), None).await.json();
    assert_eq!((second["items"][0]["slug"].as_str(), &second["next"]), (Some("young"), &Value::Null), "no foreign one");
    // A tenant's own cursors pass through, both ways.
    let users = world.api(&key, Method::GET, "/tenants/acme/users?limit=7&cursor=a%26b", None).await.json();
    assert_eq!(users["next"], "more");
    assert_eq!(world.stub.seen().last().unwrap().2, "/users?cursor=a%26b&limit=7");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_tenant_refuses_is_passed_on_and_what_it_breaks_is_not() {
    let world = World::new().await;
    let key = world.key(KeyAccess::Write).await;
    let create =
        || world.api(&key, Method::POST, "/tenants/acme/applications", Some(json!({"name": "x", "type": "web"})));
    let said = json!({"status": 422, "code": "invalid", "errors": [{"pointer": "/redirect_uris", "detail": "no"}]});
    *world.stub.answer.lock().unwrap() = Some((StatusCode::UNPROCESSABLE_ENTITY, said.clone()));
    let answer = create().await;
    assert_eq!((answer.status.as_u16(), &answer.json()["errors"]), (422, &said["errors"]));
    assert_eq!(answer.json()["type"], "http://console.localhost:8600/problems/invalid", "its page is here");
    assert_eq!(answer.header("content-type"), "application/problem+json");
    for status in [StatusCode::UNAUTHORIZED, StatusCode::FORBIDDEN, StatusCode::INTERNAL_SERVER_ERROR] {
        *world.stub.answer.lock().unwrap() = Some((status, json!({"detail": "/srv/polder/secret"})));
        let answer = create().await;
        assert_eq!((answer.status.as_u16(), answer.json()["code"].as_str()), (500, Some("internal")));
        assert!(!answer.body.contains("/srv"), "F15: {answer:?}");
    }
    let young = world.api(&key, Method::GET, "/tenants/young/users", None).await;
    assert_eq!((young.status.as_u16(), young.json()["code"].as_str()), (409, Some("tenant_not_running")));
    assert!(!world.log().await.iter().any(|(action, ..)| action == "application.created"), "nothing was done");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_write_with_an_idempotency_key_happens_once() {
    let world = World::new().await;
    let key = world.key(KeyAccess::Write).await;
    let wanted = json!({"name": "Shop", "type": "web"});
    let first = once(&world, &key, "k1", &wanted).await;
    let again = once(&world, &key, "k1", &wanted).await;
    assert_eq!((first.status, again.status), (StatusCode::CREATED, StatusCode::CREATED));
    assert_eq!(first.body, again.body, "the secret of the first comes again");
    assert_eq!((first.header("idempotency-replayed"), again.header("idempotency-replayed")), ("", "true"));
    assert_eq!(first.header("location"), again.header("location"));
    assert_eq!(world.stub.seen().len(), 1);

    let other = once(&world, &key, "k1", &json!({"name": "Other", "type": "web"})).await;
    assert_eq!((other.status.as_u16(), other.json()["code"].as_str()), (422, Some("idempotency_key_reused")));
    for malformed in ["", "a b", "\t", &"x".repeat(256)] {
        assert_eq!(once(&world, &key, malformed, &wanted).await.status.as_u16(), 400, "{malformed:?}");
    }
    // Another key of the API has keys of its own.
    let colleague = world.key(KeyAccess::Write).await;
    assert_eq!(once(&world, &colleague, "k1", &wanted).await.header("idempotency-replayed"), "");
    // After a day it is forgotten.
    world.app.clock.advance(Duration::from_secs(24 * 60 * 60 + 1));
    assert_eq!(once(&world, &key, "k1", &wanted).await.header("idempotency-replayed"), "");
    assert_eq!(world.stub.seen().len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_write_leaves_its_idempotency_key_free() {
    let world = World::new().await;
    let key = world.key(KeyAccess::Write).await;
    let wanted = json!({"name": "Shop", "type": "web"});
    *world.stub.answer.lock().unwrap() = Some((StatusCode::UNPROCESSABLE_ENTITY, json!({"status": 422})));
    assert_eq!(once(&world, &key, "k", &wanted).await.status.as_u16(), 422);
    *world.stub.answer.lock().unwrap() = None;
    assert_eq!(once(&world, &key, "k", &wanted).await.status.as_u16(), 201);
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_parallel_uses_of_one_idempotency_key_are_one_write() {
    let world = Arc::new(World::new().await);
    let key = world.key(KeyAccess::Write).await;
    let wanted = json!({"name": "Shop", "type": "web"});
    let all = join_all((0..50).map(|_| once(&world, &key, "race", &wanted))).await;
    let created: Vec<&Answer> = all.iter().filter(|answer| answer.status == StatusCode::CREATED).collect();
    assert!(!created.is_empty());
    assert_eq!(created.iter().filter(|answer| answer.header("idempotency-replayed").is_empty()).count(), 1);
    assert!(
        all.iter().all(|a| matches!(a.status.as_u16(), 201 | 409)),
        "{:?}",
        all.iter().map(|a| a.status).collect::<Vec<_>>()
    );
    assert_eq!(world.stub.seen().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn f12_a_stored_answer_does_not_show_the_secret_in_it() {
    let world = World::new().await;
    let key = world.key(KeyAccess::Write).await;
    once(&world, &key, "k1", &json!({"name": "Shop", "type": "web"})).await;
    let mut tx = world.app.db.read().await.unwrap();
    let rows = tx
        .all("SELECT key_hash, request_hash, response_sealed FROM idempotency_key", &[], |row| {
            Ok([row.text("key_hash")?, row.text("request_hash")?, row.text("response_sealed")?].concat())
        })
        .await
        .unwrap();
    assert_eq!(rows.len(), 1);
    assert!(!rows[0].contains("a-secret-of-the-stub") && !rows[0].contains("k1\""));
}

#[tokio::test(flavor = "multi_thread")]
async fn k16_a_stranger_who_keeps_trying_is_told_to_wait() {
    let world = World::new().await;
    let attempt = async |key: &str| {
        let peer = polder_service::request::Peer("203.0.113.9:1".parse().unwrap());
        let request = Request::get("/api/v1/tenants").header(AUTHORIZATION, format!("Bearer {key}")).extension(peer);
        world.send(request, Body::empty()).await
    };
    let mut waits = Vec::new();
    for _ in 0..120 {
        let answer = attempt("wrong").await;
        if answer.status == StatusCode::TOO_MANY_REQUESTS {
            waits.push(answer.header("retry-after").parse::<u64>().unwrap());
        }
    }
    assert!((10..=20).contains(&waits.len()), "a burst of a hundred passes: {waits:?}");
    assert_eq!(attempt(&world.key(KeyAccess::Read).await).await.status, StatusCode::OK, "who has a key is not held up");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_keys_last_use_is_noticed_once_a_minute_and_a_revoked_key_is_none() {
    let world = World::new().await;
    let key = world.key(KeyAccess::Read).await;
    let listed = async || {
        let mut tx = world.app.db.read().await.unwrap();
        crate::store::api_keys::page(&mut tx, world.organisation, (Default::default(), None), 10)
            .await
            .unwrap()
            .remove(0)
    };
    assert_eq!(listed().await.last_used_at, None);
    world.api(&key, Method::GET, "/tenants", None).await;
    let first = listed().await.last_used_at.unwrap();
    world.app.clock.advance(Duration::from_secs(30));
    world.api(&key, Method::GET, "/tenants", None).await;
    assert_eq!(listed().await.last_used_at, Some(first));
    world.app.clock.advance(Duration::from_secs(31));
    world.api(&key, Method::GET, "/tenants", None).await;
    assert_eq!(listed().await.last_used_at, Some(world.app.clock.now()));

    let (id, organisation, now) = (listed().await.id, world.organisation, world.app.clock.now());
    world
        .app
        .db
        .write(move |tx| Box::pin(async move { crate::store::api_keys::revoke(tx, organisation, id, now).await }))
        .await
        .unwrap();
    assert_eq!(world.api(&key, Method::GET, "/tenants", None).await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_document_says_everything_about_every_operation() {
    let world = World::new().await;
    let answer = world.api("", Method::GET, "/openapi.json", None).await;
    assert_eq!(answer.status, StatusCode::OK);
    let document = answer.json();
    assert_eq!(document["openapi"], "3.1.0");
    assert_eq!(document["components"]["securitySchemes"]["api_key"]["scheme"], "bearer");
    let mut ids = BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let what = format!("{method} {path}");
            assert!(ids.insert(operation["operationId"].as_str().unwrap().to_owned()), "{what}: its id is unique");
            assert!(operation["summary"].is_string() && operation["tags"][0].is_string(), "{what}");
            for status in ["401", "429", "503"] {
                assert!(operation["responses"][status]["$ref"].is_string(), "{what}: {status}");
            }
            let (_, good) =
                operation["responses"].as_object().unwrap().iter().find(|(s, _)| s.starts_with('2')).unwrap();
            let content = good["content"].as_object();
            assert!(content.is_none_or(|c| c.values().all(|media| !media["example"].is_null())), "{what}: an example");
            if let Some(body) = operation["requestBody"]["content"]["application/json"].as_object() {
                assert!(!body["example"].is_null(), "{what}: an example");
            }
            for name in path.split('{').skip(1).map(|rest| rest.split('}').next().unwrap()) {
                let parameters = operation["parameters"].as_array().unwrap();
                assert!(parameters.iter().any(|p| p["name"] == name && p["in"] == "path"), "{what}: {name}");
            }
        }
    }
    // Every reference leads somewhere.
    for reference in answer.body.split("\"$ref\":\"#").skip(1).map(|rest| rest.split('"').next().unwrap()) {
        assert!(document.pointer(reference).is_some(), "{reference}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn f05_f06_f20_answers_carry_the_security_headers_and_no_cors() {
    let world = World::new().await;
    let key = world.key(KeyAccess::Read).await;
    let request = Request::get("/api/v1/tenants")
        .header(AUTHORIZATION, format!("Bearer {key}"))
        .header("origin", "https://evil.example");
    let answer = world.send(request, Body::empty()).await;
    for (name, value) in [
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
        ("cache-control", "no-store"),
        ("access-control-allow-origin", ""),
    ] {
        assert_eq!(answer.header(name), value, "{name}");
    }
    let preflight = Request::builder()
        .method(Method::OPTIONS)
        .uri("/api/v1/tenants")
        .header("origin", "https://evil.example")
        .header("access-control-request-method", "POST");
    let answer = world.send(preflight, Body::empty()).await;
    assert!(answer.status.is_client_error() && answer.header("access-control-allow-origin").is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn p18_a_connection_opens_ways_to_the_hosts_that_were_asked_for_and_no_others() {
    let world = World::new().await;
    let key = world.key(KeyAccess::Write).await;
    let post = |body| world.api(&key, Method::POST, "/tenants/acme/connections", Some(body));
    let made = post(json!({"provider": "github", "client_id": "x", "client_secret": "y"})).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.body);
    assert_eq!(made.json()["allowed_hosts"], json!(["api.github.com", "github.com"]));
    let again = post(json!({"provider": "github", "client_id": "x", "client_secret": "y"})).await;
    assert_eq!((again.json()["allowed_hosts"].clone(), again.json()["refused_hosts"].clone()), (json!([]), json!([])));
    // What the tenant says it needs opens nothing.
    let log = world.log().await;
    let hosts: BTreeSet<_> = log
        .iter()
        .filter(|(action, ..)| action == "egress.allowed")
        .map(|(_, _, details)| details["host"].to_string())
        .collect();
    assert_eq!(hosts, BTreeSet::from(["\"api.github.com\"".to_owned(), "\"github.com\"".to_owned()]));
    // A host that no tenant may reach: nothing is made.
    let seen = world.stub.seen().len();
    for host in ["10.0.0.1", "metadata.google.internal", "id.example.org:8443", "x.local"] {
        let refused = post(json!({"provider": "github", "client_id": "x", "client_secret": "y",
            "configuration": {"hosts": [host]}}))
        .await;
        assert_eq!(refused.status.as_u16(), 422, "{host}");
    }
    assert_eq!(world.stub.seen().len(), seen);
}

#[tokio::test(flavor = "multi_thread")]
async fn p18_a_way_that_was_opened_for_a_connection_closes_with_the_last_that_needs_it() {
    let world = World::new().await;
    let key = world.key(KeyAccess::Write).await;
    let call = async |method: Method, path: &str, body: Option<serde_json::Value>| {
        world.api(&key, method, &format!("/tenants/acme{path}"), body).await
    };
    let reached = async || -> Vec<String> {
        let list = call(Method::GET, "/egress", None).await.json();
        list["items"].as_array().unwrap().iter().map(|it| it["host"].as_str().unwrap().to_owned()).collect()
    };
    // One host by name, which a connection needs as well; and a connection that needs another beside.
    call(Method::POST, "/egress", Some(json!({"host": "github.com"}))).await;
    let github = json!({"provider": "github", "client_id": "x", "client_secret": "y",
        "configuration": {"hosts": ["mail.example.org"]}});
    let made = call(Method::POST, "/connections", Some(github)).await.json();
    assert_eq!(made["allowed_hosts"], json!(["api.github.com", "mail.example.org"]));
    let second: polder_tenant_api::connections::ConnectionId = UNKNOWN.parse().unwrap();
    let both = vec!["api.github.com".to_owned()];
    let (tenant, by) = (world.tenant("acme").await, crate::audit::ActingFor::system());
    crate::egress::needs::settle(&world.app, &tenant, &by, (second, both)).await.unwrap();
    // A change that needs less closes what is not needed; the tenant's word on who the provider is opens nothing.
    let path = format!("/connections/{KNOWN}");
    let changed = call(Method::PATCH, &path, Some(json!({"configuration": {}}))).await.json();
    assert_eq!((&changed["closed_hosts"], &changed["allowed_hosts"]), (&json!(["mail.example.org"]), &json!([])));
    let changed = call(Method::PATCH, &path, Some(json!({"name": "Octocat"}))).await.json();
    assert_eq!(changed["closed_hosts"], json!([]), "what it needs did not change");
    assert_eq!(reached().await, ["api.github.com", "github.com"]);
    // Removed: another needs the one, and somebody asked for the other.
    call(Method::DELETE, &path, None).await;
    assert_eq!(reached().await, ["api.github.com", "github.com"]);
    crate::egress::needs::settle(&world.app, &tenant, &by, (second, Vec::new())).await.unwrap();
    assert_eq!(reached().await, ["github.com"]);
    // One that the tenant says is of GitHub, and that nobody here made, reaches nothing of GitHub's.
    let changed =
        call(Method::PATCH, &path, Some(json!({"configuration": {"hosts": ["id.example.org"]}}))).await.json();
    assert_eq!(changed["allowed_hosts"], json!(["id.example.org"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a52_p18_an_application_opens_the_way_to_where_it_hears_of_ended_sessions() {
    let world = World::new().await;
    let key = world.key(KeyAccess::Write).await;
    let call = async |method: Method, path: &str, body: Option<serde_json::Value>| {
        world.api(&key, method, &format!("/tenants/acme{path}"), body).await
    };
    let reached = async || -> Vec<String> {
        let list = call(Method::GET, "/egress", None).await.json();
        list["items"].as_array().unwrap().iter().map(|it| it["host"].as_str().unwrap().to_owned()).collect()
    };
    let told_at = |uri: &str| json!({"preferences": {"backchannel_logout_uri": uri}});
    let uri = "https://shop.example.org/bcl";
    let new = json!({"name": "Shop", "type": "web", "preferences": {"backchannel_logout_uri": uri}});
    let made = call(Method::POST, "/applications", Some(new)).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.body);
    assert_eq!(reached().await, ["shop.example.org"]);
    let path = format!("/applications/{KNOWN}");
    call(Method::PATCH, &path, Some(told_at("https://other.example.org/bcl"))).await;
    assert_eq!(reached().await, ["other.example.org"], "it moved");
    call(Method::PATCH, &path, Some(json!({"name": "Store"}))).await;
    assert_eq!(reached().await, ["other.example.org"], "that did not change");
    let both = json!({"preferences": {"backchannel_logout_uri": uri, "jwks_uri": "https://keys.example.org/jwks"}});
    call(Method::PATCH, &path, Some(both)).await;
    let mut open = reached().await;
    open.sort_unstable();
    assert_eq!(open, ["keys.example.org", "shop.example.org"], "A35");
    // Where nobody may go nothing is opened, whatever the tenant takes.
    for inside in ["https://10.0.0.1/bcl", "https://metadata.google.internal/", "https://shop.example.org:8443/", "x"] {
        call(Method::PATCH, &path, Some(told_at(inside))).await;
        assert_eq!(reached().await, Vec::<String>::new(), "{inside}");
    }
    call(Method::PATCH, &path, Some(told_at(uri))).await;
    call(Method::DELETE, &path, None).await;
    assert_eq!(reached().await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn k17_files_of_people_come_as_text_and_what_is_wrong_is_said_by_line() {
    let world = World::new().await;
    let (write, read) = (world.key(KeyAccess::Write).await, world.key(KeyAccess::Read).await);
    let send = async |kind: &str, query: &str, body: &[u8]| {
        let request = Request::post(format!("/api/v1/tenants/acme/users/imports{query}"))
            .header(AUTHORIZATION, format!("Bearer {write}"))
            .header(CONTENT_TYPE, kind);
        world.send(request, body.to_vec()).await
    };
    let asked = || world.stub.asked.lock().unwrap().last().unwrap().1.clone();
    let answer = send("text/csv; charset=utf-8", "?existing=update&invite=true", b"email\na@b.test\n").await;
    assert_eq!((answer.status.as_u16(), answer.json()["state"].as_str()), (202, Some("running")));
    assert_eq!(answer.header("location"), format!("/api/v1/tenants/acme/users/imports/{KNOWN}"));
    assert_eq!(
        asked(),
        json!({"format": "csv", "content": "email\na@b.test\n", "existing": "update", "skip_wrong": false,
            "invite": true, "check_only": false})
    );
    assert_eq!(send("application/x-ndjson", "", b"{}").await.status.as_u16(), 202);
    assert_eq!(asked()["format"], "jsonl");
    for (kind, query, body, status) in [
        ("application/xml", "", &b"x"[..], 415),
        ("text/csv", "?existing=erase", b"x", 400),
        ("text/csv", "?admin=true", b"x", 400),
        ("text/csv", "", b"\xff", 422),
        ("application/json", "", b"{}", 422),
    ] {
        assert_eq!(send(kind, query, body).await.status.as_u16(), status, "{kind} {query}");
    }
    let said = json!({"id": null, "state": "checked", "total": 0, "done": 0, "created": 0, "updated": 0, "skipped": 0,
        "wrong": 1, "problems": [{"line": 2, "column": "email", "detail": "is not an e-mail address"}],
        "created_at": null, "finished_at": null});
    *world.stub.answer.lock().unwrap() = Some((StatusCode::OK, said));
    let answer = send("text/csv", "", b"email\nx\n").await;
    let errors = answer.json()["errors"].clone();
    assert_eq!(
        (answer.status.as_u16(), errors),
        (422, json!([{"pointer": "/lines/2/email", "detail": "is not an e-mail address"}]))
    );
    assert_eq!(send("text/csv", "?check_only=true", b"email\nx\n").await.status.as_u16(), 200);
    *world.stub.answer.lock().unwrap() = None;
    let file = world.api(&read, Method::GET, "/tenants/acme/users/export?role=staff", None).await;
    assert_eq!((file.status.as_u16(), file.header("content-type")), (200, "text/csv; charset=utf-8; header=present"));
    assert!(file.body.ends_with(",yes,Ann,en,staff,no,2026-11-21T08:00:00.000Z,,\n"), "{}", file.body);
    assert!(world.stub.seen().iter().any(|(_, _, target)| target == "/users?role=staff&cursor=more&limit=200"));
}
