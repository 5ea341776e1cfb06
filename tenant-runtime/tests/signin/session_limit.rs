//! How many sessions one person may have (E18), and sessions that ran out (E20).

use serde_json::json;

use crate::admin::caller::call;
use crate::browser::{Browser, Form, form, has_code, has_form};
use crate::clock::set;
use crate::tenant::Tenant;

const ANN: &str = "ann@example.test";
const LIVE: &str = "SELECT COUNT(*) AS n FROM session WHERE ended_at IS NULL";

pub async fn limit(tenant: &Tenant, limit: u32, at: &str) {
    let changes = json!({ "session_limit": limit, "at_session_limit": at });
    let (status, settings) = call(tenant, "PATCH", "/settings", Some(changes)).await;
    assert_eq!((status, &settings["session_limit"]), (200, &json!(limit)), "{settings}");
}

/// Signs in on `count` browsers, a minute apart.
async fn sign_in(tenant: &Tenant, count: usize) -> Vec<Browser> {
    let mut browsers = Vec::new();
    for _ in 0..count {
        tenant.advance(60);
        let mut browser = Browser::default();
        assert!(has_code(&browser.sign_in(tenant, ANN).await));
        browsers.push(browser);
    }
    browsers
}

#[tokio::test]
async fn e18_a_tenant_has_no_limit_until_it_sets_one() {
    let tenant = Tenant::start().await;
    sign_in(&tenant, 4).await;
    assert_eq!(tenant.count(LIVE).await, 4);
    let (status, problem) = call(&tenant, "PATCH", "/settings", Some(json!({ "session_limit": 1001 }))).await;
    assert_eq!(status, 422, "{problem}");
    let (status, _) = call(&tenant, "PATCH", "/settings", Some(json!({ "at_session_limit": "ignore" }))).await;
    assert_eq!(status, 422);
    limit(&tenant, 2, "end_oldest").await;
    assert_eq!(tenant.count(LIVE).await, 4, "what exists stays until somebody signs in");
    assert_eq!(tenant.audited("settings.changed").await, 1);
}

#[tokio::test]
async fn e18_at_the_limit_the_session_unused_longest_ends() {
    let tenant = Tenant::start().await;
    limit(&tenant, 2, "end_oldest").await;
    let mut browsers = sign_in(&tenant, 2).await;
    tenant.advance(600);
    // The first is used again: the second is the older one now.
    assert!(has_code(&browsers[0].authorize(&tenant, "&prompt=none").await));
    browsers.extend(sign_in(&tenant, 1).await);
    assert_eq!(tenant.count(LIVE).await, 2);
    for (browser, lives) in browsers.iter_mut().zip([true, false, true]) {
        assert_eq!(has_code(&browser.authorize(&tenant, "&prompt=none").await), lives);
    }
    let ended = "SELECT COUNT(*) AS n FROM session WHERE ended_reason = 'session_limit'";
    assert_eq!((tenant.count(ended).await, tenant.audited("session.ended").await), (1, 1));
    // Others are counted for themselves, and so is proving oneself again.
    let mut eve = Browser::default();
    assert!(has_code(&eve.sign_in(&tenant, "eve@example.test").await));
    tenant.advance(60);
    let page = browsers[0].authorize(&tenant, "&prompt=login").await;
    assert!(has_code(&browsers[0].finish(&tenant, page, ANN).await));
    assert_eq!(tenant.count(LIVE).await, 3);
}

