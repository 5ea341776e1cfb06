//! Sessions of members.

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn e03_a_session_ends_when_idle_at_its_latest_and_when_its_member_is_removed() {
    let world = World::new().await;
    let status = async |cookie: &str| world.get(cookie, "/api-keys").await.status;
    let idle = world.member(Role::Owner).await.0;
    assert_eq!(status(&idle).await, StatusCode::OK);
    world.app.clock.advance(crate::console::signed_in::IDLE);
    assert_eq!(status(&idle).await, StatusCode::SEE_OTHER, "idle for too long");
    let busy = world.member(Role::Owner).await.0;
    for _ in 0..11 {
        assert_eq!(status(&busy).await, StatusCode::OK, "used every hour");
        world.app.clock.advance(Duration::from_secs(3600));
    }
    world.app.clock.advance(Duration::from_secs(3600));
    assert_eq!(status(&busy).await, StatusCode::SEE_OTHER, "a working day");
    let removed = world.member(Role::Owner).await.0;
    let now = world.app.clock.now();
    let remove = world.app.db.write(move |tx| {
        Box::pin(async move { tx.execute("UPDATE member SET removed_at = $1", &polder_db::args![now]).await.map(drop) })
    });
    let done: Result<(), polder_db::Error> = remove.await;
    done.unwrap();
    assert_eq!(status(&removed).await, StatusCode::SEE_OTHER, "no member any more");
}

#[tokio::test(flavor = "multi_thread")]
async fn e04_ended_sessions_stay_ended_and_keep_no_tokens() {
    let world = World::new().await;
    let (cookie, _) = world.member(Role::Owner).await;
    let hash = console_sessions::cookie_hash(&world.app.keyring, cookie.trim_start_matches("session="));
    let now = world.app.clock.now();
    let session =
        console_sessions::by_cookie(&mut world.app.db.read().await.unwrap(), &hash, now).await.unwrap().unwrap();
    let id = session.id;
    let ended = world.app.db.write(move |tx| Box::pin(async move { console_sessions::end(tx, id, now).await })).await;
    assert!(ended.unwrap());
    assert_eq!(world.get(&cookie, "/api-keys").await.status, StatusCode::SEE_OTHER);
    let mut tx = world.app.db.read().await.unwrap();
    let kept = tx.all("SELECT tokens_sealed FROM console_session", &[], |row| row.text("tokens_sealed")).await.unwrap();
    assert_eq!(kept, [""]);
}

#[tokio::test(flavor = "multi_thread")]
async fn b44_an_answer_nobody_asked_for_signs_nobody_in() {
    let world = World::new().await;
    for query in ["", "?code=x", "?code=x&state=y&iss=http://platform.localhost:8600", "?error=access_denied"] {
        let answer = world.get("attempt=AAAA", &format!("{CONSOLE_CALLBACK}{query}")).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{query}");
        assert!(
            answer.headers.get_all("set-cookie").iter().all(|cookie| !cookie.to_str().unwrap().starts_with("session="))
        );
    }
}
