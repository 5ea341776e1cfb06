//! Lists in the order that is asked for, page by page: each item once, and the other way round the same.

use std::time::Duration;

use serde_json::{Value, json};

use super::caller::call;
use crate::tenant::Tenant;

async fn walk(tenant: &Tenant, path: &str, order: &str, limit: u32) -> Vec<Value> {
    let (mut all, mut cursor) = (Vec::new(), String::new());
    loop {
        let (status, page) = call(tenant, "GET", &format!("{path}?sort={order}&limit={limit}{cursor}"), None).await;
        assert_eq!(status, 200, "{path} by {order}: {page}");
        all.extend(page["items"].as_array().unwrap().iter().cloned());
        let Some(next) = page["next"].as_str() else { return all };
        cursor = format!("&cursor={next}");
        assert!(all.len() < 500, "it ends");
    }
}

fn of(items: &[Value], field: &str) -> Vec<String> {
    items.iter().map(|item| item[field].as_str().unwrap_or_default().to_owned()).collect()
}

#[tokio::test]
async fn k1_every_order_lists_each_item_once_and_backwards_the_same() {
    let tenant = Tenant::start().await;
    for (n, name) in ["Café", "apple", "Banana", "apple", "zoo"].into_iter().enumerate() {
        let (status, made) = call(
            &tenant,
            "POST",
            "/applications",
            Some(json!({"name": name, "type": "spa",
            "redirect_uris": [format!("https://a{n}.example/cb")]})),
        )
        .await;
        assert_eq!(status, 201, "{made}");
        let person = json!({"email": format!("p{n}@example.test"), "invite": true});
        assert_eq!(call(&tenant, "POST", "/users", Some(person)).await.0, 201);
        // Some in one moment: then the id decides.
        if n != 2 {
            tenant.clock.advance(Duration::from_millis(10));
        }
    }
    for (path, order, id) in [
        ("/applications", "created_at", "client_id"),
        ("/applications", "name", "client_id"),
        ("/messages", "created_at", "id"),
        ("/users", "created_at", "id"),
        ("/audit-events", "at", "id"),
    ] {
        let whole = of(&walk(&tenant, path, order, 200).await, id);
        assert!(whole.len() >= 5, "{path}: {whole:?}");
        for limit in [1, 2, 3] {
            assert_eq!(of(&walk(&tenant, path, order, limit).await, id), whole, "{path} by {order}, {limit} at a time");
            let mut back = of(&walk(&tenant, path, &format!("-{order}"), limit).await, id);
            back.reverse();
            assert_eq!(back, whole, "{path} by -{order}, {limit} at a time");
        }
        let (status, _) = call(&tenant, "GET", &format!("{path}?sort=password"), None).await;
        assert_eq!(status, 400, "{path}");
    }
    let names = of(&walk(&tenant, "/applications", "name", 2).await, "name");
    let own: Vec<&String> =
        names.iter().filter(|name| ["apple", "Banana", "Café", "zoo"].contains(&name.as_str())).collect();
    assert_eq!(own, ["apple", "apple", "Banana", "Café", "zoo"], "whatever the case");
}

#[tokio::test]
async fn k17_who_is_looked_for_can_be_listed_oldest_first() {
    let tenant = Tenant::start().await;
    for n in 0..7 {
        let person = json!({"email": format!("p{n}@example.test"), "roles": if n % 2 == 0 { json!(["coach"]) } else { json!([]) }});
        assert_eq!(call(&tenant, "POST", "/users", Some(person)).await.0, 201);
        tenant.clock.advance(Duration::from_millis(10));
    }
    let (mut found, mut cursor) = (Vec::new(), String::new());
    loop {
        let (_, page) = call(&tenant, "GET", &format!("/users?role=coach&sort=created_at&limit=2{cursor}"), None).await;
        found.extend(of(page["items"].as_array().unwrap(), "email"));
        let Some(next) = page["next"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(found, ["p0@example.test", "p2@example.test", "p4@example.test", "p6@example.test"]);
    // The log of one person and of one action, oldest first, within a span.
    let (_, page) = call(&tenant, "GET", "/audit-events?action=user.created&sort=at&limit=200", None).await;
    let moments = of(page["items"].as_array().unwrap(), "at");
    assert!(moments.len() == 7 && moments.is_sorted(), "{moments:?}");
    let (from, before) = (&moments[2], &moments[5]);
    let span = format!("/audit-events?action=user.created&sort=at&from={from}&before={before}&limit=2");
    let (_, page) = call(&tenant, "GET", &span, None).await;
    assert_eq!(of(page["items"].as_array().unwrap(), "at"), moments[2..4]);
    let next = page["next"].as_str().unwrap();
    let (_, page) = call(&tenant, "GET", &format!("{span}&cursor={next}"), None).await;
    assert_eq!((of(page["items"].as_array().unwrap(), "at"), page["next"].is_null()), (moments[4..5].to_vec(), true));
}
