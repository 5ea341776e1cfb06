//! Which ends of a session applications are told of, where they may be told, and what an administrator sees of it.

use polder_db::Value as Argument;
use polder_tenant_api::{Access, NewApplication, Preferences};
use polder_tenant_runtime::jobs::logouts;
use serde_json::{Value, json};

use crate::admin::caller::call;
use crate::browser::{Browser, form, has_code};
use crate::tenant::{Tenant, web};

const DEV: &str = "http://practice.localhost:8600";

/// An application that hears at this address.
async fn told(tenant: &Tenant, uri: &str) -> String {
    let preferences = Preferences { backchannel_logout_uri: Some(uri.to_owned()), ..Preferences::default() };
    let new = NewApplication { preferences, ..web("Shop", Access::Everyone) };
    tenant.application(new).await.client_id.to_string()
}

/// Somebody who is signed in and has been at the application; with their number.
async fn somebody(tenant: &Tenant, shop: &str, address: &str) -> (Browser, String) {
    let mut browser = Browser::default();
    assert!(has_code(&browser.sign_in(tenant, address).await));
    assert!(has_code(&browser.authorize_at(tenant, shop, "").await));
    let (_, found) = call(tenant, "GET", &format!("/users?email={}", address.replace('@', "%40")), None).await;
    (browser, found["items"][0]["id"].as_str().unwrap().to_owned())
}

async fn log(tenant: &Tenant, query: &str) -> Vec<Value> {
    let (status, page) = call(tenant, "GET", &format!("/logout-deliveries{query}"), None).await;
    assert_eq!(status, 200, "{page}");
    page["items"].as_array().unwrap().clone()
}

/// Why the last delivery was queued; how many there are.
async fn told_last(tenant: &Tenant) -> (usize, Value) {
    let all = log(tenant, "").await;
    (all.len(), all.first().map_or(Value::Null, |last| last["reason"].clone()))
}

#[tokio::test]
async fn a51_e11_whoever_ends_a_session_applications_are_told() {
    let tenant = Tenant::start().await;
    let shop = told(&tenant, "https://shop.example.org/ended").await;
    let mut count = 0;
    let mut expect = async |tenant: &Tenant, reason: &str| {
        count += 1;
        assert_eq!(told_last(tenant).await, (count, json!(reason)));
        tenant.advance(1);
    };
    // The person: here, and elsewhere from here.
    let (mut ann, _) = somebody(&tenant, &shop, "ann@example.test").await;
    let page = ann.get(&tenant, "/account").await;
    ann.post(&tenant, &form(&page, "sign-out-form"), &[]).await;
    expect(&tenant, "signed_out").await;
    let (_lost, _) = somebody(&tenant, &shop, "ann@example.test").await;
    tenant.advance(60);
    let (mut ann, _) = somebody(&tenant, &shop, "ann@example.test").await;
    let page = ann.get(&tenant, "/account/sessions").await;
    ann.post(&tenant, &form(&page, "end-others-form"), &[]).await;
    expect(&tenant, "ended_by_user").await;
    let page = ann.get(&tenant, "/account/applications").await;
    assert!(!page.body.contains("withdraw-"), "nothing was redeemed");
    // The administrator: one session, all factors, the person.
    let (_, sessions) = call(&tenant, "GET", "/sessions?limit=1", None).await;
    let path = format!("/sessions/{}", sessions["items"][0]["id"].as_str().unwrap());
    assert_eq!(call(&tenant, "DELETE", &path, None).await.0, 204);
    expect(&tenant, "admin").await;
    let (_bob, bob) = somebody(&tenant, &shop, "bob@example.test").await;
    assert_eq!(call(&tenant, "DELETE", &format!("/users/{bob}/factors"), None).await.0, 204);
    expect(&tenant, "factors_reset").await;
    let (_eve, eve) = somebody(&tenant, &shop, "eve@example.test").await;
    assert_eq!(call(&tenant, "PATCH", &format!("/users/{eve}"), Some(json!({ "disabled": true }))).await.0, 200);
    expect(&tenant, "user_disabled").await;
    let (_dan, dan) = somebody(&tenant, &shop, "dan@example.test").await;
    assert_eq!(call(&tenant, "DELETE", &format!("/users/{dan}"), None).await.0, 204);
    expect(&tenant, "user_erased").await;
    // And the person, altogether.
    let (mut kim, _) = somebody(&tenant, &shop, "kim@example.test").await;
    let page = kim.get(&tenant, "/account/delete").await;
    kim.post(&tenant, &form(&page, "delete-form"), &[("confirm", "delete")]).await;
    expect(&tenant, "user_erased").await;
}

