//! Signed authorization requests, by value.

use serde_json::{Value, json};

use crate::support::client::{CHALLENGE, Choice, web, with_registered};
use crate::support::world::on_each;
use crate::support::{Answer, Browser, Client, Signer, World};

async fn signed_in(world: &World) -> Browser {
    let browser = world.browser();
    browser.sign_in(world, world.user("ann@example.test").await).await;
    browser
}

/// An application with two redirect URIs and a registered key.
fn signing(signer: &Signer) -> Choice {
    let mut choice = with_registered(web(), signer);
    choice.wish.redirect_uris.push("https://app.example/other".to_owned());
    choice
}

fn inside() -> Value {
    json!({
        "response_type": "code", "redirect_uri": "https://app.example/other", "scope": "openid", "state": "inside",
        "code_challenge": CHALLENGE, "code_challenge_method": "S256",
    })
}

async fn open(world: &World, browser: &Browser, client: &Client, object: &str) -> Answer {
    browser.get(world, &client.authorize(&[("request", object)])).await
}

#[tokio::test]
async fn a25_b57_what_is_signed_counts_and_what_stands_beside_it_does_not() {
    on_each(|world| async move {
        let signer = Signer::new();
        let client = world.application(signing(&signer)).await;
        let browser = signed_in(&world).await;
        let answer = open(&world, &browser, &client, &signer.request_object(&world, &client.id, &inside())).await;
        assert_eq!(answer.location().path(), "/other", "A25");
        assert_eq!(answer.parameter("state").as_deref(), Some("inside"));
        let pushed = signer.request_object(&world, &client.id, &inside());
        let pushed = client.post(&world, "/par", &[("request", &pushed), ("state", "outside")]).await;
        assert_eq!(pushed.status, 201, "{}", pushed.text());
        let answer = browser.get(&world, &client.opens(&pushed.member("request_uri"))).await;
        assert_eq!((answer.location().path(), answer.parameter("state").as_deref()), ("/other", Some("inside")));
        // What is wrong inside is told at the address inside.
        let mut wrong = inside();
        wrong["scope"] = json!("admin");
        let answer = open(&world, &browser, &client, &signer.request_object(&world, &client.id, &wrong)).await;
        answer.redirected_error("invalid_scope");
        assert_eq!(answer.location().path(), "/other");
    })
    .await;
}

#[tokio::test]
async fn b57_a_tampered_object_is_refused_and_never_ignored() {
    on_each(|world| async move {
        let (signer, other) = (Signer::new(), Signer::new());
        let client = world.application(signing(&signer)).await;
        let portal = world.application(signing(&other)).await;
        let browser = signed_in(&world).await;
        let now = world.clock.now().seconds();
        let with = |change: Value| {
            let mut claims = inside();
            for (name, value) in change.as_object().unwrap() {
                claims[name] = value.clone();
            }
            signer.request_object(&world, &client.id, &claims)
        };
        let plain = |header: Value| {
            let claims = json!({ "iss": client.id, "client_id": client.id, "aud": crate::support::ISSUER });
            let claims = crate::support::signer::changed(claims, &inside());
            signer.sign(&header, &claims)
        };
        let right = with(json!({}));
        let parts: Vec<&str> = right.split('.').collect();
        let swapped = with(json!({ "scope": "openid email" }));
        let swapped: Vec<&str> = swapped.split('.').collect();
        for wrong in [
            with(json!({ "client_id": portal.id })),
            with(json!({ "iss": portal.id })),
            with(json!({ "aud": "https://evil.example" })),
            with(json!({ "aud": null })),
            with(json!({ "exp": now - 120 })),
            with(json!({ "nbf": now + 120 })),
            with(json!({ "sub": client.id })),
            with(json!({ "request": "a.b.c" })),
            with(json!({ "request_uri": "https://evil.example" })),
            format!("{}.{}.{}", parts[0], swapped[1], parts[2]),
            other.request_object(&world, &client.id, &inside()),
            plain(json!({ "alg": "HS256", "typ": "oauth-authz-req+jwt" })),
            plain(json!({ "alg": "ES256", "typ": "JWT" })),
            plain(json!({ "alg": "ES256" })),
            plain(json!({ "alg": "ES256", "typ": "oauth-authz-req+jwt", "crit": ["exp"] })),
            signer.assertion(&world, &client.id, &json!({})),
            "x".to_owned(),
        ] {
            let answer = open(&world, &browser, &client, &wrong).await;
            answer.redirected_error("invalid_request_object");
            assert_eq!(answer.parameter("state").as_deref(), Some("st-1"));
            client.post(&world, "/par", &[("request", &wrong)]).await.refused(400, "invalid_request_object");
        }
        // Where nothing says where to go, a page says so.
        let lost = client.authorize(&[("request", "x"), ("redirect_uri", "https://evil.example/cb")]);
        browser.get(&world, &lost).await.error_page();
    })
    .await;
}

#[tokio::test]
async fn a24_unsigned_objects_and_those_by_reference_are_refused() {
    on_each(|world| async move {
        let signer = Signer::new();
        let client = world.application(signing(&signer)).await;
        let keyless = world.application(web()).await;
        let browser = signed_in(&world).await;
        let unsigned = Signer::of("none");
        let unsigned = unsigned.request_object(&world, &client.id, &inside());
        open(&world, &browser, &client, &unsigned).await.redirected_error("request_not_supported");
        let signed = signer.request_object(&world, &keyless.id, &inside());
        open(&world, &browser, &keyless, &signed).await.redirected_error("request_not_supported");
        let by_reference = client.authorize(&[("request_uri", "https://app.example/request.jwt")]);
        browser.get(&world, &by_reference).await.redirected_error("request_uri_not_supported");
    })
    .await;
}
