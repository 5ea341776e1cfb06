//! Letting in a program on another device (RFC 8628), as its person, its program and an attacker see it.

use axum::body::Body;
use polder_tenant_api::{Access, ApplicationType, NewApplication, Preferences, SecondFactorPolicy};
use serde_json::{Value, json};

use crate::admin::caller::call;
use crate::browser::{Browser, form, has_code, has_form};
use crate::tenant::{Answer, Tenant, person, web};

const ANN: &str = "ann@example.test";
const GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// A television: public, without an address to be sent to.
fn television(access: Access) -> NewApplication {
    NewApplication {
        kind: ApplicationType::Native,
        redirect_uris: Vec::new(),
        grant_types: Some(vec![GRANT.to_owned(), "refresh_token".to_owned()]),
        ..web("Television", access)
    }
}

async fn post(tenant: &Tenant, path: &str, fields: &[(&str, &str)]) -> (u16, Value, Answer) {
    let request = Browser::default()
        .request(tenant, "POST", path)
        .header("content-type", "application/x-www-form-urlencoded")
        .body(Body::from(serde_urlencoded::to_string(fields).unwrap()));
    let answer = tenant.public(request.unwrap()).await;
    (answer.status, serde_json::from_str(&answer.body).unwrap_or(Value::Null), answer)
}

/// What a television is given to show.
async fn asks(tenant: &Tenant, client: &str, scope: &str) -> Value {
    let (status, given, answer) =
        post(tenant, "/device_authorization", &[("client_id", client), ("scope", scope)]).await;
    assert_eq!((status, answer.header("cache-control")), (200, Some("no-store")), "{given}");
    given
}

async fn polls(tenant: &Tenant, client: &str, given: &Value) -> (u16, Value) {
    let code = given["device_code"].as_str().unwrap();
    let fields = [("grant_type", GRANT), ("client_id", client), ("device_code", code)];
    let (status, answer, _) = post(tenant, "/token", &fields).await;
    (status, answer)
}

/// It is refused with this error.
async fn waits(tenant: &Tenant, client: &str, given: &Value, error: &str) {
    let (status, answer) = polls(tenant, client, given).await;
    assert_eq!((status, answer["error"].as_str()), (400, Some(error)), "{answer}");
}

async fn ann(tenant: &Tenant) -> Browser {
    let mut browser = Browser::default();
    assert!(has_code(&browser.sign_in(tenant, ANN).await));
    browser
}

/// Types a code and gives the page.
async fn types(tenant: &Tenant, browser: &mut Browser, code: &str) -> Answer {
    let page = browser.get(tenant, "/device").await;
    browser.post(tenant, &form(&page, "device-form"), &[("user_code", code)]).await
}

fn text<'a>(given: &'a Value, name: &str) -> &'a str {
    given[name].as_str().unwrap()
}

async fn started(access: Access) -> (Tenant, String) {
    let tenant = Tenant::start().await;
    let client = tenant.application(television(access)).await.client_id.to_string();
    (tenant, client)
}

