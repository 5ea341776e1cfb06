//! Answers that come as a form from the provider's site, without our cookies (E02).

use polder_tenant_api::connections::ResponseMode;
use serde_json::json;

use crate::connections::stage::{Begun, Stage};
use crate::support::World;
use crate::support::world::on_each;

async fn set(world: World) -> Stage {
    let stage = Stage::set_as(world, |it| it.response_mode = Some(ResponseMode::FormPost)).await;
    stage.world.user("ann@example.test").await;
    stage
}

fn fields<'a>(stage: &'a Stage, begun: &'a Begun) -> Vec<(&'a str, &'a str)> {
    vec![
        ("code", "c-1"),
        ("state", &begun.state),
        ("iss", &stage.upstream.issuer),
        ("user", r#"{"name":{"firstName":"Ann","lastName":"Smit"}}"#),
    ]
}

#[tokio::test]
async fn e02_a_form_from_the_provider_finds_its_way_home() {
    on_each(|world| async move {
        let stage = set(world).await;
        let browser = stage.world.browser();
        let begun = stage.begin(&browser).await;
        assert!(begun.url.query().unwrap().contains("response_mode=form_post"));
        stage.vouch(&begun, "ann-there", &json!({ "name": null }));
        let path = stage.connection.callback_path();
        let answer = browser.post_from_elsewhere(&stage.world, &path, &fields(&stage, &begun)).await;
        let there = answer.header("location").unwrap().to_owned();
        assert_eq!((answer.status, there.as_str()), (303, format!("{path}?said=1").as_str()), "nothing in the address");
        let answer = browser.get(&stage.world, &there).await;
        assert_eq!(answer.header("location"), Some(begun.flow.as_str()), "{}", answer.text());
        let page = browser.get(&stage.world, &begun.flow).await;
        assert!(page.text().contains("ann-there@upstream.example"));
        assert_eq!(browser.cookie("said"), None);
    })
    .await;
}

#[tokio::test]
async fn e02_a_form_without_this_browsers_attempt_is_nothing() {
    on_each(|world| async move {
        let stage = set(world).await;
        let (attacker, victim) = (stage.world.browser(), stage.world.browser());
        let begun = stage.begin(&attacker).await;
        stage.vouch(&begun, "ann-there", &json!({}));
        // The attacker's answer, posted from their page in the victim's browser.
        let path = stage.connection.callback_path();
        let answer = victim.post_from_elsewhere(&stage.world, &path, &fields(&stage, &begun)).await;
        let answer = victim.get(&stage.world, answer.header("location").unwrap()).await;
        answer.error_page();
        stage.nobody(&answer, &victim);
        assert_eq!(stage.upstream.heard("/token"), 0);
    })
    .await;
}

#[tokio::test]
async fn e02_an_answer_comes_in_the_way_that_was_asked_for() {
    on_each(|world| async move {
        let stage = set(world).await;
        let browser = stage.world.browser();
        let begun = stage.begin(&browser).await;
        browser.get(&stage.world, &stage.callback(&begun)).await.error_page();
        let plain = crate::connections::stage::openid(&stage.world, &stage.upstream, |_| {}).await;
        let answer = browser.post_from_elsewhere(&stage.world, &plain.callback_path(), &fields(&stage, &begun)).await;
        assert_eq!(answer.status, 405);
        let huge = "x".repeat(5_000);
        for form in [vec![("code", "c")], vec![("state", "a.b"), ("state", "a.b")], vec![("state", huge.as_str())]] {
            let path = stage.connection.callback_path();
            browser.post_from_elsewhere(&stage.world, &path, &form).await.error_page();
        }
        assert_eq!(stage.upstream.heard("/token"), 0);
    })
    .await;
}
