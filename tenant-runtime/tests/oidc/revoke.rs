//! `POST /revoke`.

use crate::support::client::{spa, web};
use crate::support::world::on_each;
use crate::support::{Answer, Browser, Client, World};

async fn ready(world: &World) -> (Client, Browser, Answer) {
    let client = world.application(web()).await;
    let browser = world.browser();
    browser.sign_in(world, world.user("ann@example.test").await).await;
    let tokens = browser.tokens(world, &client).await;
    (client, browser, tokens)
}

async fn is_active(world: &World, client: &Client, token: &str) -> bool {
    client.introspect(world, token).await.json()["active"] == true
}

#[tokio::test]
async fn b73_every_token_gets_the_same_answer() {
    on_each(|world| async move {
        let (client, _, tokens) = ready(&world).await;
        let refresh = tokens.member("refresh_token");
        for token in ["x", "a.b.c", &refresh, &refresh, &tokens.member("access_token"), &tokens.member("id_token")] {
            let answer = client.revoke(&world, token).await;
            assert_eq!((answer.status, answer.body.len()), (200, 0), "{token}");
            assert_eq!(answer.header("cache-control"), Some("no-store"));
        }
    })
    .await;
}

#[tokio::test]
async fn b73_a_refresh_token_takes_its_access_tokens_along() {
    on_each(|world| async move {
        let (client, browser, tokens) = ready(&world).await;
        let other = browser.tokens(&world, &client).await;
        let hint = [("token", tokens.member("refresh_token")), ("token_type_hint", "access_token".to_owned())];
        let form: Vec<_> = hint.iter().map(|(name, value)| (*name, value.as_str())).collect();
        assert_eq!(client.post(&world, "/revoke", &form).await.status, 200, "a wrong hint does not matter");
        assert!(!is_active(&world, &client, &tokens.member("access_token")).await);
        client.refresh(&world, &tokens.member("refresh_token")).await.refused(400, "invalid_grant");
        assert!(is_active(&world, &client, &other.member("access_token")).await, "another grant stays");
    })
    .await;
}

#[tokio::test]
async fn b73_an_access_token_goes_alone() {
    on_each(|world| async move {
        let (client, _, tokens) = ready(&world).await;
        client.revoke(&world, &tokens.member("access_token")).await;
        assert!(!is_active(&world, &client, &tokens.member("access_token")).await);
        assert_eq!(client.refresh(&world, &tokens.member("refresh_token")).await.status, 200);
    })
    .await;
}

#[tokio::test]
async fn b74_another_applications_token_is_left_alone() {
    on_each(|world| async move {
        let (client, _, tokens) = ready(&world).await;
        let other = world.application(web()).await;
        for token in [tokens.member("access_token"), tokens.member("refresh_token")] {
            assert_eq!(other.revoke(&world, &token).await.status, 200);
            assert!(is_active(&world, &client, &token).await);
        }
        client.post(&world, "/revoke", &[]).await.refused(400, "invalid_request");
        world.post("/revoke", &[], &[("token", "x")]).await.refused(401, "invalid_client");
    })
    .await;
}

#[tokio::test]
async fn b74_a_public_application_may_give_back_its_own() {
    on_each(|world| async move {
        let client = world.application(spa()).await;
        let browser = world.browser();
        browser.sign_in(&world, world.user("ann@example.test").await).await;
        let tokens = browser.tokens(&world, &client).await;
        assert_eq!(client.revoke(&world, &tokens.member("refresh_token")).await.status, 200);
        client.refresh(&world, &tokens.member("refresh_token")).await.refused(400, "invalid_grant");
    })
    .await;
}
