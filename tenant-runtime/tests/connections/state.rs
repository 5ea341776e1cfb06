//! The state of an answer: of this browser, this tenant, this connection, this flow, and once (B38, B50).

use std::sync::Arc;

use polder_db::testing::sqlite;
use serde_json::json;

use crate::connections::stage::Stage;
use crate::support::World;
use crate::support::world::on_each;

#[tokio::test]
async fn b38_a_state_of_another_browser_is_none() {
    on_each(|world| async move {
        let stage = Stage::set(world).await;
        stage.world.user("ann@example.test").await;
        stage.connect("ann@example.test", "ann-there").await;
        // An attacker's answer, opened by a victim who is in the middle of a sign-in too (B50).
        let (attacker, victim) = (stage.world.browser(), stage.world.browser());
        let begun = stage.begin(&attacker).await;
        stage.vouch(&begun, "ann-there", &json!({}));
        stage.begin(&victim).await;
        for browser in [victim, stage.world.browser()] {
            let answer = browser.get(&stage.world, &stage.callback(&begun)).await;
            answer.error_page();
            stage.nobody(&answer, &browser);
        }
        assert_eq!(stage.upstream.heard("/token"), 1, "the code is not even tried");
    })
    .await;
}

#[tokio::test]
async fn b38_a_state_that_was_never_given_is_none() {
    on_each(|world| async move {
        let stage = Stage::set(world).await;
        let browser = stage.world.browser();
        let begun = stage.begin(&browser).await;
        let (handle, _) = begun.state.split_once('.').unwrap();
        for state in ["x", "", ".", handle, &format!("{handle}."), &format!("{handle}.x"), &format!("{}x", begun.state)]
        {
            let target = stage
                .callback_of(&stage.connection, &[("code", "c"), ("state", state), ("iss", &stage.upstream.issuer)]);
            browser.get(&stage.world, &target).await.error_page();
        }
        assert_eq!(stage.upstream.heard("/token"), 0);
    })
    .await;
}

#[tokio::test]
async fn b38_an_answer_counts_once() {
    on_each(|world| async move {
        let stage = Stage::set(world).await;
        stage.world.user("ann@example.test").await;
        stage.connect("ann@example.test", "ann-there").await;
        let browser = stage.world.browser();
        let begun = stage.begin(&browser).await;
        stage.vouch(&begun, "ann-there", &json!({}));
        let (handle, _) = begun.state.split_once('.').unwrap();
        let cookies =
            [format!("with-{handle}"), format!("flow-{handle}")].map(|name| (browser.cookie(&name).unwrap(), name));
        assert!(browser.get(&stage.world, &stage.callback(&begun)).await.parameter("code").is_some());
        // The browser's cookies are rolled back, and the provider takes the code twice.
        let other = stage.world.browser();
        for (value, name) in cookies {
            other.set_cookie(&name, &value);
        }
        let answer = other.get(&stage.world, &stage.callback(&begun)).await;
        answer.error_page();
        stage.nobody(&answer, &other);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn b38_of_fifty_parallel_answers_with_one_state_one_counts() {
    on_each(|world| async move {
        let stage = Stage::set(world).await;
        stage.world.user("ann@example.test").await;
        stage.connect("ann@example.test", "ann-there").await;
        let browser = stage.world.browser();
        let begun = stage.begin(&browser).await;
        stage.vouch(&begun, "ann-there", &json!({}));
        let (stage, before) = (Arc::new(stage), "SELECT COUNT(*) AS n FROM session");
        let sessions = stage.world.rows(before).await;
        let handle = begun.state.split_once('.').unwrap().0.to_owned();
        let names = [format!("with-{handle}"), format!("flow-{handle}")];
        let cookies = names.map(|name| (browser.cookie(&name).unwrap(), name));
        let tasks: Vec<_> = (0..50)
            .map(|_| {
                let (stage, begun, browser) = (Arc::clone(&stage), begun.clone(), stage.world.browser());
                for (value, name) in &cookies {
                    browser.set_cookie(name, value);
                }
                tokio::spawn(async move { browser.get(&stage.world, &stage.callback(&begun)).await })
            })
            .collect();
        let mut successes = 0;
        for task in tasks {
            successes += usize::from(task.await.unwrap().status == 303);
        }
        assert_eq!(successes, 1);
        assert_eq!(stage.world.rows(before).await, sessions + 1);
    })
    .await;
}

#[tokio::test]
async fn b38_an_answer_after_a_quarter_of_an_hour_is_too_late() {
    on_each(|world| async move {
        let stage = Stage::set(world).await;
        let browser = stage.world.browser();
        let begun = stage.begin(&browser).await;
        stage.world.pass(901);
        stage.vouch(&begun, "ann-there", &json!({}));
        browser.get(&stage.world, &stage.callback(&begun)).await.error_page();
        assert_eq!(stage.upstream.heard("/token"), 0);
    })
    .await;
}

#[tokio::test]
async fn b49_a_state_of_another_tenant_is_none() {
    let (one, two) =
        (Stage::set(World::start(sqlite().await).await).await, Stage::set(World::start(sqlite().await).await).await);
    let browser = one.world.browser();
    let begun = one.begin(&browser).await;
    one.vouch(&begun, "ann-there", &json!({}));
    // The same cookies and state, at the other tenant's callback.
    let answer = browser.get(&two.world, &two.callback(&begun)).await;
    answer.error_page();
    two.nobody(&answer, &browser);
    assert_eq!(two.upstream.heard("/token"), 0);
}

#[tokio::test]
async fn b41_another_site_cannot_begin_a_sign_in() {
    on_each(|world| async move {
        let stage = Stage::set(world).await;
        let browser = stage.world.browser();
        let flow = browser.get(&stage.world, &stage.client.authorize(&[])).await.header("location").unwrap().to_owned();
        let handle = flow.split_once('=').unwrap().1;
        let target = format!("/signin/with/{}?flow={handle}", stage.connection.id);
        // Without the flow's cookie, and from another site.
        stage.world.browser().get(&stage.world, &target).await.error_page();
        let site = http::HeaderName::from_static("sec-fetch-site");
        let cookie = format!("flow-{handle}={}", browser.cookie(&format!("flow-{handle}")).unwrap());
        let headers = [(http::header::COOKIE, cookie.as_str()), (site, "cross-site")];
        stage.world.get(&target, &headers).await.error_page();
    })
    .await;
}
