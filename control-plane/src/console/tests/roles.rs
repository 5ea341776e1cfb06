//! Who may see and do what.

use super::*;

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
            "GET /try-out/callback",
            "GET /invitation",
            "POST /invitation",
            "GET /invitation/{token}",
            "GET /signup",
            "POST /signup",
            "POST /signup/confirm",
            "GET /signup/{token}",
            "GET /assets/{name}",
            "GET /problems",
            "GET /problems/{code}",
            "GET /reference",
            "GET /reference/",
            "GET /reference/{file}",
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
            // A key, a member, a field and a rule have to be theirs; an address is invited once, a slug is given once, a host allowed once,
            // a logo and a list are files.
            let allowed = [StatusCode::OK, StatusCode::SEE_OTHER];
            let own = ["/members", "/tenants"].contains(&page.path.as_str())
                || (page.path.contains("{id}") && !page.path.contains("{slug}"))
                || page.path.contains("/egress")
                || page.path.ends_with("/branding/logo")
                || page.path.ends_with("/profile-fields/{name}/move")
                || page.path.ends_with("/users/imports");
            assert!(allowed.contains(&answer.status) || own, "{role} at {page:?}: {answer:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn g22_what_a_role_may_not_do_is_not_offered() {
    let world = World::new().await;
    let (owner, auditor) = (world.member(Role::Owner).await, world.member(Role::Auditor).await);
    let (developer, support) = (world.member(Role::Developer).await, world.member(Role::Support).await);
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
        ("/tenants/acme/connections", "id=\"new-connection\""),
        (&format!("/tenants/acme/connections/{KNOWN}"), "id=\"check-form\""),
        (&format!("/tenants/acme/connections/{KNOWN}"), "id=\"remove-form\""),
        (&format!("/tenants/acme/users/{KNOWN}"), "id=\"disable-form\""),
        (&format!("/tenants/acme/users/{KNOWN}"), "/end\""),
        (&format!("/tenants/acme/users/{KNOWN}"), "id=\"person-form\""),
        (&format!("/tenants/acme/users/{KNOWN}"), "id=\"erase-link\""),
        (&format!("/tenants/acme/users/{KNOWN}"), "/passkeys/remove\""),
        (&format!("/tenants/acme/users/{KNOWN}?notice=user-disabled"), "id=\"data-form\""),
        ("/tenants/acme/users/imports", "id=\"import-form\""),
        (&format!("/tenants/acme/users/imports/{KNOWN}"), "id=\"cancel-form\""),
        ("/api-keys", "id=\"key-form\""),
        ("/members", "id=\"invite-form\""),
        ("/organisation", "id=\"name-form\""),
    ] {
        assert!(world.get(&owner.0, path).await.body.contains(offered), "{path}: {offered}");
        let seen = world.get(&auditor.0, path).await;
        assert_eq!(seen.status, StatusCode::OK, "{path}");
        assert_eq!(seen.body.contains(offered), offered.contains("href"), "{path}: {offered}");
    }
    // Support helps people, and changes nothing else about them.
    let person = world.get(&support.0, &format!("/tenants/acme/users/{KNOWN}")).await.body;
    assert!(person.contains("id=\"reset-form\"") && person.contains("/end\""), "{person}");
    assert!(!person.contains("id=\"disable-form\""), "{person}");
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
