//! When the secrets of an application were last used.

use polder_protocol::AuthMethod;
use polder_tenant_runtime::secret_uses;
use polder_tenant_runtime::store::application_secrets;

use crate::support::client::{basic, machine, spa, web};
use crate::support::world::on_each;
use crate::support::{Client, World};

const GRANT: (&str, &str) = ("grant_type", "client_credentials");

/// When each of its secrets was last used, as it is written down.
async fn stored(world: &World, client: &Client) -> Vec<Option<String>> {
    let mut tx = world.app.db.read().await.unwrap();
    let now = world.clock.now();
    let all = application_secrets::working(&mut tx, client.id.parse().unwrap(), now).await.unwrap();
    all.iter().map(|secret| secret.last_used_at.map(polder_kernel::Timestamp::rfc3339)).collect()
}

#[tokio::test]
async fn b18_each_secret_says_when_it_was_last_used() {
    on_each(|world| async move {
        let (client, other) = (world.application(machine()).await, world.application(machine()).await);
        assert_eq!(stored(&world, &client).await, [None]);
        world.pass(90);
        assert_eq!(client.post(&world, "/token", &[GRANT]).await.status, 200);
        assert_eq!(stored(&world, &client).await, [None], "nothing is written while applications ask");
        secret_uses::flush(&world.app).await.unwrap();
        let first = stored(&world, &client).await;
        assert_eq!(first, [Some("2026-11-21T08:01:00.000Z".to_owned())], "to the minute");
        assert_eq!(stored(&world, &other).await, [None]);
        // What is wrong is no use, and neither is what nobody proved.
        world.pass(600);
        let wrong = basic(&client.id, "wrong");
        world.post("/token", &[(http::header::AUTHORIZATION, wrong.as_str())], &[GRANT]).await;
        secret_uses::flush(&world.app).await.unwrap();
        assert_eq!(stored(&world, &client).await, first);
        // Introspection proves an application, too.
        assert_eq!(client.introspect(&world, "x").await.status, 200);
        secret_uses::flush(&world.app).await.unwrap();
        assert_eq!(stored(&world, &client).await, [Some("2026-11-21T08:11:00.000Z".to_owned())]);
        world.switch_off(&client).await;
        world.pass(600);
        client.post(&world, "/token", &[GRANT]).await.refused(401, "invalid_client");
        secret_uses::flush(&world.app).await.unwrap();
        assert_eq!(stored(&world, &client).await, [Some("2026-11-21T08:11:00.000Z".to_owned())]);
    })
    .await;
}

#[tokio::test]
async fn b18_one_that_is_in_the_wrong_place_or_not_asked_for_is_not_used() {
    on_each(|world| async move {
        let mut choice = web();
        choice.wish.auth_method = Some(AuthMethod::ClientSecretPost);
        let (client, public) = (world.application(choice).await, world.application(spa()).await);
        let right = basic(&client.id, client.secret.as_ref().unwrap());
        let answer = world.post("/token", &[(http::header::AUTHORIZATION, right.as_str())], &[GRANT]).await;
        assert_eq!(answer.status, 401, "registered for another way");
        public.redeem(&world, "x").await.refused(400, "invalid_grant");
        secret_uses::flush(&world.app).await.unwrap();
        assert_eq!(stored(&world, &client).await, [None]);
        assert!(stored(&world, &public).await.is_empty());
    })
    .await;
}

#[tokio::test]
async fn b18_a_use_survives_a_restart_and_an_older_one_never_wins() {
    on_each(|mut world| async move {
        let client = world.application(machine()).await;
        world.pass(600);
        assert_eq!(client.post(&world, "/token", &[GRANT]).await.status, 200);
        secret_uses::flush(&world.app).await.unwrap();
        world.restart().await;
        let known = stored(&world, &client).await;
        assert_eq!(known, [Some("2026-11-21T08:10:00.000Z".to_owned())]);
        let id = world.app.applications.find(&client.id).unwrap().secrets[0].id;
        world.app.secret_uses.note(id, polder_kernel::Timestamp::from_seconds(1_795_248_000));
        secret_uses::flush(&world.app).await.unwrap();
        assert_eq!(stored(&world, &client).await, known);
    })
    .await;
}
