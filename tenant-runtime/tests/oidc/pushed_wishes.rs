//! What a request wishes counts wherever it came from: by the browser, pushed (RFC 9126), or signed (RFC 9101).

use polder_tenant_api::SubjectType;
use serde_json::json;

use crate::form_post::{field, form};
use crate::resources::api;
use crate::support::client::{CHALLENGE, web, with_registered};
use crate::support::token::claims;
use crate::support::world::on_each;
use crate::support::{ISSUER, Signer};

const ORDERS: &str = "https://api.example/orders";
const STRANGE: &str = "https://api.example/strange";

#[tokio::test]
async fn a26_a40_b53_b57_b79_mode_claims_and_resources_are_read_from_what_was_pushed_or_signed() {
    on_each(|world| async move {
        api(&world, "orders", ORDERS).await;
        let (signer, browser) = (Signer::new(), world.browser());
        let ann = world.user("ann@example.test").await;
        browser.sign_in(&world, ann).await;
        let mut choice = with_registered(web(), &signer);
        choice.preferences.apis = vec!["orders".to_owned()];
        let client = world.application(choice).await;
        let wish = json!({ "id_token": { "email": null, "sub": { "value": ann.to_string() } } });
        let parameters = json!({
            "response_type": "code", "redirect_uri": client.redirect_uri, "scope": "openid", "state": "st-1",
            "code_challenge": CHALLENGE, "code_challenge_method": "S256", "response_mode": "form_post",
            "claims": wish, "resource": [ORDERS],
        });
        let object = || signer.request_object(&world, &client.id, &parameters);
        let wishes = wish.to_string();
        let changes =
            [("response_mode", "form_post"), ("claims", wishes.as_str()), ("resource", ORDERS), ("scope", "openid")];
        let pushed = client.push(&world, &changes, None).await;
        let both = client.post(&world, "/par", &[("request", &object())]).await;
        for request in [
            client.authorize(&[("request", &object())]),
            client.opens(&pushed.member("request_uri")),
            client.opens(&both.member("request_uri")),
        ] {
            let (action, fields) = form(&browser.get(&world, &request).await);
            assert_eq!((action.as_str(), field(&fields, "state")), (client.redirect_uri.as_str(), Some("st-1")));
            let tokens = client.redeem(&world, field(&fields, "code").unwrap()).await;
            assert_eq!(claims(&tokens.member("access_token"))["aud"], json!([ORDERS, ISSUER]));
            assert_eq!(claims(&tokens.member("id_token"))["email"], "ann@example.test");
        }
        // Once answered, a pushed one is over; beside a signed one nothing counts.
        browser.get(&world, &client.opens(&pushed.member("request_uri"))).await.error_page();
        let beside = [("request", object()), ("response_mode", "query".to_owned()), ("resource", STRANGE.to_owned())];
        let beside: Vec<_> = beside.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let (_, fields) = form(&browser.get(&world, &client.authorize(&beside)).await);
        assert!(field(&fields, "code").is_some(), "{fields:?}");
    })
    .await;
}

#[tokio::test]
async fn a26_a41_b54_b79_wrong_wishes_are_refused_where_they_are_pushed_and_told_as_a_signed_request_has_it() {
    on_each(|world| async move {
        let signer = Signer::new();
        let client = world.application(with_registered(web(), &signer)).await;
        for (change, error) in [
            (("response_mode", "fragment"), "invalid_request"),
            (("claims", "[]"), "invalid_request"),
            (("resource", STRANGE), "invalid_target"),
        ] {
            client.push(&world, &[change], None).await.refused(400, error);
        }
        let browser = world.browser();
        let mode = ("response_mode", "form_post");
        let told = async |object: &str| {
            let (action, fields) = form(&browser.get(&world, &client.authorize(&[("request", object), mode])).await);
            assert_eq!(action, client.redirect_uri);
            field(&fields, "error").map(str::to_owned)
        };
        let wrong = json!({
            "response_type": "code", "redirect_uri": client.redirect_uri, "scope": "openid",
            "code_challenge": CHALLENGE, "code_challenge_method": "S256", "response_mode": "form_post",
            "resource": STRANGE,
        });
        let object = signer.request_object(&world, &client.id, &wrong);
        assert_eq!(told(&object).await.as_deref(), Some("invalid_target"));
        let forged = Signer::new().request_object(&world, &client.id, &wrong);
        assert_eq!(told(&forged).await.as_deref(), Some("invalid_request_object"));
    })
    .await;
}

#[tokio::test]
async fn a26_a36_b53_a_pushed_subject_is_the_person_whom_the_application_knows_by_that_name() {
    on_each(|world| async move {
        let mut choice = web();
        choice.preferences.subject_type = Some(SubjectType::Pairwise);
        let client = world.application(choice).await;
        let (ann, bob) = (world.browser(), world.browser());
        ann.sign_in(&world, world.user("ann@example.test").await).await;
        bob.sign_in(&world, world.user("bob@example.test").await).await;
        let known = claims(&ann.tokens(&world, &client).await.member("id_token"))["sub"].clone();
        let wish = json!({ "id_token": { "sub": { "value": known } } }).to_string();
        let pushed = client.push(&world, &[("prompt", "none"), ("claims", &wish)], None).await;
        let request = client.opens(&pushed.member("request_uri"));
        bob.get(&world, &request).await.redirected_error("login_required");
        assert!(ann.get(&world, &request).await.parameter("code").is_some());
    })
    .await;
}