#[tokio::test]
async fn e18_a_sign_in_that_is_refused_goes_on_once_the_person_ended_one() {
    let tenant = Tenant::start().await;
    limit(&tenant, 2, "refuse").await;
    let mut browsers = sign_in(&tenant, 2).await;
    tenant.advance(60);
    let mut third = Browser::default();
    third.headers.push(("accept-language".into(), "nl".into()));
    let page = third.sign_in(&tenant, ANN).await;
    assert!(has_form(&page, "end-1") && has_form(&page, "end-2") && page.body.contains("Firefox"), "{}", page.body);
    assert!(third.session().is_none() && tenant.count(LIVE).await == 2);
    assert_eq!(tenant.audited("session.refused").await, 1);
    // Nothing goes around it: not the next step, not another code, not somebody else's session.
    let mut eve = Browser::default();
    eve.sign_in(&tenant, "eve@example.test").await;
    let hers = {
        let mut tx = tenant.app.db.read().await.unwrap();
        let sql = "SELECT id FROM session ORDER BY created_at DESC, id DESC LIMIT 1";
        tx.optional(sql, &[], |row| row.text("id")).await.unwrap().unwrap()
    };
    let end = form(&page, "end-1");
    for (action, field) in [
        ("/signin/continue", ("x", "")),
        ("/signin/name", ("name", "Eve")),
        ("/signin/second-step", ("code", "000000")),
        ("/signin/email", ("email", ANN)),
        ("/signin/room", ("session", hers.as_str())),
        ("/signin/room", ("session", "")),
    ] {
        let tried = Form { action: action.into(), ..end.clone() };
        let answer = third.post(&tenant, &tried, &[field]).await;
        assert!(!has_code(&answer) && third.session().is_none(), "{action}: {answer:?}");
    }
    assert_eq!(tenant.count(LIVE).await, 3, "eve lost nothing");
    // The one unused longest is first; ending it lets them in, once.
    let before = third.clone();
    let answer = third.post(&tenant, &end, &[]).await;
    let answer = third.follow(&tenant, answer).await;
    assert!(has_code(&answer), "{answer:?}");
    assert!(!has_code(&browsers[0].authorize(&tenant, "&prompt=none").await));
    assert!(has_code(&browsers[1].authorize(&tenant, "&prompt=none").await));
    let mut rolled_back = before;
    rolled_back.post(&tenant, &form(&page, "end-2"), &[]).await;
    assert!(rolled_back.session().is_none(), "a flow makes one session");
    assert!(has_code(&browsers[1].authorize(&tenant, "&prompt=none").await), "and ends no other");
    assert_eq!(tenant.count(LIVE).await, 3);
}

#[tokio::test]
async fn e18_ending_one_elsewhere_makes_room_and_waiting_too_long_does_not() {
    let tenant = Tenant::start().await;
    limit(&tenant, 1, "refuse").await;
    let mut first = sign_in(&tenant, 1).await.remove(0);
    tenant.advance(60);
    let mut second = Browser::default();
    let page = second.sign_in(&tenant, ANN).await;
    let again = form(&page, "again-form");
    let shown = second.post(&tenant, &again, &[]).await;
    assert!(has_form(&second.follow(&tenant, shown).await, "end-1"), "still no room");
    let home = first.get(&tenant, "/").await;
    first.post(&tenant, &form(&home, "sign-out-form"), &[]).await;
    let mut late = second.clone();
    let answer = second.post(&tenant, &again, &[]).await;
    assert!(has_code(&second.follow(&tenant, answer).await));
    assert_eq!(tenant.count(LIVE).await, 1);
    // Another one that waits ten minutes is over.
    let page = late.sign_in(&tenant, ANN).await;
    assert!(has_form(&page, "end-1"), "{}", page.body);
    tenant.advance(601);
    let answer = late.post(&tenant, &form(&page, "end-1"), &[]).await;
    assert_eq!(late.follow(&tenant, answer).await.status, 400);
    assert_eq!(tenant.count(LIVE).await, 1);
}

#[tokio::test]
async fn e20_a_clock_that_is_set_back_brings_no_session_back() {
    let tenant = Tenant::start().await;
    let mut browser = sign_in(&tenant, 1).await.remove(0);
    tenant.advance(13 * 3600);
    polder_tenant_runtime::jobs::sweep::round(&tenant.app).await.unwrap();
    set(&tenant, tenant.clock.now() - std::time::Duration::from_secs(12 * 3600));
    assert!(!has_code(&browser.authorize(&tenant, "&prompt=none").await), "it ran out, and stays so");
    let expired = "SELECT COUNT(*) AS n FROM session WHERE ended_reason = 'expired'";
    assert_eq!(tenant.count(expired).await, 1);
}
