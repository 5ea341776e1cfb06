//! What the admin API does, and what of it is in the log.

use serde_json::{Value, json};

use super::caller::call;
use crate::browser::{Browser, has_code, has_form};
use crate::tenant::{CALLBACK, Tenant};

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

#[tokio::test]
async fn k17_people_are_made_found_changed_and_erased() {
    let tenant = Tenant::start().await;
    let new = json!({ "email": "Ann@Example.test", "name": "Ann", "roles": ["coach"] });
    let (status, ann) = call(&tenant, "POST", "/users", Some(new.clone())).await;
    assert_eq!((status, text(&ann["email"])), (201, "ann@example.test"));
    assert_eq!(ann["email_verified"], json!(false));
    assert_eq!(call(&tenant, "POST", "/users", Some(new)).await.0, 409);
    let (_, found) = call(&tenant, "GET", "/users?email=ann%40example.test", None).await;
    assert_eq!(found["items"][0]["id"], ann["id"]);
    let path = format!("/users/{}", text(&ann["id"]));
    let changes = json!({ "name": "Ann de Vries", "roles": ["client"] });
    let (status, changed) = call(&tenant, "PATCH", &path, Some(changes)).await;
    assert_eq!((status, text(&changed["name"]), &changed["roles"]), (200, "Ann de Vries", &json!(["client"])));
    assert_eq!(call(&tenant, "DELETE", &path, None).await.0, 204);
    for method in ["GET", "DELETE"] {
        assert_eq!(call(&tenant, method, &path, None).await.0, 404);
    }
    assert_eq!(tenant.count("SELECT COUNT(*) AS n FROM user_account WHERE email_sealed IS NULL").await, 1);
    for action in ["user.created", "user.changed", "user.erased"] {
        assert_eq!(tenant.audited(action).await, 1, "{action}");
    }
}

#[tokio::test]
async fn d09_an_invitation_says_where_to_sign_in_and_holds_nothing_that_signs_in() {
    let tenant = Tenant::start().await;
    call(&tenant, "PATCH", "/settings", Some(json!({ "sign_up": "closed" }))).await;
    let new = |email: &str, invite: bool| Some(json!({ "email": email, "locale": "nl", "invite": invite }));
    assert_eq!(call(&tenant, "POST", "/users", new("quiet@example.test", false)).await.0, 201);
    assert!(tenant.mails().await.is_empty());
    assert_eq!(call(&tenant, "POST", "/users", new("ann@example.test", true)).await.0, 201);
    let mails = tenant.mails().await;
    let [mail] = &mails[..] else { panic!("{} mails", mails.len()) };
    assert_eq!(mail.to.as_str(), "ann@example.test");
    let link = mail.text.lines().find(|line| line.starts_with("http")).unwrap();
    assert!(link.ends_with("/account") && mail.text.contains("een wachtwoord hoef"), "{}", mail.text);
    assert_eq!(tenant.audited("user.invited").await, 1);
    let page = Browser::default().get(&tenant, "/account").await;
    assert!(!page.body.contains("ann@example.test"), "the link knows nobody");
    assert!(has_code(&Browser::default().sign_in(&tenant, "ann@example.test").await));
    assert_eq!(call(&tenant, "POST", "/users", new("ann@example.test", true)).await.0, 409);
    assert_eq!(tenant.audited("user.invited").await, 1);
}

#[tokio::test]
async fn e11_stopping_a_person_ends_their_sessions_at_once() {
    let tenant = Tenant::start().await;
    let mut browser = Browser::default();
    browser.sign_in(&tenant, "ann@example.test").await;
    let (_, found) = call(&tenant, "GET", "/users?email=ann@example.test", None).await;
    let path = format!("/users/{}", text(&found["items"][0]["id"]));
    assert_eq!(call(&tenant, "PATCH", &path, Some(json!({ "disabled": true }))).await.0, 200);
    assert!(has_form(&browser.authorize(&tenant, "").await, "email-form"));
    assert_eq!(tenant.audited("session.ended").await, 1);
    // Allowed again, they sign in again; the old session stays ended.
    assert_eq!(call(&tenant, "PATCH", &path, Some(json!({ "disabled": false }))).await.0, 200);
    assert!(has_form(&browser.authorize(&tenant, "").await, "email-form"));
    assert!(has_code(&browser.sign_in(&tenant, "ann@example.test").await));
}

