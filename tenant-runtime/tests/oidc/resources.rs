//! Resource indicators (RFC 8707; B79).

use http::header;
use polder_kernel::Timestamp;
use polder_tenant_runtime::store::apis::{self, StoredApi};
use serde_json::{Value, json};

use crate::support::client::{VERIFIER, machine, web};
use crate::support::token::claims;
use crate::support::world::on_each;
use crate::support::{Answer, Browser, Client, ISSUER, World};

const ORDERS: &str = "https://api.example/orders";
const MAIL: &str = "urn:example:mail";
const STRANGE: &str = "https://api.example/strange";

/// Registers an API.
pub async fn api(world: &World, name: &'static str, identifier: &'static str) {
    let at = Timestamp::from_seconds(1);
    let work = world.app.db.write(move |tx| {
        Box::pin(async move {
            let (name, identifier) = (name.to_owned(), identifier.to_owned());
            apis::put(tx, &StoredApi { name, identifier, title: None, created_at: at, updated_at: at }).await
        })
    });
    assert!(work.await.unwrap());
    world.app.refresh_applications().await.unwrap();
}

/// A tenant with three APIs, and an application that may ask for two of them.
async fn stage(world: &World) -> (Client, Browser) {
    api(world, "orders", ORDERS).await;
    api(world, "mail", MAIL).await;
    api(world, "strange", STRANGE).await;
    let mut choice = web();
    choice.preferences.apis = vec!["orders".to_owned(), "mail".to_owned()];
    let client = world.application(choice).await;
    let browser = world.browser();
    browser.sign_in(world, world.user("ann@example.test").await).await;
    (client, browser)
}

/// A code for a request that names these.
async fn code(world: &World, (client, browser): (&Client, &Browser), resources: &[&str]) -> String {
    let answer = browser.get(world, &named(client, resources)).await;
    answer.parameter("code").unwrap_or_else(|| panic!("no code: {}", answer.location()))
}

fn named(client: &Client, resources: &[&str]) -> String {
    let more: String =
        resources.iter().map(|one| format!("&{}", serde_urlencoded::to_string([("resource", one)]).unwrap())).collect();
    client.authorize(&[]) + &more
}

async fn redeem(world: &World, client: &Client, code: &str, resources: &[&str]) -> Answer {
    let mut form = vec![
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", client.redirect_uri.as_str()),
        ("code_verifier", VERIFIER),
    ];
    form.extend(resources.iter().map(|one| ("resource", *one)));
    client.post(world, "/token", &form).await
}

async fn refresh(world: &World, client: &Client, token: &str, resources: &[&str]) -> Answer {
    let mut form = vec![("grant_type", "refresh_token"), ("refresh_token", token)];
    form.extend(resources.iter().map(|one| ("resource", *one)));
    client.post(world, "/token", &form).await
}

fn aud(answer: &Answer) -> Value {
    claims(&answer.member("access_token"))["aud"].clone()
}

#[tokio::test]
async fn b79_the_audience_is_what_was_asked_for_and_a_token_can_be_for_less() {
    on_each(|world| async move {
        let (client, browser) = stage(&world).await;
        let both = code(&world, (&client, &browser), &[ORDERS, MAIL]).await;
        let tokens = redeem(&world, &client, &both, &[ORDERS]).await;
        assert_eq!(aud(&tokens), ORDERS);
        // The refresh token keeps both.
        let first = refresh(&world, &client, &tokens.member("refresh_token"), &[MAIL]).await;
        assert_eq!(aud(&first), MAIL);
        let second = refresh(&world, &client, &first.member("refresh_token"), &[ORDERS, MAIL]).await;
        assert_eq!(aud(&second), json!([ORDERS, MAIL]));
        let third = refresh(&world, &client, &second.member("refresh_token"), &[]).await;
        assert_eq!(aud(&third), json!([ORDERS, MAIL, ISSUER]), "with openid it is for userinfo, too");
        let bearer = format!("Bearer {}", third.member("access_token"));
        assert_eq!(world.get("/userinfo", &[(header::AUTHORIZATION, &bearer)]).await.status, 200);
        let bearer = format!("Bearer {}", first.member("access_token"));
        world.get("/userinfo", &[(header::AUTHORIZATION, &bearer)]).await.refused(401, "invalid_token");
    })
    .await;
}

#[tokio::test]
async fn b79_what_is_not_registered_for_the_application_is_no_target() {
    on_each(|world| async move {
        let (client, browser) = stage(&world).await;
        for wrong in [STRANGE, "https://api.example/nowhere", "orders", "/orders", "https://api.example/orders#x"] {
            let answer = browser.get(&world, &named(&client, &[ORDERS, wrong])).await;
            answer.redirected_error("invalid_target");
        }
        let machine = world.application(machine()).await;
        let form = [("grant_type", "client_credentials"), ("resource", ORDERS)];
        machine.post(&world, "/token", &form).await.refused(400, "invalid_target");
    })
    .await;
}

