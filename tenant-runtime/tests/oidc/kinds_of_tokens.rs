//! What kind of tokens an application gets: opaque or signed, for how long, by which algorithm.

use http::header;
use polder_tenant_api::AccessTokenFormat;
use serde_json::json;

use crate::support::client::{Choice, machine, web};
use crate::support::token::{claims, header, verified};
use crate::support::world::on_each;
use crate::support::{Answer, ISSUER, World};

fn opaque(mut choice: Choice) -> Choice {
    choice.preferences.access_token_format = Some(AccessTokenFormat::Opaque);
    choice
}

async fn present(world: &World, token: &str) -> Answer {
    world.get("/userinfo", &[(header::AUTHORIZATION, &format!("Bearer {token}"))]).await
}

#[tokio::test]
async fn b26_an_opaque_token_is_accepted_whole_or_not_at_all() {
    on_each(|world| async move {
        let user = world.user("ann@example.test").await;
        let (client, browser) = (world.application(opaque(web())).await, world.browser());
        browser.sign_in(&world, user).await;
        let token = browser.tokens(&world, &client).await.member("access_token");
        assert!(!token.contains(&user.to_string()) && token.split('.').count() != 3, "{token}");
        assert_eq!(present(&world, &token).await.json()["sub"], user.to_string());
        let described = client.introspect(&world, &token).await.json();
        assert_eq!((&described["active"], &described["client_id"]), (&json!(true), &json!(client.id)));
        // Every place, another letter; cut, lengthened, padded, in other capitals.
        for at in 0..token.len() {
            let mut bytes = token.clone().into_bytes();
            bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(bytes).unwrap();
            present(&world, &changed).await.refused(401, "invalid_token");
        }
        for wrong in [
            &token[..token.len() - 1],
            &token[1..],
            &format!("{token}A"),
            &format!("{token}="),
            &format!("{token}.x"),
            &token.to_uppercase(),
            &token.to_lowercase(),
            "polder_at_",
            "polder_at_1.",
        ] {
            present(&world, wrong).await.refused(401, "invalid_token");
            assert_eq!(client.introspect(&world, wrong).await.json(), json!({ "active": false }));
        }
        // As it was, it still is.
        assert_eq!(present(&world, &token).await.status, 200);
        world.pass(900);
        present(&world, &token).await.refused(401, "invalid_token");
    })
    .await;
}

#[tokio::test]
async fn b20_e14_revocation_is_seen_at_once_whatever_the_kind() {
    on_each(|world| async move {
        let ann = world.user("ann@example.test").await;
        for choice in [web(), opaque(web())] {
            let (client, browser) = (world.application(choice).await, world.browser());
            browser.sign_in(&world, ann).await;
            let tokens = browser.tokens(&world, &client).await;
            let access = tokens.member("access_token");
            assert_eq!(present(&world, &access).await.status, 200);
            client.revoke(&world, &access).await;
            present(&world, &access).await.refused(401, "invalid_token");
            let next = client.refresh(&world, &tokens.member("refresh_token")).await;
            let access = next.member("access_token");
            assert_eq!(present(&world, &access).await.status, 200);
            client.revoke(&world, &next.member("refresh_token")).await;
            present(&world, &access).await.refused(401, "invalid_token");
            assert_eq!(client.introspect(&world, &access).await.json(), json!({ "active": false }));
            let access = browser.tokens(&world, &client).await.member("access_token");
            world.set_disabled(ann, true).await;
            present(&world, &access).await.refused(401, "invalid_token");
            world.set_disabled(ann, false).await;
        }
    })
    .await;
}

#[tokio::test]
async fn b25_an_opaque_token_is_of_one_tenant_and_survives_a_restart() {
    on_each(|mut world| async move {
        let (client, browser) = (world.application(opaque(web())).await, world.browser());
        browser.sign_in(&world, world.user("ann@example.test").await).await;
        let token = browser.tokens(&world, &client).await.member("access_token");
        let other = World::start(polder_db::testing::databases().await.remove(0)).await;
        present(&other, &token).await.refused(401, "invalid_token");
        world.restart().await;
        assert_eq!(present(&world, &token).await.status, 200);
        // A seal of ours that is no token opens nothing.
        let sealed = world.app.keyring.seal_text(polder_crypto::Category::Flow, "cookie:flow-x", "{}");
        present(&world, &format!("polder_at_{sealed}")).await.refused(401, "invalid_token");
    })
    .await;
}

