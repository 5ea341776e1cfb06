//! Fifty at once.

use std::sync::Arc;

use polder_protocol::claims::AskedClaims;
use polder_tenant_runtime::error::Internal;
use polder_tenant_runtime::model::code::Bound;
use polder_tenant_runtime::model::{AuthorizationCode, GrantId};
use polder_tenant_runtime::store;

use crate::support::client::web;
use crate::support::world::on_each;

const AT_ONCE: usize = 50;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn b14_of_fifty_parallel_redemptions_one_succeeds() {
    on_each(|world| async move {
        let client = world.application(web()).await;
        let browser = world.browser();
        browser.sign_in(&world, world.user("ann@example.test").await).await;
        let code = browser.code(&world, &client).await;
        let world = Arc::new(world);
        let tasks: Vec<_> = (0..AT_ONCE)
            .map(|_| {
                let (world, client, code) = (Arc::clone(&world), client.clone(), code.clone());
                tokio::spawn(async move { client.redeem(&world, &code).await })
            })
            .collect();
        let mut successes = 0;
        for task in tasks {
            let answer = task.await.unwrap();
            if answer.status == 200 {
                successes += 1;
            } else {
                answer.refused(400, "invalid_grant");
            }
        }
        assert_eq!(successes, 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn b44_fifty_parallel_refreshes_give_one_successor() {
    on_each(|world| async move {
        let client = world.application(web()).await;
        let browser = world.browser();
        browser.sign_in(&world, world.user("ann@example.test").await).await;
        let token = browser.tokens(&world, &client).await.member("refresh_token");
        let world = Arc::new(world);
        let tasks: Vec<_> = (0..AT_ONCE)
            .map(|_| {
                let (world, client, token) = (Arc::clone(&world), client.clone(), token.clone());
                tokio::spawn(async move { client.refresh(&world, &token).await })
            })
            .collect();
        let mut successors = std::collections::BTreeSet::new();
        for task in tasks {
            successors.insert(task.await.unwrap().member("refresh_token"));
        }
        assert_eq!(successors.len(), 1);
        let only = successors.first().unwrap();
        assert_eq!(client.refresh(&world, only).await.status, 200);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn f22_a_code_that_is_asked_for_while_its_person_is_erased_is_refused_and_no_failure() {
    on_each(|world| async move {
        let client = world.application(web()).await;
        let world = Arc::new(world);
        for round in 0..10 {
            let user = world.user(&format!("ann{round}@example.test")).await;
            let browser = Arc::new(world.browser());
            browser.sign_in(&world, user).await;
            let asking: Vec<_> = (0..12)
                .map(|_| {
                    let (world, client, browser) = (Arc::clone(&world), client.clone(), Arc::clone(&browser));
                    tokio::spawn(async move { browser.get(&world, &client.authorize(&[("prompt", "none")])).await })
                })
                .collect();
            let now = world.clock.now();
            let erased = world
                .app
                .db
                .write(move |tx| Box::pin(async move { Ok::<_, Internal>(store::users::erase(tx, user, now).await?) }));
            assert!(erased.await.unwrap());
            for task in asking {
                let answer = task.await.unwrap();
                assert_eq!(answer.status, 303, "{}", answer.text());
                let error = answer.parameter("error");
                assert!(answer.parameter("code").is_some() || error.as_deref() == Some("login_required"), "{error:?}");
            }
        }
    })
    .await;
}

#[tokio::test]
async fn f22_no_code_is_stored_for_a_session_that_ended() {
    on_each(|world| async move {
        let client = world.application(web()).await;
        let user = world.user("ann@example.test").await;
        let session = world.browser().sign_in(&world, user).await;
        let now = world.clock.now();
        let code = AuthorizationCode {
            grant_id: GrantId::new(&world.app.clock, &world.app.entropy),
            application_id: client.id.parse().unwrap(),
            user_id: user,
            session_id: session,
            redirect_uri: crate::support::client::REDIRECT.to_owned(),
            scope: "openid".parse().unwrap(),
            code_challenge: String::new(),
            nonce: None,
            bound: Bound {
                try_out: false,
                dpop_jkt: None,
                sid: "sid".to_owned(),
                acr: String::new(),
                amr: Vec::new(),
                authenticated_at: now,
                session_expires_at: now,
                claims: AskedClaims::default(),
                resources: Vec::new(),
            },
            created_at: now,
            expires_at: now + std::time::Duration::from_secs(60),
        };
        let store = async |name: &'static str, code: AuthorizationCode| {
            let stored = world.app.db.write(move |tx| {
                Box::pin(async move { Ok::<_, Internal>(store::codes::add(tx, name, &code, "{}").await?) })
            });
            stored.await.unwrap()
        };
        assert!(store("first", code.clone()).await);
        let ended = world.app.db.write(move |tx| {
            Box::pin(async move { Ok::<_, Internal>(store::sessions::end(tx, session, "test", now).await?) })
        });
        assert!(ended.await.unwrap());
        let again = AuthorizationCode { grant_id: GrantId::new(&world.app.clock, &world.app.entropy), ..code.clone() };
        assert!(!store("second", again).await);
        let erased = world
            .app
            .db
            .write(move |tx| Box::pin(async move { Ok::<_, Internal>(store::users::erase(tx, user, now).await?) }));
        assert!(erased.await.unwrap());
        let again = AuthorizationCode { grant_id: GrantId::new(&world.app.clock, &world.app.entropy), ..code };
        assert!(!store("third", again).await);
    })
    .await;
}
