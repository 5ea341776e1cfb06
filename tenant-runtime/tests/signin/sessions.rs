//! The session register (E03, E04, E05, E11, E17, K7, P3, P6, P14).

use polder_crypto::Category;
use polder_db::args;
use polder_tenant_runtime::store;

use crate::browser::{Browser, has_code, has_form};
use crate::tenant::Tenant;

const ANN: &str = "ann@example.test";

#[tokio::test]
async fn e03_the_database_holds_no_usable_session_cookie() {
    let tenant = Tenant::start().await;
    let mut browser = Browser::default();
    browser.sign_in(&tenant, ANN).await;
    let cookie = browser.session().unwrap().to_owned();
    assert_eq!(cookie.len(), 43, "256 bits");
    let mut tx = tenant.app.db.read().await.unwrap();
    let stored = tx.optional("SELECT cookie_hash, id FROM session", &args![], |row| {
        Ok((row.text("cookie_hash")?, row.text("id")?))
    });
    let (hash, id) = stored.await.unwrap().unwrap();
    for stolen in [hash, id] {
        let mut thief = Browser::default();
        thief.cookies.insert("__Host-session".to_owned(), stolen);
        assert!(has_form(&thief.authorize(&tenant, "").await, "email-form"));
    }
}

#[tokio::test]
async fn e04_a_planted_session_cookie_is_never_made_a_session() {
    let tenant = Tenant::start().await;
    let mut browser = Browser::default();
    let planted = "A".repeat(43);
    browser.cookies.insert("__Host-session".to_owned(), planted.clone());
    assert!(has_code(&browser.sign_in(&tenant, ANN).await));
    assert_ne!(browser.session(), Some(planted.as_str()));
    let mut attacker = Browser::default();
    attacker.cookies.insert("__Host-session".to_owned(), planted);
    assert!(has_form(&attacker.authorize(&tenant, "").await, "email-form"));
}

#[tokio::test]
async fn e04_proving_oneself_again_makes_a_new_cookie_and_kills_the_old() {
    let tenant = Tenant::start().await;
    let mut browser = Browser::default();
    browser.sign_in(&tenant, ANN).await;
    let mut old = browser.clone();
    tenant.advance(60);
    let page = browser.authorize(&tenant, "&prompt=login").await;
    assert!(has_code(&browser.finish(&tenant, page, ANN).await));
    assert_ne!(old.session(), browser.session());
    assert!(has_form(&old.authorize(&tenant, "").await, "email-form"));
    assert!(has_code(&browser.authorize(&tenant, "").await));
    assert_eq!(tenant.count("SELECT COUNT(*) AS n FROM session").await, 1, "it is the same session, renewed");
}

#[tokio::test]
async fn e05_sessions_end_after_twelve_idle_hours_and_thirty_days_at_most() {
    let tenant = Tenant::start().await;
    let mut browser = Browser::default();
    browser.sign_in(&tenant, ANN).await;
    let hour = 3600;
    let mut idle = browser.clone();
    // Used every eleven hours it goes on, but not beyond thirty days.
    for _ in 0..65 {
        tenant.advance(11 * hour);
        assert!(has_code(&browser.authorize(&tenant, "").await));
    }
    tenant.advance(5 * hour);
    assert!(has_form(&browser.authorize(&tenant, "").await, "email-form"));
    browser.sign_in(&tenant, ANN).await;
    tenant.advance(12 * hour);
    assert!(has_form(&browser.authorize(&tenant, "").await, "email-form"));
    assert!(has_form(&idle.authorize(&tenant, "").await, "email-form"));
}

#[tokio::test]
async fn p3_e11_an_ended_session_is_over_at_the_next_request() {
    let tenant = Tenant::start().await;
    let (mut one, mut other) = (Browser::default(), Browser::default());
    one.sign_in(&tenant, ANN).await;
    other.sign_in(&tenant, ANN).await;
    let mut tx = tenant.app.db.read().await.unwrap();
    let newest = tx.optional("SELECT id FROM session ORDER BY id DESC LIMIT 1", &args![], |row| row.id("id"));
    let (id, now) = (newest.await.unwrap().unwrap(), tenant.clock.now());
    let end = tenant.app.db.write(move |tx| Box::pin(async move { store::sessions::end(tx, id, "test", now).await }));
    assert!(end.await.unwrap());
    let live = [&mut one, &mut other];
    let mut codes = 0;
    for browser in live {
        codes += usize::from(has_code(&browser.authorize(&tenant, "").await));
    }
    assert_eq!(codes, 1);
}

#[tokio::test]
async fn k7_p6_the_register_knows_address_and_browser_under_seal() {
    let tenant = Tenant::start().await;
    let mut browser = Browser::at("203.0.113.44");
    browser.sign_in(&tenant, ANN).await;
    let mut tx = tenant.app.db.read().await.unwrap();
    let listed = store::sessions::page(&mut tx, &tenant.app.keyring, None, None, 10).await.unwrap();
    assert_eq!(listed[0].metadata.ip.as_deref(), Some("203.0.113.44"));
    assert!(listed[0].metadata.user_agent.as_deref().unwrap().contains("Firefox"));
    assert_eq!(listed[0].applications.len(), 1);
    let sealed = tx.optional("SELECT metadata_sealed FROM session", &args![], |row| row.text("metadata_sealed"));
    let sealed = sealed.await.unwrap().unwrap();
    assert!(!sealed.contains("203.0.113"));
    let moved = "session.metadata_sealed:another-row";
    assert!(tenant.app.keyring.unseal_text(Category::SessionMetadata, moved, &sealed).is_err());
}

#[tokio::test]
async fn p14_a_session_goes_thirty_days_after_its_last_use() {
    let tenant = Tenant::start().await;
    let mut browser = Browser::default();
    browser.sign_in(&tenant, ANN).await;
    let schedule = polder_tenant_runtime::jobs::retention::SCHEDULE;
    let run = || polder_audit::retention::run(&tenant.app.db, &schedule, &tenant.app.checkpoints, &tenant.clock);
    tenant.advance(29 * 24 * 3600);
    run().await.unwrap();
    assert_eq!(tenant.count("SELECT COUNT(*) AS n FROM session").await, 1);
    tenant.advance(24 * 3600 + 1);
    run().await.unwrap();
    assert_eq!(tenant.count("SELECT COUNT(*) AS n FROM session").await, 0);
    assert_eq!(tenant.audited("retention.run").await, 2);
}

#[tokio::test]
async fn k8_f17_sign_ins_and_failures_are_in_a_log_that_verifies() {
    let tenant = Tenant::start().await;
    let mut browser = Browser::default();
    let page = browser.ask_for_code(&tenant, ANN).await;
    browser.post(&tenant, &crate::browser::form(&page, "code-form"), &[("code", "00000000")]).await;
    let code = tenant.code_for(ANN).await.unwrap();
    browser.post(&tenant, &crate::browser::form(&page, "code-form"), &[("code", &code)]).await;
    for action in ["sign_in.code_requested", "sign_in.failed", "user.created", "session.started"] {
        assert_eq!(tenant.audited(action).await, 1, "{action}");
    }
    let mut tx = tenant.app.db.read().await.unwrap();
    let report = polder_audit::verify(&mut tx, tenant.app.checkpoints.verifier()).await.unwrap();
    assert!(report.is_intact() && report.entries >= 4, "{report:?}");
}
