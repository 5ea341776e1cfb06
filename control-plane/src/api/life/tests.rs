//! A life through the public API.

use axum::body::Body;
use axum::extract::Request;
use http::Method;
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tower::Service;

use super::*;
use crate::audit::ActingFor;
use crate::credentials::{hash_api_key, new_api_key};
use crate::model::{ApiKeyId, KeyAccess};
use crate::provision::NewTenant;
use crate::provision::certificate::Certificate;
use crate::provision::tests::{control_plane, killed, organisation};
use crate::router::Front;
use crate::store::api_keys::{self, NewApiKey, Rights};
use crate::testing::Ground;

struct Stage {
    app: Arc<App>,
    front: Front,
    key: String,
    _data: Ground,
}

/// `acme`, running, and a key to it.
async fn stage() -> Stage {
    let data = Ground::new().await;
    let app = control_plane(data.path()).await;
    let organisation_id = organisation(&app).await;
    let key = new_api_key(&app.entropy).expose().clone();
    let row = NewApiKey {
        id: ApiKeyId::new(&app.clock, &app.entropy),
        organisation_id,
        name: "test".to_owned(),
        key_hash: hash_api_key(&app.keyring, &key),
        rights: Rights::all(KeyAccess::Write),
        created_by: "polder".to_owned(),
    };
    let now = app.clock.now();
    app.db.write(move |tx| Box::pin(async move { api_keys::insert(tx, &row, now).await })).await.unwrap();
    let new = NewTenant { slug: "acme".parse().unwrap(), name: "Acme".to_owned(), organisation_id };
    let tenant = provision::create(&app, &ActingFor::system(), new).await.unwrap();
    assert!(provision::settled(&app, tenant.id, WITHIN).await);
    Stage { front: Front::new(&app), app, key, _data: data }
}

impl Stage {
    async fn call(&self, method: Method, path: &str, body: Option<Value>) -> (u16, Value) {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("/api/v1{path}"))
            .header("host", self.app.settings.authority("console"))
            .header("authorization", format!("Bearer {}", self.key));
        if body.is_some() {
            request = request.header("content-type", "application/json");
        }
        let body = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
        let answer = self.front.clone().call(request.body(body).unwrap()).await.unwrap();
        let status = answer.status().as_u16();
        let bytes = answer.into_body().collect().await.unwrap().to_bytes();
        (status, serde_json::from_slice(&bytes).unwrap_or(Value::Null))
    }

    async fn post(&self, what: &str, body: Option<Value>) -> (u16, Value) {
        self.call(Method::POST, &format!("/tenants/acme/{what}"), body).await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn g25_a_life_through_the_public_api() {
    let stage = stage().await;
    for (action, state) in [
        ("suspend", "suspended"),
        ("suspend", "suspended"),
        ("resume", "running"),
        ("sleep", "asleep"),
        ("wake", "running"),
        ("restart", "running"),
        ("terminate", "terminating"),
        ("undo", "running"),
    ] {
        let (status, tenant) = stage.post(action, None).await;
        assert_eq!((status, tenant["state"].as_str()), (200, Some(state)), "{action}: {tenant}");
    }
    let (status, tenant) = stage.post("terminate", Some(json!({"grace_days": 90}))).await;
    assert!(status == 200 && tenant["terminate_at"].is_string(), "{tenant}");
    let (status, paper) = stage.post("destroy", Some(json!({"confirm": "acme"}))).await;
    assert_eq!(status, 200, "{paper}");
    assert_eq!(stage.call(Method::GET, "/tenants/acme/certificate", None).await, (200, paper.clone()));
    let paper: Certificate = serde_json::from_value(paper).unwrap();
    paper.verify(stage.app.certificate_key.public_jwk()).unwrap();
    let (status, problem) = stage.call(Method::GET, "/tenants/acme", None).await;
    assert_eq!((status, problem["code"].as_str()), (410, Some("tenant_destroyed")));
    assert_eq!(stage.call(Method::GET, "/tenants", None).await.1["items"], json!([]));
    let again = json!({"slug": "acme", "name": "Again"});
    let (status, problem) = stage.call(Method::POST, "/tenants", Some(again)).await;
    assert_eq!((status, problem["code"].as_str()), (409, Some("slug_taken")));
    killed(stage.app).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn g25_what_makes_no_sense_is_a_conflict_that_says_so() {
    let stage = stage().await;
    let refused = async |what: &str, body: Option<Value>| {
        let (status, problem) = stage.post(what, body).await;
        (status, problem["code"].as_str().unwrap_or_default().to_owned())
    };
    let conflict = |code: &str| (409, code.to_owned());
    let meant = || Some(json!({"confirm": "acme"}));
    assert_eq!(refused("undo", None).await, conflict("tenant_not_terminating"));
    assert_eq!(refused("destroy", meant()).await, conflict("tenant_not_terminating"));
    assert_eq!(refused("destroy", Some(json!({"confirm": "other"}))).await.0, 422);
    for days in [0, 29, 91] {
        assert_eq!(refused("terminate", Some(json!({"grace_days": days}))).await.0, 422, "{days}");
    }
    assert_eq!(refused("database/rotate", None).await, conflict("no_database_password"));
    stage.post("suspend", None).await;
    assert_eq!(refused("sleep", None).await, conflict("tenant_suspended"));
    assert_eq!(refused("wake", None).await, conflict("tenant_suspended"));
    stage.post("terminate", None).await;
    assert_eq!(refused("resume", None).await, conflict("tenant_terminating"));
    let (status, problem) = stage.call(Method::GET, "/tenants/acme/certificate", None).await;
    assert_eq!((status, problem["code"].as_str()), (409, Some("tenant_not_destroyed")));
    killed(stage.app).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_idle_time_is_the_tenants_own_and_administration_wakes_it() {
    let stage = stage().await;
    let set = async |seconds: Value| {
        stage.call(Method::PATCH, "/tenants/acme", Some(json!({"idle_after_seconds": seconds}))).await
    };
    for seconds in [json!(60), json!(604_800), json!(0), Value::Null] {
        let (status, tenant) = set(seconds.clone()).await;
        assert_eq!((status, &tenant["idle_after_seconds"]), (200, &seconds));
    }
    for seconds in [json!(-1), json!(59), json!(604_801), json!("x")] {
        assert_eq!(set(seconds.clone()).await.0, 422, "{seconds}");
    }
    stage.post("sleep", None).await;
    assert_eq!(stage.call(Method::GET, "/tenants/acme", None).await.1["state"], "asleep", "looking wakes nobody");
    assert_eq!(stage.call(Method::GET, "/tenants/acme/settings", None).await.0, 200);
    killed(stage.app).await;
}
