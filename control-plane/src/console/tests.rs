//! The console, against a stub in the tenants' place.

use std::time::Duration;

use axum::body::Body;
use axum::extract::Request;
use http::header::{CONTENT_TYPE, COOKIE};
use http::{Method, StatusCode};
use serde_json::json;

use crate::model::{Permission, Role};
use crate::provision::desired::CONSOLE_CALLBACK;
use crate::store::console_sessions;
use crate::testing::{Answer, KNOWN, UNKNOWN, World};

/// One route of the console, as the router's own page says it.
#[derive(Debug)]
struct Page {
    path: String,
    method: Method,
    /// `None` for what is open to everyone.
    permission: Option<Permission>,
}

/// Everything in the router, read from its source: a page that is added is a page that is tested.
fn pages() -> Vec<Page> {
    let source = include_str!("router.rs");
    let mut all = Vec::new();
    for route in source.split(".route(").skip(1) {
        let (path, rest) = route.trim_start().split_once(',').unwrap();
        let path = match path.trim() {
            "CONSOLE_CALLBACK" => CONSOLE_CALLBACK.to_owned(),
            quoted => quoted.trim_matches('"').to_owned(),
        };
        let rest = rest.split("\n        .route").next().unwrap();
        for (method, word) in [(Method::GET, "get("), (Method::POST, "post(")] {
            let Some(at) = rest.find(word) else { continue };
            let before = &rest[..at];
            let permission = before.rfind("may(").map(|may| before[may + 4..].split(',').next().unwrap().trim());
            all.push(Page { path: path.clone(), method, permission: permission.map(named) });
        }
    }
    assert!(all.len() >= 28, "{all:?}");
    all
}

fn named(name: &str) -> Permission {
    use Permission::{
        ChangeApplications, ChangeKeys, ChangePeople, ChangeTenants, EndTenants, MakeTenants, See, SeeKeys, SeePeople,
    };
    let all =
        [See, MakeTenants, ChangeTenants, EndTenants, ChangeApplications, SeePeople, ChangePeople, SeeKeys, ChangeKeys];
    all.into_iter().find(|permission| format!("{permission:?}") == name).unwrap_or_else(|| panic!("{name}"))
}

fn guarded() -> impl Iterator<Item = (Page, Permission)> {
    pages().into_iter().filter_map(|page| page.permission.map(|permission| (page, permission)))
}

fn at(path: &str, slug: &str, id: &str) -> String {
    path.replace("{slug}", slug).replace("{id}", id)
}

async fn visit(world: &World, (cookie, csrf): &(String, String), method: &Method, path: &str) -> Answer {
    match *method {
        Method::GET => world.get(cookie, path).await,
        _ => {
            world.post((cookie, csrf), path, "name=Shop&slug=newone&email=ann@example.test&host=api.example.org").await
        }
    }
}