#[tokio::test]
async fn b79_more_than_was_granted_is_refused_and_nothing_is_used_up() {
    on_each(|world| async move {
        let (client, browser) = stage(&world).await;
        let one = code(&world, (&client, &browser), &[ORDERS]).await;
        redeem(&world, &client, &one, &[MAIL]).await.refused(400, "invalid_target");
        redeem(&world, &client, &one, &[STRANGE]).await.refused(400, "invalid_target");
        let tokens = redeem(&world, &client, &one, &[]).await;
        assert_eq!(aud(&tokens), json!([ORDERS, ISSUER]));
        let token = tokens.member("refresh_token");
        for more in [&[MAIL][..], &[ORDERS, MAIL], &[STRANGE], &[ISSUER]] {
            refresh(&world, &client, &token, more).await.refused(400, "invalid_target");
        }
        let next = refresh(&world, &client, &token, &[ORDERS]).await;
        assert_eq!((next.status, aud(&next)), (200, json!(ORDERS)));
        // A request that named nothing is for what is usual.
        let none = code(&world, (&client, &browser), &[]).await;
        redeem(&world, &client, &none, &[ORDERS]).await.refused(400, "invalid_target");
        assert_eq!(aud(&redeem(&world, &client, &none, &[]).await), ISSUER);
    })
    .await;
}

#[tokio::test]
async fn b79_a_service_names_what_it_was_given() {
    on_each(|world| async move {
        api(&world, "orders", ORDERS).await;
        api(&world, "mail", MAIL).await;
        let mut choice = machine();
        choice.preferences.apis = vec!["orders".to_owned(), "mail".to_owned()];
        let machine = world.application(choice).await;
        let ask = async |resources: &[&str]| {
            let mut form = vec![("grant_type", "client_credentials")];
            form.extend(resources.iter().map(|one| ("resource", *one)));
            aud(&machine.post(&world, "/token", &form).await)
        };
        assert_eq!(ask(&[]).await, ISSUER);
        assert_eq!(ask(&[MAIL]).await, MAIL);
        assert_eq!(ask(&[MAIL, ORDERS, MAIL]).await, json!([MAIL, ORDERS]));
        // An application whose own audience it is may look into tokens for it, and no other may (B75).
        let token = machine
            .post(&world, "/token", &[("grant_type", "client_credentials"), ("resource", ORDERS)])
            .await
            .member("access_token");
        let mut server = web();
        server.wish.audience = Some(ORDERS.to_owned());
        let server = world.application(server).await;
        assert_eq!(server.introspect(&world, &token).await.json()["active"], true);
        let other = world.application(web()).await;
        assert_eq!(other.introspect(&world, &token).await.json(), json!({ "active": false }));
    })
    .await;
}

#[tokio::test]
async fn b79_an_api_that_is_gone_is_in_no_token() {
    on_each(|world| async move {
        let (client, browser) = stage(&world).await;
        let both = code(&world, (&client, &browser), &[ORDERS, MAIL]).await;
        let only = code(&world, (&client, &browser), &[MAIL]).await;
        let (both, only) = (redeem(&world, &client, &both, &[]).await, redeem(&world, &client, &only, &[]).await);
        world.app.db.write(|tx| Box::pin(async move { apis::remove(tx, "mail").await })).await.unwrap();
        world.app.refresh_applications().await.unwrap();
        let next = refresh(&world, &client, &both.member("refresh_token"), &[]).await;
        assert_eq!(aud(&next), json!([ORDERS, ISSUER]));
        refresh(&world, &client, &only.member("refresh_token"), &[]).await.refused(400, "invalid_target");
        browser.get(&world, &named(&client, &[MAIL])).await.redirected_error("invalid_target");
        // Nothing was used up: with the API the token is back, however late.
        world.pass(60);
        api(&world, "mail", MAIL).await;
        world.app.refresh_applications().await.unwrap();
        assert_eq!(aud(&refresh(&world, &client, &only.member("refresh_token"), &[]).await), json!([MAIL, ISSUER]));
    })
    .await;
}

#[tokio::test]
async fn b79_b87_userinfo_can_be_asked_for_by_its_address() {
    on_each(|world| async move {
        let (client, browser) = stage(&world).await;
        let userinfo = format!("{ISSUER}/userinfo");
        let code = code(&world, (&client, &browser), &[&userinfo, ORDERS]).await;
        let tokens = redeem(&world, &client, &code, &[&userinfo]).await;
        assert_eq!(aud(&tokens), userinfo);
        let bearer = format!("Bearer {}", tokens.member("access_token"));
        assert_eq!(world.get("/userinfo", &[(header::AUTHORIZATION, &bearer)]).await.status, 200);
    })
    .await;
}
