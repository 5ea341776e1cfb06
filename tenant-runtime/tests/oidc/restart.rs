//! What a restart on the same data must not change.

use crate::support::client::web;
use crate::support::world::on_each;

#[tokio::test]
async fn b14_b44_a_restart_brings_no_used_code_and_no_used_token_back() {
    on_each(|mut world| async move {
        let client = world.application(web()).await;
        let browser = world.browser();
        browser.sign_in(&world, world.user("ann@example.test").await).await;
        let code = browser.code(&world, &client).await;
        let unused = browser.code(&world, &client).await;
        let first = client.redeem(&world, &code).await;
        let second = client.refresh(&world, &first.member("refresh_token")).await;
        let jwks = world.get("/jwks.json", &[]).await.body;

        world.restart().await;
        assert_eq!(world.get("/jwks.json", &[]).await.body, jwks, "the same keys");
        let again = client.refresh(&world, &first.member("refresh_token")).await;
        assert_eq!(again.member("refresh_token"), second.member("refresh_token"), "still within the grace");
        assert_eq!(client.redeem(&world, &unused).await.status, 200, "a code survives");
        assert!(!browser.code(&world, &client).await.is_empty(), "the session survives");

        client.redeem(&world, &code).await.refused(400, "invalid_grant");
        world.restart().await;
        client.refresh(&world, &second.member("refresh_token")).await.refused(400, "invalid_grant");
        let dead = client.introspect(&world, &second.member("access_token")).await;
        assert_eq!(dead.json()["active"], false, "E20");
    })
    .await;
}

#[tokio::test]
async fn p3_a_dead_family_stays_dead_after_a_restart() {
    on_each(|mut world| async move {
        let client = world.application(web()).await;
        let browser = world.browser();
        browser.sign_in(&world, world.user("ann@example.test").await).await;
        let first = browser.tokens(&world, &client).await.member("refresh_token");
        let second = client.refresh(&world, &first).await.member("refresh_token");
        world.pass(30);
        client.refresh(&world, &first).await.refused(400, "invalid_grant");
        world.restart().await;
        client.refresh(&world, &second).await.refused(400, "invalid_grant");
    })
    .await;
}
