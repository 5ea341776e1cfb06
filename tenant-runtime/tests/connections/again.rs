//! Proving oneself once more: a provider may say yes without asking anybody anything.

use polder_tenant_api::connections::{ConnectionConfiguration, Provider};
use serde_json::json;

use crate::connections::stage::{Stage, add, form};
use crate::support::world::on_each;
use crate::support::{Answer, Browser};

const ANN: &str = "ann@example.test";

/// The page that asks who somebody is, for a request with these changes, and its address.
async fn asked(stage: &Stage, browser: &Browser, changes: &[(&str, &str)]) -> (Answer, String) {
    let answer = browser.get(&stage.world, &stage.client.authorize(changes)).await;
    let flow = answer.header("location").unwrap().to_owned();
    (browser.get(&stage.world, &flow).await, flow)
}

#[tokio::test]
async fn c26_a_providers_word_is_no_fresh_proof_for_what_is_sensitive() {
    on_each(|world| async move {
        let stage = Stage::set(world).await;
        stage.world.user(ANN).await;
        stage.connect(ANN, "ann-there").await;
        let browser = stage.world.browser();
        assert!(stage.sign_in(&browser, "ann-there").await.parameter("code").is_some());
        // A moment after, the account is open, and nothing sensitive is done in it.
        assert_eq!(browser.get(&stage.world, "/account").await.status, 200);
        stage.world.pass(1);
        let way = browser.get(&stage.world, "/account/delete").await;
        let flow = way.header("location").expect("another proof is asked for").to_owned();
        let page = browser.get(&stage.world, &flow).await;
        assert!(form(&page, "email-form").is_some(), "{}", page.text());
        // And not one of the provider: there is no button, and no way without one.
        assert!(!page.text().contains("/signin/with/"), "{}", page.text());
        let handle = flow.split_once('=').unwrap().1;
        let target = format!("/signin/with/{}?flow={handle}", stage.connection.id);
        assert_eq!(browser.get(&stage.world, &target).await.status, 404);
        stage.prove(&browser, &flow, ANN).await;
        assert_eq!(browser.get(&stage.world, "/account/delete").await.status, 200);
    })
    .await;
}

#[tokio::test]
async fn c26_no_passkey_is_offered_on_a_providers_word_alone() {
    on_each(|world| async move {
        let stage = Stage::set(world).await;
        stage.world.user(ANN).await;
        stage.connect(ANN, "ann-there").await;
        // Long enough after the last offer for another.
        stage.world.pass(31 * 86_400);
        let browser = stage.world.browser();
        let begun = stage.begin(&browser).await;
        stage.vouch(&begun, "ann-there", &json!({}));
        let handle = begun.state.split_once('.').unwrap().0;
        let cookie = |name: String| format!("{name}={}", browser.cookie(&name).unwrap());
        let cookies = [cookie(format!("with-{handle}")), cookie(format!("flow-{handle}"))].join("; ");
        let answer = stage.world.get(&stage.callback(&begun), &[(http::header::COOKIE, &cookies)]).await;
        assert!(answer.parameter("code").is_some(), "{}", answer.text());
    })
    .await;
}

#[tokio::test]
async fn b46_whoever_has_to_prove_themselves_again_is_sent_only_where_that_is_asked() {
    on_each(|world| async move {
        let stage = Stage::set(world).await;
        stage.world.user(ANN).await;
        stage.connect(ANN, "ann-there").await;
        let github = add(&stage.world, Provider::Github, ConnectionConfiguration::default()).await;
        let link = |connection: &polder_tenant_runtime::model::Connection| format!("/signin/with/{}", connection.id);
        let browser = stage.world.browser();
        let (page, _) = asked(&stage, &browser, &[]).await;
        assert!(page.text().contains(&link(&github)) && page.text().contains(&link(&stage.connection)));
        for again in [("prompt", "login"), ("max_age", "60")] {
            let (page, flow) = asked(&stage, &browser, &[again]).await;
            assert!(!page.text().contains(&link(&github)), "it would say yes by itself");
            let handle = flow.split_once('=').unwrap().1;
            let target = format!("{}?flow={handle}", link(&github));
            assert_eq!(browser.get(&stage.world, &target).await.status, 404);
            // The other is told to ask, and what it says of the time is believed.
            let begun = stage.go_on(&browser, &stage.connection, flow.clone()).await;
            assert!(begun.url.query().unwrap().contains("prompt=login"), "{}", begun.url);
            let long_ago = stage.world.clock.now().seconds() - 86_400;
            stage.vouch(&begun, "ann-there", &json!({ "auth_time": long_ago }));
            let answer = browser.get(&stage.world, &stage.callback(&begun)).await;
            assert!(answer.parameter("code").is_none(), "that was before the application asked");
            let begun = stage.go_on(&browser, &stage.connection, flow).await;
            stage.vouch(&begun, "ann-there", &json!({ "auth_time": stage.world.clock.now().seconds() }));
            stage.world.pass(1);
        }
    })
    .await;
}
