//! What a tenant is set to, by forms: everything that the public API does, too.

use super::*;

/// What the tenant was asked last by this method at a path that begins so.
fn told(world: &World, method: &str, path: &str) -> Option<serde_json::Value> {
    let asked = world.stub.asked.lock().unwrap();
    let found = asked.iter().rfind(|(said, _)| said.htm == method && said.htu.starts_with(path));
    found.map(|(_, body)| body.clone())
}

fn log_has(log: &[(String, String, serde_json::Value)], action: &str) -> bool {
    log.iter().any(|(done, kind, _)| done == action && kind == "member")
}

#[tokio::test(flavor = "multi_thread")]
async fn k19_lockouts_are_seen_and_lifted_by_a_named_person() {
    let world = World::new().await;
    let (admin, auditor) = (world.member(Role::Admin).await, world.member(Role::Auditor).await);
    let page = world.get(&admin.0, "/tenants/acme/lockouts").await.body;
    let lift = format!("/tenants/acme/lockouts/{KNOWN}/lift");
    assert!(page.contains("ann@example.test") && page.contains(&lift), "{page}");
    let seen = world.get(&auditor.0, "/tenants/acme/lockouts").await.body;
    assert!(seen.contains("ann@example.test") && !seen.contains("/lift"), "seen, and not offered");
    world.get(&admin.0, &format!("/tenants/acme/lockouts?user_id={KNOWN}")).await;
    assert!(told(&world, "GET", &format!("/lockouts?user_id={KNOWN}")).is_some());
    let nobody = world.get(&admin.0, "/tenants/acme/lockouts?user_id=x%26limit%3D9").await;
    assert_eq!(nobody.status, StatusCode::OK);
    let done = world.post((&admin.0, &admin.1), &lift, "").await;
    assert_eq!(done.header("location"), "/tenants/acme/lockouts?notice=lockout-lifted");
    assert!(log_has(&world.log().await, "lockout.lifted"));
    let attempts = world.get(&admin.0, &format!("/tenants/acme/users/{KNOWN}/attempts")).await.body;
    assert!(attempts.contains("Wrong code"), "{attempts}");
}

#[tokio::test(flavor = "multi_thread")]
async fn r8_a_list_of_networks_comes_as_text_or_as_a_file() {
    let world = World::new().await;
    let admin = world.member(Role::Admin).await;
    let path = "/tenants/acme/blocklists";
    let post = async |form: &str| world.post((&admin.0, &admin.1), path, form).await;
    for (form, field) in [
        ("list=&content=192.0.2.1", "list"),
        ("list=Drop&content=192.0.2.1", "list"),
        ("list=..%2Fusers&content=x", "list"),
        ("list=drop&content=", "content"),
    ] {
        let refused = post(form).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{form}");
        assert!(refused.body.contains(&format!("id=\"{field}-problem\"")), "{form}");
    }
    assert!(told(&world, "PUT", "/blocklists").is_none(), "nothing of it reached the tenant");
    let put = post("list=drop&format=crowdsec&action=refuse&content=%5B%5D").await;
    assert_eq!(put.header("location"), format!("{path}?notice=saved"));
    let body = told(&world, "PUT", "/blocklists/drop").unwrap();
    assert_eq!(body, json!({"format": "crowdsec", "action": "refuse", "content": "[]"}));
    let send = async |content: &[u8]| {
        let head = format!(
            "--b\r\nContent-Disposition: form-data; name=\"csrf\"\r\n\r\n{}\r\n--b\r\nContent-Disposition: form-data; \
             name=\"list\"\r\n\r\ndrop\r\n--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.txt\"\r\n\r\n",
            admin.1
        );
        let body = [head.as_bytes(), content, b"\r\n--b--\r\n"].concat();
        let request = Request::post(path)
            .header(COOKIE, &admin.0)
            .header("origin", world.app.settings.console())
            .header("sec-fetch-site", "same-origin")
            .header(CONTENT_TYPE, "multipart/form-data; boundary=b");
        world.send(request, body).await
    };
    let large = "192.0.2.0/24\n".repeat(60_000);
    assert_eq!(send(large.as_bytes()).await.status, StatusCode::SEE_OTHER, "a long list fits");
    assert_eq!(told(&world, "PUT", "/blocklists/drop").unwrap()["content"], large);
    assert_eq!(send(&[0xff, 0xfe]).await.status, StatusCode::UNPROCESSABLE_ENTITY, "no text");
    assert_eq!(send(&vec![b'1'; 1_200_000]).await.status, StatusCode::PAYLOAD_TOO_LARGE);
    let removed = world.post((&admin.0, &admin.1), &format!("{path}/drop/remove"), "").await;
    assert_eq!(removed.header("location"), format!("{path}?notice=removed"));
    let log = world.log().await;
    assert!(log_has(&log, "blocklist.replaced") && log_has(&log, "blocklist.removed"));
}

