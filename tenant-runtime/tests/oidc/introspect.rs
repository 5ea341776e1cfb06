//! `POST /introspect`.

use serde_json::json;

use crate::support::client::{machine, spa, web};
use crate::support::token::{header, unsigned, verified};
use crate::support::world::on_each;
use crate::support::{Answer, ISSUER, World};

fn inactive(answer: &Answer) {
    assert_eq!((answer.status, answer.json()), (200, json!({"active": false})));
    assert_eq!(answer.header("cache-control"), Some("no-store"), "B76");
}

async fn tokens(world: &World) -> (crate::support::Client, crate::support::Browser, Answer) {
    let client = world.application(web()).await;
    let browser = world.browser();
    browser.sign_in(world, world.user("ann@example.test").await).await;
    let tokens = browser.tokens(world, &client).await;
    (client, browser, tokens)
}

#[tokio::test]
async fn b75_b76_a_live_token_is_described_to_its_application() {
    on_each(|world| async move {
        let (client, _, tokens) = tokens(&world).await;
        let access = client.introspect(&world, &tokens.member("access_token")).await;
        let body = access.json();
        assert_eq!((body["active"].as_bool(), body["token_type"].as_str()), (Some(true), Some("Bearer")));
        for (name, value) in [("client_id", client.id.as_str()), ("scope", "openid profile email offline_access")] {
            assert_eq!(body[name], value);
        }
        assert!(body["exp"].is_i64() && body["sub"].is_string() && body["jti"].is_string());
        assert_eq!(access.header("cache-control"), Some("no-store"));
        let refresh = client.introspect(&world, &tokens.member("refresh_token")).await.json();
        assert_eq!((refresh["active"].as_bool(), refresh.get("token_type")), (Some(true), None));
    })
    .await;
}

#[tokio::test]
async fn b76_an_answer_is_signed_where_the_caller_asks_for_it() {
    on_each(|world| async move {
        let (client, _, tokens) = tokens(&world).await;
        let accept = (http::header::ACCEPT, "application/token-introspection+jwt");
        for (token, active) in [(tokens.member("access_token"), true), ("x".to_owned(), false)] {
            let form = [("token", token.as_str())];
            let answer = client.post_with(&world, "/introspect", std::slice::from_ref(&accept), &form).await;
            assert_eq!(answer.header("content-type"), Some("application/token-introspection+jwt"));
            assert_eq!((answer.status, answer.header("cache-control")), (200, Some("no-store")));
            let claims = verified(&world, &answer.text()).await;
            assert_eq!((&claims["iss"], &claims["aud"]), (&json!(ISSUER), &json!(client.id)));
            assert_eq!(claims["iat"], world.clock.now().seconds());
            let plain = client.introspect(&world, &token).await.json();
            assert_eq!(
                (&claims["token_introspection"], &claims["token_introspection"]["active"]),
                (&plain, &json!(active))
            );
            assert_eq!(header(&answer.text())["typ"], "token-introspection+jwt");
            // B25: it is no token itself.
            inactive(&client.introspect(&world, &answer.text()).await);
        }
        // Who may not ask gets no signed answer either.
        let public = world.application(spa()).await;
        public.post_with(&world, "/introspect", &[accept], &[("token", "x")]).await.refused(401, "invalid_client");
    })
    .await;
}

#[tokio::test]
async fn b75_everything_else_is_inactive_and_nobody_learns_why() {
    on_each(|world| async move {
        let (client, _, tokens) = tokens(&world).await;
        let (access, refresh) = (tokens.member("access_token"), tokens.member("refresh_token"));
        for garbage in ["x", "a.b.c", &unsigned(&access), &tokens.member("id_token")] {
            inactive(&client.introspect(&world, garbage).await);
        }
        let mut choice = machine();
        choice.wish.audience = Some("https://api.example".to_owned());
        let elsewhere = world.application(choice).await;
        inactive(&elsewhere.introspect(&world, &access).await);
        inactive(&elsewhere.introspect(&world, &refresh).await);
        world.pass(900);
        inactive(&client.introspect(&world, &access).await);
    })
    .await;
}

#[tokio::test]
async fn b75_an_api_sees_the_tokens_that_are_for_it() {
    on_each(|world| async move {
        let mut choice = web();
        choice.wish.audience = Some("https://api.example".to_owned());
        let client = world.application(choice).await;
        let mut choice = machine();
        choice.wish.audience = Some("https://api.example".to_owned());
        let api = world.application(choice).await;
        let browser = world.browser();
        browser.sign_in(&world, world.user("ann@example.test").await).await;
        let tokens = browser.tokens(&world, &client).await;
        assert_eq!(api.introspect(&world, &tokens.member("access_token")).await.json()["active"], true);
        inactive(&api.introspect(&world, &tokens.member("refresh_token")).await);
    })
    .await;
}

#[tokio::test]
async fn b75_who_proved_nothing_is_told_nothing() {
    on_each(|world| async move {
        let (_, _, tokens) = tokens(&world).await;
        let public = world.application(spa()).await;
        let access = tokens.member("access_token");
        public.introspect(&world, &access).await.refused(401, "invalid_client");
        world.post("/introspect", &[], &[("token", &access)]).await.refused(401, "invalid_client");
    })
    .await;
}

#[tokio::test]
async fn p3_e14_ending_the_session_is_seen_at_once() {
    on_each(|world| async move {
        let (client, browser, tokens) = tokens(&world).await;
        let access = tokens.member("access_token");
        let active = || async { client.introspect(&world, &access).await.json()["active"].clone() };
        assert_eq!(active().await, true);
        let page = browser.get(&world, "/end_session").await.text();
        browser.post(&world, "/end_session", &crate::end_session::form(&page)).await;
        assert_eq!(active().await, false);
    })
    .await;
}

#[tokio::test]
async fn b75_a_token_without_a_person_is_known_too() {
    on_each(|world| async move {
        let client = world.application(machine()).await;
        let answer = client.post(&world, "/token", &[("grant_type", "client_credentials")]).await;
        let body = client.introspect(&world, &answer.member("access_token")).await.json();
        assert_eq!((body["active"].as_bool(), body["sub"].as_str()), (Some(true), Some(client.id.as_str())));
        client.revoke(&world, &answer.member("access_token")).await;
        inactive(&client.introspect(&world, &answer.member("access_token")).await);
    })
    .await;
}

#[tokio::test]
async fn b75_applications_without_an_audience_of_their_own_do_not_see_each_others_tokens() {
    on_each(|world| async move {
        let (client, _, tokens) = tokens(&world).await;
        let other = world.application(web()).await;
        let access = tokens.member("access_token");
        inactive(&other.introspect(&world, &access).await);
        assert_eq!(client.introspect(&world, &access).await.json()["active"], true);
    })
    .await;
}
