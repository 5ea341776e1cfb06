//! How pages are served.

use super::*;

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
    // One that was there and is changed shows its steps until they are over, and then itself.
    let over = world.get(&owner.0, "/tenants/acme/progress?again=1").await;
    assert_eq!((over.status, over.header("location")), (StatusCode::SEE_OTHER, "/tenants/acme"));
}
