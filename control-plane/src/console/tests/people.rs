//! People: found without an address in an address, changed, undone, imported.

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn k17_who_is_looked_for_stands_sealed_in_the_address_of_the_list() {
    let world = World::new().await;
    let auditor = world.member(Role::Auditor).await;
    let found = world.post((&auditor.0, &auditor.1), "/tenants/acme/users/find", "q=ann%40exam&state=pending").await;
    assert_eq!(found.status, StatusCode::SEE_OTHER);
    let list = found.header("location").to_owned();
    assert!(list.starts_with("/tenants/acme/users?found=") && list.ends_with("&state=pending"), "{list}");
    assert!(!list.contains("ann") && !list.contains("exam"), "{list}");
    let page = world.get(&auditor.0, &list).await;
    assert_eq!(page.status, StatusCode::OK);
    let asked = world.stub.seen().last().unwrap().2.clone();
    assert_eq!(asked, "/users?q=ann%40exam&unverified=true");
    assert!(
        page.body.contains("value=\"ann@exam\"") && page.body.contains("value=\"pending\" selected"),
        "{}",
        page.body
    );
    // The next page and the file are of the same people.
    let more = page.body.split("href=\"").find(|link| link.contains("cursor=more")).unwrap();
    let more = more.split('"').next().unwrap().replace("&#38;", "&").replace("&amp;", "&");
    assert!(more.contains("found=") && more.contains("state=pending"), "{more}");
    world.get(&auditor.0, &more).await;
    assert_eq!(world.stub.seen().last().unwrap().2, "/users?q=ann%40exam&unverified=true&cursor=more");
    let file = world.get(&auditor.0, &list.replace("/users?", "/users/export?")).await;
    assert_eq!((file.status, file.header("content-type")), (StatusCode::OK, "text/csv; charset=utf-8; header=present"));
    assert_eq!(file.header("content-disposition"), "attachment; filename=\"people.csv\"");
    assert_eq!(file.body.lines().count(), 3, "the columns, and both parts of the list: {}", file.body);
    assert!(file.body.starts_with("id,email,email_verified,name,"), "{}", file.body);
    assert!(world.log().await.iter().any(|(action, ..)| action == "users.exported"));
    let (_, told) =
        world.stub.asked.lock().unwrap().iter().rfind(|(said, _)| said.htu == "/users/exports").cloned().unwrap();
    assert_eq!(told, json!({"searched": true, "role": null, "disabled": null, "unverified": true}));
    // What was sealed for another tenant, or made up, finds nobody in particular.
    for made_up in ["x", "1.AAAA"] {
        world.get(&auditor.0, &format!("/tenants/acme/users?found={made_up}&sort=-last_sign_in_at")).await;
        assert_eq!(world.stub.seen().last().unwrap().2, "/users?sort=-last_sign_in_at");
    }
    // And no file of everybody.
    let exports = || world.stub.seen().iter().filter(|(_, _, target)| target == "/users/exports").count();
    let before = exports();
    for made_up in ["x", "1.AAAA"] {
        let answer = world.get(&auditor.0, &format!("/tenants/acme/users/export?found={made_up}&state=pending")).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{made_up}");
    }
    assert_eq!((before, exports()), (1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn k17_what_can_be_taken_back_is_offered_on_the_next_page() {
    let world = World::new().await;
    let admin = world.member(Role::Admin).await;
    let person = format!("/tenants/acme/users/{KNOWN}");
    let changed = world.post((&admin.0, &admin.1), &person, "email=ann@example.test&name=Ann&roles=").await;
    let next = changed.header("location").to_owned();
    let offer = next.strip_prefix(&format!("{person}?notice=saved&had_roles=")).expect("an offer").to_owned();
    assert!(!offer.contains("staff"), "{offer}");
    let asked = world.stub.asked.lock().unwrap().clone();
    assert_eq!(asked.last().unwrap().1, json!({"roles": []}), "only what is not as it was");
    let page = world.get(&admin.0, &next).await.body;
    assert!(page.contains("id=\"undo-form\"") && page.contains("name=\"roles\" value=\"staff\""), "{page}");
    assert!(page.contains("Undo gives back these roles: <code>staff</code>"), "{page}");
    let auditor = world.member(Role::Auditor).await;
    assert!(!world.get(&auditor.0, &next).await.body.contains("id=\"undo-form\""), "who may not is offered nothing");
    world.post((&admin.0, &admin.1), &format!("{person}/roles"), "roles=staff").await;
    let asked = world.stub.asked.lock().unwrap().clone();
    assert_eq!(asked.last().unwrap().1, json!({"roles": ["staff"]}));
    let stopped = world.post((&admin.0, &admin.1), &format!("{person}/disable"), "").await;
    assert_eq!(stopped.header("location"), format!("{person}?notice=user-disabled"));
    // What cannot is said before it is done, and names what it is about.
    let page = world.get(&admin.0, &person).await.body;
    assert!(page.contains("“Phone” no longer signs in. You can’t undo this"), "{page}");
    let erase = world.get(&admin.0, &format!("{person}/erase")).await.body;
    assert!(erase.contains("Erase Ann?") && erase.contains("ann@example.test") && erase.contains("can’t be undone"));
    let erased = world.post((&admin.0, &admin.1), &format!("{person}/erase"), "").await;
    assert_eq!(erased.header("location"), "/tenants/acme/users?notice=user-erased");
}

#[tokio::test(flavor = "multi_thread")]
async fn g22_a_link_that_somebody_made_up_offers_no_roles() {
    let world = World::new().await;
    let admin = world.member(Role::Admin).await;
    let person = format!("/tenants/acme/users/{KNOWN}");
    let changed = world.post((&admin.0, &admin.1), &person, "email=ann@example.test&name=Ann&roles=").await;
    let (next, offer) = (changed.header("location").to_owned(), "id=\"undo-form\"");
    for made_up in ["owner", "a+b", "1.AAAA", ""] {
        let page = world.get(&admin.0, &format!("{person}?notice=saved&had_roles={made_up}")).await;
        assert_eq!((page.status, page.body.contains(offer)), (StatusCode::OK, false), "{made_up}");
    }
    assert!(world.get(&admin.0, &next).await.body.contains(offer));
    let other = world.member(Role::Admin).await;
    assert!(!world.get(&other.0, &next).await.body.contains(offer), "whoever did it is offered it");
    world.app.clock.advance(Duration::from_secs(901));
    assert!(!world.get(&admin.0, &next).await.body.contains(offer), "a quarter of an hour");
}

#[tokio::test(flavor = "multi_thread")]
async fn h01_a_persons_file_comes_by_a_form_and_not_by_a_link() {
    let world = World::new().await;
    let admin = world.member(Role::Admin).await;
    let path = format!("/tenants/acme/users/{KNOWN}/data");
    assert_eq!(world.get(&admin.0, &path).await.status, StatusCode::METHOD_NOT_ALLOWED);
    let file = world.post((&admin.0, &admin.1), &path, "").await;
    assert_eq!((file.status, file.json()["format"].as_str()), (StatusCode::OK, Some("polder.account/1")));
    assert_eq!(file.header("content-disposition"), "attachment; filename=\"person.json\"");
    assert!(world.log().await.iter().any(|(action, ..)| action == "data.downloaded"));
}

async fn upload(world: &World, (cookie, csrf): &(String, String), content: &[u8]) -> Answer {
    let mut body = format!(
        "--x\r\nContent-Disposition: form-data; name=\"csrf\"\r\n\r\n{csrf}\r\n\
         --x\r\nContent-Disposition: form-data; name=\"existing\"\r\n\r\nupdate\r\n\
         --x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"people.csv\"\r\n\r\n"
    )
    .into_bytes();
    body.extend_from_slice(content);
    body.extend_from_slice(b"\r\n--x--\r\n");
    let request = Request::post("/tenants/acme/users/imports")
        .header(COOKIE, cookie)
        .header("origin", world.app.settings.console())
        .header("sec-fetch-site", "same-origin")
        .header(CONTENT_TYPE, "multipart/form-data; boundary=x");
    world.send(request, body).await
}

#[tokio::test(flavor = "multi_thread")]
async fn k17_a_file_of_people_is_sent_by_a_form_and_what_is_wrong_is_shown_by_line() {
    let world = World::new().await;
    let admin = world.member(Role::Admin).await;
    let begun = upload(&world, &admin, b"email\nann@example.test\n").await;
    assert_eq!(begun.header("location"), format!("/tenants/acme/users/imports/{KNOWN}"), "{}", begun.body);
    let asked = world.stub.asked.lock().unwrap().clone();
    let body = &asked.last().unwrap().1;
    assert_eq!((&body["content"], &body["existing"]), (&json!("email\nann@example.test\n"), &json!("update")));
    let large = [b"email\n".to_vec(), vec![b'x'; 1024 * 1024]].concat();
    assert_eq!(upload(&world, &admin, &large).await.status, StatusCode::SEE_OTHER, "larger than other forms");
    let too_large = upload(&world, &admin, &vec![b'x'; 6 * 1024 * 1024]).await;
    assert_eq!(too_large.status, StatusCode::PAYLOAD_TOO_LARGE);
    for (content, said) in [(&b""[..], "Choose a file"), (&b"email\n\xff\xfe\n"[..], "not UTF-8")] {
        let refused = upload(&world, &admin, content).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(refused.body.contains(said), "{said}");
    }
    let page = world.get(&admin.0, &format!("/tenants/acme/users/imports/{KNOWN}")).await.body;
    assert!(page.contains("1 of 2") && page.contains("id=\"cancel-form\""), "{page}");
}

#[tokio::test(flavor = "multi_thread")]
async fn p7_messages_are_shown_with_what_became_of_them() {
    let world = World::new().await;
    let auditor = world.member(Role::Auditor).await;
    let page = world.get(&auditor.0, "/tenants/acme/messages?state=failed&user_id=").await;
    assert_eq!(world.stub.seen().last().unwrap().2, "/messages?state=failed");
    assert!(page.body.contains("a…@example.test") && page.body.contains("550 no"), "{}", page.body);
    assert!(page.body.contains("/messages?state=failed&#38;sort=-created_at&#38;cursor=more"), "{}", page.body);
    world.get(&auditor.0, "/tenants/acme/messages?state=nonsense").await;
    assert_eq!(world.stub.seen().last().unwrap().2, "/messages");
}