#[tokio::test]
async fn h04_of_somebody_who_was_erased_the_number_goes_once_it_was_told() {
    let tenant = Tenant::start_as(DEV).await;
    let shop = told(&tenant, &nobody_at()).await;
    let (_ann, ann) = somebody(&tenant, &shop, "ann@example.test").await;
    let (_, sessions) = call(&tenant, "GET", "/sessions?limit=1", None).await;
    let path = format!("/sessions/{}", sessions["items"][0]["id"].as_str().unwrap());
    assert_eq!(call(&tenant, "DELETE", &path, None).await.0, 204);
    for _ in 0..40 {
        logouts::round(&tenant.app).await.unwrap();
        tenant.advance(3600);
    }
    let (_again, _) = somebody(&tenant, &shop, "ann@example.test").await;
    assert_eq!(call(&tenant, "DELETE", &format!("/users/{ann}"), None).await.0, 204);
    let named = async || {
        let mut tx = tenant.app.db.read().await.unwrap();
        let sql = "SELECT COUNT(*) AS n FROM logout_delivery WHERE user_id = $1";
        tx.optional(sql, &[Argument::from(ann.as_str())], |row| row.int("n")).await.unwrap().unwrap()
    };
    assert_eq!(
        (log(&tenant, "").await.len(), named().await),
        (1, 1),
        "what was done is gone; what waits says whose it was"
    );
    for _ in 0..40 {
        logouts::round(&tenant.app).await.unwrap();
        tenant.advance(3600);
    }
    assert_eq!((log(&tenant, "?state=failed").await.len(), named().await), (1, 0));
}

/// An address where nobody answers.
fn nobody_at() -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    format!("http://127.0.0.1:{}/ended", listener.local_addr().unwrap().port())
}

#[tokio::test]
async fn e16_an_administrator_reads_what_was_told_and_has_it_tried_again() {
    let tenant = Tenant::start_as(DEV).await;
    let (shop, forum) = (told(&tenant, &nobody_at()).await, told(&tenant, &nobody_at()).await);
    let (mut ann, id) = somebody(&tenant, &shop, "ann@example.test").await;
    assert!(has_code(&ann.authorize_at(&tenant, &forum, "").await));
    let page = ann.get(&tenant, "/account").await;
    ann.post(&tenant, &form(&page, "sign-out-form"), &[]).await;
    let waiting = log(&tenant, &format!("?application_id={shop}")).await;
    assert_eq!(waiting.len(), 1);
    assert_eq!((&waiting[0]["state"], &waiting[0]["attempts"]), (&json!("pending"), &json!(0)));
    assert_eq!((&waiting[0]["user_id"], &waiting[0]["application_id"]), (&json!(id), &json!(shop)));
    logouts::round(&tenant.app).await.unwrap();
    let tried = &log(&tenant, &format!("?application_id={shop}")).await[0];
    assert_eq!((&tried["state"], &tried["attempts"]), (&json!("pending"), &json!(1)));
    assert_eq!((&tried["failure"], &tried["answered"]), (&json!("nobody answers at its address"), &Value::Null));
    let path = format!("/logout-deliveries/{}/retry", tried["id"].as_str().unwrap());
    assert_eq!(call(&tenant, "POST", &path, None).await.0, 404, "it is tried by itself");
    for _ in 0..40 {
        tenant.advance(3600);
        logouts::round(&tenant.app).await.unwrap();
    }
    assert_eq!((log(&tenant, "?state=failed").await.len(), log(&tenant, "?state=pending").await.len()), (2, 0));
    assert_eq!(call(&tenant, "POST", &path, None).await.0, 204);
    assert_eq!((log(&tenant, "?state=failed").await.len(), log(&tenant, "?state=pending").await.len()), (1, 1));
    assert_eq!(tenant.audited("logout_delivery.retried").await, 1);
    // By pages, newest first.
    let (_, first) = call(&tenant, "GET", "/logout-deliveries?limit=1", None).await;
    let next = first["next"].as_str().unwrap();
    let (_, second) = call(&tenant, "GET", &format!("/logout-deliveries?limit=1&cursor={next}"), None).await;
    assert_ne!(first["items"][0]["id"], second["items"][0]["id"]);
    assert_eq!(second["next"], Value::Null);
    // Health says when the next is due, so that who sleeps is woken.
    let health =
        tenant.admin(http::Request::get("/health").header("host", "admin").body(axum::body::Body::empty()).unwrap());
    let health: Value = serde_json::from_str(&health.await.body).unwrap();
    assert_eq!(health["next_logout_at"], json!(tenant.clock.now()));
    // Gone with the application.
    assert_eq!(call(&tenant, "DELETE", &format!("/applications/{shop}"), None).await.0, 204);
    assert_eq!(log(&tenant, "").await.len(), 1);
}

