//! Tables that sort by their headings, and what can be undone.

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn k1_headings_sort_and_keep_what_is_filtered_by() {
    let world = World::new().await;
    let owner = world.member(Role::Owner).await;
    let of_person = format!("/tenants/acme/users/{KNOWN}/attempts");
    for (page, filters, order, turned, asked) in [
        ("/tenants/acme/users", "", "-last_sign_in_at", "last_sign_in_at", Some("/users?sort=-last_sign_in_at")),
        ("/tenants/acme/users", "role=staff", "created_at", "-created_at", Some("/users?role=staff&sort=created_at")),
        ("/tenants/acme/applications", "", "name", "-name", Some("/applications?sort=name")),
        (
            "/tenants/acme/messages",
            "state=sent",
            "created_at",
            "-created_at",
            Some("/messages?state=sent&sort=created_at"),
        ),
        (
            "/tenants/acme/logouts",
            "state=failed",
            "created_at",
            "-created_at",
            Some("/logout-deliveries?state=failed&sort=created_at"),
        ),
        ("/tenants/acme/audit", "action=x", "at", "-at", Some("/audit-events?action=x&sort=at")),
        (&of_person, "", "-count", "count", None),
        ("/members", "", "-last_seen_at", "last_seen_at", None),
        ("/api-keys", "", "name", "-name", None),
    ] {
        let joint = if filters.is_empty() { "" } else { "&" };
        let shown = world.get(&owner.0, &format!("{page}?{filters}{joint}sort={order}")).await;
        if page == "/api-keys" {
            // There is none: nothing to sort.
            assert_eq!((shown.status, shown.body.contains("aria-sort")), (StatusCode::OK, false));
            continue;
        }
        let way = if order.starts_with('-') { "descending" } else { "ascending" };
        let joint = if filters.is_empty() { "" } else { "&#38;" };
        let heading = format!("aria-sort=\"{way}\"><a href=\"{page}?{filters}{joint}sort={turned}\">");
        assert!(shown.body.contains(&heading), "{page}: {heading}: {}", shown.body);
        assert_eq!(shown.body.matches("aria-sort").count(), 1, "{page}");
        if let Some(asked) = asked {
            assert!(world.stub.seen().iter().any(|(_, _, target)| target == asked), "{asked}: {:?}", world.stub.seen());
        }
        // What is no order is the usual one.
        let usual = world.get(&owner.0, &format!("{page}?sort=%27%3B--")).await;
        assert_eq!(usual.status, StatusCode::OK, "{page}");
        assert!(!usual.body.contains("--\""), "{page}");
    }
    // Who looks for somebody cannot sort by what would leave people out.
    let found = world.get(&owner.0, "/tenants/acme/users?role=staff&sort=-last_sign_in_at").await;
    assert!(
        found.body.contains("aria-sort=\"descending\"><a href=\"/tenants/acme/users?role=staff&#38;sort=created_at\"")
    );
    assert_eq!(world.stub.seen().last().unwrap().2, "/users?role=staff");
    // The order stays when somebody is looked for.
    let typed = world.post((&owner.0, &owner.1), "/tenants/acme/users/find", "role=staff&sort=created_at").await;
    assert_eq!(typed.header("location"), "/tenants/acme/users?role=staff&sort=created_at");
}

#[tokio::test(flavor = "multi_thread")]
async fn k17_an_import_is_followed_live_until_it_is_over() {
    let world = World::new().await;
    let owner = world.member(Role::Owner).await;
    let page = format!("/tenants/acme/users/imports/{KNOWN}");
    let running = world.get(&owner.0, &page).await.body;
    assert!(running.contains(&format!("data-progress=\"{page}/events\"")), "{running}");
    assert!(running.contains("<noscript><meta http-equiv=\"refresh\""), "and without a script it looks again");
    let over = json!({"id": KNOWN, "state": "done", "total": 3, "done": 3, "created": 2, "updated": 0, "skipped": 1,
        "wrong": 1, "problems": [{"line": 4, "column": "email", "detail": "secret@example.test"}], "created_at": null,
        "finished_at": null});
    *world.stub.answer.lock().unwrap() = Some((StatusCode::OK, over));
    let done = world.get(&owner.0, &page).await.body;
    assert!(!done.contains("data-progress") && !done.contains("http-equiv=\"refresh\""));
    let told = world.get(&owner.0, &format!("{page}/events")).await;
    assert_eq!((told.status, told.header("content-type")), (StatusCode::OK, "text/event-stream"));
    assert!(told.body.starts_with("event: progress\ndata: {"), "{}", told.body);
    assert_eq!(told.body.matches("event: ").count(), 1, "what is over is told once, and the stream ends");
    assert!(told.body.contains("\"created\":2") && !told.body.contains("example.test"), "{}", told.body);
    let key = world.key(crate::model::KeyAccess::Read).await;
    let by_key = world.api(&key, Method::GET, &format!("{page}/events"), None).await;
    assert_eq!((by_key.status, by_key.body), (StatusCode::OK, told.body));
    *world.stub.answer.lock().unwrap() = None;
    let unknown = format!("/tenants/acme/users/imports/{UNKNOWN}/events");
    assert_eq!(world.get(&owner.0, &unknown).await.status, StatusCode::NOT_FOUND);
    assert_eq!(world.api(&key, Method::GET, &unknown, None).await.status, StatusCode::NOT_FOUND);
    let foreign = format!("/tenants/foreign/users/imports/{KNOWN}/events");
    assert_eq!(world.get(&owner.0, &foreign).await.status, StatusCode::NOT_FOUND);
}