#[tokio::test]
async fn e11_p6_sessions_are_listed_and_ended() {
    let tenant = Tenant::start().await;
    let mut browser = Browser::at("203.0.113.3");
    browser.sign_in(&tenant, "ann@example.test").await;
    let (_, users) = call(&tenant, "GET", "/users", None).await;
    let target = format!("/sessions?user_id={}", text(&users["items"][0]["id"]));
    let (status, sessions) = call(&tenant, "GET", &target, None).await;
    let session = &sessions["items"][0];
    assert_eq!((status, text(&session["ip"])), (200, "203.0.113.3"));
    assert_eq!(session["applications"], json!([tenant.client_id]));
    let path = format!("/sessions/{}", text(&session["id"]));
    assert_eq!(call(&tenant, "DELETE", &path, None).await.0, 204);
    assert_eq!(call(&tenant, "DELETE", &path, None).await.0, 204, "ending twice is no error");
    assert!(has_form(&browser.authorize(&tenant, "").await, "email-form"));
    assert_eq!(tenant.audited("session.ended").await, 1);
}

#[tokio::test]
async fn applications_are_made_with_a_secret_shown_once_and_rotated() {
    let tenant = Tenant::start().await;
    let new = json!({ "name": "Shop", "type": "web", "redirect_uris": [CALLBACK] });
    let (status, made) = call(&tenant, "POST", "/applications", Some(new)).await;
    assert_eq!(status, 201);
    let secret = text(&made["client_secret"]).to_owned();
    assert_eq!(secret.len(), 43);
    let path = format!("/applications/{}", text(&made["client_id"]));
    let (_, shown) = call(&tenant, "GET", &path, None).await;
    assert!(shown.get("client_secret").is_none());
    assert_eq!(shown["token_endpoint_auth_method"], json!("client_secret_basic"));
    let stored = tenant.app.applications.find(text(&made["client_id"])).unwrap();
    assert_eq!(stored.secrets.len(), 1);
    assert_ne!(stored.secrets[0].hash, secret);
    let (status, rotated) = call(&tenant, "POST", &format!("{path}/secrets"), None).await;
    assert_eq!(status, 201);
    assert!(rotated["previous_expire_at"].is_string());
    assert_eq!(tenant.app.applications.find(text(&made["client_id"])).unwrap().secrets.len(), 2);
    let (_, changed) = call(&tenant, "PATCH", &path, Some(json!({ "name": "Shop 2", "disabled": true }))).await;
    assert_eq!((text(&changed["name"]), &changed["disabled"]), ("Shop 2", &json!(true)));
    assert!(tenant.app.applications.enabled(text(&made["client_id"])).is_none());
    assert_eq!(call(&tenant, "DELETE", &path, None).await.0, 204);
    assert_eq!(call(&tenant, "GET", &path, None).await.0, 404);
    for action in ["application.created", "application.changed", "application.secret_created", "application.removed"] {
        assert_eq!(tenant.audited(action).await, 1, "{action}");
    }
}

