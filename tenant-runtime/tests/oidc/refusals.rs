//! What an application was refused, for its developer: what was sent against what is registered, what to do, and never
//! more than so much of it.

use polder_tenant_api::{ApplicationError, ApplicationErrorKind as Kind, RefusedAt};
use polder_tenant_runtime::refusals;

use crate::support::client::{basic, web};
use crate::support::world::on_each;
use crate::support::{Client, World};

async fn errors(world: &World, client: &Client) -> Vec<ApplicationError> {
    refusals::flush(&world.app).await.unwrap();
    let mut tx = world.app.db.read().await.unwrap();
    let application = world.app.applications.find(&client.id).unwrap();
    refusals::list(&mut tx, application.id).await.unwrap()
}

#[tokio::test]
async fn k17_a_developer_sees_what_was_refused_and_why() {
    on_each(async |world| {
        let client = world.application(web()).await;
        assert!(errors(&world, &client).await.is_empty());
        let wrong = client.authorize(&[("redirect_uri", "https://app.example/callback/?who=ann@example.test")]);
        for _ in 0..3 {
            assert_eq!(world.get(&wrong, &[]).await.status, 400);
            world.pass(1);
        }
        let seen = errors(&world, &client).await;
        assert_eq!(seen.len(), 1, "alike ones are one: {seen:?}");
        assert_eq!((seen[0].kind, seen[0].at, seen[0].times), (Kind::RedirectUri, RefusedAt::Authorize, 3));
        assert_eq!(seen[0].sent.as_deref(), Some("https://app.example/callback/?…"));
        assert!(seen[0].advice.contains("exactly") && seen[0].last_at > seen[0].first_at);

        world.get(&client.authorize(&[("code_challenge", ""), ("code_challenge_method", "")]), &[]).await;
        world.get(&client.authorize(&[("response_type", "token")]), &[]).await;
        world.pass(1);
        assert_eq!(client.redeem(&world, "no-such-code").await.status, 400);
        let bad = basic(&client.id, "not-the-secret");
        let headers = [(http::header::AUTHORIZATION, bad.as_str())];
        assert_eq!(world.post("/token", &headers, &[("grant_type", "client_credentials")]).await.status, 401);
        let kinds: Vec<Kind> = errors(&world, &client).await.iter().map(|error| error.kind).collect();
        for kind in [Kind::Pkce, Kind::ResponseType, Kind::Code, Kind::Credentials, Kind::RedirectUri] {
            assert!(kinds.contains(&kind), "{kind:?}: {kinds:?}");
        }
        // Nothing of a secret, a code or a person is in it.
        let all = format!("{:?}", errors(&world, &client).await);
        for secret in ["not-the-secret", "no-such-code", "ann@example.test"] {
            assert!(!all.contains(secret), "{all}");
        }
        // Somebody who is not signed in is no mistake of the application.
        let before = errors(&world, &client).await.len();
        world.get(&client.authorize(&[("prompt", "none")]), &[]).await;
        assert_eq!(errors(&world, &client).await.len(), before);
    })
    .await;
}

#[tokio::test]
async fn k17_strangers_cannot_fill_the_list_nor_push_out_what_matters() {
    on_each(async |world| {
        let (client, other) = (world.application(web()).await, world.application(web()).await);
        assert_eq!(client.redeem(&world, "no-such-code").await.status, 400);
        assert_eq!(errors(&world, &client).await.len(), 1);
        for round in 0..8 {
            for n in 0..40 {
                let uri = format!("https://evil.example/{round}/{n}");
                world.get(&client.authorize(&[("redirect_uri", &uri)]), &[]).await;
            }
            world.pass(10);
            let seen = errors(&world, &client).await;
            assert!(seen.len() <= 16, "{}", seen.len());
            assert!(seen.iter().any(|error| error.kind == Kind::Code), "what is no stranger's stays");
        }
        let rows = world.rows("SELECT COUNT(*) AS n FROM application_error").await;
        assert!(rows <= 16, "{rows}");
        assert!(errors(&world, &other).await.is_empty());
        // A name that is nobody's writes nothing.
        world.get(&other.authorize(&[("client_id", "019a0000-0000-7000-8000-00000000dead")]), &[]).await;
        refusals::flush(&world.app).await.unwrap();
        assert_eq!(world.rows("SELECT COUNT(*) AS n FROM application_error").await, rows);
    })
    .await;
}

#[tokio::test]
async fn k17_an_application_that_is_switched_off_and_still_used_is_told_of() {
    on_each(async |world| {
        let client = world.application(web()).await;
        world.switch_off(&client).await;
        world.get(&client.authorize(&[]), &[]).await;
        let seen = errors(&world, &client).await;
        assert_eq!(seen.iter().map(|error| error.kind).collect::<Vec<_>>(), [Kind::SwitchedOff]);
        let mut tx = world.app.db.read().await.unwrap();
        let attention = polder_tenant_runtime::usage::attention(&world.app, &mut tx).await.unwrap();
        let about = attention.iter().find(|one| one.id.as_deref() == Some(client.id.as_str()));
        assert_eq!(about.map(|one| one.count), Some(1), "{attention:?}");
    })
    .await;
}
