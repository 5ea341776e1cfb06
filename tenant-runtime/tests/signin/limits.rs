//! Visitors who proved nothing cannot fill the database or shut others out (D06, D20, D21).

use polder_tenant_api::ProofOfWork;
use polder_tenant_runtime::guard::budget;

use crate::browser::{Browser, form, has_code, has_form};
use crate::tenant::Tenant;

#[tokio::test]
async fn d06_ten_codes_an_hour_are_always_allowed_and_a_flood_is_not() {
    let tenant = Tenant::start().await;
    tenant.asks_for_work(ProofOfWork::Never);
    for n in 0..budget::PER_ADDRESS_AND_NETWORK {
        let page = Browser::default().ask_for_code(&tenant, "ann@example.test").await;
        assert!(has_form(&page, "code-form"), "{n}");
    }
    tenant.mails().await;
    let refused = Browser::default().ask_for_code(&tenant, "ann@example.test").await;
    assert_eq!(refused.status, 429);
    assert!(refused.header("content-type").unwrap().starts_with("text/html"));
    assert_eq!(refused.header("retry-after"), Some("3600"));
    // Another address from the same network, and the same address from another one, still pass.
    assert!(has_form(&Browser::default().ask_for_code(&tenant, "bob@example.test").await, "code-form"));
    assert!(has_code(&Browser::at("203.0.113.5").sign_in(&tenant, "ann@example.test").await));
    tenant.advance(3600);
    assert!(has_form(&Browser::default().ask_for_code(&tenant, "ann@example.test").await, "code-form"));
}

#[tokio::test]
async fn d20_limits_outlive_a_restart_since_they_are_stored() {
    let tenant = Tenant::start().await;
    tenant.asks_for_work(ProofOfWork::Never);
    for _ in 0..budget::PER_ADDRESS_AND_NETWORK {
        Browser::default().ask_for_code(&tenant, "ann@example.test").await;
    }
    let rows = "SELECT COUNT(*) AS n FROM code_budget WHERE sent > 0";
    assert_eq!(tenant.count(rows).await, 4);
    assert_eq!(Browser::default().ask_for_code(&tenant, "ann@example.test").await.status, 429);
}

#[tokio::test]
async fn whoever_signs_in_meets_no_limit() {
    let tenant = Tenant::start().await;
    for n in 0..30 {
        assert!(has_code(&Browser::default().sign_in(&tenant, "ann@example.test").await), "{n}");
    }
}

#[tokio::test]
async fn f19_looking_at_pages_leaves_no_row_and_sends_no_mail() {
    let tenant = Tenant::start().await;
    let rows = "SELECT (SELECT COUNT(*) FROM one_time_code) + (SELECT COUNT(*) FROM code_budget) + \
         (SELECT COUNT(*) FROM outbox) + (SELECT COUNT(*) FROM pending_request) + \
         (SELECT COUNT(*) FROM user_account) + (SELECT COUNT(*) FROM session) + \
         (SELECT COUNT(*) FROM audit_event WHERE action <> 'key.created') AS n";
    let before = tenant.count(rows).await;
    for _ in 0..100 {
        let page = Browser::default().authorize(&tenant, "&login_hint=ann@example.test").await;
        assert_eq!(page.status, 200);
        assert!(page.body.contains("ann@example.test"));
    }
    assert_eq!(tenant.count(rows).await, before);
    assert!(tenant.mails().await.is_empty());
}

#[tokio::test]
async fn strangers_who_ask_for_codes_leave_a_bounded_number_of_rows() {
    let tenant = Tenant::start().await;
    let mut browser = Browser::default();
    let page = browser.authorize(&tenant, "").await;
    // One flow, however often it is used, has one row.
    for n in 0..40 {
        let typed = format!("stranger{n}@example.test");
        browser.post(&tenant, &form(&page, "email-form"), &[("email", typed.as_str())]).await;
    }
    assert_eq!(tenant.count("SELECT COUNT(*) AS n FROM one_time_code").await, 1);
    // A refused request leaves nothing at all.
    let fill = format!("UPDATE code_budget SET sent = {}", budget::PER_TENANT);
    let fill: &'static str = Box::leak(fill.into_boxed_str());
    tenant.app.db.write(move |tx| Box::pin(async move { tx.execute(fill, &[]).await })).await.unwrap();
    let sql = "SELECT (SELECT COUNT(*) FROM one_time_code) + (SELECT COUNT(*) FROM code_budget) + \
               (SELECT COUNT(*) FROM outbox) + \
               (SELECT COUNT(*) FROM audit_event WHERE action <> 'key.created') AS n";
    let before = tenant.count(sql).await;
    for n in 0..20 {
        let page = Browser::at(&format!("198.51.100.{n}")).ask_for_code(&tenant, &format!("new{n}@example.test")).await;
        assert_eq!(page.status, 429);
    }
    assert_eq!(tenant.count(sql).await, before);
}

