//! Fifty at once.

use std::sync::Arc;

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