#[tokio::test(flavor = "multi_thread")]
async fn b79_apis_are_added_named_and_removed_by_forms() {
    let world = World::new().await;
    let developer = world.member(Role::Developer).await;
    let path = "/tenants/acme/apis";
    let post = async |to: &str, form: &str| world.post((&developer.0, &developer.1), to, form).await;
    for (form, field) in [
        ("word=&identifier=x", "word"),
        ("word=Bad-Name&identifier=x", "word"),
        // One that is there is not replaced by a form that means to add one.
        ("word=orders&identifier=https%3A%2F%2Fother.example", "word"),
        ("word=fresh&identifier=", "identifier"),
    ] {
        let refused = post(path, form).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{form}");
        assert!(refused.body.contains(&format!("id=\"{field}-problem\"")), "{form}");
    }
    assert!(told(&world, "PUT", "/apis").is_none());
    let made = post(path, "word=fresh&identifier=https%3A%2F%2Fapi.example&title=").await;
    assert_eq!(made.header("location"), format!("{path}?notice=saved"));
    assert_eq!(told(&world, "PUT", "/apis/fresh"), Some(json!({"identifier": "https://api.example"})));
    // The identifier stays, whatever the form says.
    post(&format!("{path}/orders"), "identifier=https%3A%2F%2Fevil.example&title=Orders").await;
    assert_eq!(
        told(&world, "PUT", "/apis/orders"),
        Some(json!({"identifier": "https://api.example.test", "title": "Orders"}))
    );
    let removed = post(&format!("{path}/orders/remove"), "").await;
    assert_eq!(removed.header("location"), format!("{path}?notice=removed"));
    let in_use = json!({"status": 409, "code": "in_use", "detail": "an application may ask tokens for it"});
    *world.stub.answer.lock().unwrap() = Some((StatusCode::CONFLICT, in_use));
    assert_eq!(post(&format!("{path}/BAD/remove"), "").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test(flavor = "multi_thread")]
async fn k09_fields_are_defined_by_a_form() {
    let world = World::new().await;
    let admin = world.member(Role::Admin).await;
    let path = "/tenants/acme/profile-fields";
    let post = async |to: &str, form: &str| world.post((&admin.0, &admin.1), to, form).await;
    for (form, field) in [
        ("word=&type=text", "word"),
        ("word=new", "word"),
        ("word=member_number", "word"),
        ("word=plan&type=choice&choices=gold+%7C+xx%3A+Or", "choices"),
        ("word=age&type=number&minimum=ten", "minimum"),
    ] {
        let refused = post(path, form).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{form}");
        assert!(refused.body.contains(&format!("id=\"{field}-problem\"")), "{form}: {}", refused.body);
    }
    assert!(told(&world, "PUT", "/profile-fields").is_none());
    let form = "word=plan&type=choice&label_en=Plan&choices=gold+%7C+en%3A+Gold%0D%0Asilver&required=1&at_sign_up=1\
                &editable_by=person&claim_name=plan&claim_scope=shop&claim_id_token=1";
    assert_eq!(post(path, form).await.header("location"), format!("{path}?notice=saved"));
    assert_eq!(
        told(&world, "PUT", "/profile-fields/plan").unwrap(),
        json!({"type": "choice", "labels": {"en": "Plan"}, "required": true, "editable_by": "person",
            "at_sign_up": true, "choices": [{"value": "gold", "labels": {"en": "Gold"}}, {"value": "silver"}],
            "claim": {"name": "plan", "scope": "shop", "id_token": true}})
    );
    let reserved = json!({"status": 422, "errors": [{"pointer": "/claim/name", "detail": "is reserved"}]});
    let one = world.get(&admin.0, &format!("{path}/orders")).await;
    assert!(one.status == StatusCode::OK && one.body.contains("remove-form"));
    *world.stub.answer.lock().unwrap() = Some((StatusCode::UNPROCESSABLE_ENTITY, reserved));
    assert_eq!(post(&format!("{path}/Bad"), "").await.status, StatusCode::NOT_FOUND);
    *world.stub.answer.lock().unwrap() = None;
    assert_eq!(post(&format!("{path}/orders/remove"), "").await.header("location"), format!("{path}?notice=removed"));
    let log = world.log().await;
    assert!(log_has(&log, "profile_field.changed") && log_has(&log, "profile_field.removed"));
}

#[tokio::test(flavor = "multi_thread")]
async fn b88_registration_is_opened_by_a_form_and_its_tokens_are_shown_once() {
    let world = World::new().await;
    let admin = world.member(Role::Admin).await;
    let path = "/tenants/acme/registration";
    let post = async |to: &str, form: &str| world.post((&admin.0, &admin.1), to, form).await;
    let opened = post(path, "registration=on&registration_limit=20").await;
    assert_eq!(opened.header("location"), format!("{path}?notice=saved"));
    assert_eq!(told(&world, "PATCH", "/settings"), Some(json!({"registration": true, "registration_limit": 20})));
    assert_eq!(post(path, "registration=on&registration_limit=x").await.status, StatusCode::UNPROCESSABLE_ENTITY);
    for (form, field) in [("name=", "name"), ("name=x&uses=-1", "uses")] {
        let refused = post(&format!("{path}/tokens"), form).await;
        assert!(refused.body.contains(&format!("id=\"{field}-problem\"")), "{form}");
    }
    let made = post(&format!("{path}/tokens"), "name=Partners&uses=3&expires_in_seconds=3600&scopes=a+b").await;
    assert!(made.status == StatusCode::OK && made.body.contains("a-token-of-the-stub"), "{}", made.body);
    assert!(made.header("cache-control").contains("no-store"), "{made:?}");
    assert_eq!(
        told(&world, "POST", "/registration-tokens"),
        Some(json!({"name": "Partners", "uses": 3, "expires_in_seconds": 3600, "scopes": ["a", "b"]}))
    );
    assert!(!world.get(&admin.0, path).await.body.contains("a-token-of-the-stub"), "never again");
    let revoked = post(&format!("{path}/tokens/{KNOWN}/remove"), "").await;
    assert_eq!(revoked.header("location"), format!("{path}?notice=removed"));
    let log = world.log().await;
    assert!(log_has(&log, "registration_token.created") && log_has(&log, "registration_token.removed"));
    assert!(!log.iter().any(|(_, _, details)| details.to_string().contains("a-token-of-the-stub")));
}

#[tokio::test(flavor = "multi_thread")]
async fn e16_logouts_are_filtered_in_the_address_and_tried_again_by_a_button() {
    let world = World::new().await;
    let developer = world.member(Role::Developer).await;
    let path = "/tenants/acme/logouts";
    let page = world.get(&developer.0, &format!("{path}?state=failed&application_id={KNOWN}")).await.body;
    assert!(told(&world, "GET", &format!("/logout-deliveries?application_id={KNOWN}&state=failed")).is_some());
    assert!(page.contains(&format!("value=\"{KNOWN}\"")) && page.contains("cursor=more"), "{page}");
    assert!(!page.contains("/tenants/acme/users/"), "a developer learns nothing of people");
    assert_eq!(world.get(&developer.0, &format!("{path}?state=x&application_id=x")).await.status, StatusCode::OK);
    let again = world.post((&developer.0, &developer.1), &format!("{path}/{KNOWN}/retry"), "").await;
    assert_eq!(again.header("location"), format!("{path}?notice=retried"));
    assert!(log_has(&world.log().await, "logout_delivery.retried"));
}

#[tokio::test(flavor = "multi_thread")]
async fn k17_what_is_set_once_is_set_by_a_form() {
    let world = World::new().await;
    let admin = world.member(Role::Admin).await;
    let path = "/tenants/acme/settings";
    let form = "name=Acme+Ltd&default_locale=nl&session_limit=5&at_session_limit=refuse&proof_of_work=always\
                &passkey_models=&require_pushed_authorization_requests=yes&sign_up=closed";
    let saved = world.post((&admin.0, &admin.1), path, form).await;
    assert_eq!(saved.header("location"), format!("{path}?notice=saved"));
    assert_eq!(
        told(&world, "PATCH", "/settings"),
        Some(json!({"name": "Acme Ltd", "default_locale": "nl", "session_limit": 5, "at_session_limit": "refuse",
            "proof_of_work": "always", "passkey_models": [], "require_pushed_authorization_requests": true})),
        "what is on another page is not this form's to change"
    );
    let refused = world.post((&admin.0, &admin.1), path, "session_limit=many").await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.body.contains("id=\"session_limit-problem\"") && refused.body.contains("value=\"many\""));
}

