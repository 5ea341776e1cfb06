//! What a provider says of itself, its keys, and a provider that makes trouble (F13).

use std::time::{Duration, Instant};

use polder_db::testing::sqlite;
use serde_json::json;

use crate::connections::stage::{Stage, signed_by};
use crate::connections::upstream::{Signer, Trouble};
use crate::support::World;
use crate::support::world::on_each;

#[tokio::test]
async fn f13_a_provider_in_trouble_signs_nobody_in_and_is_not_followed() {
    on_each(|world| async move {
        let stage = Stage::set(world).await;
        for path in ["/discovery", "/jwks"] {
            for trouble in [Trouble::Huge, Trouble::Redirects, Trouble::Fails, Trouble::NotJson] {
                stage.upstream.set(|mood| mood.trouble = Some((path, trouble)));
                let browser = stage.world.browser();
                let flow = browser.get(&stage.world, &stage.client.authorize(&[])).await;
                let handle = flow.header("location").unwrap().split_once('=').unwrap().1.to_owned();
                let target = format!("/signin/with/{}?flow={handle}", stage.connection.id);
                let answer = browser.get(&stage.world, &target).await;
                assert!([403, 502].contains(&answer.status), "{path} {trouble:?}: {}", answer.status);
                assert!(answer.text().contains("email-form"), "there is another way in");
                stage.world.pass(6);
            }
        }
        for path in ["/token", "/userinfo"] {
            for trouble in [Trouble::Huge, Trouble::Redirects, Trouble::Fails, Trouble::NotJson] {
                stage.upstream.set(|mood| mood.trouble = None);
                stage.world.pass(6);
                let browser = stage.world.browser();
                let begun = stage.begin(&browser).await;
                stage.vouch(&begun, "ann-there", &json!({ "email": null }));
                stage.upstream.set(|mood| mood.trouble = Some((path, trouble)));
                let answer = browser.get(&stage.world, &stage.callback(&begun)).await;
                assert!([403, 502].contains(&answer.status), "{path} {trouble:?}: {}", answer.status);
                stage.nobody(&answer, &browser);
            }
        }
        assert_eq!(stage.upstream.heard("/elsewhere"), 0, "redirects are not followed");
    })
    .await;
}

#[tokio::test]
async fn f13_a_provider_that_does_not_answer_is_given_up() {
    let stage = Stage::set(World::start(sqlite().await).await).await;
    let browser = stage.world.browser();
    let begun = stage.begin(&browser).await;
    stage.vouch(&begun, "ann-there", &json!({}));
    stage.upstream.set(|mood| mood.trouble = Some(("/token", Trouble::Slow)));
    let before = Instant::now();
    let answer = browser.get(&stage.world, &stage.callback(&begun)).await;
    assert!(before.elapsed() < Duration::from_secs(60), "long before it would have answered");
    assert_eq!(answer.status, 502);
    stage.nobody(&answer, &browser);
}

#[tokio::test]
async fn f13_a_document_that_says_it_is_another_issuer_is_refused() {
    on_each(|world| async move {
        let stage = Stage::set(world).await;
        for (name, change) in [
            ("issuer", json!({ "issuer": "https://accounts.google.com" })),
            ("plain http", json!({ "token_endpoint": "http://idp.example/token" })),
            ("a file", json!({ "authorization_endpoint": "file:///etc/passwd" })),
            ("a script", json!({ "authorization_endpoint": "javascript:alert(1)" })),
            ("no token endpoint", json!({ "token_endpoint": null })),
        ] {
            stage.upstream.set(|mood| mood.discovery = change);
            let browser = stage.world.browser();
            let flow = browser.get(&stage.world, &stage.client.authorize(&[])).await;
            let handle = flow.header("location").unwrap().split_once('=').unwrap().1.to_owned();
            let target = format!("/signin/with/{}?flow={handle}", stage.connection.id);
            let answer = browser.get(&stage.world, &target).await;
            assert!([403, 502].contains(&answer.status), "{name}: {}", answer.status);
            // What was found wrong is not remembered as right.
            stage.world.pass(3700);
        }
    })
    .await;
}

#[tokio::test]
async fn b99_new_keys_are_looked_for_once_a_minute_and_no_oftener() {
    on_each(|world| async move {
        let stage = Stage::set(world).await;
        stage.world.user("ann@example.test").await;
        stage.connect("ann@example.test", "ann-there").await;
        let read = stage.upstream.heard("/jwks");
        assert_eq!(read, 1, "documents are kept");
        // The provider has a new key, and publishes it.
        let next = stage.upstream.next_key();
        stage.upstream.set(|mood| mood.published.push(next));
        signed_by(&stage, Signer::Next);
        stage.world.pass(61);
        assert!(stage.sign_in(&stage.world.browser(), "ann-there").await.parameter("code").is_some());
        assert_eq!(stage.upstream.heard("/jwks"), read + 1);
        // Signatures of strangers do not have us ask at their pace.
        signed_by(&stage, Signer::Stranger);
        for _ in 0..5 {
            assert_eq!(stage.sign_in(&stage.world.browser(), "ann-there").await.status, 403);
        }
        assert_eq!(stage.upstream.heard("/jwks"), read + 1);
    })
    .await;
}