#[test]
fn what_is_open_to_everyone_is_a_short_list() {
    let open: Vec<String> = pages()
        .iter()
        .filter(|page| page.permission.is_none())
        .map(|page| format!("{} {}", page.method, page.path))
        .collect();
    assert_eq!(
        open,
        [
            "GET /",
            "GET /signin",
            "GET /signin/callback",
            "GET /invitation",
            "POST /invitation",
            "GET /invitation/{token}",
            "GET /assets/{name}",
        ]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn g20_strangers_are_sent_to_sign_in_from_every_page() {
    let world = World::new().await;
    for (page, _) in guarded() {
        let path = at(&page.path, "acme", KNOWN);
        for cookie in ["", "session=", "session=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"] {
            let answer = visit(&world, &(cookie.to_owned(), "x".to_owned()), &page.method, &path).await;
            assert_eq!(answer.status, StatusCode::SEE_OTHER, "{page:?}");
            let back = if page.method == Method::GET { path.replace('/', "%2F") } else { "%2F".to_owned() };
            assert_eq!(answer.header("location"), format!("/signin?to={back}"), "{page:?}");
        }
    }
    assert!(world.stub.seen().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn g22_every_page_holds_every_role_to_the_matrix() {
    let world = World::new().await;
    for role in Role::ALL {
        for (page, permission) in guarded().filter(|(page, _)| page.path != "/signout") {
            let member = world.member(role).await;
            let answer = visit(&world, &member, &page.method, &at(&page.path, "acme", KNOWN)).await;
            if !role.may(permission) {
                assert_eq!(answer.status, StatusCode::FORBIDDEN, "{role} at {page:?}");
                assert!(answer.body.contains("Your role"), "{role} at {page:?}");
                continue;
            }
            // A key and a rule have to be theirs; a slug is given once, and a host allowed once.
            let allowed = [StatusCode::OK, StatusCode::SEE_OTHER];
            let own =
                ["/api-keys/{id}/revoke", "/tenants"].contains(&page.path.as_str()) || page.path.contains("/egress");
            assert!(allowed.contains(&answer.status) || own, "{role} at {page:?}: {answer:?}");
        }
    }
}

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
async fn g22_what_a_role_may_not_do_is_not_offered() {
    let world = World::new().await;
    let (owner, auditor) = (world.member(Role::Owner).await, world.member(Role::Auditor).await);
    let developer = world.member(Role::Developer).await;
    for (path, offered) in [
        ("/", "id=\"new-tenant\""),
        ("/", "href=\"/api-keys\""),
        ("/tenants/acme", "id=\"new-application\""),
        ("/tenants/acme", "id=\"suspend-form\""),
        ("/tenants/acme", "id=\"terminate-form\""),
        ("/tenants/acme/applications", "id=\"new-application\""),
        (&format!("/tenants/acme/applications/{KNOWN}"), "id=\"delete-form\""),
        ("/tenants/acme/users", "id=\"user-form\""),
        ("/tenants/acme/egress", "id=\"egress-form\""),
        (&format!("/tenants/acme/users/{KNOWN}"), "id=\"disable-form\""),
        (&format!("/tenants/acme/users/{KNOWN}"), "/end\""),
        ("/api-keys", "id=\"key-form\""),
    ] {
        assert!(world.get(&owner.0, path).await.body.contains(offered), "{path}: {offered}");
        let seen = world.get(&auditor.0, path).await;
        assert_eq!(seen.status, StatusCode::OK, "{path}");
        assert_eq!(seen.body.contains(offered), offered.contains("href"), "{path}: {offered}");
    }
    let overview = world.get(&developer.0, "/tenants/acme").await.body;
    assert!(!overview.contains("/tenants/acme/users") && !overview.contains("/tenants/acme/audit"));
    assert!(!world.stub.seen().iter().rev().take(1).any(|(_, _, target)| target.starts_with("/audit")));
}

#[tokio::test(flavor = "multi_thread")]
async fn g20_other_organisations_tenants_and_things_are_not_there() {
    let world = World::new().await;
    let owner = world.member(Role::Owner).await;
    for (page, _) in guarded() {
        if page.path.contains("{slug}") {
            for slug in ["foreign", "platform", "nobody", "ACME", "a%2Fb"] {
                let answer = visit(&world, &owner, &page.method, &at(&page.path, slug, KNOWN)).await;
                assert_eq!(answer.status, StatusCode::NOT_FOUND, "{page:?} at {slug}");
            }
        }
        if page.path.contains("{id}") {
            for id in [UNKNOWN, "not-an-id", "..%2Fusers"] {
                let answer = visit(&world, &owner, &page.method, &at(&page.path, "acme", id)).await;
                assert_eq!(answer.status, StatusCode::NOT_FOUND, "{page:?} at {id}");
            }
        }
    }
    assert!(world.stub.seen().iter().all(|(_, _, target)| target.contains(UNKNOWN)), "{:?}", world.stub.seen());
    let home = world.get(&owner.0, "/").await.body;
    assert!(home.contains("acme") && !home.contains("foreign") && !home.contains("Strangers"));
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
    for (page, _) in guarded().filter(|(page, _)| page.method == Method::POST && page.path != "/signout") {
        let request = Request::post(at(&page.path, "acme", KNOWN))
            .header(COOKIE, &owner.0)
            .header("sec-fetch-site", "same-origin")
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .extension(peer);
        world.send(request, format!("csrf={}&name=Shop&slug=newone&email=ann@example.test", owner.1)).await;
    }
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
    ] {
        let (_, kind, details) = log.iter().find(|(found, ..)| found == action).unwrap_or_else(|| panic!("{action}"));
        assert_eq!(kind, "member", "{action}");
        assert_eq!(details["ip"], "203.0.113.9", "{action}");
        assert_eq!(details["tenant"].as_str().unwrap_or_default(), on, "{action}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn f01_f05_f06_pages_have_a_strict_policy_and_are_never_stored() {
    let world = World::new().await;
    let owner = world.member(Role::Owner).await;
    for path in ["/", "/tenants/acme", "/tenants/acme/users", "/nothing", "/invitation", "/api-keys"] {
        let (one, two) = (world.get(&owner.0, path).await, world.get(&owner.0, path).await);
        let policy = one.header("content-security-policy");
        for part in ["default-src 'none'", "frame-ancestors 'none'", "object-src 'none'", "connect-src 'self'"] {
            assert!(policy.contains(part), "{path}: {policy}");
        }
        assert!(!policy.contains("unsafe"), "{path}");
        assert_ne!(policy, two.header("content-security-policy"), "{path}: a nonce is used once");
        assert_eq!(one.header("cache-control"), "no-store", "{path}");
        assert_eq!(one.header("referrer-policy"), "no-referrer", "{path}");
        assert_eq!(one.header("access-control-allow-origin"), "", "{path}");
        assert!(!one.body.contains(" style=") && !one.body.contains("<style") && !one.body.contains(" onclick"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn f08_f15_faults_are_pages_that_say_nothing_of_the_inside() {
    let world = World::new().await;
    let owner = world.member(Role::Owner).await;
    *world.stub.answer.lock().unwrap() =
        Some((StatusCode::INTERNAL_SERVER_ERROR, json!({"detail": "/srv/secret SELECT"})));
    let broken = world.get(&owner.0, "/tenants/acme/users").await;
    assert_eq!(broken.status, StatusCode::INTERNAL_SERVER_ERROR);
    assert!(broken.body.contains(broken.header("x-polder-request-id")), "the page names the request");
    assert!(!broken.body.contains("/srv") && !broken.body.contains("SELECT"));
    let missing = world.get(&owner.0, "/nothing").await;
    assert_eq!((missing.status, missing.header("content-type")), (StatusCode::NOT_FOUND, "text/html; charset=utf-8"));
    let wrong = world.send(Request::put("/tenants/acme").header(COOKIE, &owner.0), Body::empty()).await;
    assert_eq!(wrong.status, StatusCode::METHOD_NOT_ALLOWED);
    assert!(wrong.header("allow").contains("GET"), "{wrong:?}");
    let dutch = Request::get("/nothing").header("accept-language", "nl");
    assert!(world.send(dutch, Body::empty()).await.body.contains("<html lang=\"nl\""));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_in_the_making_shows_its_progress_only() {
    let world = World::new().await;
    let owner = world.member(Role::Owner).await;
    for path in ["/tenants/young", "/tenants/young/applications", "/tenants/young/users", "/tenants/young/audit"] {
        let answer = world.get(&owner.0, path).await;
        assert_eq!((answer.status, answer.header("location")), (StatusCode::SEE_OTHER, "/tenants/young/progress"));
    }
    let progress = world.get(&owner.0, "/tenants/young/progress").await.body;
    assert!(progress.contains("data-events=\"/tenants/young/events\"") && progress.contains("http-equiv=\"refresh\""));
    assert!(progress.contains("data-step=\"start-runtime\" data-status=\"waiting\""), "{progress}");
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
async fn e03_a_session_ends_when_idle_at_its_latest_and_when_its_member_is_removed() {
    let world = World::new().await;
    let status = async |cookie: &str| world.get(cookie, "/api-keys").await.status;
    let idle = world.member(Role::Owner).await.0;
    assert_eq!(status(&idle).await, StatusCode::OK);
    world.app.clock.advance(super::signed_in::IDLE);
    assert_eq!(status(&idle).await, StatusCode::SEE_OTHER, "idle for too long");
    let busy = world.member(Role::Owner).await.0;
    for _ in 0..11 {
        assert_eq!(status(&busy).await, StatusCode::OK, "used every hour");
        world.app.clock.advance(Duration::from_secs(3600));
    }
    world.app.clock.advance(Duration::from_secs(3600));
    assert_eq!(status(&busy).await, StatusCode::SEE_OTHER, "a working day");
    let removed = world.member(Role::Owner).await.0;
    let now = world.app.clock.now();
    let remove = world.app.db.write(move |tx| {
        Box::pin(async move { tx.execute("UPDATE member SET removed_at = $1", &polder_db::args![now]).await.map(drop) })
    });
    let done: Result<(), polder_db::Error> = remove.await;
    done.unwrap();
    assert_eq!(status(&removed).await, StatusCode::SEE_OTHER, "no member any more");
}

#[tokio::test(flavor = "multi_thread")]
async fn e04_ended_sessions_stay_ended_and_keep_no_tokens() {
    let world = World::new().await;
    let (cookie, _) = world.member(Role::Owner).await;
    let hash = console_sessions::cookie_hash(&world.app.keyring, cookie.trim_start_matches("session="));
    let now = world.app.clock.now();
    let session =
        console_sessions::by_cookie(&mut world.app.db.read().await.unwrap(), &hash, now).await.unwrap().unwrap();
    let id = session.id;
    let ended = world.app.db.write(move |tx| Box::pin(async move { console_sessions::end(tx, id, now).await })).await;
    assert!(ended.unwrap());
    assert_eq!(world.get(&cookie, "/api-keys").await.status, StatusCode::SEE_OTHER);
    let mut tx = world.app.db.read().await.unwrap();
    let kept = tx.all("SELECT tokens_sealed FROM console_session", &[], |row| row.text("tokens_sealed")).await.unwrap();
    assert_eq!(kept, [""]);
}

#[tokio::test(flavor = "multi_thread")]
async fn g22_looking_at_an_invitation_uses_nothing_up_and_a_wrong_one_says_so() {
    let world = World::new().await;
    let token = invitation(&world).await;
    for _ in 0..3 {
        let page = world.get("", &format!("/invitation/{token}")).await;
        assert_eq!(page.status, StatusCode::OK);
        assert!(!page.body.contains("token-problem"), "{}", page.body);
    }
    let wrong = world.get("", "/invitation/wrong").await;
    assert!(wrong.body.contains("token-problem"));
    world.app.clock.advance(Duration::from_secs(3601));
    assert!(world.get("", &format!("/invitation/{token}")).await.body.contains("token-problem"), "it runs out");
}

#[tokio::test(flavor = "multi_thread")]
async fn g22_fifty_parallel_sign_ins_use_an_invitation_once() {
    let world = World::new().await;
    let hash = crate::credentials::hash_invitation(&world.app.keyring, &invitation(&world).await);
    let now = world.app.clock.now();
    let bound = world
        .app
        .db
        .write(move |tx| Box::pin(async move { crate::store::invitations::bind(tx, &hash, "somebody", now).await }));
    assert!(bound.await.unwrap().is_some());
    let uses = (0..50).map(|_| {
        world
            .app
            .db
            .write(move |tx| Box::pin(async move { crate::store::invitations::consume(tx, "somebody", now).await }))
    });
    let used = futures_util::future::join_all(uses).await;
    assert_eq!(used.into_iter().filter(|given| matches!(given, Ok(Some(_)))).count(), 1);
    let others = world
        .app
        .db
        .write(move |tx| Box::pin(async move { crate::store::invitations::consume(tx, "another", now).await }));
    assert!(others.await.unwrap().is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn b44_an_answer_nobody_asked_for_signs_nobody_in() {
    let world = World::new().await;
    for query in ["", "?code=x", "?code=x&state=y&iss=http://platform.localhost:8600", "?error=access_denied"] {
        let answer = world.get("attempt=AAAA", &format!("{CONSOLE_CALLBACK}{query}")).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{query}");
        assert!(
            answer.headers.get_all("set-cookie").iter().all(|cookie| !cookie.to_str().unwrap().starts_with("session="))
        );
    }
}

async fn invitation(world: &World) -> String {
    let app = &world.app;
    let token = app.entropy.token().expose().clone();
    let hash = crate::credentials::hash_invitation(&app.keyring, &token);
    let (id, now) = (crate::model::InvitationId::new(&app.clock, &app.entropy), app.clock.now());
    let (organisation, until) = (world.organisation, now + Duration::from_secs(3600));
    let insert = app.db.write(move |tx| {
        Box::pin(
            async move { crate::store::invitations::insert_owner(tx, id, organisation, &hash, (now, until)).await },
        )
    });
    insert.await.unwrap();
    token
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
    assert_eq!(removed.header("location"), "/tenants/acme/egress?notice=host-removed");
    assert!(world.get(&admin.0, path).await.body.contains("No hosts yet"));
    let log = world.log().await;
    let told: Vec<_> = log.iter().filter(|(action, ..)| action.starts_with("egress.")).collect();
    assert!(told.len() == 2 && told.iter().all(|(_, kind, _)| kind == "member"), "{told:?}");
}