#[tokio::test]
async fn a52_only_public_hosts_over_https_may_be_told() {
    let tenant = Tenant::start().await;
    let create = async |tenant: &Tenant, uri: &str| {
        let new = json!({ "name": "Shop", "type": "web", "redirect_uris": ["https://app.example.test/cb"],
            "preferences": { "backchannel_logout_uri": uri, "backchannel_logout_session_required": true } });
        call(tenant, "POST", "/applications", Some(new)).await
    };
    for wrong in [
        "http://shop.example.org/ended",
        "http://localhost:9000/ended",
        "https://localhost/ended",
        "https://127.0.0.1/ended",
        "https://[::1]/ended",
        "https://169.254.169.254/latest/meta-data",
        "https://10.0.0.1/",
        "https://8.8.8.8/",
        "https://metadata.google.internal/",
        "https://printer.local/",
        "https://intranet/",
        "https://shop.example.org:8443/ended",
        "https://shop.example.org/ended#x",
        "https://user:pass@shop.example.org/",
        "https://0x7f.1/",
        "ftp://shop.example.org/",
        "ended",
        "",
    ] {
        let (status, problem) = create(&tenant, wrong).await;
        assert_eq!(
            (status, &problem["errors"][0]["pointer"]),
            (422, &json!("/preferences/backchannel_logout_uri")),
            "{wrong}"
        );
    }
    let (status, made) = create(&tenant, "https://shop.example.org/ended?tenant=7").await;
    assert_eq!(
        (status, made["preferences"]["backchannel_logout_session_required"].clone()),
        (201, json!(true)),
        "{made}"
    );
    let path = format!("/applications/{}", made["client_id"].as_str().unwrap());
    let inside = json!({ "preferences": { "backchannel_logout_uri": "https://10.0.0.1/" } });
    assert_eq!(call(&tenant, "PATCH", &path, Some(inside)).await.0, 422);
    let hears = "SELECT COUNT(*) AS n FROM application WHERE backchannel_logout_uri IS NOT NULL";
    assert_eq!(tenant.count(hears).await, 1);
    assert_eq!(call(&tenant, "PATCH", &path, Some(json!({ "preferences": {} }))).await.0, 200);
    assert_eq!(tenant.count(hears).await, 0, "it hears no more");
    // In development, with TLS or without, this machine may be told, and no other.
    for issuer in [DEV, "https://op.localhost:9443"] {
        let dev = Tenant::start_as(issuer).await;
        assert_eq!(create(&dev, "http://localhost:9000/ended").await.0, 201);
        assert_eq!(create(&dev, "http://127.0.0.1:9000/ended").await.0, 201);
        for wrong in ["http://shop.example.org/ended", "http://10.0.0.1/", "https://10.0.0.1/", "http://0.0.0.0:9000/"]
        {
            assert_eq!(create(&dev, wrong).await.0, 422, "{wrong}");
        }
    }
}
