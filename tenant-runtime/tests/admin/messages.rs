//! What was sent, and how far it has come (P7).

use polder_tenant_runtime::jobs::sweep;
use serde_json::{Value, json};

use super::caller::call;
use crate::browser::Browser;
use crate::tenant::{Tenant, code_in, person};

const ANN: &str = "ann@example.test";

async fn list(tenant: &Tenant, query: &str) -> Vec<Value> {
    let (status, page) = call(tenant, "GET", &format!("/messages?{query}"), None).await;
    assert_eq!(status, 200, "{query}: {page}");
    page["items"].as_array().unwrap().clone()
}

#[tokio::test]
async fn p7_the_log_of_messages_says_what_became_of_each_and_shows_no_code() {
    let tenant = Tenant::start().await;
    let ann = tenant.person(person(ANN, None, &[])).await;
    assert_eq!(call(&tenant, "POST", &format!("/users/{ann}/invitation"), None).await.0, 204);
    let waiting = list(&tenant, "state=waiting").await;
    assert_eq!(
        (waiting.len(), &waiting[0]["kind"], &waiting[0]["to"]),
        (1, &json!("invitation"), &json!("a…@example.test"))
    );
    assert_eq!((&waiting[0]["subject"], &waiting[0]["attempts"]), (&Value::Null, &json!(0)));
    tenant.advance(1);
    let mut browser = Browser::default();
    browser.ask_for_code(&tenant, ANN).await;
    let mails = tenant.mails().await;
    let code = mails.iter().rev().find_map(|mail| code_in(&mail.text)).expect("a code was sent");
    let all = list(&tenant, "").await;
    assert_eq!(all.iter().map(|one| one["kind"].as_str().unwrap()).collect::<Vec<_>>(), ["sign_in_code", "invitation"]);
    for one in &all {
        assert_eq!((&one["state"], &one["attempts"]), (&json!("sent"), &json!(1)), "{one}");
        assert!(one["subject"].as_str().is_some_and(|subject| !subject.is_empty()), "{one}");
        assert!(!one.to_string().contains(&code) && !one.to_string().contains(ANN), "{one}");
    }
    assert!(list(&tenant, "state=waiting").await.is_empty());
    let id = all[0]["id"].as_str().unwrap();
    assert_eq!(call(&tenant, "GET", &format!("/messages/{id}"), None).await, (200, all[0].clone()));
    for nothing in ["019a0000-0000-7000-8000-00000000dead", "x", "..%2Fusers"] {
        assert_eq!(call(&tenant, "GET", &format!("/messages/{nothing}"), None).await.0, 404);
    }
    // By person: the code went to the address before anybody was known to have it.
    assert_eq!(list(&tenant, &format!("user_id={ann}")).await.len(), 2);
    assert_eq!(list(&tenant, &format!("user_id={ann}&state=sent")).await.len(), 2);
    assert!(list(&tenant, &format!("user_id={ann}&state=failed")).await.is_empty());
    assert!(list(&tenant, "user_id=019a0000-0000-7000-8000-00000000dead").await.is_empty());
    assert!(list(&tenant, "user_id=x").await.is_empty());
    assert_eq!(call(&tenant, "GET", "/messages?state=lost", None).await.0, 400);
    let (_, first) = call(&tenant, "GET", "/messages?limit=1", None).await;
    let next = first["next"].as_str().expect("there is more");
    let rest = list(&tenant, &format!("limit=1&cursor={next}")).await;
    assert_eq!((rest.len(), &rest[0]["kind"]), (1, &json!("invitation")));
    // Gone with the person.
    assert_eq!(call(&tenant, "DELETE", &format!("/users/{ann}"), None).await.0, 204);
    assert!(list(&tenant, "").await.is_empty());
}

#[tokio::test]
async fn p7_what_nobody_took_in_time_is_shown_as_failed() {
    let tenant = Tenant::start().await;
    let ann = tenant.person(person(ANN, None, &[])).await;
    assert_eq!(call(&tenant, "POST", &format!("/users/{ann}/invitation"), None).await.0, 204);
    tenant.advance(8 * 24 * 3600);
    sweep::round(&tenant.app).await.unwrap();
    let failed = list(&tenant, "state=failed").await;
    assert_eq!((failed.len(), &failed[0]["failure"]), (1, &json!("expired before it could be sent")));
    assert!(failed[0]["failed_at"].is_string() && failed[0]["next_attempt_at"].is_null());
    assert!(list(&tenant, "state=sent").await.is_empty());
}

/// How SQLite goes about the statements of the log for what waits, as they stand in the source.
#[tokio::test]
async fn p7_what_waits_is_read_in_its_order_by_an_index() {
    let sqlite = polder_db::testing::sqlite().await;
    let tables = polder_tenant_runtime::startup::MIGRATIONS;
    sqlite.db.migrate(tables, polder_kernel::Timestamp::from_millis(1)).await.unwrap();
    let source = include_str!("../../src/store/message_log.rs");
    let waiting = |text: &&str| text.contains("FROM outbox") && text.contains("next_attempt_at IS NOT NULL");
    let mut found = 0;
    for text in source.split('"').filter(waiting) {
        let sql = text.split('\n').map(|line| line.trim().trim_end_matches('\\')).collect::<String>();
        let sql: &'static str = Box::leak(format!("EXPLAIN QUERY PLAN {sql}").into_boxed_str());
        let mut tx = sqlite.db.read().await.unwrap();
        let args = polder_db::args![i64::MAX, "", 50_i64];
        let plan = tx.all(sql, &args, |row| row.text("detail")).await.unwrap().join("; ");
        assert!(plan.contains("USING INDEX outbox_waiting") && !plan.contains("TEMP B-TREE"), "{plan}");
        found += 1;
    }
    assert!(found > 0);
}