#[tokio::test]
async fn b81_b82_b83_a_person_lets_a_television_in() {
    let (tenant, client) = started(Access::Everyone).await;
    let given = asks(&tenant, &client, "openid profile offline_access").await;
    assert_eq!((&given["expires_in"], &given["interval"]), (&json!(600), &json!(5)));
    let (code, uri) = (text(&given, "user_code"), text(&given, "verification_uri"));
    assert_eq!(uri, format!("{}/device", tenant.app.issuer.as_str()));
    assert_eq!(given["verification_uri_complete"], json!(format!("{uri}?user_code={code}")));
    waits(&tenant, &client, &given, "authorization_pending").await;
    waits(&tenant, &client, &given, "slow_down").await;
    tenant.advance(6);
    waits(&tenant, &client, &given, "slow_down").await;
    tenant.advance(20);
    waits(&tenant, &client, &given, "authorization_pending").await;

    // Opened from a picture: who is not signed in does that first, and nothing is decided by it (B83).
    let mut ann = Browser::default();
    let target = format!("/device?user_code={code}");
    let answer = ann.get(&tenant, &target).await;
    let page = ann.follow(&tenant, answer).await;
    let page = ann.finish(&tenant, page, ANN).await;
    assert!(has_form(&page, "device-form") && page.body.contains(code), "{}", page.body);
    assert_eq!(tenant.count("SELECT COUNT(*) AS n FROM device_authorization WHERE approved_at IS NOT NULL").await, 0);
    // However it is typed.
    let typed = code.to_lowercase().replace('-', " ");
    let page = ann.post(&tenant, &form(&page, "device-form"), &[("user_code", &typed)]).await;
    assert!(page.body.contains("Television") && page.body.contains(code), "{}", page.body);
    assert_eq!(page.header("x-frame-options"), Some("DENY"), "B46");
    let done = ann.post(&tenant, &form(&page, "allow-form"), &[]).await;
    assert_eq!(done.status, 200, "{}", done.body);
    assert_eq!(tenant.audited("device.allowed").await, 1);
    let (status, tokens) = polls(&tenant, &client, &given).await;
    assert_eq!(status, 400, "{tokens}: it still asks too soon");
    tenant.advance(60);
    let (status, tokens) = polls(&tenant, &client, &given).await;
    assert_eq!(status, 200, "{tokens}");
    assert!(
        tokens["refresh_token"].is_string() && tokens["id_token"].is_string() && tokens["access_token"].is_string()
    );
    // Once.
    tenant.advance(60);
    waits(&tenant, &client, &given, "invalid_grant").await;
    let page = types(&tenant, &mut ann, code).await;
    assert_eq!(page.status, 422, "{}", page.body);
    // The tokens work on.
    let fields = [
        ("grant_type", "refresh_token"),
        ("client_id", client.as_str()),
        ("refresh_token", text(&tokens, "refresh_token")),
    ];
    assert_eq!(post(&tenant, "/token", &fields).await.0, 200);
}

#[tokio::test]
async fn b82_refused_late_foreign_and_unknown_codes_have_their_errors() {
    let (tenant, client) = started(Access::Everyone).await;
    let other = tenant.application(television(Access::Everyone)).await.client_id.to_string();
    let mut ann = ann(&tenant).await;
    let given = asks(&tenant, &client, "openid").await;
    waits(&tenant, &other, &given, "invalid_grant").await;
    waits(&tenant, &client, &json!({ "device_code": "nonsense" }), "invalid_grant").await;
    let page = types(&tenant, &mut ann, text(&given, "user_code")).await;
    let done = ann.post(&tenant, &form(&page, "refuse-form"), &[]).await;
    assert_eq!((done.status, tenant.audited("device.refused").await), (200, 1));
    waits(&tenant, &client, &given, "access_denied").await;
    // A page that was left open decides nothing any more.
    let late = ann.post(&tenant, &form(&page, "allow-form"), &[]).await;
    assert_eq!(late.status, 422);
    let given = asks(&tenant, &client, "openid").await;
    let page = types(&tenant, &mut ann, text(&given, "user_code")).await;
    tenant.advance(600);
    assert_eq!(ann.post(&tenant, &form(&page, "allow-form"), &[]).await.status, 422);
    waits(&tenant, &client, &given, "expired_token").await;
    // Who may not use it, and what nobody may ask.
    let plain = tenant.application(web("Shop", Access::Everyone)).await.client_id.to_string();
    let spa = NewApplication { kind: ApplicationType::Spa, ..web("Diary", Access::Everyone) };
    let spa = tenant.application(spa).await.client_id.to_string();
    let asked = async |client: &str, scope: &str| {
        let (status, answer, _) =
            post(&tenant, "/device_authorization", &[("client_id", client), ("scope", scope)]).await;
        (status, answer["error"].as_str().unwrap_or_default().to_owned())
    };
    assert_eq!(asked(&plain, "openid").await, (401, "invalid_client".to_owned()), "it has a secret");
    assert_eq!(asked(&spa, "openid").await, (400, "unauthorized_client".to_owned()));
    assert_eq!(asked(&client, "openid nonsense").await, (400, "invalid_scope".to_owned()));
    assert_eq!(asked("nobody", "openid").await, (401, "invalid_client".to_owned()));
}

