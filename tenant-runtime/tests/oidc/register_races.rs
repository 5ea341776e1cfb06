//! Fifty programs register at once.

use std::sync::Arc;

use polder_tenant_api::SettingsChanges;
use serde_json::json;

use crate::register::{choose, open, register, token, web};
use crate::support::World;
use crate::support::world::on_each;

const AT_ONCE: usize = 50;

/// How many of them registered. The others are refused with `refusal`.
async fn race(world: &Arc<World>, tokens: &[String], refusal: (u16, &str)) -> usize {
    let tasks: Vec<_> = (0..AT_ONCE)
        .map(|place| {
            let (world, token) = (Arc::clone(world), tokens[place % tokens.len()].clone());
            tokio::spawn(async move { register(&world, &token, &web(&json!({}))).await })
        })
        .collect();
    let mut registered = 0;
    for task in tasks {
        let answer = task.await.unwrap();
        if answer.status == 201 {
            registered += 1;
        } else {
            answer.refused(refusal.0, refusal.1);
        }
    }
    registered
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn b88_of_fifty_programs_with_one_token_for_one_one_registers() {
    on_each(|mut world| async move {
        open(&world).await;
        let token = token(&world, 1, &[]).await;
        let shared = Arc::new(world);
        assert_eq!(race(&shared, std::slice::from_ref(&token), (401, "invalid_token")).await, 1);
        assert_eq!(shared.rows("SELECT COUNT(*) AS n FROM application").await, 1);
        let left = "SELECT COUNT(*) AS n FROM registration_token WHERE uses_left = 0";
        assert_eq!(shared.rows(left).await, 1);
        world = Arc::into_inner(shared).unwrap();
        world.restart().await;
        register(&world, &token, &web(&json!({}))).await.refused(401, "invalid_token");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn b88_fifty_programs_with_tokens_of_their_own_do_not_outgrow_the_tenant() {
    on_each(|world| async move {
        open(&world).await;
        choose(&world, SettingsChanges { registration_limit: Some(7), ..SettingsChanges::default() }).await;
        let mut tokens = Vec::new();
        for _ in 0..AT_ONCE {
            tokens.push(token(&world, 1, &[]).await);
        }
        let world = Arc::new(world);
        assert_eq!(race(&world, &tokens, (403, "access_denied")).await, 7);
        assert_eq!(world.rows("SELECT COUNT(*) AS n FROM registration_token WHERE uses_left = 1").await, 43);
    })
    .await;
}