#[tokio::test(flavor = "multi_thread")]
async fn g20_what_no_path_can_name_is_not_there() {
    let world = World::new().await;
    let owner = world.member(Role::Owner).await;
    for (page, _) in guarded().filter(|(page, _)| page.path.contains("{name}")) {
        for name in ["..%2Fusers", "Bad!", "%C3%A9", "a%20b"] {
            let path = page.path.replace("{slug}", "acme").replace("{name}", name);
            let answer = visit(&world, &owner, &page.method, &path).await;
            assert_eq!(answer.status, StatusCode::NOT_FOUND, "{page:?} at {name}");
        }
    }
    assert!(world.stub.seen().is_empty(), "{:?}", world.stub.seen());
}

#[tokio::test(flavor = "multi_thread")]
async fn p18_saving_an_application_opens_only_what_was_on_the_form() {
    let world = World::new().await;
    let admin = world.member(Role::Admin).await;
    let path = format!("/tenants/acme/applications/{KNOWN}");
    // A tenant that was taken over names hosts that nobody asked for.
    let stolen = json!({"client_id": KNOWN, "name": "Shop", "profile": "default", "type": "spa",
        "token_endpoint_auth_method": "none", "redirect_uris": ["https://shop.example/cb"],
        "post_logout_redirect_uris": [], "grant_types": ["authorization_code"], "third_party": false,
        "access": {"who": "everyone"}, "disabled": false, "created_at": "", "updated_at": "",
        "preferences": {"jwks_uri": "https://evil.example/keys", "backchannel_logout_uri": "https://evil.example/out"}});
    *world.stub.answer.lock().unwrap() = Some((StatusCode::OK, stolen));
    let shown = world.get(&admin.0, &path).await.body;
    assert!(shown.contains("value=\"https://evil.example/keys\""), "what it says is seen");
    for (form, opened) in [
        ("name=Shop&access=everyone", None),
        (
            "name=Shop&access=everyone&jwks_uri=&backchannel_logout_uri=https%3A%2F%2Fshop.example%2Fout",
            Some("shop.example"),
        ),
    ] {
        let saved = world.post((&admin.0, &admin.1), &path, form).await;
        assert_eq!(saved.header("location"), format!("{path}?notice=saved"), "{form}");
        let sent = told(&world, "PATCH", "/applications").unwrap()["preferences"].to_string();
        assert!(!sent.contains("evil.example"), "{form}: {sent}");
        let tenant = world.tenant("acme").await;
        let hosts: Vec<String> = crate::egress::allow_list::list(&world.app, &tenant)
            .await
            .unwrap()
            .into_iter()
            .map(|rule| rule.host)
            .collect();
        assert_eq!(hosts, opened.into_iter().collect::<Vec<_>>(), "{form}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn b18_secrets_are_seen_and_taken_back_on_the_applications_page() {
    let world = World::new().await;
    let admin = world.member(Role::Admin).await;
    let path = format!("/tenants/acme/applications/{KNOWN}");
    let page = world.get(&admin.0, &path).await.body;
    assert!(page.contains("id=\"secrets\"") && !page.contains("secrets/remove"), "the last one is not offered");
    let removed = world.post((&admin.0, &admin.1), &format!("{path}/secrets/remove"), &format!("secret={KNOWN}")).await;
    assert_eq!(removed.header("location"), format!("{path}?notice=removed"));
    assert!(told(&world, "DELETE", &format!("/applications/{KNOWN}/secrets/{KNOWN}")).is_some());
    let none = world.post((&admin.0, &admin.1), &format!("{path}/secrets/remove"), "secret=..%2Fx").await;
    assert_eq!(none.header("location"), path);
    for (deed, disabled) in [("disable", true), ("enable", false)] {
        world.post((&admin.0, &admin.1), &format!("{path}/{deed}"), "").await;
        assert_eq!(told(&world, "PATCH", "/applications"), Some(json!({"disabled": disabled})));
    }
    assert!(log_has(&world.log().await, "application.secret_removed"));
}

#[tokio::test(flavor = "multi_thread")]
async fn g20_g22_the_palette_leads_where_the_member_may_go_and_nowhere_else() {
    let world = World::new().await;
    let (owner, developer) = (world.member(Role::Owner).await, world.member(Role::Developer).await);
    let hrefs = async |cookie: &str, query: &str| -> Vec<String> {
        let answer = world.get(cookie, &format!("/search/entries?{query}")).await;
        assert_eq!((answer.status, answer.header("cache-control")), (StatusCode::OK, "no-store"), "{query}");
        let items = answer.json()["items"].as_array().unwrap().clone();
        items.iter().map(|item| item["href"].as_str().unwrap().to_owned()).collect()
    };
    let all = hrefs(&owner.0, "q=&at=acme").await;
    assert!(all.contains(&"/tenants/acme/users".to_owned()) && all.contains(&"/api-keys".to_owned()), "{all:?}");
    assert!(all.len() <= 40, "{}", all.len());
    let seen = hrefs(&developer.0, "q=&at=acme").await;
    for forbidden in ["/tenants/acme/users", "/tenants/acme/audit", "/tenants/acme/lockouts", "/api-keys"] {
        assert!(!seen.contains(&forbidden.to_owned()), "{forbidden}: {seen:?}");
    }
    assert_eq!(hrefs(&owner.0, "q=ACME+blockl&at=").await, ["/tenants/acme/blocklists"]);
    // What is another organisation's is not there, whatever is asked.
    for query in ["q=foreign", "q=&at=foreign", "q=strangers"] {
        assert!(!hrefs(&owner.0, query).await.iter().any(|href| href.contains("foreign")), "{query}");
    }
    assert!(hrefs(&owner.0, &format!("q={}", "x".repeat(5000))).await.is_empty());
    let page = world.get(&owner.0, "/search?q=%3Cscript%3E").await.body;
    assert!(page.contains("&#60;script&#62;") && page.contains("Nothing is called that."), "{page}");
    assert!(world.get(&owner.0, "/search?q=network").await.body.contains("/tenants/acme/egress"));
    assert_eq!(hrefs(&owner.0, "q=members&at=").await, ["/members"]);
    for role in Role::ALL {
        let (cookie, _) = world.member(role).await;
        for href in hrefs(&cookie, "q=&at=acme").await {
            let status = world.get(&cookie, &href).await.status;
            assert!([StatusCode::OK, StatusCode::SEE_OTHER].contains(&status), "{role}: {href}: {status}");
        }
        // So do the links around a page that each of them sees.
        let page = world.get(&cookie, if role.may(Permission::SeeUsage) { "/tenants/acme/usage" } else { "/" }).await;
        for href in page.body.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next()) {
            let target = href.split('#').next().unwrap().replace("&#38;", "&");
            if target.starts_with('/') && !target.starts_with("/assets/") {
                let status = world.get(&cookie, &target).await.status;
                assert!([StatusCode::OK, StatusCode::SEE_OTHER].contains(&status), "{role}: {href}: {status}");
            }
        }
    }
}
