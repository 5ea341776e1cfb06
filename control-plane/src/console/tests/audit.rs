//! The audit log: looked through, written out, and verified; by pages and by the public API alike.

use polder_audit::exported::{Check, Kept};

use super::*;
use crate::model::KeyAccess;

/// An entry whose texts a spreadsheet would take for formulas.
fn evil() -> serde_json::Value {
    json!({"items": [{"id": "1-7", "at": "2026-11-21T08:00:00.000Z", "action": "=cmd|' /C calc'!A0",
        "actor_kind": "+user", "actor_id": "@SUM(1)", "user_id": "-1", "application_id": null, "session_id": null,
        "request_id": null, "details": {"name": "=1+1"}, "hash": "x"}], "next": null})
}

#[tokio::test(flavor = "multi_thread")]
async fn k13_filters_stay_in_the_address_and_reach_the_tenant() {
    let world = World::new().await;
    let owner = world.member(Role::Owner).await;
    let asked = format!("action=user.created&actor_kind=member&user_id={KNOWN}&from=2026-11-01&to=2026-11-21");
    let page = world.get(&owner.0, &format!("/tenants/acme/audit?{asked}")).await;
    assert_eq!(page.status, StatusCode::OK);
    let target = world.stub.seen().last().unwrap().2.clone();
    assert_eq!(
        target,
        format!(
            "/audit-events?action=user.created&actor_kind=member&user_id={KNOWN}\
             &from=2026-11-01T00%3A00%3A00.000Z&before=2026-11-22T00%3A00%3A00.000Z"
        ),
        "a day is whole"
    );
    for part in ["value=\"user.created\"", "value=\"member\" selected", "value=\"2026-11-21\"", "audit.csv?action="] {
        assert!(page.body.contains(part), "{part}: {}", page.body);
    }
    let next = page.body.split("id=\"next-page\" href=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap();
    assert!(next.contains("actor_kind=member") && next.contains("cursor=more"), "{next}");
    // An action in plain words, in both languages, with its name.
    assert!(page.body.contains("Somebody signed in <code class=\"id\">session.started</code>"), "{}", page.body);
    for wrong in ["from=2026-11-21&to=2026-11-20", "from=tomorrow"] {
        let page = world.get(&owner.0, &format!("/tenants/acme/audit?{wrong}")).await;
        assert_eq!(page.status, StatusCode::OK, "{wrong}");
        assert!(page.body.contains("id=\"days-problem\""), "{wrong}");
        let file = world.get(&owner.0, &format!("/tenants/acme/audit.csv?{wrong}")).await;
        assert_eq!(file.status, StatusCode::BAD_REQUEST, "{wrong}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn k13_the_log_is_written_out_whole_and_harmless() {
    let world = World::new().await;
    let (owner, key) = (world.member(Role::Owner).await, world.key(KeyAccess::Read).await);
    *world.stub.answer.lock().unwrap() = Some((StatusCode::OK, evil()));
    for (path, by_api) in
        [("/tenants/acme/audit.csv?action=x", false), ("/tenants/acme/audit-events/export?format=csv&action=x", true)]
    {
        let file =
            if by_api { world.api(&key, Method::GET, path, None).await } else { world.get(&owner.0, path).await };
        assert_eq!((file.status, file.header("content-type")), (StatusCode::OK, "text/csv; charset=utf-8"), "{path}");
        assert!(file.header("content-disposition").contains("acme-audit.csv"), "{path}");
        let lines: Vec<&str> = file.body.lines().collect();
        assert_eq!(lines.len(), 2, "{path}: {}", file.body);
        assert!(lines[1].starts_with("1-7,2026-11-21T08:00:00.000Z,'=cmd|"), "{path}: {}", lines[1]);
        assert!(lines[1].contains(",'+user,'@SUM(1),'-1,"), "{path}: {}", lines[1]);
    }
    for (path, by_api) in
        [("/tenants/acme/audit.ndjson", false), ("/tenants/acme/audit-events/export?format=ndjson", true)]
    {
        let file =
            if by_api { world.api(&key, Method::GET, path, None).await } else { world.get(&owner.0, path).await };
        assert_eq!((file.status, file.header("content-type")), (StatusCode::OK, "application/x-ndjson"), "{path}");
        let line: serde_json::Value = serde_json::from_str(file.body.trim_end()).unwrap();
        assert_eq!(line, evil()["items"][0], "{path}: as it is");
    }
    *world.stub.answer.lock().unwrap() = None;
    let log = world.log().await;
    assert_eq!(log.iter().filter(|(action, ..)| action == "audit.exported").count(), 4, "that it was taken is known");
    let wrong = world.api(&key, Method::GET, "/tenants/acme/audit-events/export?format=xml", None).await;
    assert_eq!(wrong.status, StatusCode::BAD_REQUEST);
}

#[tokio::test(flavor = "multi_thread")]
async fn k13_an_export_follows_every_page() {
    let world = World::new().await;
    let key = world.key(KeyAccess::Read).await;
    let file = world.api(&key, Method::GET, "/tenants/acme/audit-events/export?format=ndjson", None).await;
    assert_eq!((file.status, file.body.lines().count()), (StatusCode::OK, 2), "{}", file.body);
    let asked: Vec<String> = world.stub.seen().into_iter().map(|(_, _, target)| target).collect();
    assert_eq!(asked, ["/audit-events?limit=200", "/audit-events?cursor=more&limit=200"]);
    let file = world.api(&key, Method::GET, "/tenants/acme/audit-events/export", None).await;
    assert_eq!(
        file.body.lines().filter(|line| line.starts_with("id,at,")).count(),
        1,
        "one row of names: {}",
        file.body
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn f17_the_log_is_verified_by_page_and_by_api() {
    let world = World::new().await;
    let (auditor, key) = (world.member(Role::Auditor).await, world.key(KeyAccess::Write).await);
    let page = world.get(&auditor.0, "/tenants/acme/audit/verification").await;
    assert!(page.body.contains("The log is whole") && page.body.contains("n4bQgYhMfWWaL"), "{}", page.body);
    assert!(!page.body.contains("http-equiv=\"refresh\""));
    let found = world.api(&key, Method::POST, "/tenants/acme/audit-events/verify", None).await;
    assert_eq!((found.status, found.json()["state"].clone()), (StatusCode::OK, json!("intact")));
    let mut broken = found.json();
    broken["state"] = json!("broken");
    broken["broken"] = json!({"seq": 4712, "why": "changed"});
    *world.stub.answer.lock().unwrap() = Some((StatusCode::OK, broken));
    let page = world.get(&auditor.0, "/tenants/acme/audit/verification").await;
    assert!(page.body.contains("broken at entry 4712") && page.body.contains("state bad"), "{}", page.body);
    let mut running = found.json();
    running["state"] = json!("running");
    *world.stub.answer.lock().unwrap() = Some((StatusCode::OK, running));
    let page = world.get(&auditor.0, "/tenants/acme/audit/verification").await;
    assert!(page.body.contains("http-equiv=\"refresh\""), "{}", page.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn k13_the_public_api_takes_the_same_filters() {
    let world = World::new().await;
    let key = world.key(KeyAccess::Read).await;
    let path = format!(
        "/tenants/acme/audit-events?application_id={KNOWN}&actor_kind=user&from=2026-11-01T00:00:00Z&before=2026-12-01T00:00:00%2B01:00"
    );
    assert_eq!(world.api(&key, Method::GET, &path, None).await.status, StatusCode::OK);
    let expected = format!(
        "/audit-events?actor_kind=user&application_id={KNOWN}&from=2026-11-01T00%3A00%3A00.000Z\
         &before=2026-11-30T23%3A00%3A00.000Z"
    );
    assert_eq!(world.stub.seen().last().unwrap().2, expected);
    let wrong = world.api(&key, Method::GET, "/tenants/acme/audit-events?from=monday", None).await;
    assert_eq!((wrong.status, wrong.json()["code"].clone()), (StatusCode::BAD_REQUEST, json!("bad_request")));
}

#[tokio::test(flavor = "multi_thread")]
async fn f17_the_log_is_taken_along_whole_and_verifies_with_the_checkpoint() {
    let world = World::new().await;
    let (auditor, key) = (world.member(Role::Auditor).await, world.key(KeyAccess::Read).await);
    let kept = world.api(&key, Method::GET, "/tenants/acme/audit-events/checkpoint", None).await;
    assert_eq!((kept.status, kept.json()["seq"].clone()), (StatusCode::OK, json!(3)));
    let page = world.get(&auditor.0, "/tenants/acme/audit/checkpoint.json").await;
    assert_eq!((page.status, page.header("content-type")), (StatusCode::OK, "application/json"));
    assert!(page.header("content-disposition").contains("acme-audit-checkpoint-3.json"));
    assert_eq!(page.json(), kept.json());
    for (path, by_api) in [
        // Whatever was looked for: a chain has no gaps.
        ("/tenants/acme/audit.chain.ndjson?action=user.created", false),
        ("/tenants/acme/audit-events/export?format=chain", true),
    ] {
        let file =
            if by_api { world.api(&key, Method::GET, path, None).await } else { world.get(&auditor.0, path).await };
        assert_eq!((file.status, file.header("content-type")), (StatusCode::OK, "application/x-ndjson"), "{path}");
        assert!(file.header("content-disposition").contains("acme-audit.chain.ndjson"), "{path}");
        let mut check = Check::new(Kept::parse(&kept.body).unwrap());
        file.body.lines().for_each(|line| check.line(line).unwrap());
        let found = check.finish().unwrap();
        assert!(found.intact && found.events == 3 && found.kept_through == Some(3), "{path}: {found:?}");
    }
    let asked: Vec<String> = world.stub.seen().into_iter().map(|(_, _, target)| target).collect();
    assert_eq!(asked[asked.len() - 2..], ["/audit-chain?limit=100", "/audit-chain?cursor=2-3&limit=100"]);
    let log = world.log().await;
    assert_eq!(log.iter().filter(|(action, ..)| action == "audit.exported").count(), 2, "that it was taken is known");
    for filter in ["action=x", "user_id=x", "actor_kind=user", "application_id=x", "from=2026-11-01T00:00:00Z"] {
        let path = format!("/tenants/acme/audit-events/export?format=chain&{filter}");
        let refused = world.api(&key, Method::GET, &path, None).await;
        assert_eq!(
            (refused.status, refused.json()["code"].clone()),
            (StatusCode::BAD_REQUEST, json!("bad_request")),
            "{filter}"
        );
    }
    // A tenant that was broken into says other things: they are not passed on.
    *world.stub.answer.lock().unwrap() =
        Some((StatusCode::OK, json!({"items": [{"log": {"note": "x"}}], "next": null})));
    let odd = world.api(&key, Method::GET, "/tenants/acme/audit-events/export?format=chain", None).await;
    assert!(odd.status.is_server_error(), "{}", odd.body);
}
