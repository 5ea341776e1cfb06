//! Keys of the public API.

use super::*;
use crate::model::KeyAccess;

#[tokio::test(flavor = "multi_thread")]
async fn g22_a_keys_page_says_who_made_it_and_one_that_ended_is_not_changed() {
    let world = World::new().await;
    let strong = world.key(KeyAccess::Write).await;
    let (owner, cookie, csrf) = world.member_of(world.organisation, Role::Owner).await;
    let form = "name=Mine&scope-tenants=read&expiry=30";
    assert_eq!(world.post((&cookie, &csrf), "/api-keys", form).await.status, StatusCode::OK);
    let wish = json!({"name": "Theirs", "scopes": ["tenants:read"]});
    assert_eq!(world.api(&strong, Method::POST, "/api-keys", Some(wish)).await.status, StatusCode::CREATED);
    let listed = world.api(&strong, Method::GET, "/api-keys", None).await.json();
    let id = |name: &str| {
        let keys = listed["items"].as_array().unwrap();
        keys.iter().find(|key| key["name"] == name).unwrap()["id"].as_str().unwrap().to_owned()
    };
    let page = async |name: &str| world.get(&cookie, &format!("/api-keys/{}", id(name))).await.body;
    let mine = page("Mine").await;
    assert!(mine.contains(&format!("<a href=\"/members/{owner}\"><bdi>Olivia</bdi></a>")), "{mine}");
    assert!(page("Theirs").await.contains(&format!("<a href=\"/api-keys/{}\"><bdi>test</bdi></a>", id("test"))));
    assert!(page("test").await.contains("This installation"));
    assert!(mine.contains("id=\"key-form\""));
    world.app.clock.advance(Duration::from_secs(30 * 24 * 3600));
    let (cookie, csrf) = world.member(Role::Owner).await;
    let path = format!("/api-keys/{}", id("Mine"));
    let ended = world.get(&cookie, &path).await.body;
    assert!(!ended.contains("id=\"key-form\"") && ended.contains("id=\"revoke-form\""), "{ended}");
    let changed = world.post((&cookie, &csrf), &path, "name=Again&scope-tenants=read&expiry=0").await;
    assert_eq!(changed.status, StatusCode::BAD_REQUEST);
}
