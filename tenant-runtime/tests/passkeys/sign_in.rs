//! Signing in with a passkey.

use std::collections::BTreeSet;

use serde_json::json;

use super::{Authenticator, Key, Twist, accept, ask, newest_session, offered, options, prove, sign_in, with_passkey};
use crate::browser::{Browser, form, has_code, has_form};
use crate::tenant::{Answer, Tenant};

/// What everybody may see of a failure: all but what differs from page to page anyway.
fn seen(answer: &Answer) -> (u16, Vec<String>, String) {
    let mut headers: Vec<String> = answer.headers.keys().map(ToString::to_string).collect();
    headers.sort();
    let nonce = answer.body.split("nonce=\"").nth(1).unwrap().split('"').next().unwrap();
    let handle = answer.body.split("name=\"flow\" value=\"").nth(1).unwrap().split('"').next().unwrap();
    let csrf = answer.body.split("name=\"csrf\" value=\"").nth(1).unwrap().split('"').next().unwrap();
    let shown = answer.body.split("name=\"shown\" value=\"").nth(1).unwrap().split('"').next().unwrap();
    let body =
        answer.body.replace(nonce, "NONCE").replace(handle, "FLOW").replace(csrf, "CSRF").replace(shown, "SHOWN");
    (answer.status, headers, body)
}

/// A failure that says nothing.
async fn refused(tenant: &Tenant, key: &mut Key, twist: &Twist) -> (u16, Vec<String>, String) {
    let mut browser = Browser::default();
    let answer = sign_in(tenant, &mut browser, key, twist).await;
    assert_eq!(answer.status, 401, "{twist:?}");
    assert!(browser.session().is_none() && has_form(&answer, "email-form"), "{twist:?}");
    seen(&answer)
}

#[tokio::test]
async fn k4_a_passkey_signs_in_with_nothing_typed() {
    let tenant = Tenant::start().await;
    let (_, mut key) = with_passkey(&tenant, "ann@example.test").await;
    let mut browser = Browser::default();
    let answer = sign_in(&tenant, &mut browser, &mut key, &Twist::default()).await;
    assert!(has_code(&answer), "{} {}", answer.status, answer.body);
    assert!(browser.session().is_some());
    assert_eq!(tenant.audited("session.started").await, 2);
    // Nobody who signs in with one is offered another.
    browser.takes_offers = true;
    tenant.advance(1);
    let again = sign_in(&tenant, &mut browser, &mut key, &Twist::default()).await;
    assert!(has_code(&again), "{}", again.body);
}

