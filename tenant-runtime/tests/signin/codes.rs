//! One-time codes (D01 to D08) under races, replays and a moving clock.

use std::sync::Arc;

use polder_db::args;
use polder_tenant_api::ProofOfWork;

use crate::browser::{Browser, form, has_code, has_form};
use crate::tenant::{Answer, Tenant};

const ANN: &str = "ann@example.test";

async fn asked(tenant: &Tenant) -> (Browser, Answer, String) {
    let mut browser = Browser::default();
    let page = browser.ask_for_code(tenant, ANN).await;
    let code = tenant.code_for(ANN).await.unwrap();
    (browser, page, code)
}

async fn submit(tenant: &Tenant, browser: &Browser, page: &Answer, code: &str) -> Answer {
    tenant.public(browser.form(tenant, &form(page, "code-form"), &[("code", code)])).await
}

fn wrong(code: &str) -> String {
    format!("{:08}", (code.parse::<u32>().unwrap() + 1) % 100_000_000)
}

#[tokio::test]
async fn d02_a_code_dies_after_five_minutes() {
    let tenant = Tenant::start().await;
    let (browser, page, code) = asked(&tenant).await;
    tenant.advance(300);
    let late = submit(&tenant, &browser, &page, &code).await;
    assert_eq!(late.status, 422);
    assert!(late.cookies().is_empty(), "{:?}", late.cookies());
    let (browser, page, code) = asked(&tenant).await;
    tenant.advance(299);
    assert_eq!(submit(&tenant, &browser, &page, &code).await.status, 303);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn d03_fifty_parallel_uses_of_the_right_code_make_one_session() {
    let tenant = Arc::new(Tenant::start().await);
    let (browser, page, code) = asked(&tenant).await;
    let mut uses = tokio::task::JoinSet::new();
    for _ in 0..50 {
        let (tenant, browser, page, code) = (Arc::clone(&tenant), browser.clone(), page.clone(), code.clone());
        uses.spawn(async move { submit(&tenant, &browser, &page, &code).await });
    }
    let answers = uses.join_all().await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 303).count(), 1);
    let sessions = |answer: &&Answer| answer.cookies().iter().any(|cookie| cookie.starts_with("__Host-session="));
    assert_eq!(answers.iter().filter(sessions).count(), 1);
    assert!(answers.iter().all(|answer| answer.status == 303 || answer.status == 422));
    assert_eq!(tenant.count("SELECT COUNT(*) AS n FROM session").await, 1);
    assert_eq!(tenant.count("SELECT COUNT(*) AS n FROM user_account").await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn d04_a_hundred_parallel_wrong_guesses_burn_the_code_after_five() {
    let tenant = Arc::new(Tenant::start().await);
    let (browser, page, code) = asked(&tenant).await;
    let mut guesses = tokio::task::JoinSet::new();
    for _ in 0..100 {
        let (tenant, browser, page, guess) = (Arc::clone(&tenant), browser.clone(), page.clone(), wrong(&code));
        guesses.spawn(async move { submit(&tenant, &browser, &page, &guess).await.status });
    }
    assert!(guesses.join_all().await.iter().all(|status| *status == 422));
    assert_eq!(tenant.audited("sign_in.failed").await, 5);
    let right = submit(&tenant, &browser, &page, &code).await;
    assert_eq!(right.status, 422);
    assert_eq!(tenant.count("SELECT COUNT(*) AS n FROM session").await, 0);
}

#[tokio::test]
async fn d04_the_right_code_works_at_the_fifth_try() {
    let tenant = Tenant::start().await;
    let (browser, page, code) = asked(&tenant).await;
    for _ in 0..4 {
        assert_eq!(submit(&tenant, &browser, &page, &wrong(&code)).await.status, 422);
    }
    assert_eq!(submit(&tenant, &browser, &page, &code).await.status, 303);
}

#[tokio::test]
async fn d05_a_hundred_failures_throttle_an_address_and_lock_nobody_out() {
    let tenant = Tenant::start().await;
    tenant.asks_for_work(ProofOfWork::Never);
    // The attacker goes through codes of five tries, from many networks.
    for round in 0..20 {
        let mut attacker = Browser::at(&format!("198.51.100.{round}"));
        let page = attacker.ask_for_code(&tenant, ANN).await;
        let code = tenant.code_for(ANN).await.unwrap();
        for _ in 0..5 {
            submit(&tenant, &attacker, &page, &wrong(&code)).await;
        }
    }
    let mut attacker = Browser::at("198.51.100.200");
    let page = attacker.ask_for_code(&tenant, ANN).await;
    let code = tenant.code_for(ANN).await.unwrap();
    submit(&tenant, &attacker, &page, &wrong(&code)).await;
    assert_eq!(submit(&tenant, &attacker, &page, &code).await.status, 422, "a throttled code has one try");
    for _ in 0..2 {
        assert!(has_form(&Browser::at("198.51.100.200").ask_for_code(&tenant, ANN).await, "code-form"));
    }
    let refused = Browser::at("198.51.100.200").ask_for_code(&tenant, ANN).await;
    assert_eq!(refused.status, 429);
    assert!(refused.header("retry-after").unwrap().parse::<u64>().unwrap() > 0);
    tenant.mails().await;
    // The person, from their own network, still signs in; after that the address is free again.
    let mut ann = Browser::at("203.0.113.9");
    assert!(has_code(&ann.sign_in(&tenant, ANN).await));
    let failures = "SELECT CAST(COALESCE(SUM(failures), 0) AS BIGINT) AS n FROM code_budget";
    assert_eq!(tenant.count(failures).await, 0);
}

#[tokio::test]
async fn d06_another_code_ends_the_one_before() {
    let tenant = Tenant::start().await;
    let (mut browser, page, first) = asked(&tenant).await;
    tenant.advance(30);
    let answer = browser.post(&tenant, &form(&page, "resend-form"), &[]).await;
    let page = browser.follow(&tenant, answer).await;
    let second = tenant.code_for(ANN).await.unwrap();
    assert_ne!(first, second);
    assert_eq!(submit(&tenant, &browser, &page, &first).await.status, 422);
    assert_eq!(submit(&tenant, &browser, &page, &second).await.status, 303);
}

#[tokio::test]
async fn d06_d21_resending_waits_thirty_seconds_and_doubles() {
    let tenant = Tenant::start().await;
    let (mut browser, page, _) = asked(&tenant).await;
    let resend = form(&page, "resend-form");
    for wait in [30, 60, 120] {
        let soon = browser.post(&tenant, &resend, &[]).await;
        assert_eq!((soon.status, soon.header("retry-after")), (429, Some(wait.to_string().as_str())));
        tenant.advance(wait - 1);
        assert_eq!(browser.post(&tenant, &resend, &[]).await.status, 429);
        tenant.advance(1);
        assert_eq!(browser.post(&tenant, &resend, &[]).await.status, 303);
    }
    assert_eq!(tenant.mails().await.len(), 4);
}

#[tokio::test]
async fn d06_a_slip_in_the_address_is_corrected_at_once() {
    let tenant = Tenant::start().await;
    let mut browser = Browser::default();
    let page = browser.ask_for_code(&tenant, "anm@example.test").await;
    let page = browser.post(&tenant, &form(&page, "switch-form"), &[]).await;
    let page = browser.type_address(&tenant, &page, ANN).await;
    let code = tenant.code_for(ANN).await.unwrap();
    assert_eq!(submit(&tenant, &browser, &page, &code).await.status, 303);
    assert_eq!(tenant.count("SELECT COUNT(*) AS n FROM one_time_code").await, 1);
}

#[tokio::test]
async fn d07_neither_code_nor_address_nor_cookie_lies_open_in_the_database() {
    let tenant = Tenant::start().await;
    let (mut browser, page, code) = asked(&tenant).await;
    let before = dump(&tenant).await;
    browser.post(&tenant, &form(&page, "code-form"), &[("code", &code)]).await;
    let after = dump(&tenant).await;
    let session = browser.session().unwrap().to_owned();
    for secret in [code.as_str(), ANN, "ann@", session.as_str()] {
        assert!(!before.contains(secret) && !after.contains(secret), "found in the clear");
    }
    assert!(after.contains("sign_in_code"), "the dump holds the outbox");
    let blank = "SELECT COUNT(*) AS n FROM outbox WHERE parameters_sealed IS NOT NULL";
    assert_eq!(tenant.count(blank).await, 0, "what the mail said is blanked once it was handed over");
}

/// Everything in the database as text, the file itself included.
async fn dump(tenant: &Tenant) -> String {
    let mut tx = tenant.app.db.read().await.unwrap();
    let tables = tx.all(
        "SELECT template || recipient_sealed || COALESCE(parameters_sealed, '') AS x FROM outbox UNION ALL \
         SELECT flow_hash || address_index || address_sealed || code_hash FROM one_time_code UNION ALL \
         SELECT id || COALESCE(email_index, '') || COALESCE(email_sealed, '') FROM user_account UNION ALL \
         SELECT id || cookie_hash || metadata_sealed FROM session UNION ALL \
         SELECT key_index || kind FROM code_budget UNION ALL \
         SELECT action || actor_kind || actor_id || COALESCE(details_sealed, '') FROM audit_event",
        &args![],
        |row| row.text("x"),
    );
    let mut text = tables.await.unwrap().join("\n");
    let polder_db::Location::Sqlite(path) = &tenant.database.location else { return text };
    for end in ["", "-wal"] {
        let mut file = path.clone().into_os_string();
        file.push(end);
        text.push_str(&String::from_utf8_lossy(&std::fs::read(file).unwrap_or_default()));
    }
    text
}

#[tokio::test]
async fn d08_a_code_works_only_in_the_browser_that_asked() {
    let tenant = Tenant::start().await;
    let (_, _, code) = asked(&tenant).await;
    // Another browser, with a flow of its own and even a code of its own for the same address.
    let mut other = Browser::at("198.51.100.7");
    let page = other.ask_for_code(&tenant, ANN).await;
    let newest = tenant.code_for(ANN).await.unwrap();
    if newest != code {
        assert_eq!(submit(&tenant, &other, &page, &code).await.status, 422);
    }
    // And one without any flow.
    let bare = Browser::at("198.51.100.8");
    let answer = submit(&tenant, &bare, &page, &newest).await;
    assert_eq!(answer.status, 400);
    assert!(answer.cookies().is_empty());
}

#[tokio::test]
async fn d08_a_flow_cookie_of_another_tenant_opens_nothing() {
    let (tenant, other) = (Tenant::start().await, Tenant::start().await);
    let mut browser = Browser::default();
    let page = browser.ask_for_code(&other, ANN).await;
    let code = other.code_for(ANN).await.unwrap();
    assert_eq!(submit(&tenant, &browser, &page, &code).await.status, 400);
    assert_eq!(submit(&other, &browser, &page, &code).await.status, 303);
}
