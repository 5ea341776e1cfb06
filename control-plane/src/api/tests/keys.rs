//! What a key may do, from where, until when, and what keys it may make.

use super::*;
use crate::model::{Area, Networks, Scopes};
use crate::store::api_keys::Rights;

fn rights(scopes: &str, addresses: &str) -> Rights {
    Rights {
        scopes: scopes.parse().unwrap(),
        addresses: (!addresses.is_empty()).then(|| addresses.parse::<Networks>().unwrap()),
        expires_at: None,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn g22_every_operation_needs_the_scope_of_its_area() {
    let world = World::new().await;
    for (method, path) in operations() {
        let area = Area::of(&path).unwrap();
        let without = Rights { scopes: Scopes::all(KeyAccess::Write).with(area, None), ..rights("", "") };
        let key = world.key_with(world.organisation, without).await;
        let answer = world.api(&key, method.clone(), &at(&path, "acme", KNOWN), body(&method, &path)).await;
        let said = (answer.status.as_u16(), answer.json()["code"].clone());
        assert_eq!(said, (403, json!("insufficient_scope")), "{method} {path}");
        assert_eq!(answer.header("content-type"), "application/problem+json", "{method} {path}");
        let needed = Area::access(&path, method.is_safe());
        let challenge = format!("scope=\"{}:{needed}\"", area.as_str());
        assert!(answer.header("www-authenticate").contains(&challenge), "{method} {path}: {answer:?}");
        if needed == KeyAccess::Write {
            // One that may read there and write elsewhere.
            let mostly = Scopes::all(KeyAccess::Write).with(area, Some(KeyAccess::Read));
            let key = world.key_with(world.organisation, Rights { scopes: mostly, ..rights("", "") }).await;
            let answer = world.api(&key, method.clone(), &at(&path, "acme", KNOWN), body(&method, &path)).await;
            assert_eq!(answer.json()["code"], "insufficient_scope", "{method} {path}");
        }
    }
    assert!(world.stub.seen().is_empty(), "nothing was done");
    let narrow = world.key_with(world.organisation, rights("users:read", "")).await;
    assert_eq!(world.api(&narrow, Method::GET, "/tenants/acme/users", None).await.status, StatusCode::OK);
    // The area comes before the tenant: nobody learns by a scope they lack which tenants there are.
    for slug in ["acme", "foreign", "nobody"] {
        let answer = world.api(&narrow, Method::GET, &format!("/tenants/{slug}/applications"), None).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{slug}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn g22_a_key_is_refused_from_elsewhere() {
    let world = World::new().await;
    let key = world.key_with(world.organisation, rights("tenants:read", "192.0.2.0/24 2001:db8::7")).await;
    let from = async |peer: Option<&str>| {
        let request = Request::get("/api/v1/tenants").header(AUTHORIZATION, format!("Bearer {key}"));
        let request = match peer {
            Some(peer) => request.extension(polder_service::request::Peer(peer.parse().unwrap())),
            None => request,
        };
        let answer = world.send(request, Body::empty()).await;
        (answer.status.as_u16(), answer.json()["code"].as_str().unwrap_or_default().to_owned())
    };
    for inside in ["192.0.2.1:1", "192.0.2.255:80", "[::ffff:192.0.2.9]:1", "[2001:db8::7]:1"] {
        assert_eq!(from(Some(inside)).await.0, 200, "{inside}");
    }
    for outside in [Some("192.0.3.1:1"), Some("[2001:db8::8]:1"), None] {
        assert_eq!(from(outside).await, (403, "address_not_allowed".to_owned()), "{outside:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn k16_who_took_a_key_along_uses_up_nothing_of_its_owners_from_elsewhere() {
    let world = World::new().await;
    let key = world.key_with(world.organisation, rights("tenants:write", "192.0.2.0/24")).await;
    let from = async |peer: &str, method: &str| {
        let request = Request::builder()
            .method(method)
            .uri("/api/v1/tenants")
            .header(AUTHORIZATION, format!("Bearer {key}"))
            .header(CONTENT_TYPE, "application/json")
            .extension(polder_service::request::Peer(peer.parse().unwrap()));
        world.send(request, "{}").await
    };
    let last_use = async || {
        let mut tx = world.app.db.read().await.unwrap();
        crate::store::api_keys::page(&mut tx, world.organisation, (Default::default(), None), 1)
            .await
            .unwrap()
            .remove(0)
            .last_used_at
    };
    // As many as the key may write in a minute: after some, the stranger's own address is refused for a while.
    let mut told = BTreeSet::new();
    for _ in 0..1_210 {
        told.insert(from("198.51.100.1:1", "POST").await.status.as_u16());
    }
    assert_eq!(told, BTreeSet::from([403, 429]));
    assert_eq!(last_use().await, None, "a refusal is no use");
    let owner = from("192.0.2.7:1", "POST").await;
    assert_eq!(owner.status, StatusCode::UNPROCESSABLE_ENTITY, "let in: {owner:?}");
    assert!(owner.header("ratelimit").contains(";r=1199;"), "{owner:?}");
    assert!(last_use().await.is_some());
    // It is the address that is counted, not the key.
    assert_eq!(from("203.0.113.5:1", "GET").await.status, StatusCode::FORBIDDEN);
}

#[tokio::test(flavor = "multi_thread")]
async fn g22_keys_are_made_shown_once_changed_revoked_and_end_by_themselves() {
    let world = World::new().await;
    let key = world.key(KeyAccess::Write).await;
    let wanted = json!({"name": "Deployments", "scopes": ["applications:write", "tenants:read"],
        "addresses": ["192.0.2.77/24"]});
    let made = world.api(&key, Method::POST, "/api-keys", Some(wanted)).await;
    assert_eq!(made.status, StatusCode::CREATED, "{made:?}");
    let said = made.json();
    assert_eq!(said["scopes"], json!(["tenants:read", "applications:write"]));
    assert_eq!(said["addresses"], json!(["192.0.2.0/24"]));
    let ninety = world.app.clock.now() + Duration::from_secs(90 * 24 * 3600);
    assert_eq!(said["expires_at"], ninety.rfc3339(), "ninety days unless it says otherwise");
    let path = format!("/api-keys/{}", said["id"].as_str().unwrap());
    let shown = world.api(&key, Method::GET, &path, None).await;
    assert!(shown.json().get("key").is_none() && !shown.body.contains(said["key"].as_str().unwrap()), "{shown:?}");
    let change = json!({"name": "Rollouts", "addresses": [], "scopes": ["tenants:read"], "expires_in_days": 1});
    let changed = world.api(&key, Method::PATCH, &path, Some(change)).await.json();
    assert_eq!((&changed["name"], &changed["addresses"]), (&json!("Rollouts"), &json!([])));
    let secret = said["key"].as_str().unwrap();
    assert_eq!(world.api(secret, Method::GET, "/tenants", None).await.status, StatusCode::OK);
    let applications = world.api(secret, Method::GET, "/tenants/acme/applications", None).await;
    assert_eq!(applications.status, StatusCode::FORBIDDEN, "it holds from the next request");
    world.app.clock.advance(Duration::from_secs(24 * 3600));
    assert_eq!(world.api(secret, Method::GET, "/tenants", None).await.status, StatusCode::UNAUTHORIZED, "it ended");
    // What ended stays ended: nobody gives it life again.
    let longer = json!({"expires_in_days": 0});
    let revived = world.api(&key, Method::PATCH, &path, Some(longer)).await;
    assert_eq!((revived.status.as_u16(), revived.json()["code"].as_str()), (409, Some("key_expired")));
    assert_eq!(world.api(secret, Method::GET, "/tenants", None).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(world.api(&key, Method::DELETE, &path, None).await.status, StatusCode::NO_CONTENT);
    assert_eq!(world.api(secret, Method::GET, "/tenants", None).await.status, StatusCode::UNAUTHORIZED);
    for (method, body) in [(Method::DELETE, None), (Method::PATCH, Some(json!({"name": "x"})))] {
        assert_eq!(
            world.api(&key, method, &path, body).await.status,
            StatusCode::NOT_FOUND,
            "what is revoked stays so"
        );
    }
    for (wrong, pointer) in [
        (json!({"name": "", "scopes": ["tenants:read"]}), "/name"),
        (json!({"name": "x", "scopes": []}), "/scopes"),
        (json!({"name": "x", "scopes": ["tenants:read", "all:write"]}), "/scopes/1"),
        (json!({"name": "x", "scopes": ["tenants:read"], "addresses": ["10.0.0.0/99"]}), "/addresses/0"),
        (json!({"name": "x", "scopes": ["tenants:read"], "expires_in_days": 3651}), "/expires_in_days"),
        (json!({"name": "x", "scopes": ["tenants:read"], "organisation_id": "y"}), "/organisation_id"),
    ] {
        let refused = world.api(&key, Method::POST, "/api-keys", Some(wrong.clone())).await;
        assert_eq!(refused.status.as_u16(), 422, "{wrong}");
        assert_eq!(refused.json()["errors"][0]["pointer"], pointer, "{wrong}");
    }
    let log = world.log().await;
    for action in ["api_key.created", "api_key.changed", "api_key.revoked"] {
        let (_, kind, details) = log.iter().find(|(found, ..)| found == action).unwrap_or_else(|| panic!("{action}"));
        assert_eq!(kind, "api_key", "{action}");
        assert!(details["api_key"].is_string() && !details.to_string().contains("polder_"), "{action}: {details}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn g22_a_key_makes_none_that_may_do_more_than_itself() {
    let world = World::new().await;
    let peer = polder_service::request::Peer("192.0.2.7:1".parse().unwrap());
    let until = world.app.clock.now() + Duration::from_secs(10 * 24 * 3600);
    let own = Rights { expires_at: Some(until), ..rights("users:read api-keys:write", "192.0.2.0/24") };
    let key = world.key_with(world.organisation, own).await;
    let strong = world.key(KeyAccess::Write).await;
    let ask = async |method: Method, path: &str, body: Value| {
        let request = Request::builder()
            .method(method)
            .uri(format!("/api/v1{path}"))
            .header(AUTHORIZATION, format!("Bearer {key}"))
            .header(CONTENT_TYPE, "application/json")
            .extension(peer);
        let answer = world.send(request, body.to_string()).await;
        (answer.status.as_u16(), answer.json())
    };
    let wish = |scopes: Value, addresses: Value, days: u32| json!({"name": "x", "scopes": scopes, "addresses": addresses, "expires_in_days": days});
    let (status, made) = ask(Method::POST, "/api-keys", wish(json!(["users:read"]), json!(["192.0.2.9"]), 5)).await;
    assert_eq!(status, 201, "{made}");
    for beyond in [
        wish(json!(["users:write"]), json!(["192.0.2.9"]), 5),
        wish(json!(["users:read", "tenants:read"]), json!(["192.0.2.9"]), 5),
        wish(json!(["users:read"]), json!([]), 5),
        wish(json!(["users:read"]), json!(["192.0.0.0/16"]), 5),
        wish(json!(["users:read"]), json!(["192.0.2.9", "198.51.100.1"]), 5),
        wish(json!(["users:read"]), json!(["192.0.2.9"]), 11),
        wish(json!(["users:read"]), json!(["192.0.2.9"]), 0),
    ] {
        let (status, problem) = ask(Method::POST, "/api-keys", beyond.clone()).await;
        assert_eq!((status, problem["code"].as_str()), (403, Some("rights_above_own")), "{beyond}");
    }
    // Nor does it widen another, or itself.
    let listed = world.api(&strong, Method::GET, "/api-keys", None).await.json();
    for listed in listed["items"].as_array().unwrap() {
        let path = format!("/api-keys/{}", listed["id"].as_str().unwrap());
        let all = json!({"scopes": ["tenants:write", "members:write"], "addresses": [], "expires_in_days": 0});
        let (status, problem) = ask(Method::PATCH, &path, all).await;
        assert_eq!((status, problem["code"].as_str()), (403, Some("rights_above_own")), "{listed}");
    }
}

/// A key made through the API with these scopes, by that key: its secret and its id.
async fn made(world: &World, by: &str, scopes: Value) -> (String, String) {
    let wish = json!({"name": "x", "scopes": scopes, "expires_in_days": 0});
    let made = world.api(by, Method::POST, "/api-keys", Some(wish)).await;
    assert_eq!(made.status, StatusCode::CREATED, "{made:?}");
    let said = made.json();
    (said["key"].as_str().unwrap().to_owned(), said["id"].as_str().unwrap().to_owned())
}

async fn invite(world: &World, by: &str, email: &str) {
    let wish = json!({"email": email, "role": "admin"});
    assert_eq!(world.api(by, Method::POST, "/invitations", Some(wish)).await.status, StatusCode::CREATED, "{email}");
}

async fn invited(world: &World, key: &str) -> Vec<String> {
    let listed = world.api(key, Method::GET, "/invitations", None).await.json();
    listed["items"].as_array().unwrap().iter().map(|one| one["email"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn g22_what_a_key_made_does_not_outlive_it() {
    let world = World::new().await;
    let strong = world.key(KeyAccess::Write).await;
    let all = || json!(["members:write", "api-keys:write"]);
    let (first, first_id) = made(&world, &strong, all()).await;
    let (second, second_id) = made(&world, &first, all()).await;
    let (third, third_id) = made(&world, &second, json!(["members:read"])).await;
    let (other, _) = made(&world, &strong, all()).await;
    for (key, email) in [(&first, "a@example.test"), (&second, "b@example.test"), (&other, "c@example.test")] {
        invite(&world, key, email).await;
    }
    let shown = world.api(&strong, Method::GET, &format!("/api-keys/{second_id}"), None).await.json();
    assert_eq!(shown["created_by"], first_id.as_str());
    assert_eq!(world.api(&strong, Method::DELETE, &format!("/api-keys/{first_id}"), None).await.status.as_u16(), 204);
    for key in [&first, &second, &third] {
        assert_eq!(world.api(key, Method::GET, "/members", None).await.status, StatusCode::UNAUTHORIZED);
    }
    assert_eq!(world.api(&other, Method::GET, "/members", None).await.status, StatusCode::OK);
    assert_eq!(invited(&world, &strong).await, ["c@example.test"]);
    let log = world.log().await;
    let with = |id: &str| {
        let gone = |(action, _, details): &&(String, String, Value)| {
            action == "api_key.revoked" && details["api_key"].as_str() == Some(id)
        };
        log.iter().filter(gone).map(|(_, _, details)| details["with"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(with(&first_id), [Value::Null]);
    assert_eq!((with(&second_id), with(&third_id)), (vec![json!(first_id)], vec![json!(first_id)]));
    // A key made by one that was revoked by itself, before there was more to it, goes with the one above.
    let (above, above_id) = made(&world, &strong, all()).await;
    let (_, between_id) = made(&world, &above, all()).await;
    let below = {
        let maker = between_id.clone();
        let (below, below_id) = made(&world, &strong, json!(["members:read"])).await;
        let (organisation, now) = (world.organisation, world.app.clock.now());
        let stage = world.app.db.write(move |tx| {
            Box::pin(async move {
                tx.execute(
                    "UPDATE api_key SET created_by = $2 WHERE id = $1",
                    &polder_db::args![below_id.as_str(), maker.as_str()],
                )
                .await?;
                crate::store::api_keys::revoke(tx, organisation, between_id.parse().unwrap(), now).await
            })
        });
        let staged: Result<bool, polder_db::Error> = stage.await;
        assert!(staged.unwrap());
        below
    };
    assert_eq!(world.api(&below, Method::GET, "/members", None).await.status, StatusCode::OK);
    world.api(&strong, Method::DELETE, &format!("/api-keys/{above_id}"), None).await;
    assert_eq!(world.api(&below, Method::GET, "/members", None).await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test(flavor = "multi_thread")]
async fn g22_a_key_that_may_no_longer_invite_leaves_no_invitation_open() {
    let world = World::new().await;
    let strong = world.key(KeyAccess::Write).await;
    let (key, id) = made(&world, &strong, json!(["members:write", "tenants:write"])).await;
    invite(&world, &key, "a@example.test").await;
    let change = async |body: Value| {
        let answer = world.api(&strong, Method::PATCH, &format!("/api-keys/{id}"), Some(body)).await;
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    };
    change(json!({"scopes": ["members:write"]})).await;
    assert_eq!(invited(&world, &strong).await, ["a@example.test"], "it may still invite");
    change(json!({"scopes": ["members:read"]})).await;
    assert_eq!(invited(&world, &strong).await, [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn g22_a_key_is_changed_as_it_is_now_and_by_what_its_changer_is_now() {
    use crate::organisation::keys::{self, Changes};
    let world = World::new().await;
    let strong = world.key(KeyAccess::Write).await;
    let (_, id) = made(&world, &strong, json!(["users:write", "tenants:write"])).await;
    let listed = async || {
        let mut tx = world.app.db.read().await.unwrap();
        crate::store::api_keys::by_id(&mut tx, world.organisation, id.parse().unwrap()).await.unwrap().unwrap()
    };
    let by = crate::organisation::By {
        organisation_id: world.organisation,
        acting: crate::audit::ActingFor::system_within(Some(world.organisation)),
        authority: crate::organisation::Authority::Key,
    };
    // Of a narrowing and twenty renamings at once, none takes the other back.
    let narrow = Changes { scopes: Some("tenants:read".parse().unwrap()), ..Changes::default() };
    let rename = |n: u32| Changes { name: Some(format!("n{n}")), ..Changes::default() };
    let mut changes: Vec<_> = (0..20).map(rename).collect();
    changes.insert(10, narrow);
    let done = join_all(changes.into_iter().map(|one| keys::change(&world.app, &by, id.parse().unwrap(), one))).await;
    assert!(done.iter().all(Result::is_ok), "{done:?}");
    let now = listed().await;
    assert!(now.name.starts_with('n'));
    assert_eq!(now.rights.scopes.to_string(), "tenants:read");
    // A key that was narrowed or revoked after it was let in gives what it has now.
    let (_, giver) = made(&world, &strong, json!(["api-keys:write", "users:write"])).await;
    let acting = crate::audit::ActingFor {
        actor: crate::model::Actor::ApiKey(giver.parse().unwrap()),
        ..crate::audit::ActingFor::system_within(Some(world.organisation))
    };
    let late = crate::organisation::By { acting, ..by.clone() };
    let wish = || keys::Wish { name: "late".to_owned(), rights: rights("users:write", "") };
    assert!(keys::create(&world.app, &late, wish()).await.is_ok());
    let narrower = Changes { scopes: Some("api-keys:write".parse().unwrap()), ..Changes::default() };
    keys::change(&world.app, &by, giver.parse().unwrap(), narrower).await.unwrap();
    let refused = keys::create(&world.app, &late, wish()).await;
    assert!(matches!(refused, Err(crate::organisation::Refusal::RightsAboveOwn)), "{refused:?}");
    let wish = ("z@example.test".parse().unwrap(), crate::model::Role::Developer, polder_kernel::Locale::default());
    let refused = crate::organisation::invitations::invite(&world.app, &late, wish).await.map(drop);
    assert!(matches!(refused, Err(crate::organisation::Refusal::AboveOwn)), "{refused:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn k14_an_organisation_has_so_many_living_keys_and_forgets_those_that_ended() {
    let world = World::new().await;
    let key = world.key(KeyAccess::Write).await;
    // The key itself lives, too, and is the oldest.
    world.app.clock.advance(Duration::from_millis(1));
    for _ in 1..crate::organisation::keys::MOST {
        world.key(KeyAccess::Read).await;
    }
    let wish = || Some(json!({"name": "x", "scopes": ["tenants:read"]}));
    let full = world.api(&key, Method::POST, "/api-keys", wish()).await;
    assert_eq!((full.status.as_u16(), full.json()["code"].as_str()), (409, Some("too_many_keys")));
    let theirs = world.key_of(world.strangers, KeyAccess::Write).await;
    assert_eq!(world.api(&theirs, Method::POST, "/api-keys", wish()).await.status, StatusCode::CREATED);
    let newest = world.api(&key, Method::GET, "/api-keys?limit=1", None).await.json();
    let path = format!("/api-keys/{}", newest["items"][0]["id"].as_str().unwrap());
    assert_eq!(world.api(&key, Method::DELETE, &path, None).await.status, StatusCode::NO_CONTENT);
    assert_eq!(world.api(&key, Method::POST, "/api-keys", wish()).await.status, StatusCode::CREATED);
    // A year after it ended a key is forgotten, not before.
    let rules: Vec<_> = crate::retention::SCHEDULE.rules.iter().filter(|rule| rule.table == "api_key").collect();
    assert_eq!(rules.iter().map(|rule| rule.column).collect::<Vec<_>>(), ["revoked_at", "expires_at"]);
    let year = Duration::from_secs(365 * 24 * 3600);
    assert!(rules.iter().all(|rule| rule.keep == year));
}

#[tokio::test(flavor = "multi_thread")]
async fn g22_who_may_rename_the_organisation_is_what_the_documents_say() {
    let world = World::new().await;
    let rename = async |scopes: &str| {
        let key = world.key_with(world.organisation, rights(scopes, "")).await;
        let answer = world.api(&key, Method::PATCH, "/organisation", Some(json!({"name": "Acme"}))).await;
        (answer.status.as_u16(), answer.json()["code"].as_str().unwrap_or_default().to_owned())
    };
    assert_eq!(rename("members:write").await.0, 200);
    assert_eq!(rename("members:read tenants:write").await, (403, "insufficient_scope".to_owned()));
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let (roles, api) = (include_str!("../../../../docs/roles.md"), include_str!("../../../../docs/api.md"));
    assert!(words(roles).contains("`members:write` counts as an administrator here. It may rename the organisation"));
    assert!(words(api).contains("[administrator](roles.md), who may rename the organisation besides"));
}