#[tokio::test]
async fn c33_amr_and_acr_say_what_was_used() {
    let tenant = Tenant::start().await;
    for (address, synced, amr) in
        [("ann@example.test", true, r#"["swk","user","mfa"]"#), ("bob@example.test", false, r#"["hwk","user","mfa"]"#)]
    {
        let (mut browser, page) = offered(&tenant, address).await;
        assert_eq!(newest_session(&tenant).await, (r#"["otp"]"#.into(), "urn:polder:acr:email".into()));
        let authenticator = Authenticator { synced, ..Authenticator::default() };
        let (_, mut key) = accept(&tenant, &mut browser, &page, &authenticator, &Twist::default()).await;
        tenant.advance(1);
        sign_in(&tenant, &mut Browser::default(), &mut key, &Twist::default()).await;
        assert_eq!(newest_session(&tenant).await, (amr.into(), "urn:polder:acr:passkey".into()));
        tenant.advance(1);
    }
}

#[tokio::test]
async fn c23_what_is_asked_names_nobody() {
    let tenant = Tenant::start().await;
    with_passkey(&tenant, "ann@example.test").await;
    let mut shapes = BTreeSet::new();
    for hint in ["ann@example.test", "nobody@example.test"] {
        let mut browser = Browser::default();
        let page = browser.authorize(&tenant, &format!("&login_hint={hint}")).await;
        let mut asked = options(&tenant, &mut browser, &page, &[]).await;
        assert_eq!(asked["allowCredentials"], json!([]));
        assert_eq!((&asked["rpId"], &asked["userVerification"]), (&json!("login.example.test"), &json!("required")));
        let challenge = asked["challenge"].take();
        assert!(challenge.as_str().unwrap().len() >= 43);
        shapes.insert(asked.to_string());
    }
    assert_eq!(shapes.len(), 1);
}

#[tokio::test]
async fn c01_of_fifty_parallel_answers_to_one_challenge_one_signs_in() {
    let tenant = Tenant::start().await;
    let (_, mut key) = with_passkey(&tenant, "ann@example.test").await;
    let mut browser = Browser::default();
    let page = browser.authorize(&tenant, "").await;
    let asked = options(&tenant, &mut browser, &page, &[]).await;
    let credential = key.get(&asked, &Twist::default());
    let form = form(&page, "passkey-form");
    let requests = (0..50).map(|_| tenant.public(browser.form(&tenant, &form, &[("credential", &credential)])));
    let answers = futures_util::future::join_all(requests).await;
    let statuses: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
    assert_eq!(statuses.iter().filter(|status| **status == 303).count(), 1, "{statuses:?}");
    assert_eq!(statuses.iter().filter(|status| **status == 401).count(), 49, "{statuses:?}");
    assert_eq!(tenant.count("SELECT COUNT(*) AS n FROM used_challenge").await, 2, "making it took one, too");
}

#[tokio::test]
async fn c01_a_challenge_that_was_answered_before_a_restart_is_used_after_it() {
    let mut tenant = Tenant::start().await;
    let (_, mut key) = with_passkey(&tenant, "ann@example.test").await;
    let mut browser = Browser::default();
    let page = browser.authorize(&tenant, "").await;
    let asked = options(&tenant, &mut browser, &page, &[]).await;
    let credential = key.get(&asked, &Twist::default());
    let (form, mut before) = (form(&page, "passkey-form"), browser.clone());
    assert_eq!(browser.post(&tenant, &form, &[("credential", &credential)]).await.status, 303);
    tenant.restart().await;
    assert_eq!(before.post(&tenant, &form, &[("credential", &credential)]).await.status, 401);
}

#[tokio::test]
async fn c01_a_challenge_is_for_one_browser_one_ceremony_and_five_minutes() {
    let tenant = Tenant::start().await;
    let (mut owner, mut key) = with_passkey(&tenant, "ann@example.test").await;
    // Another flow's.
    let mut other = Browser::default();
    let page = other.authorize(&tenant, "").await;
    let theirs = options(&tenant, &mut other, &page, &[]).await["challenge"].as_str().unwrap().to_owned();
    refused(&tenant, &mut key, &Twist { challenge: Some(theirs), ..Twist::default() }).await;
    // The other ceremony's.
    let page = owner.get(&tenant, "/account/passkeys").await;
    let making = options(&tenant, &mut owner, &page, &[]).await["challenge"].as_str().unwrap().to_owned();
    refused(&tenant, &mut key, &Twist { challenge: Some(making), ..Twist::default() }).await;
    // One of our own making, one that is none, and one that is long.
    for challenge in ["AAAA".to_owned(), "A".repeat(86), String::new()] {
        refused(&tenant, &mut key, &Twist { challenge: Some(challenge), ..Twist::default() }).await;
    }
    // An old one.
    let mut browser = Browser::default();
    let page = browser.authorize(&tenant, "").await;
    let asked = options(&tenant, &mut browser, &page, &[]).await;
    tenant.advance(5 * 60);
    let credential = key.get(&asked, &Twist::default());
    let answer = browser.post(&tenant, &form(&page, "passkey-form"), &[("credential", &credential)]).await;
    assert_eq!(answer.status, 401);
    // A used one, in the same browser.
    let asked = options(&tenant, &mut browser, &page, &[]).await;
    let (first, second) = (key.get(&asked, &Twist::default()), key.get(&asked, &Twist::default()));
    let signed_in = browser.post(&tenant, &form(&page, "passkey-form"), &[("credential", &first)]).await;
    assert_eq!(signed_in.status, 303);
    let replayed = browser.post(&tenant, &form(&page, "passkey-form"), &[("credential", &second)]).await;
    assert!(replayed.status >= 400);
}

#[tokio::test]
async fn c22_every_failure_is_the_same_answer() {
    let tenant = Tenant::start().await;
    let (_, mut key) = with_passkey(&tenant, "ann@example.test").await;
    let (_, other) = with_passkey(&tenant, "bob@example.test").await;
    let plain = Twist::default;
    let flip: fn(&mut Vec<u8>) = |signature| *signature.last_mut().unwrap() ^= 1;
    let cut: fn(&mut Vec<u8>) = |signature| signature.truncate(20);
    let high: fn(&mut Vec<u8>) = |signature| signature[4] ^= 0x80;
    let empty: fn(&mut Vec<u8>) = Vec::clear;
    let twists = [
        ("c02 the other ceremony", Twist { kind: Some("webauthn.create"), ..plain() }),
        ("c03 http", Twist { origin: Some("http://login.example.test"), ..plain() }),
        ("c03 another tenant", Twist { origin: Some("https://other.example.test"), ..plain() }),
        ("c03 a subdomain", Twist { origin: Some("https://x.login.example.test"), ..plain() }),
        ("c03 a trailing dot", Twist { origin: Some("https://login.example.test."), ..plain() }),
        ("c03 a port", Twist { origin: Some("https://login.example.test:444"), ..plain() }),
        ("c04 a frame", Twist { client_data: Some(("crossOrigin", json!(true))), ..plain() }),
        ("c04 a top origin", Twist { client_data: Some(("topOrigin", json!("https://evil.example"))), ..plain() }),
        ("c05 the parent domain", Twist { rp_id: Some("example.test"), ..plain() }),
        ("c06 nobody verified", Twist { flags: Some(0x19), ..plain() }),
        ("c06 nobody present", Twist { flags: Some(0x1c), ..plain() }),
        ("c07 not eligible any more", Twist { flags: Some(0x05), ..plain() }),
        ("c07 backed up, not eligible", Twist { flags: Some(0x15), ..plain() }),
        ("c16 something left over", Twist { trailing: true, ..plain() }),
        ("c18 nobody's handle", Twist { handle: Some(json!(null)), ..plain() }),
        ("c18 somebody else's handle", Twist { handle: Some(other.handle.clone()), ..plain() }),
        ("c18 somebody else's key", Twist { id: Some(other.id.clone()), ..plain() }),
        (
            "c18 their key and handle",
            Twist { id: Some(other.id.clone()), handle: Some(other.handle.clone()), ..plain() },
        ),
        ("c19 a flipped bit", Twist { signature: Some(flip), ..plain() }),
        ("c19 a short signature", Twist { signature: Some(cut), ..plain() }),
        ("c19 a number out of range", Twist { signature: Some(high), ..plain() }),
        ("c19 no signature", Twist { signature: Some(empty), ..plain() }),
        ("c22 an unknown key", Twist { id: Some(vec![9; 32]), ..plain() }),
        ("c22 a key without an id", Twist { id: Some(Vec::new()), ..plain() }),
        ("c34 another base64", Twist { handle: Some(json!("+/+/")), ..plain() }),
    ];
    let mut answers = BTreeSet::new();
    for (what, twist) in twists {
        answers.insert(refused(&tenant, &mut key, &twist).await);
        assert_eq!(answers.len(), 1, "{what}");
    }
    for credential in ["", "{}", "null", "[", &"x".repeat(40_000)] {
        let mut browser = Browser::default();
        let page = browser.authorize(&tenant, "&prompt=login").await;
        let answer = browser.post(&tenant, &form(&page, "passkey-form"), &[("credential", credential)]).await;
        answers.insert(seen(&answer));
        assert_eq!(answers.len(), 1);
    }
    // Somebody whose sign-in was stopped, with everything right.
    let mut tx = tenant.app.db.read().await.unwrap();
    let ann = "ann@example.test".parse().unwrap();
    let user = polder_tenant_runtime::store::users::by_email(&mut tx, &tenant.app.keyring, &ann).await;
    let user = user.unwrap().unwrap().id;
    drop(tx);
    assert!(has_code(&sign_in(&tenant, &mut Browser::default(), &mut key, &plain()).await));
    tenant.disable(user).await;
    answers.insert(refused(&tenant, &mut key, &plain()).await);
    assert_eq!(answers.len(), 1);
    assert_eq!(tenant.audited("sign_in.failed").await, 25 + 5 + 1);
}

#[tokio::test]
async fn c20_a_counter_that_goes_back_is_refused_told_and_never_stored() {
    let tenant = Tenant::start().await;
    let (mut browser, page) = offered(&tenant, "ann@example.test").await;
    let counting = Authenticator { counts: true, ..Authenticator::default() };
    let (_, mut key) = accept(&tenant, &mut browser, &page, &counting, &Twist::default()).await;
    let stored = async || tenant.count("SELECT sign_count AS n FROM passkey").await;
    assert_eq!(stored().await, 1);
    key.count = 40;
    assert!(has_code(&sign_in(&tenant, &mut Browser::default(), &mut key, &Twist::default()).await));
    assert_eq!(stored().await, 41);
    for count in [41, 40, 0] {
        refused(&tenant, &mut key, &Twist { count: Some(count), ..Twist::default() }).await;
        assert_eq!(stored().await, 41);
    }
    let mails = tenant.mails().await;
    let told: Vec<_> = mails.iter().filter(|mail| format!("{:?}", mail.subject).contains("copied")).collect();
    assert_eq!(told.len(), 3);
    // The real one goes on.
    key.count = 50;
    assert!(has_code(&sign_in(&tenant, &mut Browser::default(), &mut key, &Twist::default()).await));
}

#[tokio::test]
async fn c07_a_change_of_the_backup_is_stored_and_audited() {
    let tenant = Tenant::start().await;
    let (_, mut key) = with_passkey(&tenant, "ann@example.test").await;
    let backed_up = async || tenant.count("SELECT COUNT(*) AS n FROM passkey WHERE backed_up_at IS NOT NULL").await;
    assert_eq!(backed_up().await, 1);
    sign_in(&tenant, &mut Browser::default(), &mut key, &Twist { flags: Some(0x0d), ..Twist::default() }).await;
    assert_eq!((backed_up().await, tenant.audited("passkey.backup_changed").await), (0, 1));
    sign_in(&tenant, &mut Browser::default(), &mut key, &Twist::default()).await;
    assert_eq!((backed_up().await, tenant.audited("passkey.backup_changed").await), (1, 2));
}

#[tokio::test]
async fn c21_a_failure_changes_nothing() {
    let tenant = Tenant::start().await;
    let (_, mut key) = with_passkey(&tenant, "ann@example.test").await;
    let row = async || {
        let mut tx = tenant.app.db.read().await.unwrap();
        let sql = "SELECT sign_count, backed_up_at, last_used_at, credential_sealed FROM passkey";
        let row = tx.optional(sql, &[], |row| {
            Ok((
                row.int("sign_count")?,
                row.opt_time("backed_up_at")?,
                row.opt_time("last_used_at")?,
                row.text("credential_sealed")?,
            ))
        });
        row.await.unwrap().unwrap()
    };
    let before = row().await;
    let flip: fn(&mut Vec<u8>) = |signature| *signature.last_mut().unwrap() ^= 1;
    refused(&tenant, &mut key, &Twist { signature: Some(flip), flags: Some(0x0d), count: Some(7), ..Twist::default() })
        .await;
    assert_eq!(row().await, before);
}

#[tokio::test]
async fn g05_a_passkey_of_one_tenant_is_nothing_at_another() {
    let (a, b) = (Tenant::start().await, Tenant::start_as("https://other.example.test").await);
    let (_, mut key) = with_passkey(&a, "ann@example.test").await;
    let mut browser = Browser::default();
    let page = browser.authorize(&b, "").await;
    let asked = options(&b, &mut browser, &page, &[]).await;
    assert_eq!(asked["rpId"], "other.example.test");
    for twist in [
        Twist::default(),
        Twist { origin: Some("https://other.example.test"), rp_id: Some("other.example.test"), ..Twist::default() },
    ] {
        let answer = prove(&b, &mut browser, &page, &mut key, &twist).await;
        assert_eq!(answer.status, 401);
    }
    // And an answer made for a is not taken by b, challenge and all.
    let mut at_a = Browser::default();
    let page_a = at_a.authorize(&a, "").await;
    let credential = key.get(&options(&a, &mut at_a, &page_a, &[]).await, &Twist::default());
    let answer = browser.post(&b, &form(&page, "passkey-form"), &[("credential", &credential)]).await;
    assert_eq!(answer.status, 401);
}

#[tokio::test]
async fn e08_options_are_given_to_our_own_pages_alone() {
    let tenant = Tenant::start().await;
    let mut browser = Browser::default();
    let page = browser.authorize(&tenant, "").await;
    let answer = ask(&tenant, &mut browser, &page, &[("csrf", "AAAA")]).await;
    assert_eq!(answer.status, 403);
    let mut stranger = Browser::default();
    assert_eq!(ask(&tenant, &mut stranger, &page, &[]).await.status, 400);
}

#[tokio::test]
async fn d20_a_throttled_address_still_signs_in_with_its_passkey() {
    let tenant = Tenant::start().await;
    let (_, mut key) = with_passkey(&tenant, "ann@example.test").await;
    for _ in 0..25 {
        let mut attacker = Browser::at("198.51.100.7");
        let page = attacker.ask_for_code(&tenant, "ann@example.test").await;
        if !has_form(&page, "code-form") {
            break;
        }
        for _ in 0..5 {
            attacker.post(&tenant, &form(&page, "code-form"), &[("code", "00000000")]).await;
        }
    }
    assert!(has_code(&sign_in(&tenant, &mut Browser::default(), &mut key, &Twist::default()).await));
}

#[tokio::test]
async fn c29_a_removed_passkey_is_signalled_to_whoever_has_its_key_and_to_nobody_else() {
    let tenant = Tenant::start().await;
    let (mut owner, mut key) = with_passkey(&tenant, "ann@example.test").await;
    let page = owner.get(&tenant, "/account/passkeys").await;
    let removal = super::account::form_of(&page, "remove");
    assert_eq!(owner.post(&tenant, &removal, &[]).await.status, 303);
    let answer = sign_in(&tenant, &mut Browser::default(), &mut key, &Twist::default()).await;
    assert_eq!(answer.status, 401);
    let id = polder_kernel::encoding::base64url(&key.id);
    assert!(answer.body.contains(&format!("data-gone=\"{id}\" data-rp=\"login.example.test\"")), "{}", answer.body);
    // Without the key it is as unknown as any.
    let flip: fn(&mut Vec<u8>) = |signature| *signature.last_mut().unwrap() ^= 1;
    let removed = refused(&tenant, &mut key, &Twist { signature: Some(flip), ..Twist::default() }).await;
    let unknown = refused(&tenant, &mut key, &Twist { id: Some(vec![9; 32]), ..Twist::default() }).await;
    assert_eq!(removed, unknown);
}
