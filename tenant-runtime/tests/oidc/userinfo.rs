//! `GET` and `POST /userinfo`: what is said about a person.

use http::{Method, header};
use polder_tenant_runtime::error::Internal;
use polder_tenant_runtime::store::users;

use crate::support::client::web;
use crate::support::token::claims;
use crate::support::world::{on_each, request};
use crate::support::{Browser, Client, World};

async fn token(world: &World, client: &Client, browser: &Browser, scope: &str) -> String {
    let code = browser.code_with(world, client, &[("scope", scope)]).await;
    client.redeem(world, &code).await.member("access_token")
}

#[tokio::test]
async fn a12_get_and_post_answer_with_the_sub_of_the_id_token() {
    on_each(|world| async move {
        let client = world.application(web()).await;
        let browser = world.browser();
        browser.sign_in(&world, world.user("ann@example.test").await).await;
        let tokens = browser.tokens(&world, &client).await;
        let bearer = format!("Bearer {}", tokens.member("access_token"));
        let sub = claims(&tokens.member("id_token"))["sub"].clone();
        let got = world.get("/userinfo", &[(header::AUTHORIZATION, &bearer)]).await;
        let posted =
            world.send(request(Method::POST, "/userinfo", &[(header::AUTHORIZATION, &bearer)], String::new())).await;
        for answer in [got, posted] {
            assert_eq!((answer.status, answer.json()["sub"].clone()), (200, sub.clone()));
            assert_eq!(answer.header("content-type"), Some("application/json"));
            assert_eq!(answer.header("cache-control"), Some("no-store"));
        }
        let in_body = world.post("/userinfo", &[], &[("access_token", &tokens.member("access_token"))]).await;
        assert_eq!(in_body.json()["sub"], sub);
    })
    .await;
}

#[tokio::test]
async fn a14_each_scope_gives_its_claims_with_their_types() {
    on_each(|world| async move {
        let client = world.application(web()).await;
        let browser = world.browser();
        let user = world.user("ann@example.test").await;
        browser.sign_in(&world, user).await;
        let work = world.app.db.write(move |tx| {
            Box::pin(async move { Ok::<_, Internal>(users::set_roles(tx, user, &["coach".to_owned()]).await?) })
        });
        work.await.unwrap();
        let ask = |scope: &'static str| {
            let (world, client, browser) = (&world, &client, &browser);
            async move {
                let bearer = format!("Bearer {}", token(world, client, browser, scope).await);
                world.get("/userinfo", &[(header::AUTHORIZATION, &bearer)]).await.json()
            }
        };
        let names = |value: &serde_json::Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
        assert_eq!(names(&ask("openid").await), ["sub"]);
        let profile = ask("openid profile").await;
        assert_eq!(profile["name"], "Ann Smit");
        assert!(profile["updated_at"].is_i64());
        assert_eq!(profile.get("locale"), None, "what is not known is left out");
        let email = ask("openid email").await;
        assert_eq!(
            (email["email"].as_str(), email["email_verified"].as_bool()),
            (Some("ann@example.test"), Some(true))
        );
        let roles = ask("openid roles").await;
        assert_eq!(roles["roles"], serde_json::json!(["coach"]));
        assert!(!ask("openid profile email roles").await.to_string().contains("null"));
    })
    .await;
}

#[tokio::test]
async fn b39_b78_userinfo_takes_no_token_that_is_for_another_api_alone() {
    on_each(|world| async move {
        let mut choice = web();
        choice.wish.audience = Some("https://api.example".to_owned());
        let client = world.application(choice).await;
        let browser = world.browser();
        browser.sign_in(&world, world.user("ann@example.test").await).await;
        // With the scope for it, it says that it is for userinfo, too.
        let both = token(&world, &client, &browser, "openid email").await;
        assert_eq!(claims(&both)["aud"], serde_json::json!(["https://api.example", world.app.issuer.as_str()]));
        let ask = async |token: &str| {
            let bearer = format!("Bearer {token}");
            world.get("/userinfo", &[(header::AUTHORIZATION, &bearer)]).await
        };
        assert_eq!(ask(&both).await.status, 200);
        // One that is narrowed to the API is for the API.
        let code = browser.code_with(&world, &client, &[("scope", "openid email")]).await;
        let refresh = client.redeem(&world, &code).await.member("refresh_token");
        let form = [("grant_type", "refresh_token"), ("refresh_token", refresh.as_str()), ("scope", "email")];
        let narrowed = client.post(&world, "/token", &form).await.member("access_token");
        assert_eq!(claims(&narrowed)["aud"], "https://api.example");
        ask(&narrowed).await.refused(401, "invalid_token");
    })
    .await;
}
