//! Access of the operator's people to a tenant's people (G30).

use super::*;
use crate::model::MemberId;
use crate::organisation::access::{self, NotGiven, Wish};
use crate::store::members as standings;

/// The stage's organisation is the operator's, being the first; `foreign` is a customer's. It answers as `acme` does.
async fn stage() -> (World, MemberId, (String, String)) {
    let world = World::new().await;
    let (staff, cookie, csrf) = world.member_of(world.organisation, Role::Owner).await;
    let app = world.app.clone();
    let named = app.db.write({
        let app = app.clone();
        move |tx| {
            Box::pin(async move {
                let email = "sam@operator.test".parse().unwrap();
                standings::set_identity(tx, &app.keyring, staff, ("Sam", &email), app.clock.now()).await
            })
        }
    });
    let named: Result<(), polder_db::Error> = named.await;
    named.unwrap();
    (world, staff, (cookie, csrf))
}

/// All that a grant opens, below a tenant: method and path.
const OPENED: [&str; 16] = [
    "GET /audit",
    "GET /audit/verification",
    "GET /lockouts",
    "GET /messages",
    "GET /users",
    "GET /users/imports",
    "GET /users/imports/{id}",
    "GET /users/imports/{id}/events",
    "GET /users/{id}",
    "GET /users/{id}/attempts",
    "POST /sessions/{id}/end",
    "POST /users/find",
    "POST /users/{id}/authenticator-app/remove",
    "POST /users/{id}/passkeys/remove",
    "POST /users/{id}/reset-factors",
    "POST /users/{id}/sessions/end",
];

fn wish(minutes: u32) -> Wish {
    Wish { person: "sam@operator.test".parse().unwrap(), reason: "Ticket 4711".to_owned(), minutes }
}

