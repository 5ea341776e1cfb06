//! Changing the address somebody signs in with, and undoing it (D09, D19, H03).

use std::sync::Arc;

use axum::body::Body;
use polder_crypto::TotpSecret;
use polder_tenant_api::UserId;
use polder_tenant_runtime::store::{recovery_codes, totp_factors};

use crate::account::come_in;
use crate::browser::{Browser, form, has_code, has_form};
use crate::passkeys::authenticator::{Authenticator, Twist};
use crate::tenant::{Answer, Tenant};

const ANN: &str = "ann@example.test";
const NEW: &str = "ann@new.test";

/// Asks for another address and gives the page with the form for the code.
async fn ask(tenant: &Tenant, browser: &mut Browser, address: &str) -> Answer {
    let page = browser.get(tenant, "/account/email?again=1").await;
    let answer = browser.post(tenant, &form(&page, "email-form"), &[("email", address)]).await;
    browser.follow(tenant, answer).await
}

/// The path and query of the link in the newest mail to `address`.
async fn link_to(tenant: &Tenant, address: &str) -> String {
    let mails = tenant.mails().await;
    let mail = mails.iter().rev().find(|mail| mail.to.as_str() == address).unwrap();
    let link = mail.text.split_whitespace().find(|word| word.starts_with("https://")).unwrap_or_else(|| {
        panic!("no link in {}", mail.text);
    });
    assert!(mail.html.contains(link));
    link.strip_prefix(crate::tenant::ISSUER).expect("it leads to the tenant alone").to_owned()
}

/// Changes the address and gives the link that undoes it.
pub async fn change(tenant: &Tenant, browser: &mut Browser) -> String {
    let page = ask(tenant, browser, NEW).await;
    let code = tenant.code_for(NEW).await.unwrap();
    let answer = browser.post(tenant, &form(&page, "code-form"), &[("code", &code)]).await;
    let page = browser.follow(tenant, answer).await;
    assert!(page.body.contains("role=\"status\""), "{}", page.body);
    link_to(tenant, ANN).await
}

/// An authenticator app and recovery codes, set up now.
pub async fn add_app_and_codes(tenant: &Tenant, user: UserId) {
    let (app, now) = (Arc::clone(&tenant.app), tenant.clock.now());
    let added = tenant.app.db.write(move |tx| {
        Box::pin(async move {
            let secret = TotpSecret::from_bytes(&[7; 20]).unwrap();
            totp_factors::put(tx, &app.keyring, user, &secret, (1, now)).await?;
            recovery_codes::replace(tx, user, &[7; 16], &[[7; 32], [8; 32]], now).await
        })
    });
    added.await.unwrap();
}

#[tokio::test]
async fn d19_undoing_takes_away_what_was_added_since_to_sign_in_with_and_nothing_older() {
    let tenant = Tenant::start().await;
    let (_, mut own) = crate::passkeys::with_passkey(&tenant, ANN).await;
    tenant.advance(60);
    let mut thief = Browser::default();
    come_in(&tenant, &mut thief, ANN).await;
    let link = change(&tenant, &mut thief).await;
    tenant.advance(60);
    let page = thief.get(&tenant, "/account/passkeys").await;
    let (authenticator, twist) = (Authenticator::default(), Twist::default());
    let (_, mut theirs) = crate::passkeys::accept(&tenant, &mut thief, &page, &authenticator, &twist).await;
    assert_eq!(tenant.count("SELECT COUNT(*) AS n FROM passkey").await, 2);
    let user = {
        let mut tx = tenant.app.db.read().await.unwrap();
        tx.optional("SELECT id FROM user_account", &[], |row| row.id("id")).await.unwrap().unwrap()
    };
    add_app_and_codes(&tenant, user).await;
    let mut owner = Browser::default();
    let page = owner.get(&tenant, &link).await;
    owner.post(&tenant, &form(&page, "undo-form"), &[]).await;
    for (table, left) in [
        ("SELECT COUNT(*) AS n FROM passkey", 1),
        ("SELECT COUNT(*) AS n FROM totp_factor", 0),
        ("SELECT COUNT(*) AS n FROM recovery_set", 0),
        ("SELECT COUNT(*) AS n FROM recovery_code", 0),
        ("SELECT COUNT(*) AS n FROM session WHERE ended_at IS NULL", 0),
    ] {
        assert_eq!(tenant.count(table).await, left, "{table}");
    }
    // The thief's key opens nothing; the owner's does, and there is no second step of the thief's.
    let refused = crate::passkeys::sign_in(&tenant, &mut Browser::default(), &mut theirs, &twist).await;
    assert_eq!(refused.status, 401, "{}", refused.body);
    let opened = crate::passkeys::sign_in(&tenant, &mut Browser::default(), &mut own, &twist).await;
    assert!(has_code(&opened), "{opened:?}");
    // Both addresses are told what went.
    let told = tenant.mails().await;
    let told: Vec<_> = told.iter().filter(|mail| mail.subject.as_str().contains("is back")).collect();
    assert_eq!(told.len(), 2);
    for mail in told {
        assert!(
            mail.text.contains("Passkeys that were added") && mail.text.contains("authenticator app"),
            "{}",
            mail.text
        );
    }
}

