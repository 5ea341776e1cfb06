//! Invitations to become a member.

use super::*;
use crate::model::InvitationId;

async fn invitation(world: &World) -> (InvitationId, String) {
    let app = &world.app;
    let token = app.entropy.token().expose().clone();
    let hash = crate::credentials::hash_invitation(&app.keyring, &token);
    let (id, now) = (InvitationId::new(&app.clock, &app.entropy), app.clock.now());
    let (organisation, until) = (world.organisation, now + Duration::from_secs(3600));
    let insert = app.db.write(move |tx| {
        Box::pin(
            async move { crate::store::invitations::insert_owner(tx, id, organisation, &hash, (now, until)).await },
        )
    });
    insert.await.unwrap();
    (id, token)
}

#[tokio::test(flavor = "multi_thread")]
async fn g22_looking_at_an_invitation_uses_nothing_up_and_a_wrong_one_says_so() {
    let world = World::new().await;
    let (_, token) = invitation(&world).await;
    for _ in 0..3 {
        let page = world.get("", &format!("/invitation/{token}")).await;
        assert_eq!(page.status, StatusCode::OK);
        assert!(!page.body.contains("token-problem"), "{}", page.body);
    }
    let wrong = world.get("", "/invitation/wrong").await;
    assert!(wrong.body.contains("token-problem"));
    world.app.clock.advance(Duration::from_secs(3601));
    assert!(world.get("", &format!("/invitation/{token}")).await.body.contains("token-problem"), "it runs out");
}

#[tokio::test(flavor = "multi_thread")]
async fn g22_fifty_parallel_sign_ins_use_an_invitation_once() {
    let world = World::new().await;
    let (id, token) = invitation(&world).await;
    let hash = crate::credentials::hash_invitation(&world.app.keyring, &token);
    let now = world.app.clock.now();
    let bound = world.app.db.write(move |tx| {
        Box::pin(async move { crate::store::invitations::bind(tx, &hash, ("somebody", "x"), now).await })
    });
    assert!(bound.await.unwrap().is_some());
    let uses = (0..50).map(|_| {
        world.app.db.write(move |tx| {
            Box::pin(async move { crate::store::invitations::consume(tx, id, ("somebody", "x"), None, now).await })
        })
    });
    let used = futures_util::future::join_all(uses).await;
    assert_eq!(used.into_iter().filter(|given| matches!(given, Ok(Some(_)))).count(), 1);
    let others = world.app.db.write(move |tx| {
        Box::pin(async move { crate::store::invitations::consume(tx, id, ("another", "x"), None, now).await })
    });
    assert!(others.await.unwrap().is_none());
}
