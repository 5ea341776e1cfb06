//! What forms do, and for whom.

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn a06_keys_are_rotated_by_a_form_and_dropped_by_an_owner_who_types_the_name() {
    let world = World::new().await;
    let (owner, admin) = (world.member(Role::Owner).await, world.member(Role::Admin).await);
    let post = async |(cookie, csrf): &(String, String), form: &str| {
        let request = Request::post("/tenants/acme/keys")
            .header(COOKIE, cookie)
            .header("sec-fetch-site", "same-origin")
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        world.send(request, format!("csrf={csrf}&{form}")).await
    };
    let rotations = || world.stub.seen().iter().filter(|(_, method, _)| method == "POST").count();
    for (done, action) in ["signing", "data"].into_iter().enumerate() {
        let answer = post(&admin, &format!("action={action}")).await;
        assert_eq!(answer.header("location"), "/tenants/acme/keys?notice=keys-rotated", "{action}");
        assert_eq!(rotations(), done + 1, "{action}");
    }
    assert_eq!(post(&admin, "action=emergency&confirm=acme").await.status, StatusCode::FORBIDDEN);
    let wrong = post(&owner, "action=emergency&confirm=Acme").await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(wrong.body.contains("Nothing was changed"));
    assert_eq!(rotations(), 2, "neither changed anything");
    assert_eq!(post(&owner, "action=emergency&confirm=acme").await.status, StatusCode::SEE_OTHER);
    assert!(world.log().await.iter().any(|(action, ..)| action == "keys.dropped"));
    let page = world.get(&admin.0, "/tenants/acme/keys").await;
    assert!(page.body.contains("seal-of-the-stub") && !page.body.contains("emergency-form"));
}