#[tokio::test]
async fn d19_the_new_address_is_proved_the_old_one_told_and_the_session_goes_on() {
    let tenant = Tenant::start().await;
    let mut ann = Browser::default();
    come_in(&tenant, &mut ann, ANN).await;
    for (typed, status) in [("", 422), ("nonsense", 422), (ANN, 422)] {
        let page = ann.get(&tenant, "/account/email").await;
        assert_eq!(ann.post(&tenant, &form(&page, "email-form"), &[("email", typed)]).await.status, status);
    }
    let page = ask(&tenant, &mut ann, NEW).await;
    assert!(page.body.contains(NEW) && has_form(&page, "code-form"));
    let mail = tenant.mails().await.last().unwrap().clone();
    assert!(mail.to.as_str() == NEW && !mail.text.contains("sign in to"), "{}", mail.text);
    let code = tenant.code_for(NEW).await.unwrap();
    assert!(!page.body.contains(&code));
    ann.post(&tenant, &form(&page, "code-form"), &[("code", &code)]).await;
    assert!(ann.get(&tenant, "/account/profile").await.body.contains(NEW), "the session goes on");
    assert_eq!((tenant.audited("email_change.requested").await, tenant.audited("email.changed").await), (1, 1));
    // One signs in with the new address as the same person, and not with the old one.
    assert!(has_code(&Browser::default().sign_in(&tenant, NEW).await));
    assert_eq!(tenant.count("SELECT COUNT(*) AS n FROM user_account").await, 1);
}

#[tokio::test]
async fn d09_d19_the_link_to_undo_opens_a_page_and_only_its_form_undoes() {
    let tenant = Tenant::start().await;
    let (mut ann, mut thief) = (Browser::default(), Browser::default());
    come_in(&tenant, &mut ann, ANN).await;
    come_in(&tenant, &mut thief, ANN).await;
    let link = change(&tenant, &mut thief).await;
    for method in ["GET", "HEAD"] {
        let request = Browser::default().request(&tenant, method, &link).body(Body::empty()).unwrap();
        assert_eq!(tenant.public(request).await.status, 200);
    }
    assert_eq!(tenant.audited("email_change.undone").await, 0, "a scanner of mail undid nothing");
    let mut owner = Browser::default();
    let page = owner.get(&tenant, &link).await;
    let undo = form(&page, "undo-form");
    // A form of somebody else's making is none.
    let mut forged = undo.clone();
    forged.fields.retain(|(name, _)| name != "csrf");
    assert_eq!(owner.post(&tenant, &forged, &[]).await.status, 403);
    let done = owner.post(&tenant, &undo, &[]).await;
    assert_eq!(done.status, 200, "{}", done.body);
    for browser in [&mut ann, &mut thief] {
        assert_eq!(browser.get(&tenant, "/account").await.status, 303, "everybody is signed out");
    }
    assert!(has_code(&owner.sign_in(&tenant, ANN).await));
    assert_eq!(tenant.count("SELECT COUNT(*) AS n FROM user_account").await, 1);
    // Once: the link is used up.
    let again = Browser::default().get(&tenant, &link).await;
    assert!(!has_form(&again, "undo-form"));
    assert!(!has_form(&owner.post(&tenant, &undo, &[]).await, "undo-form"));
    let told: Vec<String> = tenant
        .mails()
        .await
        .iter()
        .filter(|mail| mail.subject.as_str().contains("is back"))
        .map(|mail| mail.to.as_str().to_owned())
        .collect();
    assert!(told.contains(&ANN.to_owned()) && told.contains(&NEW.to_owned()), "{told:?}");
}

