//! Lockouts that an administrator sees and lifts (K19), and the log of attempts (R3).

use polder_tenant_api::ProofOfWork;
use polder_tenant_runtime::jobs;
use serde_json::{Value, json};

use crate::account::come_in;
use crate::admin::caller::call;
use crate::browser::{Browser, form, has_code, has_form};
use crate::tenant::{Tenant, person};
use crate::totp::{ANN, code, set_up, to_second_step};

async fn lockouts(tenant: &Tenant) -> Vec<Value> {
    let (status, page) = call(tenant, "GET", "/lockouts", None).await;
    assert_eq!(status, 200, "{page}");
    page["items"].as_array().unwrap().clone()
}

async fn attempts(tenant: &Tenant, user: &str) -> Vec<(String, i64)> {
    let (status, page) = call(tenant, "GET", &format!("/users/{user}/sign-in-attempts"), None).await;
    assert_eq!(status, 200, "{page}");
    let line = |item: &Value| (item["outcome"].as_str().unwrap().to_owned(), item["count"].as_i64().unwrap());
    page["items"].as_array().unwrap().iter().map(line).collect()
}

/// Asks for codes until no more are sent.
async fn locked_out(tenant: &Tenant, address: &str, ip: &str) {
    for _ in 0..20 {
        assert!(has_form(&Browser::at(ip).ask_for_code(tenant, address).await, "code-form"));
    }
    let page = Browser::at(ip).ask_for_code(tenant, address).await;
    assert_eq!((page.status, has_form(&page, "email-form")), (429, true));
    assert!(page.body.contains("Try again in 60 minutes") && page.body.contains("passkey"), "{}", page.body);
}

#[tokio::test]
async fn k19_a_lockout_of_an_address_is_seen_explained_and_lifted() {
    let tenant = Tenant::start().await;
    tenant.asks_for_work(ProofOfWork::Never);
    let ann = tenant.person(person(ANN, Some("Ann"), &[])).await.to_string();
    assert!(lockouts(&tenant).await.is_empty());
    locked_out(&tenant, ANN, "203.0.113.7").await;
    locked_out(&tenant, "nobody@example.test", "203.0.113.8").await;
    let listed = lockouts(&tenant).await;
    assert_eq!(listed.len(), 2, "{listed:?}");
    let of = |email: &str| listed.iter().find(|one| one["email"] == email).unwrap();
    assert_eq!((&of(ANN)["kind"], &of(ANN)["ip"]), (&json!("address"), &json!("203.0.113.7")));
    assert_eq!(of(ANN)["user_id"], json!(ann));
    assert_eq!(of("nobody@example.test")["user_id"], json!(null), "the same for whom nobody knows");
    assert_eq!(tenant.audited("lockout.began").await, 2);
    // Asked again and again it is the same lockout, and no more is written.
    Browser::at("203.0.113.7").ask_for_code(&tenant, ANN).await;
    assert_eq!((lockouts(&tenant).await.len(), tenant.audited("lockout.began").await), (2, 2));
    // Of one person, and lifted: a code is sent at once.
    let (_, page) = call(&tenant, "GET", &format!("/lockouts?user_id={ann}"), None).await;
    assert_eq!(page["items"].as_array().unwrap().len(), 1);
    let path = format!("/lockouts/{}", of(ANN)["id"].as_str().unwrap());
    assert_eq!(call(&tenant, "DELETE", &path, None).await.0, 204);
    assert_eq!(call(&tenant, "DELETE", &path, None).await.0, 404, "once");
    assert_eq!(tenant.audited("lockout.lifted").await, 1);
    assert!(has_form(&Browser::at("203.0.113.7").ask_for_code(&tenant, ANN).await, "code-form"));
    // The other ends by itself, within the hour.
    tenant.advance(3600);
    assert!(lockouts(&tenant).await.is_empty());
    assert!(has_form(&Browser::at("203.0.113.8").ask_for_code(&tenant, "nobody@example.test").await, "code-form"));
}

#[tokio::test]
async fn k19_a_lockout_of_a_second_factor_is_seen_and_lifted() {
    let tenant = Tenant::start().await;
    let mut ann = Browser::default();
    come_in(&tenant, &mut ann, ANN).await;
    let secret = set_up(&tenant, &mut ann).await;
    let mut thief = Browser::at("198.51.100.1");
    let page = to_second_step(&tenant, &mut thief, ANN).await;
    let totp = form(&page, "totp-form");
    for _ in 0..5 {
        assert_eq!(thief.post(&tenant, &totp, &[("code", "000000")]).await.status, 422);
    }
    assert_eq!(thief.post(&tenant, &totp, &[("code", &code(&tenant, &secret))]).await.status, 429);
    let listed = lockouts(&tenant).await;
    assert_eq!(listed.len(), 1, "{listed:?}");
    assert_eq!((&listed[0]["kind"], &listed[0]["email"]), (&json!("second_factor"), &json!(ANN)));
    let path = format!("/lockouts/{}", listed[0]["id"].as_str().unwrap());
    assert_eq!(call(&tenant, "DELETE", &path, None).await.0, 204);
    assert!(has_code(&thief.post(&tenant, &totp, &[("code", &code(&tenant, &secret))]).await));
}

