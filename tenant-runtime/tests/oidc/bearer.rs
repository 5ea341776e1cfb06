//! Bearer tokens at `/userinfo`: how good and bad ones are presented.

use http::header;

use crate::support::client::{no_such_code, web};
use crate::support::token::{unsigned, with_claims};
use crate::support::world::on_each;
use crate::support::{Answer, ISSUER, World};

async fn present(world: &World, token: &str) -> Answer {
    world.get("/userinfo", &[(header::AUTHORIZATION, &format!("Bearer {token}"))]).await
}

#[tokio::test]
async fn b21_without_a_token_there_is_a_challenge_and_no_error_code() {
    on_each(|world| async move {
        for headers in [vec![], vec![(header::AUTHORIZATION, "Basic eDp5")]] {
            let answer = world.get("/userinfo", &headers).await;
            assert_eq!(answer.status, 401);
            let challenges = answer.headers.get_all("www-authenticate").iter().map(|value| value.to_str().unwrap());
            let challenges: Vec<_> = challenges.collect();
            let about = format!("resource_metadata=\"{ISSUER}/.well-known/oauth-protected-resource/userinfo\"");
            let algs = "ES256 PS256 EdDSA Ed25519 RS256";
            let bearer = format!("Bearer realm=\"{ISSUER}\", {about}");
            let dpop = format!("DPoP realm=\"{ISSUER}\", {about}, algs=\"{algs}\"");
            assert_eq!(challenges, [bearer, dpop]);
            assert!(!answer.text().contains("error"));
        }
    })
    .await;
}

#[tokio::test]
async fn b22_b26_bad_expired_and_revoked_tokens_are_all_invalid_token() {
    on_each(|world| async move {
        let client = world.application(web()).await;
        let browser = world.browser();
        browser.sign_in(&world, world.user("ann@example.test").await).await;
        let tokens = browser.tokens(&world, &client).await;
        let token = tokens.member("access_token");
        assert_eq!(present(&world, &token).await.status, 200);
        let foreign = with_claims(&token, |claims| claims["iss"] = "https://evil.example".into());
        let longer = with_claims(&token, |claims| claims["exp"] = 9_999_999_999_i64.into());
        for wrong in [
            "x",
            &token[..token.len() - 1],
            &format!("{token}A"),
            &format!("{token}="),
            &token.to_uppercase(),
            &unsigned(&token),
            &foreign,
            &longer,
        ] {
            let answer = present(&world, wrong).await;
            answer.refused(401, "invalid_token");
            assert!(answer.header("www-authenticate").unwrap().contains("error=\"invalid_token\""));
        }
        world.pass(900);
        present(&world, &token).await.refused(401, "invalid_token");
    })
    .await;
}

#[tokio::test]
async fn b23_a_token_without_openid_has_too_little_scope() {
    on_each(|world| async move {
        let client = world.application(web()).await;
        let browser = world.browser();
        browser.sign_in(&world, world.user("ann@example.test").await).await;
        let code = browser.code_with(&world, &client, &[("scope", "email")]).await;
        let token = client.redeem(&world, &code).await.member("access_token");
        let answer = present(&world, &token).await;
        answer.refused(403, "insufficient_scope");
        assert!(answer.header("www-authenticate").unwrap().contains("scope=\"openid\""));
    })
    .await;
}

#[tokio::test]
async fn b24_a_token_in_the_url_and_one_sent_twice_are_refused() {
    on_each(|world| async move {
        let client = world.application(web()).await;
        let browser = world.browser();
        browser.sign_in(&world, world.user("ann@example.test").await).await;
        let token = browser.tokens(&world, &client).await.member("access_token");
        world.get(&format!("/userinfo?access_token={token}"), &[]).await.refused(400, "invalid_request");
        let bearer = format!("Bearer {token}");
        let twice = world.post("/userinfo", &[(header::AUTHORIZATION, &bearer)], &[("access_token", &token)]).await;
        twice.refused(400, "invalid_request");
    })
    .await;
}

#[tokio::test]
async fn b25_nothing_but_an_access_token_is_an_access_token() {
    on_each(|world| async move {
        let client = world.application(web()).await;
        let browser = world.browser();
        browser.sign_in(&world, world.user("ann@example.test").await).await;
        let code = browser.code(&world, &client).await;
        let tokens = browser.tokens(&world, &client).await;
        for other in [tokens.member("id_token"), tokens.member("refresh_token"), code, no_such_code()] {
            present(&world, &other).await.refused(401, "invalid_token");
        }
    })
    .await;
}

#[tokio::test]
async fn a58_the_scheme_is_read_in_any_case() {
    on_each(|world| async move {
        let client = world.application(web()).await;
        let browser = world.browser();
        browser.sign_in(&world, world.user("ann@example.test").await).await;
        let token = browser.tokens(&world, &client).await.member("access_token");
        let answer = world.get("/userinfo", &[(header::AUTHORIZATION, &format!("bearer {token}"))]).await;
        assert_eq!(answer.status, 200);
    })
    .await;
}