#[tokio::test(flavor = "multi_thread")]
async fn g30_the_operators_people_reach_nobody_without_a_grant_and_only_people_with_one() {
    let (world, staff, (cookie, csrf)) = stage().await;
    let foreign = world.tenant("foreign").await;
    let status = async |path: &str| world.get(&cookie, &format!("/tenants/foreign{path}")).await.status;
    let people = ["/users".to_owned(), format!("/users/{KNOWN}"), "/audit".to_owned()];
    for path in &people {
        assert_eq!(status(path).await, StatusCode::NOT_FOUND, "{path} without a grant");
    }
    access::grant(&world.app, &foreign, wish(30)).await.unwrap();
    for path in &people {
        assert_eq!(status(path).await, StatusCode::OK, "{path}");
    }
    for file in ["/users/export", "/audit.csv", "/audit.ndjson", "/audit.chain.ndjson"] {
        assert_eq!(status(file).await, StatusCode::NOT_FOUND, "{file}: nobody takes everybody along");
    }
    // It is about people, and helping them: nothing else of the tenant, and nothing that changes somebody.
    let page = world.get(&cookie, &format!("/tenants/foreign/users/{KNOWN}")).await.body;
    assert!(page.contains("id=\"reset-form\"") && !page.contains("id=\"disable-form\""), "{page}");
    let mut opened = Vec::new();
    for (page, permission) in guarded().filter(|(page, _)| page.path.contains("{slug}")) {
        let path = at(&page.path, "foreign", KNOWN);
        let answer = visit(&world, &(cookie.clone(), csrf.clone()), &page.method, &path).await;
        if matches!(permission, Permission::SeePeople | Permission::HelpPeople) {
            assert_ne!(answer.status, StatusCode::NOT_FOUND, "{page:?}");
            opened.push(format!("{} {}", page.method, page.path.trim_start_matches("/tenants/{slug}")));
        } else {
            assert_eq!(answer.status, StatusCode::NOT_FOUND, "{page:?}");
        }
    }
    opened.sort_unstable();
    assert_eq!(opened, OPENED, "what is added here is opened to the operator's people: is it for that?");
    // Nobody else of the operator's, and not at another tenant.
    let (other, _) = world.member(Role::Owner).await;
    assert_eq!(world.get(&other, "/tenants/foreign/users").await.status, StatusCode::NOT_FOUND);
    // It ends by itself.
    world.app.clock.advance(Duration::from_secs(30 * 60));
    assert_eq!(status("/users").await, StatusCode::NOT_FOUND);
    // The tenant was told before it held, and each look is in the log of whose tenant it is.
    let told = world.stub.seen();
    assert!(
        told.iter()
            .any(|(kind, method, path)| (*kind, method.as_str(), path.as_str()) == ("system", "POST", "/staff-access"))
    );
    let (_, customer, _) = world.member_of(world.strangers, Role::Owner).await;
    let log = world.get(&customer, "/audit").await.body;
    for part in
        ["staff_access.granted", "staff_access.used", "Ticket 4711", "Sam (sam@operator.test)", &staff.to_string()]
    {
        assert!(log.contains(part), "{part}: {log}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn g30_the_customer_sees_access_and_ends_it_at_once() {
    let (world, _, (cookie, _)) = stage().await;
    let foreign = world.tenant("foreign").await;
    let grant = access::grant(&world.app, &foreign, wish(30)).await.unwrap();
    let (_, customer, csrf) = world.member_of(world.strangers, Role::Admin).await;
    let shown = world.get(&customer, "/organisation").await.body;
    assert!(shown.contains("Ticket 4711") && shown.contains("Sam (sam@operator.test)"), "{shown}");
    let path = format!("/organisation/staff-access/{}/end", grant.id);
    // Only whose tenant it is.
    let (_, own, own_csrf) = world.member_of(world.organisation, Role::Owner).await;
    assert_eq!(world.post((&own, &own_csrf), &path, "").await.status, StatusCode::NOT_FOUND);
    assert_eq!(world.get(&cookie, "/tenants/foreign/users").await.status, StatusCode::OK);
    let ended = world.post((&customer, &csrf), &path, "").await;
    assert_eq!(ended.header("location"), "/organisation?notice=access-ended");
    assert_eq!(world.get(&cookie, "/tenants/foreign/users").await.status, StatusCode::NOT_FOUND);
    assert_eq!(world.post((&customer, &csrf), &path, "").await.status, StatusCode::NOT_FOUND, "it is over");
    let told = world.stub.seen().into_iter().filter(|(_, _, path)| path == "/staff-access").count();
    assert_eq!(told, 2, "given, and ended");
    // Through the public API as well.
    let key = world.key_of(world.strangers, crate::model::KeyAccess::Write).await;
    world.app.clock.advance(Duration::from_millis(1));
    let second = access::grant(&world.app, &foreign, wish(30)).await.unwrap();
    let listed = world.api(&key, Method::GET, "/staff-access", None).await.json();
    assert_eq!((&listed["items"][0]["holds"], &listed["items"][1]["holds"]), (&json!(true), &json!(false)));
    let one = format!("/staff-access/{}", second.id);
    let mine = world.key(crate::model::KeyAccess::Write).await;
    assert_eq!(world.api(&mine, Method::DELETE, &one, None).await.status, StatusCode::NOT_FOUND);
    assert_eq!(world.api(&key, Method::DELETE, &one, None).await.status, StatusCode::NO_CONTENT);
    assert_eq!(world.api(&key, Method::DELETE, &one, None).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test(flavor = "multi_thread")]
async fn g30_access_is_reasoned_and_short_and_holds_only_once_the_tenant_knows() {
    let (world, _, (cookie, _)) = stage().await;
    let foreign = world.tenant("foreign").await;
    for wrong in [
        Wish { reason: "x".to_owned(), ..wish(30) },
        Wish { reason: "a\nb c d e".to_owned(), ..wish(30) },
        Wish { person: "eve@elsewhere.test".parse().unwrap(), ..wish(30) },
        wish(0),
        wish(481),
    ] {
        let refused = access::grant(&world.app, &foreign, wrong).await;
        assert!(matches!(refused, Err(NotGiven::Wrong(..))), "{refused:?}");
    }
    *world.stub.answer.lock().unwrap() = Some((StatusCode::SERVICE_UNAVAILABLE, json!({})));
    let untold = access::grant(&world.app, &foreign, wish(30)).await;
    assert!(matches!(untold, Err(NotGiven::NotTold(_))), "{untold:?}");
    *world.stub.answer.lock().unwrap() = None;
    assert_eq!(world.get(&cookie, "/tenants/foreign/users").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test(flavor = "multi_thread")]
async fn g30_a_tenant_is_told_until_it_hears_that_access_is_over() {
    use crate::organisation::access_over;
    let (world, ..) = stage().await;
    let foreign = world.tenant("foreign").await;
    let away = |is: bool| {
        let answer = is.then(|| (StatusCode::SERVICE_UNAVAILABLE, json!({})));
        *world.stub.answer.lock().unwrap() = answer;
    };
    let told = || {
        let asked = world.stub.asked.lock().unwrap();
        let told = asked.iter().filter(|(said, _)| said.htu == "/staff-access");
        told.map(|(_, body)| body["what"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let by = crate::organisation::By {
        organisation_id: world.strangers,
        acting: crate::audit::ActingFor::system_within(Some(world.strangers)),
        authority: crate::organisation::Authority::Key,
    };
    // Ended while the tenant is away: it is over at once, and told later.
    let first = access::grant(&world.app, &foreign, wish(30)).await.unwrap();
    away(true);
    access::end(&world.app, &by, first.id).await.unwrap();
    access_over::tell_due(&world.app).await.unwrap();
    assert_eq!(told(), ["granted", "ended"], "not again at once");
    world.app.clock.advance(Duration::from_secs(60));
    access_over::tell_due(&world.app).await.unwrap();
    assert_eq!(told(), ["granted", "ended", "ended"]);
    away(false);
    world.app.clock.advance(Duration::from_secs(60));
    access_over::tell_due(&world.app).await.unwrap();
    assert_eq!(told(), ["granted", "ended", "ended", "ended"]);
    for _ in 0..3 {
        world.app.clock.advance(Duration::from_secs(7 * 3600));
        access_over::tell_due(&world.app).await.unwrap();
    }
    assert_eq!(told().len(), 4, "it heard");
    // One that runs out is told by its own word, once it did.
    access::grant(&world.app, &foreign, wish(30)).await.unwrap();
    access_over::tell_due(&world.app).await.unwrap();
    assert_eq!(told()[4..], ["granted"], "while it holds nothing is told");
    world.app.clock.advance(Duration::from_secs(30 * 60));
    for _ in 0..2 {
        access_over::tell_due(&world.app).await.unwrap();
    }
    assert_eq!(told()[4..], ["granted", "expired"]);
    let log = world.newest(world.strangers).await;
    assert!(log.iter().any(|(_, action, ..)| action == "staff_access.expired"), "{log:?}");
    // A tenant of an earlier version has one word for both.
    access::grant(&world.app, &foreign, wish(1)).await.unwrap();
    world.app.clock.advance(Duration::from_secs(60));
    *world.stub.answer.lock().unwrap() =
        Some((StatusCode::UNPROCESSABLE_ENTITY, json!({"status": 422, "code": "invalid", "title": "x"})));
    access_over::tell_due(&world.app).await.unwrap();
    assert_eq!(told()[6..], ["granted", "expired", "ended"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn g30_the_operator_sees_a_tenants_own_grants_however_many_others_there_are() {
    let (world, ..) = stage().await;
    let (foreign, acme) = (world.tenant("foreign").await, world.tenant("acme").await);
    access::grant(&world.app, &foreign, wish(30)).await.unwrap();
    world.app.clock.advance(Duration::from_millis(1));
    for _ in 0..3 {
        access::grant(&world.app, &acme, wish(30)).await.unwrap();
    }
    let listed =
        async |tenant: &crate::model::Tenant, limit: u32| access::of_tenant(&world.app, tenant, limit).await.unwrap();
    let (theirs, ours) = (listed(&foreign, 2).await, listed(&acme, 2).await);
    assert_eq!(theirs.iter().map(|grant| grant.tenant.as_str()).collect::<Vec<_>>(), ["foreign"]);
    assert_eq!(ours.iter().map(|grant| grant.tenant.as_str()).collect::<Vec<_>>(), ["acme", "acme"]);
}