#[tokio::test]
async fn d19_an_address_that_can_be_taken_back_is_kept_for_its_owner_for_a_week() {
    let tenant = Tenant::start().await;
    let mut thief = Browser::default();
    come_in(&tenant, &mut thief, ANN).await;
    let link = change(&tenant, &mut thief).await;
    // Signing in with it makes no other account in its place, and looks as it always does.
    let mut ann = Browser::at("203.0.113.8");
    let page = ann.ask_for_code(&tenant, ANN).await;
    assert!(has_form(&page, "code-form"));
    let mails = tenant.mails().await;
    assert!(mails.last().unwrap().subject.as_str().contains("was changed"), "no code was sent");
    // Nor does anybody else take it.
    let mut eve = Browser::default();
    come_in(&tenant, &mut eve, "eve@example.test").await;
    let page = ask(&tenant, &mut eve, ANN).await;
    let code = tenant.code_for(ANN).await.unwrap();
    assert_eq!(eve.post(&tenant, &form(&page, "code-form"), &[("code", &code)]).await.status, 422);
    tenant.advance(7 * 24 * 3600);
    assert!(!has_form(&Browser::default().get(&tenant, &link).await, "undo-form"));
    assert!(has_code(&Browser::default().sign_in(&tenant, ANN).await), "free again");
}

#[tokio::test]
async fn d19_undoing_takes_back_every_change_since() {
    let tenant = Tenant::start().await;
    let mut thief = Browser::default();
    come_in(&tenant, &mut thief, ANN).await;
    let link = change(&tenant, &mut thief).await;
    let page = ask(&tenant, &mut thief, "thief@example.test").await;
    let code = tenant.code_for("thief@example.test").await.unwrap();
    assert_eq!(thief.post(&tenant, &form(&page, "code-form"), &[("code", &code)]).await.status, 303);
    let second = link_to(&tenant, NEW).await;
    let mut ann = Browser::default();
    let page = ann.get(&tenant, &link).await;
    ann.post(&tenant, &form(&page, "undo-form"), &[]).await;
    assert!(has_code(&ann.sign_in(&tenant, ANN).await));
    assert!(!has_form(&Browser::default().get(&tenant, &second).await, "undo-form"), "no way back for the thief");
}

#[tokio::test]
async fn d10_an_address_that_is_taken_reads_as_any_other_until_it_is_proved() {
    let tenant = Tenant::start().await;
    come_in(&tenant, &mut Browser::default(), "bob@example.test").await;
    let mut ann = Browser::default();
    come_in(&tenant, &mut ann, ANN).await;
    let mut shapes = Vec::new();
    for address in ["bob@example.test", "neo@example.test"] {
        let page = ask(&tenant, &mut ann, address).await;
        shapes.push((page.status, page.body.replace(address, "ADDRESS").len()));
        assert!(tenant.code_for(address).await.is_some());
    }
    assert_eq!(shapes[0], shapes[1]);
    let page = ask(&tenant, &mut ann, "bob@example.test").await;
    let code = tenant.code_for("bob@example.test").await.unwrap();
    let answer = ann.post(&tenant, &form(&page, "code-form"), &[("code", &code)]).await;
    assert_eq!(answer.status, 422);
    assert!(answer.body.contains("another account"), "{}", answer.body);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn d03_d04_the_code_to_a_new_address_has_five_tries_works_once_and_here_alone() {
    let tenant = Arc::new(Tenant::start().await);
    let (mut ann, mut other) = (Browser::default(), Browser::default());
    come_in(&tenant, &mut ann, ANN).await;
    come_in(&tenant, &mut other, ANN).await;
    let page = ask(&tenant, &mut ann, NEW).await;
    let code = tenant.code_for(NEW).await.unwrap();
    // Another session of the same person cannot use it.
    let own = form(&other.get(&tenant, "/account/email").await, "email-form");
    let elsewhere = crate::browser::Form { action: "/account/email/confirm".into(), ..own };
    other.post(&tenant, &elsewhere, &[("code", &code)]).await;
    assert_eq!(tenant.audited("email.changed").await, 0);
    let confirm = form(&page, "code-form");
    let mut uses = tokio::task::JoinSet::new();
    for n in 0..50 {
        let (tenant, browser, confirm) = (Arc::clone(&tenant), ann.clone(), confirm.clone());
        let typed = if n % 10 == 0 { code.clone() } else { "00000000".to_owned() };
        uses.spawn(async move { tenant.public(browser.form(&tenant, &confirm, &[("code", &typed)])).await.status });
    }
    uses.join_all().await;
    assert!(tenant.audited("email.changed").await <= 1);
    // Burnt either way.
    let changed = tenant.audited("email.changed").await;
    ann.post(&tenant, &confirm, &[("code", &code)]).await;
    assert_eq!(tenant.audited("email.changed").await, changed);
    // Late is too late.
    tenant.advance(1);
    if changed == 0 {
        let page = ask(&tenant, &mut ann, NEW).await;
        let code = tenant.code_for(NEW).await.unwrap();
        tenant.advance(300);
        assert_eq!(ann.post(&tenant, &form(&page, "code-form"), &[("code", &code)]).await.status, 422);
    }
}
