//! An organisation of one's own, where the operator allows it.

use super::*;
use crate::console::oidc::{Attempt, Claim, Identity};
use crate::organisation::{mail, sign_up};
use crate::store::members as standings;
use crate::store::sign_ups;

/// The visitor's cookie and form token, from the page.
async fn visitor(world: &World) -> (String, String) {
    let page = world.get("", "/signup").await;
    assert_eq!(page.status, StatusCode::OK);
    let cookie = page.header("set-cookie").split(';').next().unwrap().to_owned();
    let csrf = page.body.split("name=\"csrf\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    (cookie, csrf)
}

async fn asked(world: &World, email: &str) -> Answer {
    let (cookie, csrf) = visitor(world).await;
    world.post((&cookie, &csrf), "/signup", &format!("email={email}")).await
}

/// The token of the newest mail to an address.
async fn mailed(world: &World, email: &str) -> Option<String> {
    mail::send_due(&world.app).await.unwrap();
    let sent = world.app.mailbox.to(Some(email)).await.unwrap();
    let text = &sent.first()?.text;
    Some(text.split("/signup/").nth(1)?.split_whitespace().next()?.to_owned())
}

/// Signs in for what a link asked for.
async fn arrive(world: &World, token: &str, subject: &str, email: &str) -> Option<Role> {
    let claim = Claim::SignUp(sign_up::hash(&world.app.keyring, token));
    arrive_for(world, Some(claim), subject, email).await
}

async fn arrive_for(world: &World, claim: Option<Claim>, subject: &str, email: &str) -> Option<Role> {
    let identity = Identity { subject: subject.to_owned(), email: email.parse().unwrap(), name: "Bob".to_owned() };
    crate::console::callback::tests::arrive(&world.app, identity, claim).await
}

async fn bound(world: &World, token: &str, subject: &str) -> bool {
    let app = &world.app;
    let (hash, now, subject) = (sign_up::hash(&app.keyring, token), app.clock.now(), subject.to_owned());
    let bind =
        app.db.write(move |tx| Box::pin(async move { sign_ups::bind(tx, &hash, (&subject, "Bob & Co"), now).await }));
    let bound: Result<bool, polder_db::Error> = bind.await;
    bound.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn k10_sign_up_is_not_there_until_the_operator_opens_it() {
    let world = World::new().await;
    for path in ["/signup", "/signup/abc"] {
        assert_eq!(world.get("", path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
    for path in ["/signup", "/signup/confirm"] {
        let answer = world.post(("visitor=x", "x"), path, "email=a@example.test").await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
    }
    assert!(!world.get("", "/").await.body.contains("href=\"/signup\""));
    sign_up::set_open(&world.app, true).await.unwrap();
    assert!(world.get("", "/").await.body.contains("href=\"/signup\""));
    assert_eq!(asked(&world, "bob@example.test").await.status, StatusCode::OK);
    let token = mailed(&world, "bob@example.test").await.unwrap();
    assert!(bound(&world, &token, "bob").await);
    sign_up::set_open(&world.app, false).await.unwrap();
    assert_eq!(arrive(&world, &token, "bob", "bob@example.test").await, None, "closed meanwhile");
    let log = world.log().await;
    assert!(log.iter().any(|(action, ..)| action == "sign_up.opened"));
}

#[tokio::test(flavor = "multi_thread")]
async fn k10_who_proves_an_address_owns_an_organisation_of_their_own() {
    let world = World::new().await;
    sign_up::set_open(&world.app, true).await.unwrap();
    let told = asked(&world, "bob@example.test").await;
    assert!(told.body.contains("bob@example.test"));
    let token = mailed(&world, "bob@example.test").await.unwrap();
    let page = world.get("", &format!("/signup/{token}")).await.body;
    assert!(page.contains("id=\"confirm-form\"") && page.contains("bob@example.test"), "{page}");
    assert!(world.get("", "/signup/wrong").await.body.contains("id=\"link-over\""));
    assert!(bound(&world, &token, "bob").await);
    // Neither another person with the link, nor the person with another address.
    assert_eq!(arrive(&world, &token, "eve", "eve@example.test").await, None);
    assert_eq!(arrive(&world, &token, "bob", "other@example.test").await, None);
    assert_eq!(arrive(&world, &token, "bob", "bob@example.test").await, Some(Role::Owner));
    let mut tx = world.app.db.read().await.unwrap();
    let standing = standings::by_subject(&mut tx, "bob").await.unwrap().unwrap();
    assert!(standing.organisation_id != world.organisation && standing.organisation_id != world.strangers);
    let name = crate::store::organisations::name(&mut tx, standing.organisation_id).await.unwrap();
    assert_eq!(name.as_deref(), Some("Bob & Co"));
    drop(tx);
    // Once; and a member makes no second one.
    assert!(world.get("", &format!("/signup/{token}")).await.body.contains("id=\"link-over\""));
    world.app.clock.advance(sign_up::PAUSE);
    asked(&world, "bob@example.test").await;
    let second = mailed(&world, "bob@example.test").await.unwrap();
    assert!(bound(&world, &second, "bob").await);
    arrive(&world, &second, "bob", "bob@example.test").await;
    let mut tx = world.app.db.read().await.unwrap();
    let again = standings::by_subject(&mut tx, "bob").await.unwrap().unwrap();
    assert_eq!(again.organisation_id, standing.organisation_id);
}

#[tokio::test(flavor = "multi_thread")]
async fn k16_strangers_cause_one_row_per_address_and_no_flood_of_mail() {
    let world = World::new().await;
    sign_up::set_open(&world.app, true).await.unwrap();
    let mails = async || {
        mail::send_due(&world.app).await.unwrap();
        world.app.mailbox.to(Some("bob@example.test")).await.unwrap().len()
    };
    let ask = async |email: &str| {
        sign_up::ask(&world.app, email.parse().unwrap(), polder_kernel::Locale::default()).await.unwrap();
    };
    for _ in 0..3 {
        ask("bob@example.test").await;
        ask("BOB@Example.test").await;
    }
    assert_eq!(mails().await, 1, "one a minute");
    for _ in 0..10 {
        world.app.clock.advance(sign_up::PAUSE);
        ask("bob@example.test").await;
        mails().await;
    }
    assert_eq!(i64::try_from(mails().await), Ok(sign_up::SENDINGS), "then it is left alone");
    world.app.clock.advance(sign_up::LIFETIME);
    ask("bob@example.test").await;
    assert_eq!(i64::try_from(mails().await), Ok(sign_up::SENDINGS + 1), "until its last link ran out");
    for number in 0..sign_up::ASKED + 10 {
        ask(&format!("p{number}@example.test")).await;
    }
    let mut tx = world.app.db.read().await.unwrap();
    let rows = sign_ups::asked_since(&mut tx, polder_kernel::Timestamp::from_millis(0), 10_000).await.unwrap();
    assert_eq!(rows, sign_up::ASKED, "and there is room for so many in an hour");
    // A form from elsewhere sends nothing.
    let (cookie, csrf) = visitor(&world).await;
    let forged = Request::post("/signup")
        .header(COOKIE, &cookie)
        .header("origin", "https://evil.test")
        .header("sec-fetch-site", "cross-site")
        .header(CONTENT_TYPE, "application/x-www-form-urlencoded");
    let forged = world.send(forged, format!("csrf={csrf}&email=x@example.test")).await;
    assert_eq!(forged.status, StatusCode::FORBIDDEN);
    for wrong in ["", "x", "a@b@c"] {
        let refused = world.post((&cookie, &csrf), "/signup", &format!("email={wrong}")).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{wrong}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn k10_a_sign_in_uses_up_what_it_was_begun_for_and_nothing_else() {
    let world = World::new().await;
    sign_up::set_open(&world.app, true).await.unwrap();
    asked(&world, "bob@example.test").await;
    let token = mailed(&world, "bob@example.test").await.unwrap();
    assert!(bound(&world, &token, "bob").await);
    // Mallory invites Bob into her own organisation, opens the link that she was shown, and binds it to him.
    let (mallory, ..) = world.member_of(world.strangers, Role::Owner).await;
    let by = crate::organisation::By {
        organisation_id: world.strangers,
        acting: crate::audit::ActingFor::system_within(Some(world.strangers)),
        authority: crate::organisation::Authority::Member(mallory),
    };
    let wish = ("bob@example.test".parse().unwrap(), Role::Billing, polder_kernel::Locale::default());
    let (invitation, link) = crate::organisation::invitations::invite(&world.app, &by, wish).await.unwrap();
    let theirs = link.expose().rsplit('/').next().unwrap().to_owned();
    let app = &world.app;
    let hash = crate::credentials::hash_invitation(&app.keyring, &theirs);
    let address = standings::email_hash(&app.keyring, &"bob@example.test".parse().unwrap());
    let now = app.clock.now();
    let claimed = app.db.write(move |tx| {
        Box::pin(async move { crate::store::invitations::bind(tx, &hash, ("bob", &address), now).await })
    });
    assert!(claimed.await.unwrap().is_some());
    // An ordinary sign-in makes nobody anything; the one for his own link makes him the owner of his own.
    assert_eq!(arrive_for(&world, None, "bob", "bob@example.test").await, None);
    let wrong = Some(Claim::SignUp(sign_up::hash(&app.keyring, "another")));
    assert_eq!(arrive_for(&world, wrong, "bob", "bob@example.test").await, None);
    assert_eq!(arrive(&world, &token, "bob", "bob@example.test").await, Some(Role::Owner));
    let mut tx = app.db.read().await.unwrap();
    let standing = standings::by_subject(&mut tx, "bob").await.unwrap().unwrap();
    assert!(standing.organisation_id != world.strangers);
    assert!(crate::store::invitations::by_id(&mut tx, world.strangers, invitation.id).await.unwrap().is_some());
    drop(tx);
    // Somebody else's claim is nothing to a member either.
    let other = Some(Claim::Invitation(invitation.id));
    assert_eq!(arrive_for(&world, other.clone(), "bob", "bob@example.test").await, Some(Role::Owner));
    // What a sign-in is for travels sealed, and one of before there was more to it is an ordinary one.
    let attempt = Attempt::new(&app.clock, &app.entropy, ("/".to_owned(), other.clone()));
    let opened = Attempt::open(&app.keyring, &attempt.seal(&app.keyring).unwrap(), &app.clock).unwrap();
    assert_eq!(opened.claim, other);
}

#[tokio::test(flavor = "multi_thread")]
async fn k16_so_many_organisations_are_made_in_a_day_whoever_asks_again() {
    let world = World::new().await;
    sign_up::set_open(&world.app, true).await.unwrap();
    let ask = async |email: &str, token: &str| {
        let app = world.app.clone();
        app.clock.advance(sign_up::PAUSE);
        let now = app.clock.now();
        let asking = sign_ups::Asking {
            email: email.parse().unwrap(),
            locale: polder_kernel::Locale::default(),
            token_hash: sign_up::hash(&app.keyring, token),
            token: token.to_owned(),
            times: (now, now + sign_up::LIFETIME, now),
            most: sign_up::SENDINGS,
        };
        let asked =
            world.app.db.write(move |tx| Box::pin(async move { sign_ups::ask(tx, &app.keyring, &asking).await }));
        let asked: Result<bool, polder_db::Error> = asked.await;
        assert!(asked.unwrap(), "{email}");
    };
    let make = async |number: i64| {
        let (subject, email, token) = (format!("s{number}"), format!("p{number}@example.test"), format!("t{number}"));
        ask(&email, &token).await;
        assert!(bound(&world, &token, &subject).await);
        arrive(&world, &token, &subject, &email).await
    };
    for number in 0..sign_up::MADE {
        assert_eq!(make(number).await, Some(Role::Owner), "{number}");
        // Asking again gives nothing back.
        ask(&format!("p{number}@example.test"), &format!("again{number}")).await;
    }
    assert_eq!(make(sign_up::MADE).await, None, "as many as there may be");
    world.app.clock.advance(Duration::from_secs(24 * 3600));
    assert_eq!(make(sign_up::MADE + 1).await, Some(Role::Owner), "another day");
}
