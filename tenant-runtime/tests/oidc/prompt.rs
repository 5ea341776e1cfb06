//! `prompt`, `max_age` and `id_token_hint` at `/authorize`.

use polder_tenant_api::Access;

use crate::support::client::{native, web};
use crate::support::token::{claims, unsigned, with_claims};
use crate::support::world::on_each;

#[tokio::test]
async fn a17_prompt_login_asks_again_despite_a_live_session() {
    on_each(|world| async move {
        let client = world.application(web()).await;
        let browser = world.browser();
        browser.sign_in(&world, world.user("ann@example.test").await).await;
        world.pass(1);
        let answer = browser.get(&world, &client.authorize(&[("prompt", "login")])).await;
        assert_eq!(answer.location().path(), "/signin");
    })
    .await;
}

#[tokio::test]
async fn a18_prompt_none_without_a_session_is_login_required_and_shows_nothing() {
    on_each(|world| async move {
        let client = world.application(web()).await;
        let answer = world.browser().get(&world, &client.authorize(&[("prompt", "none")])).await;
        answer.redirected_error("login_required");
        assert_eq!(answer.parameter("state").as_deref(), Some("st-1"));
        let with_more = world.browser().get(&world, &client.authorize(&[("prompt", "none login")])).await;
        with_more.redirected_error("invalid_request");
    })
    .await;
}

#[tokio::test]
async fn a19_prompt_none_answers_silently_for_the_hinted_person_alone() {
    on_each(|world| async move {
        let client = world.application(web()).await;
        let (ann, bob) = (world.browser(), world.browser());
        ann.sign_in(&world, world.user("ann@example.test").await).await;
        bob.sign_in(&world, world.user("bob@example.test").await).await;
        let first = ann.tokens(&world, &client).await.member("id_token");
        let of_bob = bob.tokens(&world, &client).await.member("id_token");
        world.pass(2 * 3600);
        let hinted = [("prompt", "none"), ("id_token_hint", first.as_str())];
        let code = ann.code_with(&world, &client, &hinted).await;
        let second = client.redeem(&world, &code).await.member("id_token");
        for same in ["sub", "auth_time", "sid"] {
            assert_eq!(claims(&first)[same], claims(&second)[same], "{same}; the hint had expired");
        }
        let other = [("prompt", "none"), ("id_token_hint", of_bob.as_str())];
        ann.get(&world, &client.authorize(&other)).await.redirected_error("login_required");
        for forged in [unsigned(&of_bob), with_claims(&first, |c| c["sub"] = "x".into()), "x".to_owned()] {
            let answer = ann.get(&world, &client.authorize(&[("prompt", "none"), ("id_token_hint", &forged)])).await;
            answer.redirected_error("invalid_request");
        }
    })
    .await;
}

#[tokio::test]
async fn a20_a_sign_in_older_than_max_age_is_repeated() {
    on_each(|world| async move {
        let client = world.application(web()).await;
        let browser = world.browser();
        browser.sign_in(&world, world.user("ann@example.test").await).await;
        world.pass(2);
        for too_young in ["1", "0"] {
            let answer = browser.get(&world, &client.authorize(&[("max_age", too_young)])).await;
            assert_eq!(answer.location().path(), "/signin", "max_age={too_young}");
            let silent = client.authorize(&[("max_age", too_young), ("prompt", "none")]);
            browser.get(&world, &silent).await.redirected_error("login_required");
        }
        let code = browser.code_with(&world, &client, &[("max_age", "10000")]).await;
        assert!(claims(&client.redeem(&world, &code).await.member("id_token"))["auth_time"].is_i64());
        let wrong = browser.get(&world, &client.authorize(&[("max_age", "soon")])).await;
        wrong.redirected_error("invalid_request");
    })
    .await;
}

#[tokio::test]
async fn b91_an_unverifiable_public_application_is_never_answered_silently() {
    on_each(|world| async move {
        let client = world.application(native()).await;
        let browser = world.browser();
        browser.sign_in(&world, world.user("ann@example.test").await).await;
        world.pass(1);
        assert_eq!(browser.get(&world, &client.authorize(&[])).await.location().path(), "/signin");
        let silent = browser.get(&world, &client.authorize(&[("prompt", "none")])).await;
        silent.redirected_error("interaction_required");
    })
    .await;
}

#[tokio::test]
async fn p19_single_sign_on_does_not_open_an_application_that_is_not_for_this_person() {
    on_each(|world| async move {
        let mut choice = web();
        choice.access = Access::Role { role: "coach".to_owned() };
        let client = world.application(choice).await;
        let browser = world.browser();
        browser.sign_in(&world, world.user("client@example.test").await).await;
        let silent = browser.get(&world, &client.authorize(&[("prompt", "none")])).await;
        silent.redirected_error("access_denied");
        let asked = browser.get(&world, &client.authorize(&[])).await.location();
        assert_eq!(asked.path(), "/signin");
    })
    .await;
}

#[tokio::test]
async fn a17_a_disabled_person_has_no_session_any_more() {
    on_each(|world| async move {
        let client = world.application(web()).await;
        let browser = world.browser();
        let user = world.user("ann@example.test").await;
        browser.sign_in(&world, user).await;
        browser.code(&world, &client).await;
        world.set_disabled(user, true).await;
        let silent = browser.get(&world, &client.authorize(&[("prompt", "none")])).await;
        silent.redirected_error("login_required");
    })
    .await;
}
