//! Tenants and applications whose authorization requests have to be pushed (RFC 9126, 5 and 6).

use polder_tenant_api::SettingsChanges;

use crate::register::choose;
use crate::support::client::{spa, web};
use crate::support::world::on_each;

#[tokio::test]
async fn b56_a_tenant_takes_pushed_requests_alone_and_says_so() {
    on_each(|world| async move {
        let (client, public) = (world.application(web()).await, world.application(spa()).await);
        let browser = world.browser();
        browser.sign_in(&world, world.user("ann@example.test").await).await;
        let document = async || world.get("/.well-known/oauth-authorization-server", &[]).await.json();
        assert_eq!(document().await["require_pushed_authorization_requests"], false);
        let waiting = client.push(&world, &[], None).await.member("request_uri");
        let only =
            |on| SettingsChanges { require_pushed_authorization_requests: Some(on), ..SettingsChanges::default() };
        choose(&world, only(true)).await;
        assert_eq!(document().await["require_pushed_authorization_requests"], true);
        for client in [&client, &public] {
            let refused = browser.get(&world, &client.authorize(&[])).await;
            refused.redirected_error("invalid_request");
            assert_eq!(refused.parameter("state").as_deref(), Some("st-1"));
            browser.get(&world, &client.authorize(&[("prompt", "none")])).await.redirected_error("invalid_request");
            let pushed = client.push(&world, &[], None).await;
            assert_eq!(pushed.status, 201, "{}", pushed.text());
            let opened = browser.get(&world, &client.opens(&pushed.member("request_uri"))).await;
            assert!(opened.parameter("code").is_some(), "{}", opened.location());
        }
        assert!(browser.get(&world, &client.opens(&waiting)).await.parameter("code").is_some());
        choose(&world, only(false)).await;
        assert!(browser.get(&world, &client.authorize(&[])).await.parameter("code").is_some());
    })
    .await;
}

#[tokio::test]
async fn b56_an_application_that_said_so_pushes_and_the_others_need_not() {
    on_each(|world| async move {
        let mut choice = web();
        choice.preferences.require_pushed_authorization_requests = true;
        let (strict, usual) = (world.application(choice).await, world.application(web()).await);
        let browser = world.browser();
        browser.sign_in(&world, world.user("ann@example.test").await).await;
        browser.get(&world, &strict.authorize(&[])).await.redirected_error("invalid_request");
        assert!(browser.get(&world, &usual.authorize(&[])).await.parameter("code").is_some());
        let pushed = strict.push(&world, &[], None).await.member("request_uri");
        assert!(browser.get(&world, &strict.opens(&pushed)).await.parameter("code").is_some());
    })
    .await;
}