#[tokio::test]
async fn p5_what_ran_out_is_swept() {
    let tenant = Tenant::start().await;
    Browser::default().ask_for_code(&tenant, "ann@example.test").await;
    tenant.mails().await;
    tenant.advance(2 * 3600);
    polder_tenant_runtime::jobs::sweep::round(&tenant.app).await.unwrap();
    let left = "SELECT (SELECT COUNT(*) FROM one_time_code) + (SELECT COUNT(*) FROM code_budget) AS n";
    assert_eq!(tenant.count(left).await, 0);
}

#[tokio::test]
async fn d21_a_burst_of_a_hundred_forms_passes() {
    let tenant = Tenant::start().await;
    let mut browser = Browser::at("192.0.2.50");
    let page = browser.authorize(&tenant, "").await;
    for _ in 0..100 {
        let answer = browser.post(&tenant, &form(&page, "email-form"), &[("email", "not an address")]).await;
        assert_eq!(answer.status, 422);
    }
}

#[tokio::test]
async fn d20_whoever_holds_many_v6_networks_is_one_site() {
    let tenant = Tenant::start().await;
    tenant.asks_for_work(ProofOfWork::Never);
    for n in 0..budget::PER_ADDRESS_AND_NETWORK {
        let page = Browser::at(&format!("2001:db8:1:{n:x}::1")).ask_for_code(&tenant, "ann@example.test").await;
        assert!(has_form(&page, "code-form"), "{n}");
    }
    let page = Browser::at("2001:db8:1:ffff::1").ask_for_code(&tenant, "ann@example.test").await;
    assert_eq!(page.status, 429);
    assert!(has_form(&Browser::at("2001:db8:2::1").ask_for_code(&tenant, "ann@example.test").await, "code-form"));
}

#[tokio::test]
async fn d20_k19_whoever_signed_in_before_is_not_shut_out_by_others() {
    let tenant = Tenant::start().await;
    tenant.asks_for_work(ProofOfWork::Never);
    let mut ann = Browser::at("203.0.113.7");
    assert!(has_code(&ann.sign_in(&tenant, "ann@example.test").await));
    ann.cookies.retain(|name, _| name.ends_with("known"));
    assert_eq!(ann.cookies.len(), 1, "the session is over; the browser is known");
    // From many networks, until nothing is sent to her any more, to nobody else, and every code was guessed at.
    let full = "UPDATE code_budget SET sent = 1000000, failures = 1000000 WHERE kind <> 'network'";
    for n in 0..4 {
        Browser::at(&format!("198.51.100.{n}")).ask_for_code(&tenant, "ann@example.test").await;
    }
    tenant.app.db.write(move |tx| Box::pin(async move { tx.execute(full, &[]).await })).await.unwrap();
    assert_eq!(Browser::at("203.0.113.9").ask_for_code(&tenant, "ann@example.test").await.status, 429);
    tenant.mails().await;
    assert!(has_code(&ann.sign_in(&tenant, "ann@example.test").await));

    // Her share is a share, for her address alone.
    tenant.app.db.write(move |tx| Box::pin(async move { tx.execute(full, &[]).await })).await.unwrap();
    ann.cookies.retain(|name, _| name.ends_with("known"));
    assert_eq!(ann.ask_for_code(&tenant, "bob@example.test").await.status, 429);
    for n in 0..budget::PER_BROWSER {
        let mut copy = ann.clone();
        copy.cookies.retain(|name, _| name.ends_with("known"));
        assert!(has_form(&copy.ask_for_code(&tenant, "ann@example.test").await, "code-form"), "{n}");
    }
    ann.cookies.retain(|name, _| name.ends_with("known"));
    assert_eq!(ann.ask_for_code(&tenant, "ann@example.test").await.status, 429);
    // A cookie that was made up is none.
    let mut made_up = Browser::at("203.0.113.8");
    let (name, value) = ann.cookies.iter().next().unwrap();
    let other = if value.starts_with('A') { "B" } else { "A" };
    made_up.cookies.insert(name.clone(), format!("{other}{}", &value[1..]));
    assert_eq!(made_up.ask_for_code(&tenant, "ann@example.test").await.status, 429);
}

#[tokio::test]
async fn d20_one_network_cannot_take_every_place_for_large_requests() {
    let tenant = Tenant::start().await;
    let url = crate::browser::authorize_url(&tenant.client_id, crate::tenant::CALLBACK, "");
    let url = url.replace("the-state", &"s".repeat(3500));
    let mut refused = None;
    for _ in 0..200 {
        let answer = Browser::at("192.0.2.66").get(&tenant, &url).await;
        if answer.status == 429 {
            refused = Some(answer);
            break;
        }
    }
    assert!(refused.unwrap().header("retry-after").is_some());
    assert!(tenant.count("SELECT COUNT(*) AS n FROM pending_request").await >= 100, "a burst of a hundred passes");
    assert_eq!(Browser::at("192.0.2.67").get(&tenant, &url).await.status, 303);
}
