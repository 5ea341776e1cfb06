//! Members of an organisation, invitations, and the organisation's own log.

use super::*;
use crate::audit::ActingFor;
use crate::console::oidc::{Claim, Identity};
use crate::model::{Actor, InvitationId, MemberId, OrganisationId};
use crate::organisation::{Authority, By, Refusal, invitations, mail, members};
use crate::store::{invitations as rows, members as standings};

fn by(organisation_id: OrganisationId, member: MemberId) -> By {
    let acting = ActingFor { actor: Actor::Member(member), ..ActingFor::system_within(Some(organisation_id)) };
    By { organisation_id, acting, authority: Authority::Member(member) }
}

async fn invited(world: &World, by: &By, email: &str, role: Role) -> Result<(InvitationId, String), Refusal> {
    let wish = (email.parse().unwrap(), role, polder_kernel::Locale::default());
    let (made, link) = invitations::invite(&world.app, by, wish).await?;
    Ok((made.id, link.expose().rsplit('/').next().unwrap().to_owned()))
}

/// Claims the link for `subject`, and signs them in with `email`: what they became.
async fn accept(world: &World, token: &str, subject: &str, email: &str) -> Option<Role> {
    let app = &world.app;
    let (hash, now) = (crate::credentials::hash_invitation(&app.keyring, token), app.clock.now());
    let address = standings::email_hash(&app.keyring, &email.parse().unwrap());
    let (named, proved) = (subject.to_owned(), address.clone());
    let bound = app.db.write(move |tx| Box::pin(async move { rows::bind(tx, &hash, (&named, &proved), now).await }));
    let claim = bound.await.unwrap().map(|(id, _)| Claim::Invitation(id));
    let identity = Identity { subject: subject.to_owned(), email: email.parse().unwrap(), name: "Bob".to_owned() };
    crate::console::callback::tests::arrive(app, identity, claim).await
}

