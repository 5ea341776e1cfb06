//! `grant_type=authorization_code`.

use polder_protocol::AuthMethod;

use crate::support::client::{VERIFIER, no_such_code, spa, web};
use crate::support::token::{claims, verified};
use crate::support::world::on_each;
use crate::support::{Answer, Browser, Client, ISSUER, World};

async fn ready(world: &World) -> (Client, Browser) {
    let client = world.application(web()).await;
    let browser = world.browser();
    browser.sign_in(world, world.user("ann@example.test").await).await;
    (client, browser)
}

async fn redeem(world: &World, client: &Client, code: &str, changes: &[(&str, &str)]) -> Answer {
    let mut form = vec![
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", client.redirect_uri.as_str()),
        ("code_verifier", VERIFIER),
    ];
    for change in changes {
        form.retain(|(name, _)| *name != change.0);
        if !change.1.is_empty() {
            form.push(*change);
        }
    }
    client.post(world, "/token", &form).await
}

#[tokio::test]
async fn a07_a28_a_code_with_its_verifier_gives_sound_tokens() {
    on_each(|world| async move {
        let (client, browser) = ready(&world).await;
        let code = browser.code(&world, &client).await;
        assert!(code.len() >= 22, "128 bits at least");
        assert_ne!(code, browser.code(&world, &client).await);
        let answer = client.redeem(&world, &code).await;
        assert_eq!((answer.status, answer.header("cache-control")), (200, Some("no-store")));
        assert_eq!(answer.json()["expires_in"], 900);
        let claims = verified(&world, &answer.member("id_token")).await;
        assert_eq!((claims["iss"].as_str(), claims["aud"].as_str()), (Some(ISSUER), Some(client.id.as_str())));
        assert_eq!(claims["nonce"], "n-1");
        let now = world.clock.now().seconds();
        assert_eq!(claims["iat"], now, "seconds");
        assert!(claims["exp"].as_i64().unwrap() > now);
        let unasked = ["name", "email", "email_verified", "locale", "updated_at", "roles"];
        assert!(unasked.iter().all(|name| claims.get(name).is_none()), "{claims}");
    })
    .await;
}

#[tokio::test]
async fn a13_a_request_without_nonce_gives_a_token_without_nonce() {
    on_each(|world| async move {
        let (client, browser) = ready(&world).await;
        let code = browser.code_with(&world, &client, &[("nonce", "")]).await;
        assert_eq!(claims(&client.redeem(&world, &code).await.member("id_token")).get("nonce"), None);
    })
    .await;
}

#[tokio::test]
async fn a07_without_openid_there_is_no_id_token() {
    on_each(|world| async move {
        let (client, browser) = ready(&world).await;
        let code = browser.code_with(&world, &client, &[("scope", "email")]).await;
        let answer = client.redeem(&world, &code).await;
        assert_eq!(answer.json().get("id_token"), None);
        assert_eq!(answer.member("scope"), "email");
    })
    .await;
}

#[tokio::test]
async fn a21_a_code_used_twice_is_refused_and_takes_the_first_tokens_along() {
    on_each(|world| async move {
        for wait in [0, 30, 300] {
            let (client, browser) = ready_again(&world, wait).await;
            let code = browser.code(&world, &client).await;
            let first = client.redeem(&world, &code).await;
            let access = first.member("access_token");
            assert_eq!(userinfo(&world, &access).await.status, 200);
            world.pass(wait);
            client.redeem(&world, &code).await.refused(400, "invalid_grant");
            let dead = userinfo(&world, &access).await;
            dead.refused(401, "invalid_token");
            client.refresh(&world, &first.member("refresh_token")).await.refused(400, "invalid_grant");
            assert_eq!(client.introspect(&world, &access).await.json(), serde_json::json!({"active": false}));
        }
    })
    .await;
}

async fn ready_again(world: &World, number: u64) -> (Client, Browser) {
    let client = world.application(web()).await;
    let browser = world.browser();
    browser.sign_in(world, world.user(&format!("ann{number}@example.test")).await).await;
    (client, browser)
}

