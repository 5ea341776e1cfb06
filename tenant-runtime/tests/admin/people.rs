//! Finding people by part of a name or address, although both are sealed.

use std::sync::Arc;
use std::time::{Duration, Instant};

use polder_kernel::{Email, Timestamp};
use polder_tenant_api::UserId;
use polder_tenant_runtime::admin::people::views_of;
use polder_tenant_runtime::error::Internal;
use polder_tenant_runtime::jobs::sweep;
use polder_tenant_runtime::store::everybody;
use polder_tenant_runtime::store::users::{self, NewUser};
use serde_json::{Value, json};

use super::caller::call;
use crate::browser::Browser;
use crate::tenant::{Tenant, person};

/// The addresses that a list answers with, in its order.
async fn listed(tenant: &Tenant, query: &str) -> Vec<String> {
    let (status, page) = call(tenant, "GET", &format!("/users?{query}"), None).await;
    assert_eq!(status, 200, "{query}: {page}");
    page["items"].as_array().unwrap().iter().map(|user| user["email"].as_str().unwrap().to_owned()).collect()
}

async fn somebody(tenant: &Tenant, email: &str, name: &str, roles: &[&str]) -> UserId {
    tenant.advance(1);
    tenant.person(person(email, Some(name).filter(|name| !name.is_empty()), roles)).await
}

#[tokio::test]
async fn k17_people_are_found_by_part_of_a_name_or_address_and_by_what_they_are_now() {
    let tenant = Tenant::start().await;
    let ann = somebody(&tenant, "ann.smit@example.test", "Søren-Ånn de Vries", &["coach", "staff"]).await;
    let bo = somebody(&tenant, "bo@other.test", "Bo Smit", &["coach"]).await;
    somebody(&tenant, "nameless@example.test", "", &[]).await;
    assert_eq!(listed(&tenant, "q=smit").await, ["bo@other.test", "ann.smit@example.test"], "newest first");
    assert_eq!(listed(&tenant, "q=vries+soren").await, ["ann.smit@example.test"], "every word, whatever the accents");
    assert_eq!(listed(&tenant, "q=S%C3%98REN").await, ["ann.smit@example.test"]);
    assert_eq!(listed(&tenant, "q=less%40exa").await, ["nameless@example.test"]);
    assert_eq!(listed(&tenant, "q=nobody").await, [""; 0]);
    assert_eq!(listed(&tenant, "q=+++").await.len(), 3, "nothing is no search");
    // A change counts with its commit, and what was undone with its unit of work does not.
    let path = |id: UserId| format!("/users/{id}");
    assert_eq!(call(&tenant, "PATCH", &path(bo), Some(json!({ "name": "Bo Jansen" }))).await.0, 200);
    assert_eq!(listed(&tenant, "q=smit").await, ["ann.smit@example.test"]);
    assert_eq!(listed(&tenant, "q=jansen").await, ["bo@other.test"]);
    let taken = json!({ "name": "Bo Peters", "email": "ann.smit@example.test" });
    assert_eq!(call(&tenant, "PATCH", &path(bo), Some(taken)).await.0, 409);
    assert_eq!(listed(&tenant, "q=peters").await, [""; 0]);
    // Filters, alone and together.
    assert_eq!(call(&tenant, "PATCH", &path(bo), Some(json!({ "disabled": true }))).await.0, 200);
    assert_eq!(listed(&tenant, "disabled=true").await, ["bo@other.test"]);
    assert_eq!(listed(&tenant, "role=coach&disabled=false").await, ["ann.smit@example.test"]);
    assert_eq!(listed(&tenant, "role=staff&q=bo").await, [""; 0]);
    assert_eq!(call(&tenant, "PATCH", &path(ann), Some(json!({ "roles": [] }))).await.0, 200);
    assert_eq!(listed(&tenant, "role=staff").await, [""; 0]);
    Browser::default().sign_in(&tenant, "nameless@example.test").await;
    assert_eq!(listed(&tenant, "unverified=false").await, ["nameless@example.test"], "who signs in proves it");
    assert_eq!(listed(&tenant, "unverified=true&q=test").await, ["bo@other.test", "ann.smit@example.test"]);
    // Somebody who was erased is nobody's to find.
    assert_eq!(call(&tenant, "DELETE", &path(ann), None).await.0, 204);
    assert_eq!(listed(&tenant, "q=vries").await, [""; 0]);
    assert_eq!(listed(&tenant, "unverified=true").await, ["bo@other.test"]);
}

