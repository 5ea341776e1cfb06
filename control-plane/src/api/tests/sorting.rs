//! Lists in the order that is asked for (G21).

use super::*;

/// Every list that sorts, a word of its own, and what the tenant is asked for then; none where we hold the list.
const LISTS: [(&str, &str, Option<&str>); 9] = [
    ("/tenants", "-name", None),
    ("/api-keys", "-last_used_at", None),
    ("/members", "-last_seen_at", None),
    ("/tenants/acme/users", "last_sign_in_at", Some("/users?sort=last_sign_in_at")),
    ("/tenants/acme/applications", "name", Some("/applications?sort=name")),
    ("/tenants/acme/messages", "created_at", Some("/messages?sort=created_at")),
    ("/tenants/acme/logout-deliveries", "created_at", Some("/logout-deliveries?sort=created_at")),
    ("/tenants/acme/audit-events", "at", Some("/audit-events?sort=at")),
    ("/tenants/acme/users/KNOWN/sign-in-attempts", "-count", Some("/users/KNOWN/sign-in-attempts?sort=-count")),
];

#[tokio::test(flavor = "multi_thread")]
async fn g21_lists_sort_by_the_words_that_are_documented_and_refuse_all_others() {
    let world = World::new().await;
    let key = world.key(KeyAccess::Write).await;
    let document = serde_json::to_value(document()).unwrap();
    for (path, order, asked) in LISTS {
        let at = path.replace("KNOWN", KNOWN);
        let answer = world.api(&key, Method::GET, &format!("{at}?sort={order}"), None).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}: {answer:?}");
        if let Some(asked) = asked {
            assert_eq!(world.stub.seen().last().unwrap().2, asked.replace("KNOWN", KNOWN));
        }
        for wrong in ["", "password", "-", "created_at,name", "CREATED_AT"] {
            let answer = world.api(&key, Method::GET, &format!("{at}?sort={wrong}"), None).await;
            assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{path} by {wrong}: {answer:?}");
            assert_eq!(answer.json()["code"], "bad_request", "{path}");
        }
        let documented =
            document["paths"][path.replace("acme", "{slug}").replace("KNOWN", "{id}")]["get"]["parameters"]
                .as_array()
                .unwrap()
                .iter()
                .find(|parameter| parameter["name"] == "sort")
                .unwrap_or_else(|| panic!("{path} says nothing of its order"))
                .clone();
        let words = documented["schema"].to_string();
        assert!(words.contains(&format!("\"{order}\"")), "{path}: {words}");
    }
}

/// Every item of a list, a few at a time.
async fn walk(world: &World, key: &str, path: &str, field: &str) -> Vec<String> {
    let (mut all, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = world.api(key, Method::GET, &format!("{path}&limit=2{cursor}"), None).await.json();
        all.extend(page["items"].as_array().unwrap().iter().map(|item| item[field].as_str().unwrap().to_owned()));
        let Some(next) = page["next"].as_str() else { return all };
        cursor = format!("&cursor={next}");
        assert!(all.len() < 100, "it ends");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn g21_what_we_hold_ourselves_comes_once_each_whatever_the_order() {
    let world = World::new().await;
    let key = world.key(KeyAccess::Write).await;
    for name in ["c", "a", "b", "a"] {
        world.app.clock.advance(std::time::Duration::from_millis(5));
        let made = world.api(&key, Method::POST, "/api-keys", Some(json!({"name": name, "scopes": ["tenants:read"]})));
        assert_eq!(made.await.status, StatusCode::CREATED);
    }
    for _ in 0..3 {
        world.member(crate::model::Role::Developer).await;
    }
    for (path, field, orders) in [
        ("/api-keys", "id", ["created_at", "name", "last_used_at"]),
        ("/members", "id", ["created_at", "last_seen_at", "created_at"]),
        ("/tenants", "slug", ["slug", "name", "state"]),
    ] {
        for order in orders {
            let up = walk(&world, &key, &format!("{path}?sort={order}"), field).await;
            let mut down = walk(&world, &key, &format!("{path}?sort=-{order}"), field).await;
            down.reverse();
            // Keys that are used meanwhile stay where they are: theirs is the same minute.
            assert_eq!(up, down, "{path} by {order}");
            assert!(up.len() >= 2, "{path}: {up:?}");
            let once: std::collections::BTreeSet<_> = up.iter().collect();
            assert_eq!(once.len(), up.len(), "{path} by {order}: each once");
        }
    }
    let names = walk(&world, &key, "/api-keys?sort=name", "name").await;
    assert!(names.is_sorted(), "{names:?}");
    // A key of another organisation is no place in this list.
    let foreign = world.api(&key, Method::GET, &format!("/api-keys?sort=name&cursor={UNKNOWN}"), None).await;
    assert_eq!(foreign.json()["items"], json!([]));
}