#[tokio::test]
async fn k19_who_signs_in_after_all_is_no_longer_listed() {
    let tenant = Tenant::start().await;
    tenant.asks_for_work(ProofOfWork::Never);
    let mut early = Browser::at("203.0.113.7");
    let page = early.ask_for_code(&tenant, ANN).await;
    let mailed = tenant.code_for(ANN).await.unwrap();
    for _ in 0..20 {
        Browser::at("203.0.113.7").ask_for_code(&tenant, ANN).await;
    }
    assert_eq!(lockouts(&tenant).await.len(), 1);
    early.post(&tenant, &form(&page, "code-form"), &[("code", &mailed)]).await;
    assert!(early.session().is_some() && lockouts(&tenant).await.is_empty());
}

#[tokio::test]
async fn r3_attempts_are_logged_by_what_came_of_them_and_gone_after_thirty_days() {
    let tenant = Tenant::start().await;
    let mut ann = Browser::default();
    let page = ann.ask_for_code(&tenant, ANN).await;
    let mailed = tenant.code_for(ANN).await.unwrap();
    for _ in 0..3 {
        ann.post(&tenant, &form(&page, "code-form"), &[("code", "00000000")]).await;
    }
    ann.post(&tenant, &form(&page, "code-form"), &[("code", &mailed)]).await;
    let (_, people) = call(&tenant, "GET", "/users?email=ann%40example.test", None).await;
    let id = people["items"][0]["id"].as_str().unwrap().to_owned();
    let mut logged = attempts(&tenant, &id).await;
    logged.sort();
    let expected = [("code_sent", 1), ("code_wrong", 3), ("signed_in", 1)];
    assert_eq!(logged, expected.map(|(outcome, count)| (outcome.to_owned(), count)));
    // Neither address nor network can be read in the table.
    let mut tx = tenant.app.db.read().await.unwrap();
    let sql = "SELECT attempt_key || COALESCE(address_index, '') || network_index || details_sealed AS x FROM sign_in_attempt";
    let rows = tx.all(sql, &[], |row| row.text("x")).await.unwrap();
    assert!(rows.iter().all(|row| !row.contains("ann@") && !row.contains("192.0.2.1") && !row.contains("Firefox")));
    drop(tx);
    // The job for retention removes them, and what is younger stays.
    tenant.advance(29 * 24 * 3600);
    Browser::default().ask_for_code(&tenant, ANN).await;
    tenant.advance(2 * 24 * 3600);
    let (app, schedule) = (&tenant.app, jobs::retention::SCHEDULE);
    polder_audit::retention::run(&app.db, &schedule, &app.checkpoints, &tenant.clock).await.unwrap();
    assert_eq!(attempts(&tenant, &id).await, [("code_sent".to_owned(), 1)]);
}

#[tokio::test]
async fn r3_h04_a_flood_is_one_line_and_erasing_a_person_takes_theirs() {
    let tenant = Tenant::start().await;
    tenant.asks_for_work(ProofOfWork::Never);
    let ann = tenant.person(person(ANN, Some("Ann"), &[])).await.to_string();
    locked_out(&tenant, ANN, "203.0.113.7").await;
    assert_eq!(attempts(&tenant, &ann).await, [("code_sent".to_owned(), 20)]);
    for n in 0..40 {
        // Full for the network's sake, of which one line is kept, and noted only so often.
        Browser::at("203.0.113.7").ask_for_code(&tenant, ANN).await;
        assert!(tenant.count("SELECT COUNT(*) AS n FROM sign_in_attempt").await <= 3, "{n}");
    }
    assert_eq!(call(&tenant, "DELETE", &format!("/users/{ann}"), None).await.0, 204);
    for sql in [
        "SELECT COUNT(*) AS n FROM sign_in_attempt WHERE address_index IS NOT NULL",
        "SELECT COUNT(*) AS n FROM lockout",
    ] {
        assert_eq!(tenant.count(sql).await, 0, "{sql}");
    }
}

#[tokio::test]
async fn d26_many_wrong_codes_are_told_to_the_person_once() {
    let tenant = Tenant::start().await;
    tenant.person(person(ANN, Some("Ann"), &[])).await;
    for n in 0..6 {
        let mut browser = Browser::at(&format!("198.51.100.{n}"));
        let page = browser.ask_for_code(&tenant, ANN).await;
        for _ in 0..5 {
            browser.post(&tenant, &form(&page, "code-form"), &[("code", "00000000")]).await;
        }
    }
    let mails = tenant.mails().await;
    assert_eq!(mails.iter().filter(|mail| mail.subject.as_str().contains("Wrong codes")).count(), 1);
}
