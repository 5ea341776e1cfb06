//! Members, invitations and the organisation through the public API.

use serde_json::Value;

use super::*;
use crate::model::{Role, Scopes};
use crate::store::api_keys::Rights;

#[tokio::test(flavor = "multi_thread")]
async fn k10_g22_members_and_invitations_through_the_public_api() {
    let world = World::new().await;
    let key = world.key(KeyAccess::Write).await;
    let (owner, ..) = world.member_of(world.organisation, Role::Owner).await;
    world.app.clock.advance(Duration::from_millis(1));
    let (support, cookie, _) = world.member_of(world.organisation, Role::Support).await;
    let call = async |method: Method, path: &str, body: Option<Value>| {
        let answer = world.api(&key, method, path, body).await;
        (answer.status.as_u16(), answer.json())
    };
    let (_, listed) = call(Method::GET, "/members?limit=1", None).await;
    assert_eq!((&listed["items"][0]["id"], &listed["items"][0]["role"]), (&json!(owner.to_string()), &json!("owner")));
    let next = listed["next"].as_str().unwrap();
    let (_, second) = call(Method::GET, &format!("/members?limit=1&cursor={next}"), None).await;
    assert_eq!((&second["items"][0]["role"], &second["next"]), (&json!("support"), &Value::Null));
    assert_eq!(call(Method::GET, "/members?cursor=x", None).await.0, 400);

    let path = format!("/members/{support}");
    let changed = call(Method::PATCH, &path, Some(json!({"role": "billing"}))).await;
    assert_eq!((changed.0, &changed.1["role"]), (200, &json!("billing")));
    for role in [json!("root"), json!(null), json!("Owner")] {
        let (status, _) = call(Method::PATCH, &path, Some(json!({"role": role.clone()}))).await;
        assert_eq!(status, if role.is_null() { 200 } else { 422 }, "{role}");
    }
    // A key counts as an administrator: it makes no owner and unmakes none.
    let above = |(status, problem): (u16, Value)| (status, problem["code"].as_str().unwrap_or_default().to_owned());
    let refused = (403, "role_above_own".to_owned());
    assert_eq!(above(call(Method::PATCH, &path, Some(json!({"role": "owner"}))).await), refused);
    assert_eq!(above(call(Method::PATCH, &format!("/members/{owner}"), Some(json!({"role": "admin"}))).await), refused);
    assert_eq!(above(call(Method::DELETE, &format!("/members/{owner}"), None).await), refused);
    let new = |role: &str| Some(json!({"email": "bob@example.test", "role": role}));
    assert_eq!(above(call(Method::POST, "/invitations", new("owner")).await), refused);
    assert_eq!(call(Method::DELETE, &path, None).await.0, 204);
    assert_eq!(world.get(&cookie, "/members").await.status, StatusCode::SEE_OTHER, "their session is over");

    let (status, made) = call(Method::POST, "/invitations", new("developer")).await;
    assert_eq!(status, 201, "{made}");
    assert!(made["link"].as_str().unwrap().contains("/invitation/"));
    assert_eq!(above(call(Method::POST, "/invitations", new("auditor")).await), (409, "already_invited".to_owned()));
    let (_, pending) = call(Method::GET, "/invitations", None).await;
    assert_eq!(pending["items"][0]["email"], "bob@example.test");
    assert!(pending["items"][0].get("link").is_none(), "the link is shown once: {pending}");
    let one = format!("/invitations/{}", made["id"].as_str().unwrap());
    assert_eq!(call(Method::POST, &format!("{one}/resend"), None).await.0, 429);
    world.app.clock.advance(crate::organisation::invitations::PAUSE);
    let (status, again) = call(Method::POST, &format!("{one}/resend"), None).await;
    assert!(status == 200 && again["link"] != made["link"], "{again}");
    for (body, pointer) in [
        (json!({"email": "x", "role": "developer"}), "/email"),
        (json!({"email": "x@example.test", "role": "developer", "locale": "tlh"}), "/locale"),
        (json!({"email": "x@example.test", "role": "developer", "organisation_id": "x"}), "/organisation_id"),
    ] {
        let (status, problem) = call(Method::POST, "/invitations", Some(body)).await;
        assert_eq!((status, problem["errors"][0]["pointer"].as_str()), (422, Some(pointer)));
    }
    assert_eq!(call(Method::DELETE, &one, None).await.0, 204);
    assert_eq!(call(Method::DELETE, &one, None).await.0, 404);

    assert_eq!(call(Method::GET, "/organisation", None).await.1["name"], "Acme");
    let (_, renamed) = call(Method::PATCH, "/organisation", Some(json!({"name": "Acme Holding"}))).await;
    assert_eq!(renamed["name"], "Acme Holding");
    let (status, problem) = call(Method::PATCH, "/organisation", Some(json!({"name": "https://evil.test"}))).await;
    assert_eq!((status, problem["errors"][0]["pointer"].as_str()), (422, Some("/name")));
    // K13: all of it is in the organisation's log, by this key.
    let (_, log) = call(Method::GET, "/audit-events?limit=200", None).await;
    let told: Vec<&str> = log["items"].as_array().unwrap().iter().map(|e| e["action"].as_str().unwrap()).collect();
    for action in [
        "member.role_changed",
        "member.removed",
        "member.invited",
        "member.invited_again",
        "member.invitation_revoked",
        "organisation.renamed",
    ] {
        assert!(told.contains(&action), "{action}: {told:?}");
    }
    assert!(log["items"].as_array().unwrap().iter().all(|event| event["actor_kind"] == "api_key"), "{log}");
    assert_eq!(call(Method::GET, "/audit-events?action=%00&actor_id=x%0a", None).await.1["items"], json!([]));
    let (_, one) = call(Method::GET, "/audit-events?limit=1&action=member.invited", None).await;
    assert_eq!(one["items"].as_array().unwrap().len(), 1);
    // Page by page it is the same list.
    let (mut paged, mut path) = (Vec::new(), "/audit-events?limit=2".to_owned());
    loop {
        let (status, page) = call(Method::GET, &path, None).await;
        assert_eq!(status, 200, "{page}");
        paged.extend(page["items"].as_array().unwrap().iter().cloned());
        match page["next"].as_str() {
            Some(next) => path = format!("/audit-events?limit=2&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(log["items"], Value::Array(paged));
}

#[tokio::test(flavor = "multi_thread")]
async fn g20_another_organisations_members_invitations_and_keys_are_not_there() {
    let world = World::new().await;
    let key = world.key(KeyAccess::Write).await;
    let theirs = world.key_of(world.strangers, KeyAccess::Write).await;
    let (member, ..) = world.member_of(world.strangers, Role::Developer).await;
    let invited = Some(json!({"email": "eve@example.test", "role": "developer"}));
    let invitation = world.api(&theirs, Method::POST, "/invitations", invited).await.json();
    let listed = world.api(&theirs, Method::GET, "/api-keys", None).await.json();
    let (invitation, their_key) =
        (invitation["id"].as_str().unwrap().to_owned(), listed["items"][0]["id"].as_str().unwrap().to_owned());
    for (method, path) in operations().into_iter().filter(|(_, path)| path.contains("{id}") && !path.contains("{slug}"))
    {
        let id = match path.split('/').nth(1).unwrap() {
            "members" => member.to_string(),
            "invitations" => invitation.clone(),
            "api-keys" => their_key.clone(),
            "staff-access" => continue,
            other => panic!("whose ids are those of {other}?"),
        };
        let answer = world.api(&key, method.clone(), &path.replace("{id}", &id), body(&method, &path)).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{method} {path}");
        assert_eq!(answer.json()["code"], "not_found", "{method} {path}");
    }
    for list in ["/members", "/invitations"] {
        assert_eq!(world.api(&key, Method::GET, list, None).await.json()["items"], json!([]), "{list}");
    }
    let keys = world.api(&key, Method::GET, "/api-keys", None).await.body;
    assert!(!keys.contains(&their_key));
    let log = world.api(&key, Method::GET, "/audit-events", None).await.json();
    assert_eq!(log["items"], json!([]), "what strangers did is theirs");
}

#[tokio::test(flavor = "multi_thread")]
async fn g22_keys_of_before_there_were_scopes_do_what_they_did_and_no_more() {
    let world = World::new().await;
    let rights = Rights { scopes: Scopes::of_before(KeyAccess::Write), ..Rights::all(KeyAccess::Write) };
    let key = world.key_with(world.organisation, rights).await;
    // As a row of before has it.
    let strip = world.app.db.write(|tx| {
        Box::pin(async move { tx.execute("UPDATE api_key SET scopes = NULL, addresses = NULL", &[]).await })
    });
    let stripped: Result<u64, polder_db::Error> = strip.await;
    assert_eq!(stripped.unwrap(), 1);
    assert_eq!(world.api(&key, Method::GET, "/tenants/acme/users", None).await.status, StatusCode::OK);
    for path in ["/members", "/api-keys", "/organisation"] {
        let answer = world.api(&key, Method::GET, path, None).await;
        assert_eq!((answer.status.as_u16(), answer.json()["code"].as_str()), (403, Some("insufficient_scope")));
    }
}
