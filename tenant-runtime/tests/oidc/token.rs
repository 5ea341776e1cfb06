//! `POST /token`: what all grants share, and client credentials.

use http::{HeaderValue, Method, header};

use crate::support::client::{machine, spa, web};
use crate::support::token::{claims, header as jose, verified};
use crate::support::world::{on_each, request};
use crate::support::{Client, ISSUER, World};

async fn credentials(world: &World, client: &Client, scope: &str) -> crate::support::Answer {
    client.post(world, "/token", &[("grant_type", "client_credentials"), ("scope", scope)]).await
}

#[tokio::test]
async fn b07_only_post_only_forms_and_nothing_in_the_url() {
    on_each(|world| async move {
        let client = world.application(machine()).await;
        let got = world.get("/token", &[]).await;
        assert_eq!((got.status, got.header("allow")), (405, Some("POST")));
        let mut json = request(Method::POST, "/token", &[], r#"{"grant_type":"client_credentials"}"#.to_owned());
        json.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        world.send(json).await.refused(415, "invalid_request");
        let in_url = client.post(&world, "/token?grant_type=client_credentials", &[]).await;
        in_url.refused(400, "invalid_request");
        let (headers, _) = client.credentials(&world);
        let long = "x".repeat(70_000);
        let form = [("grant_type", "client_credentials"), ("padding", long.as_str())];
        let large = world.post("/token", &[(headers[0].0.clone(), &headers[0].1)], &form).await;
        large.refused(413, "invalid_request");
    })
    .await;
}

#[tokio::test]
async fn b02_b03_twice_is_refused_empty_is_absent_unknown_is_ignored() {
    on_each(|world| async move {
        let client = world.application(machine()).await;
        let twice = [("grant_type", "client_credentials"), ("scope", "read"), ("scope", "write")];
        client.post(&world, "/token", &twice).await.refused(400, "invalid_request");
        let unknown = [("grant_type", "client_credentials"), ("scope", ""), ("foo", "bar")];
        assert_eq!(client.post(&world, "/token", &unknown).await.status, 200);
        client.post(&world, "/token", &[("grant_type", "")]).await.refused(400, "invalid_request");
    })
    .await;
}

#[tokio::test]
async fn b12_a_grant_must_be_known_and_the_applications_own() {
    on_each(|world| async move {
        let machine = world.application(machine()).await;
        let web = world.application(web()).await;
        let password = [("grant_type", "password"), ("username", "ann"), ("password", "x")];
        web.post(&world, "/token", &password).await.refused(400, "unsupported_grant_type");
        credentials(&world, &web, "").await.refused(400, "unauthorized_client");
        machine.redeem(&world, "x").await.refused(400, "unauthorized_client");
    })
    .await;
}

#[tokio::test]
async fn b16_answers_are_json_that_nobody_keeps() {
    on_each(|world| async move {
        let client = world.application(machine()).await;
        for answer in [credentials(&world, &client, "read").await, credentials(&world, &client, "no\"").await] {
            assert_eq!(answer.header("content-type"), Some("application/json"));
            assert_eq!(answer.header("cache-control"), Some("no-store"));
            assert_eq!(answer.header("pragma"), Some("no-cache"));
        }
        assert_eq!(credentials(&world, &client, "read").await.member("token_type"), "Bearer");
    })
    .await;
}

#[tokio::test]
async fn b17_an_application_on_its_own_account_gets_no_person_and_no_refresh_token() {
    on_each(|world| async move {
        let client = world.application(machine()).await;
        let answer = credentials(&world, &client, "read").await;
        let body = answer.json();
        assert_eq!((body.get("refresh_token"), body.get("id_token")), (None, None));
        assert_eq!((body["expires_in"].as_u64(), body["scope"].as_str()), (Some(900), Some("read")));
        let claims = verified(&world, &answer.member("access_token")).await;
        assert_eq!(claims["sub"], client.id, "a client id is never a person's id");
        for absent in ["auth_time", "acr", "amr", "sid"] {
            assert_eq!(claims.get(absent), None, "{absent}");
        }
        for scope in ["openid", "read openid", "offline_access", "admin"] {
            credentials(&world, &client, scope).await.refused(400, "invalid_scope");
        }
        assert_eq!(credentials(&world, &client, "").await.member("scope"), "read write");
    })
    .await;
}

#[tokio::test]
async fn b17_a_public_application_has_no_credentials() {
    on_each(|world| async move {
        let client = world.application(spa()).await;
        credentials(&world, &client, "").await.refused(400, "unauthorized_client");
    })
    .await;
}

#[tokio::test]
async fn b77_an_access_token_is_what_rfc_9068_says() {
    on_each(|world| async move {
        let client = world.application(web()).await;
        let browser = world.browser();
        let user = world.user("ann@example.test").await;
        browser.sign_in(&world, user).await;
        let token = browser.tokens(&world, &client).await.member("access_token");
        assert_eq!((jose(&token)["typ"].as_str(), jose(&token)["alg"].as_str()), (Some("at+jwt"), Some("ES256")));
        let claims = verified(&world, &token).await;
        assert_eq!((claims["iss"].as_str(), claims["aud"].as_str()), (Some(ISSUER), Some(ISSUER)));
        assert_eq!(claims["sub"], user.to_string());
        assert_eq!(claims["client_id"], client.id);
        assert_eq!(claims["scope"], "openid profile email offline_access");
        assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), 900);
        assert!(
            claims["jti"].as_str().unwrap().len() >= 22 && claims["auth_time"].is_i64() && claims["acr"].is_string()
        );
        assert!(!claims.to_string().contains("ann"), "no name and no address in an access token");
    })
    .await;
}

#[tokio::test]
async fn b77_two_tokens_never_share_a_name() {
    on_each(|world| async move {
        let client = world.application(machine()).await;
        let mut names = std::collections::BTreeSet::new();
        for _ in 0..20 {
            let token = credentials(&world, &client, "read").await.member("access_token");
            assert!(names.insert(claims(&token)["jti"].as_str().unwrap().to_owned()));
        }
    })
    .await;
}

#[tokio::test]
async fn b79_a_resource_must_be_the_applications_own_audience() {
    on_each(|world| async move {
        let mut choice = machine();
        choice.wish.audience = Some("https://api.example/v1".to_owned());
        let client = world.application(choice).await;
        let with = |resource: &'static str| {
            let (world, client) = (&world, &client);
            async move {
                client.post(world, "/token", &[("grant_type", "client_credentials"), ("resource", resource)]).await
            }
        };
        let right = with("https://api.example/v1").await;
        assert_eq!(claims(&right.member("access_token"))["aud"], "https://api.example/v1");
        for wrong in ["https://api.example/v2", "relative", "https://api.example/v1#x"] {
            with(wrong).await.refused(400, "invalid_target");
        }
    })
    .await;
}