#[tokio::test]
async fn k17_lists_of_people_are_walked_by_cursor_whatever_is_asked() {
    let tenant = Tenant::start().await;
    for n in 0..7 {
        somebody(&tenant, &format!("p{n}@example.test"), "Somebody", &["coach"]).await;
    }
    for address in ["p3@example.test", "p5@example.test"] {
        tenant.advance(60);
        Browser::default().sign_in(&tenant, address).await;
    }
    for (query, expected) in [
        ("limit=3", 7),
        ("q=somebody&limit=3", 7),
        ("q=example&role=coach&unverified=true&limit=2", 5),
        ("sort=-last_sign_in_at&limit=1", 2),
        ("sort=-created_at&limit=200", 7),
    ] {
        let (mut seen, mut cursor): (Vec<String>, String) = (Vec::new(), String::new());
        loop {
            let (status, page) = call(&tenant, "GET", &format!("/users?{query}{cursor}"), None).await;
            assert_eq!(status, 200, "{query}");
            seen.extend(
                page["items"].as_array().unwrap().iter().map(|user| user["email"].as_str().unwrap().to_owned()),
            );
            let Value::String(next) = &page["next"] else { break };
            cursor = format!("&cursor={next}");
        }
        assert_eq!(seen.len(), expected, "{query}: {seen:?}");
        let mut each = seen.clone();
        each.sort();
        each.dedup();
        assert_eq!(each.len(), expected, "{query}: nobody twice");
    }
    assert_eq!(listed(&tenant, "sort=-last_sign_in_at").await, ["p5@example.test", "p3@example.test"]);
    assert_eq!(listed(&tenant, "sort=last_sign_in_at").await, ["p3@example.test", "p5@example.test"]);
    for query in ["q=x&sort=-last_sign_in_at", "role=coach&sort=last_sign_in_at", &format!("q={}", "x".repeat(201))] {
        assert_eq!(call(&tenant, "GET", &format!("/users?{query}"), None).await.0, 422, "{query}");
    }
    for query in ["disabled=maybe", "sort=oldest", "sort=-email"] {
        assert_eq!(call(&tenant, "GET", &format!("/users?{query}"), None).await.0, 400, "{query}");
    }
}

