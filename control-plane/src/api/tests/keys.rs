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
    let longer = json!({"expires_in_days": 0});
    let forever = world.api(&key, Method::PATCH, &path, Some(longer)).await.json();
    assert_eq!(forever["expires_at"], Value::Null);
    assert_eq!(world.api(secret, Method::GET, "/tenants", None).await.status, StatusCode::OK);
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
