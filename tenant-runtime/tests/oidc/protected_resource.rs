//! What userinfo says about itself (RFC 9728; B87), and of sign-ins that are too weak for it (RFC 9470; B86).

use http::header;
use polder_tenant_api::SecondFactorPolicy;
use serde_json::json;

use crate::support::client::web;
use crate::support::token::claims;
use crate::support::world::on_each;
use crate::support::{ISSUER, World};

async fn present(world: &World, token: &str) -> crate::support::Answer {
    world.get("/userinfo", &[(header::AUTHORIZATION, &format!("Bearer {token}"))]).await
}

#[tokio::test]
async fn b87_the_challenge_leads_to_a_document_whose_resource_is_the_address_that_was_asked() {
    on_each(|world| async move {
        let answer = world.get("/userinfo", &[]).await;
        let challenge = answer.header("www-authenticate").unwrap().to_owned();
        let about = challenge.split("resource_metadata=\"").nth(1).unwrap().split('"').next().unwrap();
        let path = about.strip_prefix(ISSUER).unwrap();
        let document = world.get(path, &[]).await;
        assert_eq!((document.status, document.header("content-type")), (200, Some("application/json")));
        assert_eq!(document.header("access-control-allow-origin"), Some("*"));
        let said = document.json();
        assert_eq!(said["resource"], format!("{ISSUER}/userinfo"));
        assert_eq!(said["authorization_servers"], json!([ISSUER]));
        let server = world.get("/.well-known/oauth-authorization-server", &[]).await.json();
        assert_eq!(said["resource"], server["userinfo_endpoint"]);
        assert_eq!(said["resource_signing_alg_values_supported"], server["userinfo_signing_alg_values_supported"]);
        assert_eq!(said["dpop_signing_alg_values_supported"], server["dpop_signing_alg_values_supported"]);
        // What it says is so.
        let (client, browser) = (world.application(web()).await, world.browser());
        browser.sign_in(&world, world.user("ann@example.test").await).await;
        let scopes = said["scopes_supported"].as_array().unwrap();
        let scopes = scopes.iter().map(|scope| scope.as_str().unwrap()).collect::<Vec<_>>().join(" ");
        let code = browser.code_with(&world, &client, &[("scope", &scopes)]).await;
        let token = client.redeem(&world, &code).await.member("access_token");
        for method in said["bearer_methods_supported"].as_array().unwrap() {
            let answer = match method.as_str().unwrap() {
                "header" => present(&world, &token).await,
                "body" => world.post("/userinfo", &[], &[("access_token", &token)]).await,
                other => panic!("{other}"),
            };
            assert_eq!(answer.status, 200, "{method}");
        }
    })
    .await;
}

#[tokio::test]
async fn b86_a_sign_in_that_is_too_weak_by_now_is_told_which_one_would_do() {
    on_each(|world| async move {
        let (client, browser) = (world.application(web()).await, world.browser());
        browser.sign_in(&world, world.user("ann@example.test").await).await;
        let token = browser.tokens(&world, &client).await.member("access_token");
        assert_eq!(present(&world, &token).await.status, 200);
        let lax = world.app.tenant.current();
        let strict = polder_tenant_api::Settings { second_factor: SecondFactorPolicy::Required, ..(*lax).clone() };
        world.app.tenant.replace(strict);
        let answer = present(&world, &token).await;
        answer.refused(401, "insufficient_user_authentication");
        let challenge = answer.header("www-authenticate").unwrap();
        assert!(challenge.contains("error=\"insufficient_user_authentication\""), "{challenge}");
        let wanted = challenge.split("acr_values=\"").nth(1).unwrap().split('"').next().unwrap();
        // What it names is what the authorization endpoint asks for, and what it cannot reach it says.
        let stepped = browser.get(&world, &client.authorize(&[("acr_values", wanted)])).await;
        assert_eq!(stepped.location().path(), "/signin");
        let impossible = r#"{"id_token":{"acr":{"essential":true,"value":"urn:example:gold"}}}"#;
        let answer = browser.get(&world, &client.authorize(&[("claims", impossible)])).await;
        answer.redirected_error("unmet_authentication_requirements");
        world.app.tenant.replace((*lax).clone());
        assert_eq!(present(&world, &token).await.status, 200, "the token was never the problem");
        assert_eq!(claims(&token)["acr"], "urn:polder:acr:email");
    })
    .await;
}