#[tokio::test]
async fn b18_a_secret_is_taken_back_and_the_last_one_stays() {
    let tenant = Tenant::start().await;
    let made = async |name: &str| {
        let new = json!({ "name": name, "type": "web", "redirect_uris": [CALLBACK] });
        call(&tenant, "POST", "/applications", Some(new)).await.1
    };
    let (shop, other) = (made("Shop").await, made("Other").await);
    let secrets = format!("/applications/{}/secrets", text(&shop["client_id"]));
    let (status, found) = call(&tenant, "GET", &secrets, None).await;
    let first = text(&found["items"][0]["id"]).to_owned();
    assert_eq!((status, found["items"].as_array().map(Vec::len)), (200, Some(1)));
    assert_eq!(found["items"][0]["expires_at"], json!(null));
    assert!(!found.to_string().contains(text(&shop["client_secret"])), "{found}");
    assert_eq!(found["items"][0]["last_used_at"], Value::Null);
    let secret = tenant.app.applications.find(text(&shop["client_id"])).unwrap().secrets[0].id;
    tenant.app.secret_uses.note(secret, tenant.clock.now());
    let (_, used) = call(&tenant, "GET", &secrets, None).await;
    assert_eq!(used["items"][0]["last_used_at"], "2026-11-21T08:00:00.000Z", "also of a moment ago");
    let (status, problem) = call(&tenant, "DELETE", &format!("{secrets}/{first}"), None).await;
    assert_eq!((status, text(&problem["code"])), (409, "last_secret"));
    tenant.advance(1);
    call(&tenant, "POST", &secrets, None).await;
    let (_, found) = call(&tenant, "GET", &secrets, None).await;
    assert_eq!(found["items"].as_array().map(Vec::len), Some(2));
    assert!(found["items"][1]["expires_at"].is_string() && found["items"][1]["id"] == json!(first));
    // Another application's secret is not this one's to take back, and what is none is not there.
    let foreign = format!("/applications/{}/secrets/{first}", text(&other["client_id"]));
    assert_eq!(call(&tenant, "DELETE", &foreign, None).await.0, 404);
    for wrong in ["x", "019a0000-0000-7000-8000-00000000dead"] {
        assert_eq!(call(&tenant, "DELETE", &format!("{secrets}/{wrong}"), None).await.0, 404, "{wrong}");
    }
    assert_eq!(call(&tenant, "DELETE", &format!("{secrets}/{first}"), None).await.0, 204);
    assert_eq!(call(&tenant, "DELETE", &format!("{secrets}/{first}"), None).await.0, 404, "gone");
    assert_eq!(tenant.app.applications.find(text(&shop["client_id"])).unwrap().secrets.len(), 1, "at once");
    assert_eq!(tenant.audited("application.secret_removed").await, 1);
}

#[tokio::test]
async fn b18_of_two_secrets_taken_back_at_once_one_stays() {
    let tenant = std::sync::Arc::new(Tenant::start().await);
    let new = json!({ "name": "Shop", "type": "web", "redirect_uris": [CALLBACK] });
    let (_, made) = call(&tenant, "POST", "/applications", Some(new)).await;
    let secrets = format!("/applications/{}/secrets", text(&made["client_id"]));
    call(&tenant, "POST", &secrets, None).await;
    let (_, found) = call(&tenant, "GET", &secrets, None).await;
    let mut tries = tokio::task::JoinSet::new();
    for secret in found["items"].as_array().unwrap() {
        let (tenant, path) = (std::sync::Arc::clone(&tenant), format!("{secrets}/{}", text(&secret["id"])));
        tries.spawn(async move { call(&tenant, "DELETE", &path, None).await.0 });
    }
    let mut answers = tries.join_all().await;
    answers.sort_unstable();
    assert_eq!(answers, [204, 409]);
}

#[tokio::test]
async fn a33_a11_applications_that_break_the_rules_are_refused_with_reasons() {
    let tenant = Tenant::start().await;
    for wrong in [
        json!({ "name": "x", "type": "web", "redirect_uris": ["http://app.example.test/cb"] }),
        json!({ "name": "x", "type": "web", "redirect_uris": ["https://app.example.test/cb#x"] }),
        json!({ "name": "x", "type": "web", "redirect_uris": ["https://*.example.test/cb"] }),
        json!({ "name": "x", "type": "web", "redirect_uris": [] }),
        json!({ "name": "", "type": "web", "redirect_uris": [CALLBACK] }),
        json!({ "name": "x", "type": "machine", "third_party": true }),
        json!({ "name": "x", "type": "spa", "redirect_uris": [CALLBACK], "token_endpoint_auth_method": "client_secret_basic" }),
        json!({ "name": "x", "type": "web", "redirect_uris": [CALLBACK], "preferences": { "id_token_signed_response_alg": "none" } }),
        json!({ "name": "x", "type": "web", "redirect_uris": [CALLBACK], "preferences": { "form_action_origins": ["*"] } }),
        json!({ "name": "x", "type": "web", "redirect_uris": [CALLBACK], "preferences": { "form_action_origins": ["https://a.example; script-src *"] } }),
    ] {
        let (status, problem) = call(&tenant, "POST", "/applications", Some(wrong.clone())).await;
        assert_eq!(status, 422, "{wrong}");
        assert!(problem["errors"].as_array().is_some_and(|errors| !errors.is_empty()), "{problem}");
    }
}

