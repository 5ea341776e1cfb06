//! Pairwise subjects (OpenID Connect Core 8): no two sectors know a person by the same name.

use http::header;
use polder_tenant_api::SubjectType;
use serde_json::{Value, json};

use crate::support::client::{AFTERWARDS, Choice, spa, web};
use crate::support::token::claims;
use crate::support::world::on_each;
use crate::support::{Answer, Client};

fn at(host: &str, mut choice: Choice) -> Choice {
    choice.wish.redirect_uris = vec![format!("https://{host}/cb")];
    choice.preferences.subject_type = Some(SubjectType::Pairwise);
    choice
}

fn sub(answer: &Answer) -> Value {
    claims(&answer.member("id_token"))["sub"].clone()
}

#[tokio::test]
async fn a36_a_person_has_one_name_per_sector_and_it_is_the_same_everywhere_there() {
    on_each(|mut world| async move {
        let (ann, bob) = (world.user("ann@example.test").await, world.user("bob@example.test").await);
        let (one, same) = (world.application(at("a.test", web())).await, world.application(at("a.test", spa())).await);
        let (other, public) = (world.application(at("b.test", web())).await, world.application(web()).await);
        let browser = world.browser();
        browser.sign_in(&world, ann).await;
        let tokens = browser.tokens(&world, &one).await;
        let known = sub(&tokens);
        assert_eq!(sub(&browser.tokens(&world, &same).await), known);
        let public_name = sub(&browser.tokens(&world, &public).await);
        assert_eq!(public_name, ann.to_string());
        let others = sub(&browser.tokens(&world, &other).await);
        assert!(known != others && known != public_name && others != public_name);
        assert!(!known.as_str().unwrap().contains(&ann.to_string()));
        // The same in every token, at userinfo, and where tokens are asked about.
        let (access, refresh) = (tokens.member("access_token"), tokens.member("refresh_token"));
        assert_eq!(claims(&access)["sub"], known);
        let bearer = format!("Bearer {access}");
        assert_eq!(world.get("/userinfo", &[(header::AUTHORIZATION, &bearer)]).await.json()["sub"], known);
        for token in [&access, &refresh] {
            assert_eq!(one.introspect(&world, token).await.json()["sub"], known);
        }
        // It stays: after a refresh, at the next sign-in, after a restart.
        assert_eq!(sub(&one.refresh(&world, &refresh).await), known);
        world.restart().await;
        let again = world.browser();
        again.sign_in(&world, ann).await;
        assert_eq!(sub(&again.tokens(&world, &one).await), known);
        // Somebody else is somebody else.
        let elsewhere = world.browser();
        elsewhere.sign_in(&world, bob).await;
        assert_ne!(sub(&elsewhere.tokens(&world, &one).await), known);
    })
    .await;
}

#[tokio::test]
async fn a19_a26_a36_hints_mean_the_person_whom_the_application_knows_by_that_name() {
    on_each(|world| async move {
        let (one, other) = (world.application(at("a.test", web())).await, world.application(at("b.test", web())).await);
        let (ann, bob) = (world.browser(), world.browser());
        ann.sign_in(&world, world.user("ann@example.test").await).await;
        bob.sign_in(&world, world.user("bob@example.test").await).await;
        let hint = ann.tokens(&world, &one).await.member("id_token");
        let silent = |client: &Client, more: (&str, &str)| client.authorize(&[("prompt", "none"), more]);
        let request = silent(&one, ("id_token_hint", &hint));
        assert!(ann.get(&world, &request).await.parameter("code").is_some());
        bob.get(&world, &request).await.redirected_error("login_required");
        let named = |sub: &Value| json!({ "id_token": { "sub": { "value": sub } } }).to_string();
        let known = claims(&hint)["sub"].clone();
        assert!(ann.get(&world, &silent(&one, ("claims", &named(&known)))).await.parameter("code").is_some());
        bob.get(&world, &silent(&one, ("claims", &named(&known)))).await.redirected_error("login_required");
        // What one application calls somebody means nobody to another, and nor does a changed name.
        ann.get(&world, &silent(&other, ("claims", &named(&known)))).await.redirected_error("login_required");
        let mut changed = known.as_str().unwrap().to_owned();
        let last = if changed.pop() == Some('A') { 'E' } else { 'A' };
        changed.push(last);
        for wrong in [changed.as_str(), "", "x"] {
            let wrong = if wrong.is_empty() { json!("nobody") } else { json!(wrong) };
            ann.get(&world, &silent(&one, ("claims", &named(&wrong)))).await.redirected_error("login_required");
        }
    })
    .await;
}

#[tokio::test]
async fn a43_a36_signing_out_with_a_hint_needs_no_question() {
    on_each(|world| async move {
        let mut choice = at("app.example", web());
        choice.wish.post_logout_redirect_uris = vec![AFTERWARDS.to_owned()];
        let client = world.application(choice).await;
        let browser = world.browser();
        browser.sign_in(&world, world.user("ann@example.test").await).await;
        let hint = browser.tokens(&world, &client).await.member("id_token");
        let query =
            serde_urlencoded::to_string([("id_token_hint", hint.as_str()), ("post_logout_redirect_uri", AFTERWARDS)]);
        let answer = browser.get(&world, &format!("/end_session?{}", query.unwrap())).await;
        assert_eq!(answer.location().as_str(), AFTERWARDS);
        let silent = browser.get(&world, &client.authorize(&[("prompt", "none")])).await;
        silent.redirected_error("login_required");
    })
    .await;
}
