//! The parameter `claims` (OpenID Connect Core 5.5; A26).

use http::header;
use serde_json::{Value, json};

use crate::support::client::web;
use crate::support::token::claims;
use crate::support::world::on_each;
use crate::support::{Answer, Browser, Client, World};

async fn ann(world: &World) -> (Client, Browser, String) {
    let user = world.user("ann@example.test").await;
    world.set_roles(user, &["coach"]).await;
    let browser = world.browser();
    browser.sign_in(world, user).await;
    (world.application(web()).await, browser, user.to_string())
}

/// The tokens for a request with this scope and these claims.
async fn tokens(world: &World, (client, browser): (&Client, &Browser), scope: &str, wish: &Value) -> Answer {
    let code = browser.code_with(world, client, &[("scope", scope), ("claims", &wish.to_string())]).await;
    client.redeem(world, &code).await
}

async fn userinfo(world: &World, token: &str) -> Value {
    world.get("/userinfo", &[(header::AUTHORIZATION, &format!("Bearer {token}"))]).await.json()
}

fn names(value: &Value) -> Vec<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

#[tokio::test]
async fn a26_single_claims_come_where_they_were_asked_for_and_nowhere_else() {
    on_each(|world| async move {
        let (client, browser, user) = ann(&world).await;
        let wish = json!({
            "userinfo": { "name": { "essential": true }, "email": null, "website": null, "iss": null },
            "id_token": { "email_verified": { "essential": true }, "roles": null, "auth_time": { "essential": true } },
        });
        let answer = tokens(&world, (&client, &browser), "openid offline_access", &wish).await;
        assert_eq!(answer.member("scope"), "openid offline_access", "no scope came of it");
        let said = userinfo(&world, &answer.member("access_token")).await;
        assert_eq!(said, json!({ "sub": user, "name": "Ann Smit", "email": "ann@example.test" }));
        let id_token = claims(&answer.member("id_token"));
        assert_eq!((&id_token["email_verified"], &id_token["roles"]), (&json!(true), &json!(["coach"])));
        assert_eq!((id_token.get("name"), id_token.get("email")), (None, None));
        assert!(id_token["auth_time"].is_i64());
        // The grant keeps them: a refresh changes nothing.
        let again = client.refresh(&world, &answer.member("refresh_token")).await;
        assert_eq!(userinfo(&world, &again.member("access_token")).await, said);
        assert_eq!(claims(&again.member("id_token"))["roles"], json!(["coach"]));
        // Another request asked for nothing.
        let plain = tokens(&world, (&client, &browser), "openid", &json!({})).await;
        assert_eq!(names(&userinfo(&world, &plain.member("access_token")).await), ["sub"]);
    })
    .await;
}

#[tokio::test]
async fn a26_a_claim_with_a_value_is_told_only_where_it_has_it() {
    on_each(|world| async move {
        let (client, browser, _) = ann(&world).await;
        for (value, told) in [
            (json!({ "value": "ann@example.test" }), true),
            (json!({ "values": ["x", "ann@example.test"] }), true),
            (json!({ "value": "eve@example.test", "essential": true }), false),
            (json!({ "value": 7 }), false),
        ] {
            let wish = json!({ "userinfo": { "email": value, "name": null } });
            let answer = tokens(&world, (&client, &browser), "openid", &wish).await;
            let said = userinfo(&world, &answer.member("access_token")).await;
            assert_eq!(said.get("email").is_some(), told, "{wish} {said}");
            assert_eq!(said["name"], "Ann Smit");
        }
        // Nothing of the person is stored for it.
        let stored = world.rows("SELECT COUNT(*) AS n FROM oauth_grant WHERE claims LIKE '%example%'").await;
        assert_eq!(stored, 0);
    })
    .await;
}

#[tokio::test]
async fn a26_malformed_claims_are_refused() {
    on_each(|world| async move {
        let (client, browser, _) = ann(&world).await;
        for wrong in [
            "[]",
            "{",
            "null",
            "7",
            r#"{"userinfo":7}"#,
            r#"{"userinfo":{"name":"x"}}"#,
            r#"{"userinfo":{"name":{"essential":"yes"}}}"#,
            r#"{"id_token":{"email":{"value":1,"values":[1]}}}"#,
            r#"{"id_token":{"sub":{"value":["x"]}}}"#,
        ] {
            browser.get(&world, &client.authorize(&[("claims", wrong)])).await.redirected_error("invalid_request");
        }
    })
    .await;
}

#[tokio::test]
async fn a26_a_subject_with_a_value_is_that_person_or_nobody() {
    on_each(|world| async move {
        let (client, browser, ann) = ann(&world).await;
        let bob = world.user("bob@example.test").await.to_string();
        let ask = async |wish: Value, more: &[(&str, &str)]| {
            let wish = wish.to_string();
            let changes: Vec<_> = [("claims", wish.as_str())].into_iter().chain(more.iter().copied()).collect();
            browser.get(&world, &client.authorize(&changes)).await
        };
        for place in ["id_token", "userinfo"] {
            let of = |sub: Value| json!({ place: { "sub": sub } });
            assert!(ask(of(json!({ "value": ann })), &[("prompt", "none")]).await.parameter("code").is_some());
            assert!(ask(of(json!({ "values": [bob, ann] })), &[]).await.parameter("code").is_some());
            for wrong in [json!({ "value": bob }), json!({ "value": "nobody", "essential": true })] {
                let silent = ask(of(wrong.clone()), &[("prompt", "none")]).await;
                silent.redirected_error("login_required");
                // With pages it is the sign-in's turn: Ann's session does not answer it.
                assert_eq!(ask(of(wrong), &[]).await.location().path(), "/signin");
            }
        }
        let torn = json!({ "id_token": { "sub": { "value": ann } }, "userinfo": { "sub": { "value": bob } } });
        ask(torn, &[("prompt", "none")]).await.redirected_error("login_required");
    })
    .await;
}

#[tokio::test]
async fn a26_without_openid_there_is_nobody_to_make_claims_about() {
    on_each(|world| async move {
        let (client, browser, _) = ann(&world).await;
        let wish = json!({ "userinfo": { "email": null }, "id_token": { "email": null } });
        let answer = tokens(&world, (&client, &browser), "email", &wish).await;
        assert_eq!(answer.json().get("id_token"), None);
        let bearer = format!("Bearer {}", answer.member("access_token"));
        world.get("/userinfo", &[(header::AUTHORIZATION, &bearer)]).await.refused(403, "insufficient_scope");
    })
    .await;
}

#[tokio::test]
async fn b20_single_claims_end_with_their_grant() {
    on_each(|world| async move {
        let (client, browser, _) = ann(&world).await;
        let wish = json!({ "userinfo": { "email": null } });
        let answer = tokens(&world, (&client, &browser), "openid offline_access", &wish).await;
        client.revoke(&world, &answer.member("refresh_token")).await;
        let bearer = format!("Bearer {}", answer.member("access_token"));
        world.get("/userinfo", &[(header::AUTHORIZATION, &bearer)]).await.refused(401, "invalid_token");
    })
    .await;
}