#[tokio::test]
async fn settings_change_at_once_and_are_audited() {
    let tenant = Tenant::start().await;
    let (_, before) = call(&tenant, "GET", "/settings", None).await;
    let usual = json!({
        "name": "Practice", "sign_up": "open", "default_locale": "en", "passkey_models": [], "session_limit": 0,
        "at_session_limit": "end_oldest", "proof_of_work": "risk", "sign_up_domains": [],
        "passkeys": "preferred", "second_factor": "optional", "session_idle_seconds": 43200,
        "session_absolute_seconds": 2_592_000, "recovery_wait_hours": 72,
        "registration": false, "registration_limit": 100, "require_pushed_authorization_requests": false,
    });
    assert_eq!(before, usual);
    let (_, never) = call(&tenant, "PATCH", "/settings", Some(json!({ "proof_of_work": "never" }))).await;
    assert_eq!(never["proof_of_work"], json!("never"));
    assert_eq!(call(&tenant, "PATCH", "/settings", Some(json!({ "proof_of_work": "often" }))).await.0, 422);
    let models = |model: &str| Some(json!({ "passkey_models": [model] }));
    assert_eq!(call(&tenant, "PATCH", "/settings", models("a YubiKey")).await.0, 422);
    let (_, after) = call(&tenant, "PATCH", "/settings", models("ee882879-721c-4913-9775-3dfcce97072a")).await;
    assert_eq!(after["passkey_models"], json!(["ee882879-721c-4913-9775-3dfcce97072a"]));
    let (status, _) = call(&tenant, "PATCH", "/settings", Some(json!({ "sign_up": "closed" }))).await;
    assert_eq!(status, 200);
    Browser::default().ask_for_code(&tenant, "eve@example.test").await;
    assert!(tenant.mails().await.is_empty());
    let stored = "SELECT COUNT(*) AS n FROM setting WHERE name = 'sign_up' AND value = 'closed'";
    assert_eq!(tenant.count(stored).await, 1);
    assert_eq!(tenant.audited("settings.changed").await, 3);
}

#[tokio::test]
async fn f17_k13_the_log_names_the_member_who_acted_and_verifies() {
    let tenant = Tenant::start().await;
    call(&tenant, "POST", "/users", Some(json!({ "email": "ann@example.test" }))).await;
    let (_, events) = call(&tenant, "GET", "/audit-events?action=user.created", None).await;
    let event = &events["items"][0];
    assert_eq!((text(&event["actor_kind"]), text(&event["actor_id"])), ("member", "member-1"));
    assert_eq!(text(&event["request_id"]), "00000000000000ff");
    let (status, report) = call(&tenant, "GET", "/audit-verification", None).await;
    assert_eq!((status, &report["broken"]), (200, &Value::Null));
    let forge = || {
        tenant.app.db.write(|tx| {
            Box::pin(async move {
                tx.execute("UPDATE audit_event SET actor_id = 'nobody' WHERE action = 'user.created'", &[]).await
            })
        })
    };
    // On SQLite the log guards itself. On PostgreSQL rights do, and they bind the runtime role, which
    // this test is not: it owns its database.
    if tenant.database.name == "sqlite" {
        assert!(forge().await.is_err(), "the log is insert-only");
    }
    // Whoever holds the file, or owns the database, can do more, and is found out.
    polder_db::testing::unguard_audit(&tenant.app.db).await;
    assert_eq!(forge().await, Ok::<_, polder_db::Error>(1));
    let (_, report) = call(&tenant, "GET", "/audit-verification", None).await;
    assert_ne!(report["broken"], Value::Null);
}

#[tokio::test]
async fn lists_are_walked_by_cursor_without_gaps() {
    let tenant = Tenant::start().await;
    for n in 0..7 {
        call(&tenant, "POST", "/users", Some(json!({ "email": format!("p{n}@example.test") }))).await;
        tenant.advance(1);
    }
    let (mut seen, mut target) = (Vec::new(), "/users?limit=3".to_owned());
    loop {
        let (status, page) = call(&tenant, "GET", &target, None).await;
        assert_eq!(status, 200);
        seen.extend(page["items"].as_array().unwrap().iter().map(|user| text(&user["email"]).to_owned()));
        let Some(next) = page["next"].as_str() else { break };
        target = format!("/users?limit=3&cursor={next}");
    }
    let newest_first: Vec<String> = (0..7).rev().map(|n| format!("p{n}@example.test")).collect();
    assert_eq!(seen, newest_first);
    assert_eq!(call(&tenant, "GET", "/users?cursor=nonsense", None).await.0, 400);
}