async fn userinfo(world: &World, token: &str) -> Answer {
    world.get("/userinfo", &[(http::header::AUTHORIZATION, &format!("Bearer {token}"))]).await
}

#[tokio::test]
async fn b13_a_code_lives_a_minute_and_is_bound_to_its_application() {
    on_each(|world| async move {
        let (client, browser) = ready(&world).await;
        let other = world.application(web()).await;
        let code = browser.code(&world, &client).await;
        redeem(&world, &other, &code, &[]).await.refused(400, "invalid_grant");
        assert_eq!(client.redeem(&world, &code).await.status, 200, "a stranger's attempt does no harm");
        let late = browser.code(&world, &client).await;
        world.pass(60);
        client.redeem(&world, &late).await.refused(400, "invalid_grant");
        client.redeem(&world, &no_such_code()).await.refused(400, "invalid_grant");
    })
    .await;
}

#[tokio::test]
async fn b15_a_different_redirect_uri_is_refused() {
    on_each(|world| async move {
        let (client, browser) = ready(&world).await;
        for other in ["https://app.example/cb/", "https://evil.example/cb"] {
            let code = browser.code(&world, &client).await;
            redeem(&world, &client, &code, &[("redirect_uri", other)]).await.refused(400, "invalid_grant");
        }
        let code = browser.code(&world, &client).await;
        let absent = redeem(&world, &client, &code, &[("redirect_uri", "")]).await;
        assert_eq!(absent.status, 200, "OAuth 2.1: PKCE binds the code");
    })
    .await;
}

#[tokio::test]
async fn a70_b30_b31_the_verifier_is_mandatory_and_checked() {
    on_each(|world| async move {
        let (client, browser) = ready(&world).await;
        let public = world.application(spa()).await;
        let wrong = "a".repeat(43);
        for client in [&client, &public] {
            for verifier in ["", wrong.as_str(), "short", crate::support::client::CHALLENGE] {
                let code = browser.code(&world, client).await;
                let answer = redeem(&world, client, &code, &[("code_verifier", verifier)]).await;
                answer.refused(400, "invalid_grant");
            }
            let code = browser.code(&world, client).await;
            assert_eq!(client.redeem(&world, &code).await.status, 200);
        }
    })
    .await;
}

#[tokio::test]
async fn b37_a_code_of_another_browser_is_worthless_without_its_verifier() {
    on_each(|world| async move {
        let (client, browser) = ready(&world).await;
        let stolen = browser.code(&world, &client).await;
        let own = "the-verifier-of-the-attackers-own-browser-here";
        redeem(&world, &client, &stolen, &[("code_verifier", own)]).await.refused(400, "invalid_grant");
    })
    .await;
}

#[tokio::test]
async fn b13_a_code_dies_with_its_session_and_its_person() {
    on_each(|world| async move {
        let client = world.application(web()).await;
        let browser = world.browser();
        let user = world.user("ann@example.test").await;
        browser.sign_in(&world, user).await;
        let code = browser.code(&world, &client).await;
        world.set_disabled(user, true).await;
        client.redeem(&world, &code).await.refused(400, "invalid_grant");
        world.set_disabled(user, false).await;
        let code = browser.code(&world, &client).await;
        let page = browser.get(&world, "/end_session").await.text();
        browser.post(&world, "/end_session", &crate::end_session::form(&page)).await;
        client.redeem(&world, &code).await.refused(400, "invalid_grant");
    })
    .await;
}

#[tokio::test]
async fn a08_a_whole_flow_with_the_secret_in_the_body() {
    on_each(|world| async move {
        let mut choice = web();
        choice.wish.auth_method = Some(AuthMethod::ClientSecretPost);
        let client = world.application(choice).await;
        let browser = world.browser();
        browser.sign_in(&world, world.user("ann@example.test").await).await;
        browser.tokens(&world, &client).await;
    })
    .await;
}