/// The value of a field of the form that undoes.
fn sealed(page: &str) -> Option<String> {
    let form = page.split("id=\"undo-form\"").nth(1)?.split("</form>").next()?;
    Some(form.split("name=\"undo\" value=\"").nth(1)?.split('"').next()?.to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn k1_a_host_that_was_taken_away_comes_back_within_a_quarter_of_an_hour() {
    let world = World::new().await;
    let (owner, other) = (world.member(Role::Owner).await, world.member(Role::Owner).await);
    let (by, at) = ((owner.0.as_str(), owner.1.as_str()), "/tenants/acme/egress");
    assert_eq!(world.post(by, at, "host=api.example.com").await.status, StatusCode::SEE_OTHER);
    let remove = async || {
        let page = world.get(&owner.0, at).await.body;
        let id = page
            .split("/egress/")
            .filter_map(|rest| rest.split_once("/remove\""))
            .map(|(id, _)| id)
            .find(|id| id.len() == 36);
        let removed = world.post(by, &format!("{at}/{}/remove", id.unwrap()), "").await;
        removed.header("location").to_owned()
    };
    let to = remove().await;
    assert!(to.starts_with("/tenants/acme/egress?notice=host-removed&undo=") && !to.contains("example"), "{to}");
    let page = world.get(&owner.0, &to).await.body;
    assert!(page.contains("Taken away: api.example.com."), "{page}");
    let undo = sealed(&page).unwrap();
    let body = format!("undo={}", url::form_urlencoded::byte_serialize(undo.as_bytes()).collect::<String>());
    // It is another's, another tenant's, or made up: nothing happens.
    let late = "/tenants/acme/egress?notice=too-late-to-undo";
    assert!(!world.get(&other.0, &to).await.body.contains("undo-form"), "who did it undoes it");
    let others = world.post((&other.0, &other.1), &format!("{at}/undo"), &body).await;
    assert_eq!(others.header("location"), late);
    assert_eq!(world.post(by, &format!("{at}/undo"), "undo=x").await.header("location"), late);
    let foreign = world.post(by, "/tenants/foreign/egress/undo", &body).await;
    assert_eq!(foreign.status, StatusCode::NOT_FOUND);
    assert!(!world.get(&owner.0, at).await.body.contains("<code>api.example.com"));
    // Whoever may not change it is offered nothing.
    let auditor = world.member(Role::Auditor).await;
    assert!(!world.get(&auditor.0, &to).await.body.contains("undo-form"));
    assert_eq!(
        world.post(by, &format!("{at}/undo"), &body).await.header("location"),
        "/tenants/acme/egress?notice=undone"
    );
    assert!(world.get(&owner.0, at).await.body.contains("<code>api.example.com"));
    let log = world.log().await;
    let count = |wanted: &str| log.iter().filter(|(action, ..)| action == wanted).count();
    assert_eq!((count("egress.allowed"), count("egress.withdrawn")), (2, 1), "{log:?}");
    // A quarter of an hour later it is too late.
    let to = remove().await;
    let undo = sealed(&world.get(&owner.0, &to).await.body).unwrap();
    world.app.clock.advance(Duration::from_secs(15 * 60));
    assert!(!world.get(&owner.0, &to).await.body.contains("undo-form"));
    let body = format!("undo={}", url::form_urlencoded::byte_serialize(undo.as_bytes()).collect::<String>());
    assert_eq!(world.post(by, &format!("{at}/undo"), &body).await.header("location"), late);
}

#[tokio::test(flavor = "multi_thread")]
async fn k1_addresses_of_an_application_come_back_where_nobody_changed_them_since() {
    let world = World::new().await;
    let owner = world.member(Role::Owner).await;
    let (by, at) = ((owner.0.as_str(), owner.1.as_str()), format!("/tenants/acme/applications/{KNOWN}"));
    let saved = world.post(by, &at, "name=Shop&access=everyone&redirect_uris=https://shop.example/new").await;
    let to = saved.header("location").to_owned();
    assert!(to.starts_with(&format!("{at}?notice=saved&undo=")) && !to.contains("shop.example"), "{to}");
    // The stub has it as it was before: that is not what we made of it.
    assert!(!world.get(&owner.0, &to).await.body.contains("undo-form"));
    let mut changed = world.api(&world.key(crate::model::KeyAccess::Read).await, Method::GET, &at, None).await.json();
    changed["redirect_uris"] = json!(["https://shop.example/new"]);
    changed["token_endpoint_auth_method"] = json!("none");
    *world.stub.answer.lock().unwrap() = Some((StatusCode::OK, changed.clone()));
    let page = world.get(&owner.0, &to).await.body;
    assert!(page.contains("Taken away: https://shop.example/cb."), "{page}");
    let undo = sealed(&page).unwrap();
    let body = format!("undo={}", url::form_urlencoded::byte_serialize(undo.as_bytes()).collect::<String>());
    let done = world.post(by, &format!("{at}/undo"), &body).await;
    assert_eq!(done.header("location"), format!("{at}?notice=undone"));
    let told = world.stub.asked.lock().unwrap().iter().rev().find(|(said, _)| said.htm == "PATCH").unwrap().1.clone();
    assert_eq!(told, json!({"redirect_uris": ["https://shop.example/cb"], "post_logout_redirect_uris": []}));
    // Somebody else changed it meanwhile: theirs stays.
    changed["redirect_uris"] = json!(["https://shop.example/newer"]);
    *world.stub.answer.lock().unwrap() = Some((StatusCode::OK, changed.clone()));
    let late = world.post(by, &format!("{at}/undo"), &body).await;
    assert_eq!(late.header("location"), format!("{at}?notice=too-late-to-undo"));
    // Switched off: undone by the button that is there anyway.
    let off = world.post(by, &format!("{at}/disable"), "").await;
    assert_eq!(off.header("location"), format!("{at}?notice=application-off"));
    assert!(!world.get(&owner.0, off.header("location")).await.body.contains("undo-form"), "it is not off");
    changed["disabled"] = json!(true);
    *world.stub.answer.lock().unwrap() = Some((StatusCode::OK, changed));
    let page = world.get(&owner.0, off.header("location")).await.body;
    assert!(page.contains(&format!("id=\"undo-form\" method=\"post\" action=\"{at}/enable\"")), "{page}");
    let auditor = world.member(Role::Auditor).await;
    assert!(!world.get(&auditor.0, off.header("location")).await.body.contains("undo-form"));
}

#[tokio::test(flavor = "multi_thread")]
async fn k9_fields_move_up_and_down_by_buttons() {
    let world = World::new().await;
    let owner = world.member(Role::Owner).await;
    let field = |name: &str| {
        json!({"name": name, "definition": {"type": "text"}, "created_at": "2026-11-21T08:00:00.000Z",
        "updated_at": "2026-11-21T08:00:00.000Z"})
    };
    let three = json!({"items": [field("one"), field("two"), field("three")], "next": null});
    *world.stub.answer.lock().unwrap() = Some((StatusCode::OK, three));
    let page = world.get(&owner.0, "/tenants/acme/profile-fields").await.body;
    assert_eq!((page.matches("value=\"up\"").count(), page.matches("value=\"down\"").count()), (2, 2), "{page}");
    assert!(page.contains("<tr id=\"field-two\">"));
    let put = async |name: &str, to: &str| {
        let path = format!("/tenants/acme/profile-fields/{name}/move");
        let before = world.stub.asked.lock().unwrap().len();
        let answer = world.post((&owner.0, &owner.1), &path, &format!("to={to}")).await;
        let asked = world.stub.asked.lock().unwrap();
        let told = asked[before..].iter().find(|(said, _)| said.htm == "PUT").map(|(_, body)| body["names"].clone());
        (answer.status, answer.header("location").to_owned(), told)
    };
    let to = |name: &str| format!("/tenants/acme/profile-fields#field-{name}");
    let moved = put("two", "up").await;
    assert_eq!(moved, (StatusCode::SEE_OTHER, to("two"), Some(json!(["two", "one", "three"]))));
    assert_eq!(put("two", "down").await.2, Some(json!(["one", "three", "two"])));
    // At the end there is nothing further.
    assert_eq!(put("one", "up").await, (StatusCode::SEE_OTHER, to("one"), None));
    assert_eq!(put("three", "down").await, (StatusCode::SEE_OTHER, to("three"), None));
    assert_eq!(put("two", "sideways").await.0, StatusCode::BAD_REQUEST);
    assert_eq!(put("nothing", "up").await.0, StatusCode::NOT_FOUND);
    assert!(world.log().await.iter().any(|(action, ..)| action == "profile_fields.ordered"));
    // Whoever may not change a tenant sees no buttons.
    let auditor = world.member(Role::Auditor).await;
    assert!(!world.get(&auditor.0, "/tenants/acme/profile-fields").await.body.contains("/move\""));
}