#[tokio::test]
async fn p19_only_the_invited_may_sign_in_where_access_is_by_invitation() {
    let tenant = Tenant::start().await;
    let mut browser = Browser::default();
    assert!(has_code(&browser.sign_in(&tenant, "ann@example.test").await));
    let (_, found) = call(&tenant, "GET", "/users?email=ann@example.test", None).await;
    let (_, applications) = call(&tenant, "GET", "/applications", None).await;
    let application = format!("/applications/{}", text(&applications["items"][0]["client_id"]));
    let invitees = format!("{application}/invitees");
    let ann = format!("{invitees}/{}", text(&found["items"][0]["id"]));
    let by_invitation = json!({ "access": { "who": "invited" } });
    assert_eq!(call(&tenant, "PATCH", &application, Some(by_invitation)).await.0, 200);
    assert!(!has_code(&browser.authorize(&tenant, "").await), "nobody is invited yet");
    for _ in 0..2 {
        assert_eq!(call(&tenant, "PUT", &ann, None).await.0, 204);
    }
    let (status, listed) = call(&tenant, "GET", &invitees, None).await;
    assert_eq!((status, &listed["items"][0]["user_id"]), (200, &found["items"][0]["id"]));
    assert_eq!(listed["items"].as_array().map(Vec::len), Some(1));
    assert!(has_code(&browser.authorize(&tenant, "").await));
    assert_eq!(call(&tenant, "DELETE", &ann, None).await.0, 204);
    assert!(!has_code(&browser.authorize(&tenant, "").await));
    assert_eq!(call(&tenant, "DELETE", &ann, None).await.0, 404);
    let stranger = format!("{invitees}/018f0000-0000-7000-8000-000000000000");
    assert_eq!(call(&tenant, "PUT", &stranger, None).await.0, 404);
    assert_eq!((tenant.audited("application.invited").await, tenant.audited("application.uninvited").await), (1, 1));
}

#[tokio::test]
async fn f17_a_long_log_is_verified_in_steps_and_followed() {
    let tenant = Tenant::start().await;
    // More than one step reads.
    let fill = tenant.app.db.write(|tx| {
        Box::pin(async move {
            for _ in 0..9_000 {
                polder_audit::record(tx, polder_audit::Event::new("code.issued", polder_audit::Actor::anonymous()));
            }
            Ok::<_, polder_db::Error>(())
        })
    });
    fill.await.unwrap();
    let mut last = Value::Null;
    for _ in 0..60 {
        let (status, report) = call(&tenant, "GET", "/audit-verification", None).await;
        assert_eq!(status, 200, "{report}");
        if report["state"] != "running" {
            last = report;
            break;
        }
    }
    assert_eq!(last["state"], "intact", "{last}");
    assert!(last["entries"].as_u64().unwrap() >= 9_000 && last["finished_at"].is_string(), "{last}");
    assert_eq!(last["head"].as_i64().unwrap(), last["entries"].as_i64().unwrap());
}

#[tokio::test]
async fn k13_the_log_is_asked_by_application_actor_and_span() {
    let tenant = Tenant::start().await;
    call(&tenant, "POST", "/users", Some(json!({ "email": "ann@example.test" }))).await;
    let (_, members) = call(&tenant, "GET", "/audit-events?actor_kind=member&action=user.created", None).await;
    assert_eq!(members["items"].as_array().unwrap().len(), 1);
    let (_, nobody) = call(&tenant, "GET", "/audit-events?actor_kind=system&action=user.created", None).await;
    assert!(nobody["items"].as_array().unwrap().is_empty());
    let at = members["items"][0]["at"].as_str().unwrap().to_owned();
    let (_, before) = call(&tenant, "GET", &format!("/audit-events?action=user.created&before={at}"), None).await;
    assert!(before["items"].as_array().unwrap().is_empty(), "the moment itself is not before it");
    let (_, from) = call(&tenant, "GET", &format!("/audit-events?action=user.created&from={at}"), None).await;
    assert_eq!(from["items"].as_array().unwrap().len(), 1);
    for (wrong, status) in [("from=monday", 422), ("before=2026-11-21", 422), ("cursor=41", 400)] {
        assert_eq!(call(&tenant, "GET", &format!("/audit-events?{wrong}"), None).await.0, status, "{wrong}");
    }
}