#[tokio::test]
async fn b50_e07_only_a_form_of_this_session_decides() {
    let (tenant, client) = started(Access::Everyone).await;
    let given = asks(&tenant, &client, "openid").await;
    let mut ann = ann(&tenant).await;
    let page = types(&tenant, &mut ann, text(&given, "user_code")).await;
    let allow = form(&page, "allow-form");
    // Another person's browser, with the form of this one.
    let mut eve = Browser::default();
    assert!(has_code(&eve.sign_in(&tenant, "eve@example.test").await));
    assert_eq!(eve.post(&tenant, &allow, &[]).await.status, 403);
    // Another site, in this browser.
    let mut lured = ann.clone();
    lured.headers.push(("sec-fetch-site".to_owned(), "cross-site".to_owned()));
    assert_eq!(lured.post(&tenant, &allow, &[]).await.status, 403);
    // A stranger is sent to sign in.
    assert_eq!(Browser::default().post(&tenant, &allow, &[]).await.status, 303);
    waits(&tenant, &client, &given, "authorization_pending").await;
    // Signed out between yes and tokens: nothing is given.
    assert_eq!(ann.post(&tenant, &allow, &[]).await.status, 200);
    let account = ann.get(&tenant, "/account").await;
    ann.post(&tenant, &form(&account, "sign-out-form"), &[]).await;
    tenant.advance(10);
    waits(&tenant, &client, &given, "invalid_grant").await;
}

#[tokio::test]
async fn b81_codes_cannot_be_guessed() {
    let (tenant, client) = started(Access::Everyone).await;
    let given = asks(&tenant, &client, "openid").await;
    let mut ann = ann(&tenant).await;
    let mut last = 0;
    for _ in 0..21 {
        last = types(&tenant, &mut ann, "BCDF-GHJK").await.status;
    }
    assert_eq!(last, 429);
    // Not by the right guess either, until a while has passed.
    let right = types(&tenant, &mut ann, text(&given, "user_code")).await;
    assert!(right.status == 429 && !has_form(&right, "allow-form"));
    assert!(right.header("retry-after").is_some());
    tenant.advance(30);
    assert!(has_form(&types(&tenant, &mut ann, text(&given, "user_code")).await, "allow-form"));
}

#[tokio::test]
async fn p19_d13_the_applications_own_rules_hold() {
    let (tenant, client) = started(Access::Role { role: "viewer".to_owned() }).await;
    let given = asks(&tenant, &client, "openid").await;
    let mut ann = ann(&tenant).await;
    let page = types(&tenant, &mut ann, text(&given, "user_code")).await;
    assert_eq!((page.status, has_form(&page, "allow-form")), (403, false));
    // Signed in too weakly, a second factor comes first.
    let strict = NewApplication {
        preferences: Preferences { second_factor: Some(SecondFactorPolicy::Required), ..Preferences::default() },
        ..television(Access::Everyone)
    };
    let strict = tenant.application(strict).await.client_id.to_string();
    let given = asks(&tenant, &strict, "openid").await;
    let answer = types(&tenant, &mut ann, text(&given, "user_code")).await;
    assert!(answer.location().starts_with("/signin?flow="), "{} {}", answer.status, answer.body);
    waits(&tenant, &strict, &given, "authorization_pending").await;
    // Somebody who lost the role between yes and tokens gets none.
    let bob = tenant.person(person("bob@example.test", Some("Bob"), &["viewer"])).await;
    let mut browser = Browser::default();
    assert!(has_code(&browser.sign_in(&tenant, "bob@example.test").await));
    let given = asks(&tenant, &client, "openid").await;
    let page = types(&tenant, &mut browser, text(&given, "user_code")).await;
    assert_eq!(browser.post(&tenant, &form(&page, "allow-form"), &[]).await.status, 200);
    assert_eq!(call(&tenant, "PATCH", &format!("/users/{bob}"), Some(json!({ "roles": [] }))).await.0, 200);
    waits(&tenant, &client, &given, "invalid_grant").await;
}

#[tokio::test]
async fn b82_of_fifty_polls_at_once_one_gets_tokens() {
    let (tenant, client) = started(Access::Everyone).await;
    let given = asks(&tenant, &client, "openid").await;
    let mut ann = ann(&tenant).await;
    let page = types(&tenant, &mut ann, text(&given, "user_code")).await;
    assert_eq!(ann.post(&tenant, &form(&page, "allow-form"), &[]).await.status, 200);
    let all = futures_util::future::join_all((0..50).map(|_| polls(&tenant, &client, &given))).await;
    assert_eq!(all.iter().filter(|(status, _)| *status == 200).count(), 1);
    assert!(all.iter().all(|(status, answer)| *status == 200 || answer["error"] == "invalid_grant"), "{all:?}");
}