#[tokio::test(flavor = "multi_thread")]
async fn g22_an_invitation_is_for_its_address_alone_and_used_once() {
    let world = World::new().await;
    let (owner, ..) = world.member_of(world.organisation, Role::Owner).await;
    let by = by(world.organisation, owner);
    let (_, token) = invited(&world, &by, "Bob@Example.test", Role::Support).await.unwrap();
    // Who holds the link sees whom it is for, and cannot make it another's.
    let page = world.get("", &format!("/invitation/{token}")).await.body;
    assert!(page.contains("bob@example.test") && page.contains("readonly") && page.contains("Acme"), "{page}");
    assert_eq!(accept(&world, &token, "mallory", "mallory@example.test").await, None);
    assert_eq!(accept(&world, &token, "bob", "bob@example.test").await, Some(Role::Support));
    assert_eq!(accept(&world, &token, "carol", "bob@example.test").await, None, "it was used");
    assert!(world.get("", &format!("/invitation/{token}")).await.body.contains("token-problem"));
    let again = invited(&world, &by, "bob@example.test", Role::Owner).await;
    assert!(matches!(again, Err(Refusal::AlreadyMember)), "{again:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn g22_an_invitation_runs_out_is_sent_again_and_revoked() {
    let world = World::new().await;
    let (owner, ..) = world.member_of(world.organisation, Role::Owner).await;
    let by = by(world.organisation, owner);
    let (id, first) = invited(&world, &by, "bob@example.test", Role::Developer).await.unwrap();
    let twice = invited(&world, &by, "bob@example.test", Role::Developer).await;
    assert!(matches!(twice, Err(Refusal::AlreadyInvited)));
    let opens =
        async |token: &str| !world.get("", &format!("/invitation/{token}")).await.body.contains("token-problem");
    assert!(opens(&first).await);
    let soon = invitations::resend(&world.app, &by, id).await;
    assert!(matches!(soon, Err(Refusal::TooManyMails(_))), "{soon:?}");
    world.app.clock.advance(invitations::LIFETIME);
    assert!(!opens(&first).await, "it ran out");
    let (_, link) = invitations::resend(&world.app, &by, id).await.unwrap();
    let second = link.expose().rsplit('/').next().unwrap().to_owned();
    assert!(opens(&second).await && !opens(&first).await);
    for _ in 0..3 {
        world.app.clock.advance(invitations::PAUSE);
        invitations::resend(&world.app, &by, id).await.unwrap();
    }
    world.app.clock.advance(invitations::PAUSE);
    assert!(matches!(invitations::resend(&world.app, &by, id).await, Err(Refusal::TooManyMails(_))), "often enough");
    assert!(!opens(&second).await);
    invitations::revoke(&world.app, &by, id).await.unwrap();
    assert!(matches!(invitations::revoke(&world.app, &by, id).await, Err(Refusal::Unknown)));
    // The address can be invited anew.
    invited(&world, &by, "bob@example.test", Role::Developer).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn p7_an_invitation_is_mailed_and_its_link_then_forgotten() {
    let world = World::new().await;
    let (owner, ..) = world.member_of(world.organisation, Role::Owner).await;
    let by = by(world.organisation, owner);
    let (id, token) = invited(&world, &by, "bob@example.test", Role::Developer).await.unwrap();
    mail::send_due(&world.app).await.unwrap();
    mail::send_due(&world.app).await.unwrap();
    let sent = world.app.mailbox.to(Some("bob@example.test")).await.unwrap();
    assert_eq!(sent.len(), 1, "once");
    assert!(sent[0].text.contains(&format!("/invitation/{token}")) && sent[0].subject.contains("Acme"));
    let mut tx = world.app.db.read().await.unwrap();
    let kept = rows::by_id(&mut tx, world.organisation, id).await.unwrap().unwrap();
    assert!(kept.mailed_at.is_some());
    let tokens = tx
        .all("SELECT COALESCE(token_sealed, '') AS token FROM member_invitation", &[], |row| row.text("token"))
        .await
        .unwrap();
    assert_eq!(tokens, [""]);
}

#[tokio::test(flavor = "multi_thread")]
async fn g22_an_organisation_sends_no_more_mail_than_its_share() {
    let world = World::new().await;
    let (owner, ..) = world.member_of(world.organisation, Role::Owner).await;
    let by = by(world.organisation, owner);
    for number in 0..invitations::MAILS {
        invited(&world, &by, &format!("p{number}@example.test"), Role::Developer).await.unwrap();
    }
    let beyond = invited(&world, &by, "more@example.test", Role::Developer).await;
    assert!(matches!(beyond, Err(Refusal::TooManyMails(_))));
    // Sending one again is mail, too.
    world.app.clock.advance(invitations::PAUSE);
    let (open, _) = invitations::page(&world.app, world.organisation, None, 1).await.unwrap();
    let again = invitations::resend(&world.app, &by, open[0].id).await.map(drop);
    assert!(matches!(again, Err(Refusal::TooManyMails(_))), "{again:?}");
    world.app.clock.advance(Duration::from_secs(24 * 3600 + 1));
    invited(&world, &by, "more@example.test", Role::Developer).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn k16_revoking_an_invitation_is_no_way_to_send_another_at_once() {
    let world = World::new().await;
    let (owner, ..) = world.member_of(world.organisation, Role::Owner).await;
    let by = by(world.organisation, owner);
    let (id, _) = invited(&world, &by, "bob@example.test", Role::Developer).await.unwrap();
    invitations::revoke(&world.app, &by, id).await.unwrap();
    let again = invited(&world, &by, "BOB@example.test", Role::Developer).await;
    assert!(matches!(again, Err(Refusal::TooManyMails(_))), "{again:?}");
    invited(&world, &by, "carol@example.test", Role::Developer).await.unwrap();
    world.app.clock.advance(invitations::PAUSE);
    invited(&world, &by, "bob@example.test", Role::Developer).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn g22_roles_are_given_up_to_ones_own_and_foreign_members_are_not_there() {
    let world = World::new().await;
    let (owner, ..) = world.member_of(world.organisation, Role::Owner).await;
    let (admin, cookie, csrf) = world.member_of(world.organisation, Role::Admin).await;
    let (other, ..) = world.member_of(world.organisation, Role::Developer).await;
    let (foreign, foreign_cookie, _) = world.member_of(world.strangers, Role::Owner).await;
    let post = async |path: &str, form: &str| world.post((&cookie, &csrf), path, form).await.status;
    assert_eq!(post("/members", "email=x@example.test&role=owner").await, StatusCode::FORBIDDEN);
    assert_eq!(post(&format!("/members/{other}/role"), "role=owner").await, StatusCode::FORBIDDEN);
    assert_eq!(post(&format!("/members/{admin}/role"), "role=owner").await, StatusCode::FORBIDDEN);
    assert_eq!(post(&format!("/members/{owner}/role"), "role=auditor").await, StatusCode::FORBIDDEN);
    assert_eq!(post(&format!("/members/{owner}/remove"), "").await, StatusCode::FORBIDDEN);
    assert_eq!(post(&format!("/members/{other}/role"), "role=root").await, StatusCode::BAD_REQUEST);
    assert_eq!(post(&format!("/members/{other}/role"), "role=billing").await, StatusCode::SEE_OTHER);
    for path in ["role", "remove"] {
        assert_eq!(post(&format!("/members/{foreign}/{path}"), "role=auditor").await, StatusCode::NOT_FOUND);
    }
    assert_eq!(world.get(&cookie, &format!("/members/{foreign}")).await.status, StatusCode::NOT_FOUND);
    let theirs = by(world.strangers, foreign);
    let (invitation, _) = invited(&world, &theirs, "x@example.test", Role::Developer).await.unwrap();
    for path in ["resend", "revoke"] {
        assert_eq!(post(&format!("/invitations/{invitation}/{path}"), "").await, StatusCode::NOT_FOUND);
    }
    let seen = world.get(&foreign_cookie, "/members").await.body;
    assert!(!seen.contains(&admin.to_string()), "{seen}");
    // What a role holds is looked up when it is used: somebody demoted meanwhile gives nothing.
    let demoted = by(world.organisation, other);
    let refused = members::change_role(&world.app, &demoted, admin, Role::Billing).await;
    assert!(matches!(refused, Err(Refusal::AboveOwn)));
}

#[tokio::test(flavor = "multi_thread")]
async fn g22_whoever_is_removed_or_leaves_is_out_at_once_and_may_come_back_elsewhere() {
    let world = World::new().await;
    let (owner, cookie, csrf) = world.member_of(world.organisation, Role::Owner).await;
    let (support, theirs, _) = world.member_of(world.organisation, Role::Support).await;
    let (_, leaving, leaving_csrf) = world.member_of(world.organisation, Role::Billing).await;
    assert_eq!(world.get(&theirs, "/members").await.status, StatusCode::OK);
    let removed = world.post((&cookie, &csrf), &format!("/members/{support}/remove"), "").await;
    assert_eq!(removed.header("location"), "/members?notice=member-removed");
    assert_eq!(world.get(&theirs, "/members").await.status, StatusCode::SEE_OTHER);
    let left = world.post((&leaving, &leaving_csrf), "/organisation/leave", "").await;
    assert_eq!(left.header("location"), "/?state=ended");
    assert_eq!(world.get(&leaving, "/members").await.status, StatusCode::SEE_OTHER);
    // Somebody who was a member of one organisation becomes one of another.
    let by_owner = by(world.organisation, owner);
    let (_, token) = invited(&world, &by_owner, "bob@example.test", Role::Developer).await.unwrap();
    assert_eq!(accept(&world, &token, "bob", "bob@example.test").await, Some(Role::Developer));
    let (foreign, ..) = world.member_of(world.strangers, Role::Owner).await;
    let by_other = by(world.strangers, foreign);
    let (_, second) = invited(&world, &by_other, "bob@example.test", Role::Auditor).await.unwrap();
    assert_eq!(accept(&world, &second, "bob", "bob@example.test").await, Some(Role::Developer), "one at a time");
    let mut tx = world.app.db.read().await.unwrap();
    let bob = standings::by_subject(&mut tx, "bob").await.unwrap().unwrap().id;
    drop(tx);
    members::remove(&world.app, &by_owner, bob).await.unwrap();
    assert_eq!(accept(&world, &second, "bob", "bob@example.test").await, Some(Role::Auditor));
    // Nor does an owner who becomes an administrator come back by one that they left open.
    world.app.clock.advance(Duration::from_millis(1));
    let (former, ..) = world.member_of(world.organisation, Role::Owner).await;
    let (_, left) = invited(&world, &by(world.organisation, former), "third@example.test", Role::Owner).await.unwrap();
    members::change_role(&world.app, &by_owner, former, Role::Admin).await.unwrap();
    assert_eq!(accept(&world, &left, "third", "third@example.test").await, None);
    // Whoever becomes more than they were keeps those that they made.
    let (_, kept) = invited(&world, &by(world.organisation, former), "fourth@example.test", Role::Admin).await.unwrap();
    members::change_role(&world.app, &by_owner, former, Role::Owner).await.unwrap();
    assert_eq!(accept(&world, &kept, "fourth", "fourth@example.test").await, Some(Role::Admin));
    // An invitation does not outlive the membership of whoever made it.
    let (admin, ..) = world.member_of(world.organisation, Role::Admin).await;
    let (_, back) = invited(&world, &by(world.organisation, admin), "second@example.test", Role::Admin).await.unwrap();
    members::remove(&world.app, &by_owner, admin).await.unwrap();
    assert_eq!(accept(&world, &back, "second", "second@example.test").await, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn g22_the_last_owner_stays_one_also_when_two_go_at_once() {
    let world = World::new().await;
    let (alone, cookie, csrf) = world.member_of(world.organisation, Role::Owner).await;
    for (path, form) in [
        (format!("/members/{alone}/role"), "role=admin"),
        (format!("/members/{alone}/remove"), ""),
        ("/organisation/leave".to_owned(), ""),
    ] {
        let refused = world.post((&cookie, &csrf), &path, form).await;
        assert_eq!(refused.status, StatusCode::CONFLICT, "{path}");
        assert!(refused.body.contains("id=\"last-owner\""), "{path}");
    }
    for round in 0..10 {
        let (second, ..) = world.member_of(world.organisation, Role::Owner).await;
        // Each takes the other's role away, or both leave.
        let (one, two) = (by(world.organisation, alone), by(world.organisation, second));
        let (first, other) = if round % 2 == 0 {
            tokio::join!(
                members::change_role(&world.app, &one, second, Role::Admin),
                members::change_role(&world.app, &two, alone, Role::Admin),
            )
        } else {
            tokio::join!(members::leave(&world.app, &one, alone), members::leave(&world.app, &two, second))
        };
        assert!(!(first.is_ok() && other.is_ok()), "round {round}: nobody owns it");
        assert!(first.is_ok() || other.is_ok(), "round {round}: {first:?} {other:?}");
        let now = world.app.clock.now();
        let organisation = world.organisation;
        // The stage for the next round: the first one owns it again.
        let reset = world.app.db.write(move |tx| {
            Box::pin(async move {
                tx.execute(
                    "UPDATE member SET role = 'owner', removed_at = NULL, updated_at = $2 WHERE id = $1",
                    &polder_db::args![alone, now],
                )
                .await?;
                tx.execute(
                    "UPDATE member SET role = 'developer' WHERE organisation_id = $1 AND id <> $2",
                    &polder_db::args![organisation, alone],
                )
                .await
            })
        });
        let reset: Result<u64, polder_db::Error> = reset.await;
        reset.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn k13_an_organisation_reads_its_own_log_and_no_other() {
    let world = World::new().await;
    let (owner, cookie, csrf) = world.member_of(world.organisation, Role::Owner).await;
    let (foreign, foreign_cookie, _) = world.member_of(world.strangers, Role::Owner).await;
    let (other, ..) = world.member_of(world.organisation, Role::Developer).await;
    let member = (cookie.as_str(), csrf.as_str());
    world.post(member, "/members", "email=bob@example.test&role=support").await;
    world.post(member, &format!("/members/{other}/role"), "role=auditor").await;
    world.post(member, "/organisation", "name=Acme Holding").await;
    world.post(member, "/tenants/acme/keys", "action=signing").await;
    invited(&world, &by(world.strangers, foreign), "eve@example.test", Role::Admin).await.unwrap();
    let log = world.get(&cookie, "/audit").await.body;
    for action in ["member.invited", "member.role_changed", "organisation.renamed", "keys.rotated"] {
        assert!(log.contains(action), "{action}: {log}");
    }
    assert!(log.contains("Olivia") && log.contains("to: auditor") && log.contains("acme"), "{log}");
    assert!(!log.contains(&foreign.to_string()), "{log}");
    assert!(!log.contains("bob@example.test"), "an address is masked: {log}");
    let one = world.get(&cookie, "/audit?action=organisation.renamed").await.body;
    assert!(one.contains("Acme Holding") && !one.contains("keys.rotated"));
    let none = world.get(&cookie, &format!("/audit?actor_id={other}")).await.body;
    assert!(!none.contains("organisation.renamed<"), "{none}");
    let own = world.get(&cookie, &format!("/audit?actor_id={owner}&action=member.invited")).await.body;
    assert!(own.contains("member.invited") && !own.contains("keys.rotated"));
    assert_eq!(world.get(&cookie, "/audit?cursor=x").await.status, StatusCode::BAD_REQUEST);
    for n in 0..60 {
        world.post(member, "/organisation", &format!("name=Acme {n}")).await;
    }
    let first = world.get(&cookie, "/audit?action=organisation.renamed").await.body;
    let (_, older) = first.split_once("cursor=").expect("a way to what is older");
    let cursor = older.split(['&', '"']).next().unwrap();
    let second = world.get(&cookie, &format!("/audit?action=organisation.renamed&cursor={cursor}")).await;
    assert_eq!(second.status, StatusCode::OK);
    assert!(first.contains("Acme 59") && !first.contains("Acme Holding") && !first.contains("Acme 8"), "{first}");
    assert!(second.body.contains("Acme Holding") && !second.body.contains("Acme 58"), "{}", second.body);
    assert!(first.contains(">Older</a>") && !second.body.contains(">Older</a>"), "{}", second.body);
    let theirs = world.get(&foreign_cookie, "/audit").await.body;
    assert!(theirs.contains("member.invited") && !theirs.contains("organisation.renamed"), "{theirs}");
}

#[tokio::test(flavor = "multi_thread")]
async fn k14_nobody_joins_an_organisation_that_is_full() {
    let world = World::new().await;
    let (owner, ..) = world.member_of(world.organisation, Role::Owner).await;
    let (_, token) =
        invited(&world, &by(world.organisation, owner), "bob@example.test", Role::Developer).await.unwrap();
    let (app, organisation) = (world.app.clone(), world.organisation);
    let fill = world.app.db.write(move |tx| {
        Box::pin(async move {
            let now = app.clock.now();
            for number in 1..members::MOST {
                let id = MemberId::new(&app.clock, &app.entropy);
                let subject = format!("filler{number}");
                let new = standings::NewMember { id, organisation_id: organisation, subject, role: Role::Billing };
                standings::put(tx, &new, now).await?;
            }
            Ok::<_, polder_db::Error>(())
        })
    });
    fill.await.unwrap();
    assert_eq!(accept(&world, &token, "bob", "bob@example.test").await, None);
    let mut tx = world.app.db.read().await.unwrap();
    let filler = standings::by_subject(&mut tx, "filler1").await.unwrap().unwrap().id;
    drop(tx);
    members::remove(&world.app, &by(world.organisation, owner), filler).await.unwrap();
    assert_eq!(accept(&world, &token, "bob", "bob@example.test").await, Some(Role::Developer), "it was not used up");
}