#[tokio::test]
async fn k17_names_are_in_memory_while_somebody_searches_and_no_longer() {
    let tenant = Tenant::start().await;
    somebody(&tenant, "ann@example.test", "Ann", &[]).await;
    assert_eq!(tenant.app.people.bytes().await, None, "nobody asked");
    call(&tenant, "GET", "/users", None).await;
    // Built behind the list, before anybody searches.
    for _ in 0..1_000 {
        if tenant.app.people.bytes().await.is_some() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert!(tenant.app.people.bytes().await.is_some_and(|bytes| (1..100_000).contains(&bytes)));
    tenant.advance(599);
    sweep::round(&tenant.app).await.unwrap();
    assert!(tenant.app.people.bytes().await.is_some());
    tenant.advance(2);
    sweep::round(&tenant.app).await.unwrap();
    assert_eq!(tenant.app.people.bytes().await, None, "ten minutes");
    somebody(&tenant, "bo@example.test", "Bo", &[]).await;
    assert_eq!(listed(&tenant, "q=bo").await, ["bo@example.test"], "built again when it is asked for");
}

#[tokio::test]
async fn k17_people_who_do_not_fit_into_memory_are_not_read_at_each_look() {
    let tenant = Tenant::start().await;
    for n in 0..20 {
        somebody(&tenant, &format!("p{n}@example.test"), "Somebody", &[]).await;
    }
    tenant.app.people.limit(100);
    let (status, _) = call(&tenant, "GET", "/users?q=some", None).await;
    assert_eq!((status, tenant.app.people.bytes().await), (503, None));
    // There is room again, and it is not looked for at once.
    tenant.app.people.limit(1024 * 1024);
    assert_eq!(call(&tenant, "GET", "/users?q=some", None).await.0, 503);
    assert_eq!(listed(&tenant, "limit=200").await.len(), 20, "the list needs no memory");
    tenant.advance(601);
    assert_eq!(listed(&tenant, "q=some").await.len(), 20);
}

#[tokio::test]
async fn k17_lists_of_people_ask_for_many_at_a_time() {
    let tenant = Tenant::start().await;
    assert!(call(&tenant, "PUT", "/profile-fields/team", Some(json!({ "type": "text" }))).await.0 < 300);
    let mut ids = Vec::new();
    for n in 0..48_u8 {
        let roles: &[&str] = [&[][..], &["coach"][..], &["admin", "coach"][..]][usize::from(n % 3)];
        let id = somebody(&tenant, &format!("p{n}@example.test"), "Somebody", roles).await;
        let team = json!({ "fields": { "team": format!("Team {n}") } });
        assert_eq!(call(&tenant, "PATCH", &format!("/users/{id}"), Some(team)).await.0, 200);
        ids.push(id);
    }
    assert_eq!(call(&tenant, "DELETE", &format!("/users/{}", ids[47]), None).await.0, 204);
    let (app, keyring) = (&tenant.app, &tenant.app.keyring);
    let mut tx = app.db.read().await.unwrap();
    let page = everybody::page(&mut tx, keyring, None, 500).await.unwrap();
    assert_eq!((page.len(), tx.calls()), (47, 1), "a page is one statement");
    let roles: Vec<usize> = page.iter().map(|known| known.roles.len()).collect();
    assert_eq!(roles[..6], [0, 1, 2, 0, 1, 2]);
    assert_eq!(page[5].roles, ["admin", "coach"]);
    let after = (page[3].created_at, page[3].id);
    let rest = everybody::page(&mut tx, keyring, Some(after), 2).await.unwrap();
    assert_eq!(
        rest.iter().map(|known| known.id).collect::<Vec<_>>(),
        ids[4..6],
        "as many people, whatever their roles"
    );
    let mut tx = app.db.read().await.unwrap();
    let rows = everybody::these(&mut tx, keyring, &ids).await.unwrap();
    let gone = rows.iter().filter(|row| matches!(row, everybody::Row::Erased((_, id)) if *id == ids[47])).count();
    assert_eq!((rows.len(), gone, tx.calls()), (48, 1, 1), "and so are those who changed");
    // Roles and fields of three groups of sixteen.
    let mut tx = app.db.read().await.unwrap();
    let people = everybody::by_ids(&mut tx, keyring, &ids[..47]).await.unwrap();
    let before = tx.calls();
    let views = views_of(app, &mut tx, people).await.unwrap();
    assert_eq!(tx.calls() - before, 6);
    for view in views {
        let n = ids.iter().position(|id| *id == view.id).unwrap();
        assert_eq!((&view.fields["team"], view.roles.len()), (&json!(format!("Team {n}")), n % 3));
    }
}

#[tokio::test]
async fn k17_a_page_of_people_with_long_fields_holds_fewer_of_them() {
    let tenant = Tenant::start().await;
    for n in 0..30 {
        let field = json!({ "type": "text", "max_length": 1000 });
        assert!(call(&tenant, "PUT", &format!("/profile-fields/f{n}"), Some(field)).await.0 < 300);
    }
    for n in 0..26 {
        somebody(&tenant, &format!("p{n}@example.test"), "Somebody", &[]).await;
    }
    for asked in ["limit=200", "limit=200&q=somebody"] {
        let (_, page) = call(&tenant, "GET", &format!("/users?{asked}"), None).await;
        let (people, next) = (page["items"].as_array().unwrap().len(), page["next"].as_str().unwrap());
        assert_eq!(people, 24, "{asked}: 128 KiB each at most");
        assert_eq!(listed(&tenant, &format!("{asked}&cursor={next}")).await, ["p1@example.test", "p0@example.test"]);
    }
}

/// Many people, straight into the table.
async fn crowd(tenant: &Tenant, most: usize) {
    const FIRST: [&str; 10] = ["Ann", "Bo", "Chloé", "Daan", "Eva", "Femke", "Gijs", "Hanna", "Ivo", "Jörg"];
    const LAST: [&str; 8] = ["de Vries", "Jansen", "Smit", "Bakker", "Visser", "Meijer", "Mulder", "Bos"];
    for from in (0..most).step_by(2_000) {
        let app = Arc::clone(&tenant.app);
        let work = tenant.app.db.write(move |tx| {
            Box::pin(async move {
                for n in from..(from + 2_000).min(most) {
                    let email: Email = format!("person{n}@example{}.test", n % 97).parse().unwrap();
                    let name = format!("{} {} {n}", FIRST[n % FIRST.len()], LAST[n / 10 % LAST.len()]);
                    let id = UserId::new(&app.clock, &app.entropy);
                    let new = NewUser { id, email: &email, email_verified_at: None, name: Some(&name), locale: None };
                    let made = Timestamp::from_millis(1_700_000_000_000 + i64::try_from(n).unwrap());
                    assert!(users::create(tx, &app.keyring, &new, made).await?);
                }
                Ok::<_, Internal>(())
            })
        });
        work.await.unwrap();
    }
}

#[tokio::test]
async fn k17_among_a_hundred_thousand_people_somebody_is_found_at_once() {
    let tenant = Tenant::start().await;
    crowd(&tenant, 100_000).await;
    let began = Instant::now();
    assert_eq!(listed(&tenant, "q=person99999%40").await.len(), 1);
    let first = began.elapsed();
    let bytes = tenant.app.people.bytes().await.unwrap();
    assert!(bytes < 32 * 1024 * 1024, "{bytes} bytes for 100,000 people");
    let mut slowest = Duration::ZERO;
    for (query, found) in [
        ("q=person77777%40", 1),
        ("q=chloe+vries", 50),
        ("q=nobody+at+all", 0),
        ("q=jorg+bos+person9", 50),
        ("q=person&disabled=true", 0),
        ("limit=200&q=example42", 200),
        ("sort=created_at", 50),
    ] {
        let began = Instant::now();
        assert_eq!(listed(&tenant, query).await.len(), found, "{query}");
        slowest = slowest.max(began.elapsed());
    }
    println!("100,000 people: first search {first:?}, slowest after it {slowest:?}, {bytes} bytes");
    // A debug build on a machine that does other things, too: a scan of the table takes many times this.
    assert!(slowest < Duration::from_millis(1_500), "{slowest:?}");
}
