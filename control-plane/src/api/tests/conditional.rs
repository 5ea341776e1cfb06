//! Conditional writes: who waits for whom, and what a state is.

use axum::body::Bytes;
use http::header::{IF_MATCH, IF_NONE_MATCH};

use super::*;

/// A write at an application that names a state.
async fn send(world: &World, key: &str, tag: &str) -> Answer {
    write(
        world,
        key,
        &format!("/tenants/acme/applications/{KNOWN}"),
        tag,
        Body::from(json!({"name": "Store"}).to_string()),
    )
    .await
}

async fn write(world: &World, key: &str, path: &str, tag: &str, body: Body) -> Answer {
    let request = Request::patch(format!("/api/v1{path}"))
        .header(AUTHORIZATION, format!("Bearer {key}"))
        .header(CONTENT_TYPE, "application/json")
        .header(IF_MATCH, tag);
    world.send(request, body).await
}

#[tokio::test(flavor = "multi_thread")]
async fn k16_a_customer_that_sends_slowly_keeps_no_other_waiting() {
    let world = World::new().await;
    let slow = world.key(KeyAccess::Write).await;
    let (other, own) = (world.key_of(world.strangers, KeyAccess::Write).await, world.key(KeyAccess::Write).await);
    let (began, begun) = tokio::sync::oneshot::channel();
    let mut began = Some(began);
    // A body of which there is more to come for ever.
    let stream = futures_util::stream::poll_fn(move |_| {
        if let Some(began) = began.take() {
            began.send(()).unwrap();
        }
        std::task::Poll::<Option<Result<Bytes, std::io::Error>>>::Pending
    });
    let sending = write(&world, &slow, "/organisation", "*", Body::from_stream(stream));
    let mut sending = std::pin::pin!(sending);
    tokio::select! {
        answer = &mut sending => panic!("there is more to come: {answer:?}"),
        began = begun => began.unwrap(),
    }
    // The address is the same for everybody, and so it is within one organisation.
    for key in [&other, &own] {
        let body = Body::from(json!({"name": "Quick"}).to_string());
        let quick = tokio::time::timeout(Duration::from_secs(9), write(&world, key, "/organisation", "*", body));
        assert_eq!(quick.await.unwrap().status, StatusCode::OK);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_moves_by_itself_makes_no_write_fail_and_no_read_stale() {
    let world = World::new().await;
    let key = world.key(KeyAccess::Write).await;
    let (member, cookie, _) = world.member_of(world.organisation, crate::model::Role::Support).await;
    let read = async |path: &str, known: &str| {
        let request = Request::get(format!("/api/v1{path}")).header(AUTHORIZATION, format!("Bearer {key}"));
        world.send(request.header(IF_NONE_MATCH, known), Body::empty()).await
    };
    let listed = world.api(&key, Method::GET, "/api-keys", None).await.json();
    let own = format!("/api-keys/{}", listed["items"][0]["id"].as_str().unwrap());
    for (path, change) in [(own, json!({"name": "Renamed"})), (format!("/members/{member}"), json!({"role": "admin"}))]
    {
        let tag = read(&path, "\"none\"").await.header("etag").to_owned();
        // The key is used, and the member comes by.
        world.app.clock.advance(Duration::from_secs(120));
        world.get(&cookie, "/").await;
        let again = read(&path, &tag).await;
        assert_eq!(again.status, StatusCode::OK, "{path}: what is shown moved");
        let moved = again.header("etag").to_owned();
        assert_ne!(moved, tag, "{path}");
        assert_eq!(read(&path, &moved).await.status, StatusCode::NOT_MODIFIED, "{path}");
        let done = write(&world, &key, &path, &tag, Body::from(change.to_string())).await;
        assert_eq!(done.status, StatusCode::OK, "{path}: {}", done.body);
        let late = write(&world, &key, &path, &moved, Body::from(change.to_string())).await;
        assert_eq!(late.status, StatusCode::PRECONDITION_FAILED, "{path}: it was changed meanwhile");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn k12_a_write_that_names_a_state_is_one_request() {
    let world = World::new().await;
    let key = world.key(KeyAccess::Write).await;
    let counted = async || {
        world.app.usage.flush(&world.app.db).await.unwrap();
        let mut tx = world.app.db.read().await.unwrap();
        let rows = tx.all("SELECT api_requests FROM usage_day", &[], |row| row.int("api_requests")).await.unwrap();
        rows.iter().sum::<i64>()
    };
    assert_eq!(counted().await, 0);
    let done = send(&world, &key, "*").await;
    assert_eq!((done.status, counted().await), (StatusCode::OK, 1));
    let refused = send(&world, &key, "\"x\"").await;
    assert_eq!(refused.status, StatusCode::PRECONDITION_FAILED);
}
