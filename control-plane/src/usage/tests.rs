//! Usage from the tenant's answer to pages and the public API, against a stub in the tenant's place.

use http::header::{ACCEPT, AUTHORIZATION};
use http::{Method, Request, StatusCode};
use polder_kernel::Day;
use serde_json::json;

use crate::model::{KeyAccess, Role, TenantState};
use crate::store::{tenants, usage as store_usage};
use crate::testing::{Answer, World};
use crate::usage;

async fn csv(world: &World, key: &str, path: &str) -> Answer {
    let request = Request::get(format!("/api/v1{path}"))
        .header(AUTHORIZATION, format!("Bearer {key}"))
        .header(ACCEPT, "text/csv, application/json;q=0.5");
    world.send(request, "").await
}

async fn set_state(world: &World, slug: &str, state: TenantState) {
    let (id, now) = (world.tenant(slug).await.id, world.app.clock.now());
    let work =
        world.app.db.write(move |tx| Box::pin(async move { tenants::set_state(tx, id, state, None, now).await }));
    work.await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn k12_days_months_and_all_tenants_by_api() {
    let world = World::new().await;
    let key = world.key(KeyAccess::Read).await;
    let answer = world.api(&key, Method::GET, "/tenants/acme/usage", None).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    let days = answer.json();
    assert_eq!(days["items"].as_array().unwrap().len(), 30, "each day, also those without anything");
    let today = &days["items"][29];
    assert_eq!((&today["day"], &today["active_people"]), (&json!("2026-11-21"), &json!(42)));
    assert_eq!(today["sign_ins"], json!({"email_code": 12, "passkey": 30, "connection": 3}));
    assert_eq!((&today["api_requests"], &days["items"][0]["active_people"]), (&json!(1), &json!(0)));

    let months = world.api(&key, Method::GET, "/tenants/acme/usage/months", None).await.json();
    let shown: Vec<_> =
        months["items"].as_array().unwrap().iter().map(|m| (m["month"].clone(), m["active_people"].clone())).collect();
    assert_eq!(shown, [(json!("2026-10"), json!(310)), (json!("2026-11"), json!(205))]);
    assert!(months["items"][0]["closed_at"].is_string() && months["items"][1]["closed_at"].is_null());

    let all = world.api(&key, Method::GET, "/usage?limit=1", None).await.json();
    assert_eq!((&all["items"][0]["tenant"], &all["items"][0]["month"]), (&json!("acme"), &json!("2026-10")));
    let next = format!("/usage?limit=1&cursor={}", all["next"].as_str().unwrap());
    let rest = world.api(&key, Method::GET, &next, None).await.json();
    assert_eq!((&rest["items"][0]["month"], &rest["next"]), (&json!("2026-11"), &json!(null)));

    let recount = world.api(&key, Method::GET, "/tenants/acme/usage/recount?month=2026-11", None).await.json();
    assert_eq!((&recount["kept"], &recount["counted"]), (&json!(42), &json!(42)));
}

#[tokio::test(flavor = "multi_thread")]
async fn k12_rows_for_a_spreadsheet() {
    let world = World::new().await;
    let key = world.key(KeyAccess::Read).await;
    let days = csv(&world, &key, "/tenants/acme/usage?from=2026-11-20&to=2026-11-21").await;
    assert_eq!(days.header("content-type"), "text/csv; charset=utf-8");
    assert!(days.header("content-disposition").contains("acme-usage.csv"));
    let lines: Vec<&str> = days.body.lines().collect();
    assert_eq!(lines.len(), 3);
    assert_eq!(lines[1], "2026-11-20,0,0,0,0,0,0,0");
    assert!(lines[2].starts_with("2026-11-21,42,12,30,3,2,0,"), "{lines:?}");
    let months = csv(&world, &key, "/tenants/acme/usage/months").await;
    assert!(months.body.contains("\r\n2026-10,310,1204,31,0,0,2026-11-01T00:10:00.000Z\r\n"), "{}", months.body);
    // All of it, whatever a page would hold.
    let all = csv(&world, &key, "/usage?limit=1").await;
    assert!(all.body.contains("\r\nacme,2026-10,310,"), "{}", all.body);
    let all = csv(&world, &key, "/usage").await;
    assert!(all.body.starts_with("tenant,month,") && all.body.contains("\r\nacme,2026-11,205,"), "{}", all.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn k12_what_is_no_span_is_refused() {
    let world = World::new().await;
    let key = world.key(KeyAccess::Read).await;
    for path in [
        "/tenants/acme/usage?from=2026-11-22&to=2026-11-21",
        "/tenants/acme/usage?from=2020-01-01&to=2026-11-21",
        "/tenants/acme/usage?from=yesterday",
        "/tenants/acme/usage?from=2026-11-31",
        "/tenants/acme/usage?since=2026-11-01",
        "/tenants/acme/usage/months?from=2020-01&to=2026-11",
        "/tenants/acme/usage/months?to=2026-11-21",
        "/tenants/acme/usage/recount?month=november",
        "/usage?cursor=nonsense",
        "/usage?limit=0",
    ] {
        let answer = world.api(&key, Method::GET, path, None).await;
        assert_eq!(
            (answer.status, answer.json()["code"].clone()),
            (StatusCode::BAD_REQUEST, json!("bad_request")),
            "{path}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn k12_no_file_is_of_another_span_than_was_asked_for() {
    let world = World::new().await;
    let owner = world.member(Role::Owner).await;
    for path in [
        "/usage.csv?from=2020-01&to=2026-11",
        "/usage.csv?from=november",
        "/tenants/acme/usage.csv?from=2026-11-31",
        "/tenants/acme/usage.csv?from=2026-11-21&to=2026-11-20",
    ] {
        assert_eq!(world.get(&owner.0, path).await.status, StatusCode::BAD_REQUEST, "{path}");
    }
    for path in ["/usage.csv?from=2026-10&to=2026-11", "/tenants/acme/usage.csv?from=2026-11-20&to="] {
        assert_eq!(world.get(&owner.0, path).await.status, StatusCode::OK, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn k12_what_a_tenant_says_of_other_days_than_it_was_asked_about_is_not_kept() {
    let world = World::new().await;
    let sign_ins = json!({"email_code": u64::MAX, "passkey": 1, "connection": 1});
    let day = |day: &str| json!({"day": day, "active_people": u64::MAX, "failed_sign_ins": 0, "sign_ins": sign_ins});
    let month = |month: &str, closed_at: &str| json!({"month": month, "active_people": u64::MAX, "sign_ins": 1, "failed_sign_ins": 1, "closed_at": closed_at});
    let lie = json!({"days": [day("2026-11-21"), day("2026-11-22"), day("1999-01-01"), day("2024-01-01")],
        "months": [month("2026-11", "2026-11-02T00:00:00.000Z"), month("2026-12", "2027-01-01T00:00:00.000Z"),
            month("2024-11", "2024-12-01T00:00:00.000Z"), month("2026-09", "2026-09-01T00:00:00.000Z"),
            month("2026-10", "2099-01-01T00:00:00.000Z")],
        "attention": []});
    *world.stub.answer.lock().unwrap() = Some((StatusCode::OK, lie));
    let acme = world.tenant("acme").await;
    usage::fresh(&world.app, &acme).await;
    let mut tx = world.app.db.read().await.unwrap();
    let now = world.app.clock.now();
    let ever = ("1990-01-01".parse::<Day>().unwrap(), "2099-12-31".parse::<Day>().unwrap());
    let days = store_usage::days(&mut tx, acme.id, ever).await.unwrap();
    assert_eq!(days.iter().map(|(day, _)| day.to_string()).collect::<Vec<_>>(), ["2026-11-21"]);
    let months = store_usage::months(&mut tx, acme.id, (ever.0.month(), ever.1.month())).await.unwrap();
    let closed: Vec<_> = months.iter().map(|month| (month.month.as_str(), month.closed_at.as_deref())).collect();
    let (over, moment) = ("2026-10-01T00:00:00.000Z", now.rfc3339());
    assert_eq!(closed, [("2026-09", Some(over)), ("2026-10", Some(moment.as_str())), ("2026-11", None)]);
    assert_eq!(days[0].1.active_people, 1_000_000_000_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn k12_what_was_counted_until_a_tenant_stops_is_kept() {
    let world = World::new().await;
    let acme = world.tenant("acme").await;
    usage::before_stop(&world.app, acme.id).await;
    world.app.links.close(acme.id);
    let mut tx = world.app.db.read().await.unwrap();
    let current = Day::of(world.app.clock.now()).month();
    let months = usage::read::months(&mut tx, &acme, (current, current)).await.unwrap();
    assert_eq!((months[0].active_people, months[0].closed_at.as_deref()), (205, None));
    // And what is last of a tenant that is gone is final.
    let (id, now) = (acme.id, world.app.clock.now());
    world.app.db.write(move |tx| Box::pin(async move { store_usage::end(tx, id, now).await })).await.unwrap();
    let months = usage::read::months(&mut tx, &acme, (current, current)).await.unwrap();
    assert_eq!((months[0].active_people, months[0].closed_at.as_deref()), (205, Some(now.rfc3339().as_str())));
}

#[tokio::test(flavor = "multi_thread")]
async fn k12_other_organisations_usage_is_not_there() {
    let world = World::new().await;
    let (acme, foreign) = (world.tenant("acme").await, world.tenant("foreign").await);
    world.app.usage.request(foreign.id, world.app.clock.now());
    world.app.usage.request(acme.id, world.app.clock.now());
    usage::flush(&world.app).await;
    let key = world.key(KeyAccess::Read).await;
    let all = world.api(&key, Method::GET, "/usage", None).await.body;
    assert!(all.contains("acme") && !all.contains("foreign"), "{all}");
    let owner = world.member(Role::Owner).await;
    for path in ["/usage", "/usage.csv"] {
        let page = world.get(&owner.0, path).await;
        assert_eq!(page.status, StatusCode::OK, "{path}");
        assert!(page.body.contains("acme") && !page.body.contains("foreign"), "{path}: {}", page.body);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn k12_pages_of_a_tenant_that_sleeps_do_not_wake_it() {
    let world = World::new().await;
    let owner = world.member(Role::Owner).await;
    let overview = world.get(&owner.0, "/tenants/acme").await.body;
    assert!(overview.contains("id=\"use\"") && overview.contains("<svg viewBox=\"0 0 3000 1000\""), "{overview}");
    assert!(overview.contains("have to wait before they can go on: 3"), "{overview}");
    set_state(&world, "acme", TenantState::Asleep).await;
    world.app.links.close(world.tenant("acme").await.id);
    let asked = world.stub.seen().len();
    let key = world.key(KeyAccess::Read).await;
    for path in ["/tenants/acme", "/tenants/acme/usage", "/tenants/acme/usage.csv", "/usage"] {
        let page = world.get(&owner.0, path).await;
        assert_eq!(page.status, StatusCode::OK, "{path}");
        assert!(page.body.contains("42") || path == "/usage", "{path}: what it said last is there");
    }
    for path in ["/tenants/acme/usage", "/tenants/acme/usage/months", "/usage"] {
        assert_eq!(world.api(&key, Method::GET, path, None).await.status, StatusCode::OK, "{path}");
    }
    assert_eq!(world.stub.seen().len(), asked, "nobody was asked");
    assert_eq!(world.tenant("acme").await.state, TenantState::Asleep);
    let asleep = world.get(&owner.0, "/tenants/acme").await.body;
    assert!(asleep.contains("id=\"asleep\"") && asleep.contains("have to wait before they can go on: 3"), "{asleep}");
}

#[tokio::test(flavor = "multi_thread")]
async fn k12_a_closed_month_stays_whatever_the_tenant_says_later() {
    let world = World::new().await;
    let key = world.key(KeyAccess::Read).await;
    world.api(&key, Method::GET, "/tenants/acme/usage/months", None).await;
    let lie = json!({"days": [{"day": "not-a-day", "active_people": 1, "failed_sign_ins": 0,
            "sign_ins": {"email_code": 0, "passkey": 0, "connection": 0}}],
        "months": [{"month": "2026-10", "active_people": 1, "sign_ins": 1, "failed_sign_ins": 1, "closed_at": null},
            {"month": "2026-11", "active_people": 206, "sign_ins": 1, "failed_sign_ins": 1, "closed_at": null}],
        "attention": [{"kind": "application_refused", "count": 1, "id": "../../evil", "name": "x".repeat(4000)}]});
    *world.stub.answer.lock().unwrap() = Some((StatusCode::OK, lie));
    world.app.clock.advance(std::time::Duration::from_secs(60));
    let months = world.api(&key, Method::GET, "/tenants/acme/usage/months", None).await.json();
    assert_eq!(
        (&months["items"][0]["active_people"], &months["items"][1]["active_people"]),
        (&json!(310), &json!(206))
    );
    *world.stub.answer.lock().unwrap() = None;
    let owner = world.member(Role::Owner).await;
    let overview = world.get(&owner.0, "/tenants/acme").await.body;
    assert!(!overview.contains("evil") && !overview.contains(&"x".repeat(200)), "{overview}");
}

#[tokio::test(flavor = "multi_thread")]
async fn k12_requests_are_counted_by_day_and_month_and_none_is_lost() {
    let world = World::new().await;
    let acme = world.tenant("acme").await;
    let now = world.app.clock.now();
    for _ in 0..1_000 {
        world.app.usage.request(acme.id, now);
    }
    world.app.usage.api_request(acme.id, now);
    usage::flush(&world.app).await;
    world.app.usage.request(acme.id, now);
    usage::flush(&world.app).await;
    usage::flush(&world.app).await;
    let mut tx = world.app.db.read().await.unwrap();
    let today = Day::of(now);
    let days = usage::read::days(&mut tx, &acme, (today, today)).await.unwrap();
    assert_eq!((days[0].requests, days[0].api_requests), (1_001, 1));
    let months = usage::read::months(&mut tx, &acme, (today.month(), today.month())).await.unwrap();
    assert_eq!((months[0].requests, months[0].api_requests), (1_001, 1));
}
