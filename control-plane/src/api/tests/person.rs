//! A person's file: who may take it, and how large it is.

use super::*;
use crate::model::{Area, Role, Scopes};
use crate::store::api_keys::Rights;

async fn taken(world: &World) -> usize {
    world.log().await.iter().filter(|(action, ..)| action == "data.downloaded").count()
}

#[tokio::test(flavor = "multi_thread")]
async fn h01_g22_a_persons_file_is_for_keys_that_may_change_people_and_every_time_is_in_the_log() {
    let world = World::new().await;
    let path = format!("/tenants/acme/users/{KNOWN}/data");
    let key = async |access| {
        let scopes = Scopes::all(KeyAccess::Write).with(Area::Users, access);
        world.key_with(world.organisation, Rights { scopes, addresses: None, expires_at: None }).await
    };
    let (reader, writer) = (key(Some(KeyAccess::Read)).await, key(Some(KeyAccess::Write)).await);
    for method in [Method::GET, Method::HEAD] {
        let answer = world.api(&reader, method.clone(), &path, None).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{method}");
        assert!(answer.header("www-authenticate").contains("scope=\"users:write\""), "{answer:?}");
    }
    let only_reads = world.key(KeyAccess::Read).await;
    let refused = world.api(&only_reads, Method::GET, &path, None).await;
    assert_eq!((refused.status, &refused.json()["code"]), (StatusCode::FORBIDDEN, &json!("insufficient_scope")));
    // Who may look at people may look at them.
    let person = format!("/tenants/acme/users/{KNOWN}");
    assert_eq!(world.api(&reader, Method::GET, &person, None).await.status, StatusCode::OK);
    assert_eq!(taken(&world).await, 0);
    // A look at what there is takes nothing.
    let head = world.api(&writer, Method::HEAD, &path, None).await;
    assert_eq!((head.status, head.header("content-type")), (StatusCode::OK, "application/json"));
    let nobody = world.api(&writer, Method::HEAD, &format!("/tenants/acme/users/{UNKNOWN}/data"), None).await;
    assert_eq!((nobody.status, taken(&world).await), (StatusCode::NOT_FOUND, 0));
    assert!(!world.stub.seen().iter().any(|(_, _, target)| target.ends_with("/data")));
    // Nothing answers "as you have it" to who has just taken it once more.
    for known in ["*", "\"x\""] {
        let request = Request::get(format!("/api/v1{path}")).header(AUTHORIZATION, format!("Bearer {writer}"));
        let file = world.send(request.header("if-none-match", known), Body::empty()).await;
        assert_eq!((file.status, file.json()["format"].as_str()), (StatusCode::OK, Some("polder.account/1")));
        assert_eq!((file.header("etag"), file.header("content-type")), ("", "application/json"));
        assert_eq!(file.header("content-disposition"), "attachment; filename=\"person.json\"");
    }
    assert_eq!(taken(&world).await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn h01_a_persons_file_may_be_larger_than_other_answers() {
    let world = World::new().await;
    let (key, admin) = (world.key(KeyAccess::Write).await, world.member(Role::Admin).await);
    let path = format!("/tenants/acme/users/{KNOWN}/data");
    let large = json!({"format": "polder.account/1", "activity": "x".repeat(6 * 1024 * 1024)});
    *world.stub.answer.lock().unwrap() = Some((StatusCode::OK, large.clone()));
    let file = world.api(&key, Method::GET, &path, None).await;
    assert_eq!((file.status, file.json() == large), (StatusCode::OK, true));
    let file = world.post((&admin.0, &admin.1), &path, "").await;
    assert_eq!((file.status, file.json() == large), (StatusCode::OK, true));
    assert_eq!(taken(&world).await, 2);
    // A refusal is still one, and nobody took anything.
    for (status, said) in [(StatusCode::NOT_FOUND, 404), (StatusCode::INTERNAL_SERVER_ERROR, 500)] {
        *world.stub.answer.lock().unwrap() = Some((status, json!({"status": 404, "code": "not_found", "title": "x"})));
        assert_eq!(world.api(&key, Method::GET, &path, None).await.status, said, "{status}");
    }
    assert_eq!(taken(&world).await, 2);
}