#[tokio::test]
async fn b17_a_service_gets_tokens_of_either_kind_and_nothing_is_written_for_them() {
    on_each(|world| async move {
        for choice in [machine(), opaque(machine())] {
            let client = world.application(choice).await;
            let before = world.rows("SELECT COUNT(*) AS n FROM audit_event").await;
            let token =
                client.post(&world, "/token", &[("grant_type", "client_credentials")]).await.member("access_token");
            let described = client.introspect(&world, &token).await.json();
            assert_eq!((&described["active"], &described["sub"]), (&json!(true), &json!(client.id)));
            for table in ["SELECT COUNT(*) AS n FROM oauth_grant", "SELECT COUNT(*) AS n FROM revoked_token"] {
                assert_eq!(world.rows(table).await, 0);
            }
            assert_eq!(world.rows("SELECT COUNT(*) AS n FROM audit_event").await, before);
        }
    })
    .await;
}

#[tokio::test]
async fn b45_lifetimes_are_the_applications_own() {
    on_each(|world| async move {
        let mut choice = web();
        choice.preferences.access_token_seconds = Some(120);
        choice.preferences.refresh_idle_seconds = Some(600);
        choice.preferences.refresh_absolute_seconds = Some(1000);
        let (client, browser) = (world.application(choice).await, world.browser());
        let usual = world.application(web()).await;
        browser.sign_in(&world, world.user("ann@example.test").await).await;
        assert_eq!(browser.tokens(&world, &usual).await.json()["expires_in"], 900);
        let tokens = browser.tokens(&world, &client).await;
        let access = claims(&tokens.member("access_token"));
        assert_eq!(tokens.json()["expires_in"], 120);
        assert_eq!(access["exp"].as_i64().unwrap() - access["iat"].as_i64().unwrap(), 120);
        world.pass(119);
        assert_eq!(present(&world, &tokens.member("access_token")).await.status, 200);
        world.pass(1);
        present(&world, &tokens.member("access_token")).await.refused(401, "invalid_token");
        // Unused for too long.
        let unused = browser.tokens(&world, &client).await.member("refresh_token");
        world.pass(400);
        let next = client.refresh(&world, &tokens.member("refresh_token")).await;
        assert_eq!(next.json()["expires_in"], 120);
        world.pass(200);
        client.refresh(&world, &unused).await.refused(400, "invalid_grant");
        // In all: no use extends that.
        let last = client.refresh(&world, &next.member("refresh_token")).await;
        world.pass(280);
        client.refresh(&world, &last.member("refresh_token")).await.refused(400, "invalid_grant");
    })
    .await;
}

#[tokio::test]
async fn a30_signed_userinfo_says_who_says_it_to_whom_and_is_no_id_token() {
    on_each(|world| async move {
        let user = world.user("ann@example.test").await;
        for algorithm in ["RS256", "ES256", "EdDSA"] {
            let mut choice = web();
            choice.preferences.userinfo_signed_response_alg = Some(algorithm.to_owned());
            let (client, browser) = (world.application(choice).await, world.browser());
            browser.sign_in(&world, user).await;
            let answer = present(&world, &browser.tokens(&world, &client).await.member("access_token")).await;
            assert_eq!((answer.status, answer.header("content-type")), (200, Some("application/jwt")));
            assert_eq!(answer.header("cache-control"), Some("no-store"));
            let said = verified(&world, &answer.text()).await;
            assert_eq!(header(&answer.text())["alg"], algorithm);
            assert_eq!((&said["iss"], &said["aud"]), (&json!(ISSUER), &json!(client.id)));
            assert_eq!((&said["sub"], &said["email"]), (&json!(user.to_string()), &json!("ann@example.test")));
            let hint = [("id_token_hint", answer.text()), ("prompt", "none".to_owned())];
            let hint: Vec<_> = hint.iter().map(|(name, value)| (*name, value.as_str())).collect();
            browser.get(&world, &client.authorize(&hint)).await.redirected_error("invalid_request");
            present(&world, &answer.text()).await.refused(401, "invalid_token");
            // Refusals are what they always are.
            present(&world, "x").await.refused(401, "invalid_token");
        }
    })
    .await;
}
