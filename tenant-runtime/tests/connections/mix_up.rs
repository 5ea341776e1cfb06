//! Answers of one provider that are meant to be taken for another's (B36, B49).

use serde_json::{Value, json};

use crate::connections::stage::{Stage, openid};
use crate::connections::upstream::Upstream;
use crate::support::world::on_each;

#[tokio::test]
async fn b36_an_answer_that_names_another_issuer_is_refused() {
    on_each(|world| async move {
        let stage = Stage::set(world).await;
        stage.world.user("ann@example.test").await;
        stage.connect("ann@example.test", "ann-there").await;
        let tried = stage.upstream.heard("/token");
        for iss in [Some("https://evil.example"), Some("http://127.0.0.1"), None] {
            let browser = stage.world.browser();
            let begun = stage.begin(&browser).await;
            stage.vouch(&begun, "ann-there", &json!({}));
            let mut parameters = vec![("code", "c-1"), ("state", begun.state.as_str())];
            parameters.extend(iss.map(|iss| ("iss", iss)));
            let answer = browser.get(&stage.world, &stage.callback_of(&stage.connection, &parameters)).await;
            assert_eq!(answer.status, 403, "{iss:?}");
            stage.nobody(&answer, &browser);
        }
        assert_eq!(stage.upstream.heard("/token"), tried, "the code goes to nobody");
    })
    .await;
}

#[tokio::test]
async fn b36_a_provider_that_does_not_name_itself_may_leave_it_out_but_not_lie() {
    on_each(|world| async move {
        let stage = Stage::set(world).await;
        stage
            .upstream
            .set(|mood| mood.discovery = json!({ "authorization_response_iss_parameter_supported": Value::Null }));
        stage.world.user("ann@example.test").await;
        stage.connect("ann@example.test", "ann-there").await;
        for (iss, counts) in [(None, true), (Some("https://evil.example"), false)] {
            let browser = stage.world.browser();
            let begun = stage.begin(&browser).await;
            stage.vouch(&begun, "ann-there", &json!({}));
            let mut parameters = vec![("code", "c-1"), ("state", begun.state.as_str())];
            parameters.extend(iss.map(|iss| ("iss", iss)));
            let answer = browser.get(&stage.world, &stage.callback_of(&stage.connection, &parameters)).await;
            assert_eq!(answer.status == 303, counts, "{}", answer.text());
        }
    })
    .await;
}

#[tokio::test]
async fn b36_b49_an_answer_at_another_connections_address_is_refused() {
    on_each(|world| async move {
        let stage = Stage::set(world).await;
        let evil = Upstream::start(7).await;
        let other = openid(&stage.world, &evil, |_| {}).await;
        // Begun at the honest provider, answered at the address of the wicked one, and the other way round.
        let browser = stage.world.browser();
        let begun = stage.begin(&browser).await;
        stage.vouch(&begun, "ann-there", &json!({}));
        for iss in [&evil.issuer, &stage.upstream.issuer] {
            let target = stage.callback_of(&other, &[("code", "c-1"), ("state", &begun.state), ("iss", iss)]);
            let answer = browser.get(&stage.world, &target).await;
            answer.error_page();
            stage.nobody(&answer, &browser);
        }
        let begun = stage.begin_at(&browser, &other, &[]).await;
        browser.get(&stage.world, &stage.callback(&begun)).await.error_page();
        assert_eq!((evil.heard("/token"), stage.upstream.heard("/token")), (0, 0), "no code was given away");
    })
    .await;
}

#[tokio::test]
async fn b100_the_same_subject_at_another_connection_is_somebody_else() {
    on_each(|world| async move {
        let stage = Stage::set(world).await;
        stage.world.user("ann@example.test").await;
        stage.connect("ann@example.test", "ann-there").await;
        // The same provider a second time: a registration of its own, and people of its own (B49).
        let second = openid(&stage.world, &stage.upstream, |_| {}).await;
        let browser = stage.world.browser();
        let begun = stage.begin_at(&browser, &second, &[]).await;
        stage.vouch(&begun, "ann-there", &json!({}));
        let target =
            stage.callback_of(&second, &[("code", "c"), ("state", &begun.state), ("iss", &stage.upstream.issuer)]);
        let answer = browser.get(&stage.world, &target).await;
        stage.nobody(&answer, &browser);
    })
    .await;
}
