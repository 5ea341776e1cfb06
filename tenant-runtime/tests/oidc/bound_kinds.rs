//! Tokens bound to a key, whatever else is chosen about them: opaque, for named APIs, of pairwise people.

use http::{HeaderName, header};
use polder_tenant_api::{AccessTokenFormat, SecondFactorPolicy, Settings, SubjectType};
use serde_json::json;

use crate::dpop::{at_userinfo, userinfo};
use crate::resources::api;
use crate::support::client::{Choice, VERIFIER, machine, web};
use crate::support::token::{claims, verified};
use crate::support::world::on_each;
use crate::support::{Answer, Browser, Client, Signer, World};

const PROOF: HeaderName = HeaderName::from_static("dpop");
const ORDERS: &str = "https://api.example/orders";
const MAIL: &str = "urn:example:mail";

fn opaque(mut choice: Choice) -> Choice {
    choice.preferences.access_token_format = Some(AccessTokenFormat::Opaque);
    choice
}

async fn signed_in(world: &World) -> Browser {
    let browser = world.browser();
    browser.sign_in(world, world.user("ann@example.test").await).await;
    browser
}

#[tokio::test]
async fn b26_b59_b66_an_opaque_token_has_its_key_inside_and_is_used_with_a_proof_alone() {
    on_each(|mut world| async move {
        let (signer, other) = (Signer::new(), Signer::new());
        let mut choice = opaque(web());
        choice.preferences.subject_type = Some(SubjectType::Pairwise);
        let (client, browser) = (world.application(choice).await, signed_in(&world).await);
        let code = browser.code(&world, &client).await;
        let tokens = client.redeem_with(&world, &code, &signer.proof(&world, "/token")).await;
        assert_eq!(tokens.member("token_type"), "DPoP", "{}", tokens.text());
        let token = tokens.member("access_token");
        assert!(token.starts_with("polder_at_") && !token.contains(&signer.jkt()), "{token}");
        let known = claims(&tokens.member("id_token"))["sub"].clone();

        let described = client.introspect(&world, &token).await.json();
        assert_eq!(described["cnf"], json!({ "jkt": signer.jkt() }));
        assert_eq!((&described["token_type"], &described["sub"]), (&json!("DPoP"), &known));
        let accept = [(header::ACCEPT, "application/token-introspection+jwt")];
        let signed = client.post_with(&world, "/introspect", &accept, &[("token", &token)]).await.text();
        assert_eq!(verified(&world, &signed).await["token_introspection"], described);

        world.restart().await;
        let dpop = format!("DPoP {token}");
        let proof = |signer: &Signer| at_userinfo(&world, signer, &token, &json!({}));
        let said = userinfo(&world, &dpop, &[&proof(&signer)]).await;
        assert_eq!(said.status, 200, "{}", said.text());
        assert_eq!(said.json()["sub"], known);
        userinfo(&world, &format!("Bearer {token}"), &[]).await.refused(401, "invalid_token");
        userinfo(&world, &dpop, &[]).await.refused(401, "invalid_dpop_proof");
        userinfo(&world, &dpop, &[&proof(&other)]).await.refused(401, "invalid_token");

        let plain = browser.tokens(&world, &client).await.member("access_token");
        assert_eq!(client.introspect(&world, &plain).await.json().get("cnf"), None);
        let proof = at_userinfo(&world, &signer, &plain, &json!({}));
        userinfo(&world, &format!("DPoP {plain}"), &[&proof]).await.refused(401, "invalid_token");
    })
    .await;
}

#[tokio::test]
async fn b59_b79_a_service_gets_a_bound_token_of_either_kind_for_the_api_it_named() {
    on_each(|world| async move {
        api(&world, "orders", ORDERS).await;
        for choice in [machine(), opaque(machine())] {
            let (signer, mut choice) = (Signer::new(), choice);
            choice.preferences.apis = vec!["orders".to_owned()];
            choice.preferences.access_token_seconds = Some(120);
            let client = world.application(choice).await;
            let proof = signer.proof(&world, "/token");
            let form = [("grant_type", "client_credentials"), ("resource", ORDERS)];
            let answer = client.post_with(&world, "/token", &[(PROOF, &proof)], &form).await;
            assert_eq!((answer.status, answer.member("token_type").as_str()), (200, "DPoP"), "{}", answer.text());
            assert_eq!(answer.json()["expires_in"], 120);
            let described = client.introspect(&world, &answer.member("access_token")).await.json();
            assert_eq!((&described["aud"], &described["cnf"]["jkt"]), (&json!(ORDERS), &json!(signer.jkt())));
        }
    })
    .await;
}

async fn redeem(world: &World, client: &Client, (code, resource, proof): (&str, &str, &str)) -> Answer {
    let form = [
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", client.redirect_uri.as_str()),
        ("code_verifier", VERIFIER),
        ("resource", resource),
    ];
    client.post_with(world, "/token", &[(PROOF, proof)], &form).await
}

#[tokio::test]
async fn b63_b79_a_refused_resource_uses_up_neither_the_code_nor_the_proof() {
    on_each(|world| async move {
        api(&world, "orders", ORDERS).await;
        api(&world, "mail", MAIL).await;
        let (signer, mut choice) = (Signer::new(), web());
        choice.preferences.apis = vec!["orders".to_owned(), "mail".to_owned()];
        let (client, browser) = (world.application(choice).await, signed_in(&world).await);
        let code = browser.code_with(&world, &client, &[("resource", ORDERS)]).await;
        let proof = signer.proof(&world, "/token");
        redeem(&world, &client, (&code, MAIL, &proof)).await.refused(400, "invalid_target");
        assert_eq!(world.rows("SELECT COUNT(*) AS n FROM used_jti").await, 0);
        let tokens = redeem(&world, &client, (&code, ORDERS, &proof)).await;
        assert_eq!(tokens.status, 200, "{}", tokens.text());
        let access = claims(&tokens.member("access_token"));
        assert_eq!((&access["aud"], &access["cnf"]["jkt"]), (&json!(ORDERS), &json!(signer.jkt())));
        redeem(&world, &client, (&code, ORDERS, &proof)).await.refused(400, "invalid_grant");
    })
    .await;
}

#[tokio::test]
async fn b86_b87_who_holds_a_key_is_told_under_its_own_scheme_which_sign_in_would_do() {
    on_each(|world| async move {
        let (signer, client) = (Signer::new(), world.application(web()).await);
        let code = signed_in(&world).await.code(&world, &client).await;
        let token = client.redeem_with(&world, &code, &signer.proof(&world, "/token")).await.member("access_token");
        let lax = world.app.tenant.current();
        let strict = Settings { second_factor: SecondFactorPolicy::Required, ..(*lax).clone() };
        world.app.tenant.replace(strict);
        let proof = at_userinfo(&world, &signer, &token, &json!({}));
        let answer = userinfo(&world, &format!("DPoP {token}"), &[&proof]).await;
        answer.refused(401, "insufficient_user_authentication");
        assert_eq!(answer.headers.get_all("www-authenticate").iter().count(), 1);
        let challenge = answer.header("www-authenticate").unwrap();
        for part in ["DPoP realm=", ", resource_metadata=", ", acr_values=\"urn:polder:acr:mfa\"", ", algs="] {
            assert_eq!(challenge.matches(part).count(), 1, "{part} in {challenge}");
        }
    })
    .await;
}