#[tokio::test(flavor = "multi_thread")]
async fn e07_p9_every_form_has_to_come_from_our_own_page() {
    let world = World::new().await;
    let (owner, other) = (world.member(Role::Owner).await, world.member(Role::Owner).await);
    let own = world.app.settings.console();
    let sibling = world.app.settings.issuer(&"acme".parse().unwrap());
    for (page, _) in guarded().filter(|(page, _)| page.method == Method::POST) {
        let path = at(&page.path, "acme", KNOWN);
        let send = async |headers: &[(&str, &str)], csrf: &str| {
            let mut request =
                Request::post(&path).header(COOKIE, &owner.0).header(CONTENT_TYPE, "application/x-www-form-urlencoded");
            for (name, value) in headers {
                request = request.header(*name, *value);
            }
            world.send(request, format!("csrf={csrf}&name=x&slug=newone")).await
        };
        let good: &[(&str, &str)] = &[("origin", &own), ("sec-fetch-site", "same-origin")];
        for csrf in ["", "x", &other.1] {
            assert_eq!(send(good, csrf).await.status, StatusCode::FORBIDDEN, "{page:?}: another's token");
        }
        for headers in [
            &[("origin", sibling.as_str()), ("sec-fetch-site", "same-site")][..],
            &[("origin", "https://evil.test"), ("sec-fetch-site", "cross-site")],
            &[("origin", "null")],
            &[("sec-fetch-site", "cross-site")],
        ] {
            assert_eq!(send(headers, &owner.1).await.status, StatusCode::FORBIDDEN, "{page:?}: {headers:?}");
        }
    }
    assert!(world.stub.seen().is_empty(), "nothing was done");
    let request = Request::post("/tenants")
        .header(COOKIE, &owner.0)
        .header("origin", &own)
        .header(CONTENT_TYPE, "application/json");
    assert_eq!(world.send(request, "{}").await.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
}

#[tokio::test(flavor = "multi_thread")]
async fn k13_every_action_is_in_the_log_with_who_when_from_where_on_which_tenant() {
    let world = World::new().await;
    let owner = world.member(Role::Owner).await;
    let peer = polder_service::request::Peer("203.0.113.9:1".parse().unwrap());
    let mut silent = Vec::new();
    for (page, _) in guarded().filter(|(page, _)| page.method == Method::POST && page.path != "/signout") {
        let request = Request::post(at(&page.path, "acme", KNOWN))
            .header(COOKIE, &owner.0)
            .header("sec-fetch-site", "same-origin")
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .extension(peer);
        let before = world.newest(world.organisation).await.first().map_or(0, |(number, ..)| *number);
        let form = "name=Shop&slug=newone&email=ann@example.test&role=developer&scope-tenants=read&provider=github\
                    &client_id=x&client_secret=y&host=api.example.org&hosts=api.example.org";
        let one = format!("secret={KNOWN}&passkey={KNOWN}&application={KNOWN}&account={KNOWN}");
        let answer = world.send(request, format!("csrf={}&{form}&{one}", owner.1)).await;
        let told = world.newest(world.organisation).await;
        let fresh: Vec<_> = told.iter().filter(|(number, ..)| *number > before).collect();
        // Whatever was done is in the organisation's own log as well; what was refused did nothing.
        // A form that names no action does none, nor does a search; and what was never done cannot be undone.
        let idle =
            ["/life", "/end", "/keys", "/users/find"].iter().any(|end| page.path == format!("/tenants/{{slug}}{end}"))
                || page.path.ends_with("/undo");
        let done = !idle && (answer.status.is_success() || answer.status == StatusCode::SEE_OTHER);
        if done && fresh.is_empty() {
            silent.push(format!("{} to {}", page.path, answer.header("location")));
        }
        for (_, action, kind, ip) in fresh {
            let named = (kind.as_str(), ip.as_deref());
            assert!(named == ("member", Some("203.0.113.9")) || kind == "system", "{page:?}: {action} by {named:?}");
        }
    }
    assert_eq!(silent, Vec::<String>::new(), "all of it is in the organisation's own log");
    assert!(world.stub.seen().iter().all(|(actor, ..)| *actor == "member"), "{:?}", world.stub.seen());
    let log = world.log().await;
    for (action, on) in [
        ("tenant.created", "newone"),
        ("application.created", "acme"),
        ("application.changed", "acme"),
        ("application.secret_created", "acme"),
        ("application.removed", "acme"),
        ("user.created", "acme"),
        ("user.changed", "acme"),
        ("session.ended", "acme"),
        ("api_key.created", ""),
        ("member.invited", ""),
        ("organisation.renamed", ""),
    ] {
        let (_, kind, details) = log.iter().find(|(found, ..)| found == action).unwrap_or_else(|| panic!("{action}"));
        assert_eq!(kind, "member", "{action}");
        assert_eq!(details["ip"], "203.0.113.9", "{action}");
        assert_eq!(details["tenant"].as_str().unwrap_or_default(), on, "{action}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_is_shown_once_and_errors_stand_at_their_fields() {
    let world = World::new().await;
    let owner = world.member(Role::Owner).await;
    let member = (owner.0.as_str(), owner.1.as_str());
    let made =
        world.post(member, "/tenants/acme/applications", "name=Shop&type=web&redirect_uris=https://a.example/").await;
    assert!(made.body.contains("a-secret-of-the-stub") && made.body.contains(KNOWN));
    for library in ["openid-client", "Authlib", "openidconnect"] {
        assert!(made.body.contains(library), "{library}");
    }
    let later = world.get(&owner.0, &format!("/tenants/acme/applications/{KNOWN}")).await;
    assert!(!later.body.contains("a-secret-of-the-stub"));
    let said = json!({"status": 422, "errors": [{"pointer": "/redirect_uris", "detail": "must use <https>"}]});
    *world.stub.answer.lock().unwrap() = Some((StatusCode::UNPROCESSABLE_ENTITY, said));
    let refused = world.post(member, "/tenants/acme/applications", "name=Shop&redirect_uris=ftp:x").await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.body.contains("must use &#60;https&#62;"), "{}", refused.body);
    assert!(refused.body.contains("id=\"redirect_uris-problem\"") && refused.body.contains(">ftp:x</textarea>"));
}

#[tokio::test(flavor = "multi_thread")]
async fn k15_a_host_is_allowed_and_removed_on_the_tenants_page_by_a_named_person() {
    let world = World::new().await;
    let admin = world.member(Role::Admin).await;
    let path = "/tenants/acme/egress";
    let empty = world.get(&admin.0, path).await;
    assert!(empty.status == StatusCode::OK && empty.body.contains("No hosts yet"), "{}", empty.body);
    let allowed = world.post((&admin.0, &admin.1), path, "host=accounts.example.org").await;
    assert_eq!(
        (allowed.status, allowed.header("location")),
        (StatusCode::SEE_OTHER, "/tenants/acme/egress?notice=host-allowed")
    );
    let listed = world.get(&admin.0, path).await.body;
    assert!(listed.contains("<code>accounts.example.org</code>"), "{listed}");
    for (host, said) in [
        ("", "This can’t be empty."),
        ("https%3A%2F%2Fa.example", "Enter only the host name"),
        ("169.254.169.254", "This isn’t the name of a public host."),
        (".org", "a whole top-level domain"),
        ("accounts.example.org", "on the list already"),
        ("%3Cscript%3E", "Enter only the host name"),
    ] {
        let refused = world.post((&admin.0, &admin.1), path, &format!("host={host}")).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{host}");
        assert!(refused.body.contains(said) && !refused.body.contains("<script>"), "{host}: {}", refused.body);
    }
    let id = listed.split("/egress/").nth(1).unwrap().split('/').next().unwrap();
    let removed = world.post((&admin.0, &admin.1), &format!("{path}/{id}/remove"), "").await;
    assert!(removed.header("location").starts_with("/tenants/acme/egress?notice=host-removed&undo="));
    assert!(world.get(&admin.0, path).await.body.contains("No hosts yet"));
    let log = world.log().await;
    let told: Vec<_> = log.iter().filter(|(action, ..)| action.starts_with("egress.")).collect();
    assert!(told.len() == 2 && told.iter().all(|(_, kind, _)| kind == "member"), "{told:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn e05_d18_policies_are_chosen_by_a_form_and_factors_reset_by_a_button() {
    let world = World::new().await;
    let admin = world.member(Role::Admin).await;
    let post = async |path: &str, form: &str| {
        let request = Request::post(path)
            .header(COOKIE, &admin.0)
            .header("sec-fetch-site", "same-origin")
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        world.send(request, format!("csrf={}&{form}", admin.1)).await
    };
    let page = world.get(&admin.0, "/tenants/acme/sign-in").await;
    assert!(page.body.contains("policies-form") && page.body.contains("value=\"preferred\" checked"), "{}", page.body);
    let form = "passkeys=required&second_factor=sometimes&sign_up=domains&sign_up_domains=acme.example%0D%0A\
                example.nl&session_idle_seconds=900&session_absolute_seconds=86400&recovery_wait_hours=24";
    let answer = post("/tenants/acme/sign-in", form).await;
    assert_eq!(answer.header("location"), "/tenants/acme/sign-in?notice=saved", "{}", answer.body);
    let asked = world.stub.asked.lock().unwrap().clone();
    let (_, changes) = asked.iter().find(|(_, body)| body["passkeys"] == "required").expect("the tenant was told");
    assert_eq!(changes["sign_up_domains"], json!(["acme.example", "example.nl"]));
    assert_eq!((&changes["session_idle_seconds"], changes.get("second_factor")), (&json!(900), None));
    let reset = post(&format!("/tenants/acme/users/{KNOWN}/reset-factors"), "").await;
    assert_eq!(reset.header("location"), format!("/tenants/acme/users/{KNOWN}?notice=factors-reset"));
    let log = world.log().await;
    for action in ["settings.changed", "factors.reset"] {
        assert!(log.iter().any(|(done, ..)| done == action), "{action}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn b45_what_kind_of_tokens_an_application_gets_is_chosen_by_a_form() {
    let world = World::new().await;
    let admin = world.member(Role::Admin).await;
    let path = format!("/tenants/acme/applications/{KNOWN}");
    let page = world.get(&admin.0, &path).await;
    for field in ["access_token_format", "access_token_seconds", "refresh_idle_seconds", "userinfo_signed_response_alg"]
    {
        assert!(page.body.contains(&format!("<select id=\"{field}\" name=\"{field}\">")), "{field}");
    }
    let form = "name=Shop&redirect_uris=https://shop.example/cb&access=everyone&id_token_signed_response_alg=EdDSA\
                &access_token_format=opaque&access_token_seconds=3600&refresh_idle_seconds=&userinfo_signed_response_alg=ES256";
    let answer = world.post((&admin.0, &admin.1), &path, form).await;
    assert_eq!(answer.header("location"), format!("{path}?notice=saved"), "{}", answer.body);
    let asked = world.stub.asked.lock().unwrap().clone();
    let (_, changes) = asked.iter().rfind(|(_, body)| body["preferences"].is_object()).expect("the tenant was told");
    assert_eq!(
        changes["preferences"],
        json!({
            "id_token_signed_response_alg": "EdDSA", "access_token_format": "opaque", "access_token_seconds": 3600,
            "userinfo_signed_response_alg": "ES256",
        })
    );
}
