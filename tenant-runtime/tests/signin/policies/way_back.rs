//! The way back for somebody who lost what they sign in with (D18, E12), and what a thief makes of it.

use std::sync::Arc;

use serde_json::json;

use super::{ANN, Asked, application, asked, choose, through};
use crate::account::come_in;
use crate::admin::caller::call;
use crate::browser::{Browser, Form, form, has_code, has_form};
use crate::passkeys::authenticator::{Authenticator, Twist};
use crate::passkeys::{accept, newest_session, sign_in, with_passkey};
use crate::tenant::{Answer, Tenant};
use crate::totp::{code, set_up, to_second_step};

const DAY: u64 = 24 * 3600;

/// Ann with an app, in the browser she set it up in, and its key.
async fn with_app(tenant: &Tenant) -> (Browser, polder_crypto::TotpSecret) {
    let mut ann = Browser::default();
    come_in(tenant, &mut ann, ANN).await;
    let secret = set_up(tenant, &mut ann).await;
    (ann, secret)
}

/// The page about the way back, from a page that asks for what may be lost.
async fn lost(tenant: &Tenant, browser: &mut Browser, page: &Answer) -> Answer {
    let link = page.body.split("href=\"").find(|part| part.contains("with=lost")).expect("a link").split('"').next();
    browser.get(tenant, &link.unwrap().replace("&amp;", "&")).await
}

/// Asks for it.
async fn ask(tenant: &Tenant, browser: &mut Browser, page: &Answer) -> Answer {
    let page = lost(tenant, browser, page).await;
    let answer = browser.post(tenant, &form(&page, "lost-form"), &[]).await;
    browser.follow(tenant, answer).await
}

/// The address in the last mail that leads to stopping it.
async fn stop_link(tenant: &Tenant) -> String {
    let mails = tenant.mails().await;
    let found = mails.iter().rev().find_map(|mail| {
        let (_, rest) = mail.text.split_once("/signin/lost/stop?recovery=")?;
        rest.split_whitespace().next().map(str::to_owned)
    });
    format!("/signin/lost/stop?recovery={}", found.expect("a link"))
}

/// Whether a mail with these words in its subject was sent.
async fn told(tenant: &Tenant, words: &str) -> bool {
    tenant.mails().await.iter().any(|mail| mail.subject.as_str().contains(words))
}

#[tokio::test]
async fn d18_e12_who_lost_the_app_waits_is_told_of_everywhere_and_comes_back_without_it() {
    let tenant = Tenant::start().await;
    let (mut old, _) = with_app(&tenant).await;
    let mut browser = Browser::default();
    let page = to_second_step(&tenant, &mut browser, ANN).await;
    let page = ask(&tenant, &mut browser, &page).await;
    assert!(!has_form(&page, "lost-form") && !has_form(&page, "finish-form"), "{}", page.body);
    assert!(page.body.contains("24 November 2026"), "three days unless chosen: {}", page.body);
    let mails = tenant.mails().await;
    let notice =
        mails.iter().find(|mail| mail.subject.as_str().contains("without your second step")).expect("a notice");
    assert!(notice.to.as_str() == ANN && notice.text.contains("3 days"), "{}", notice.text);
    // Not a moment earlier, whatever is posted.
    tenant.advance(3 * DAY - 60);
    let mut browser = Browser::default();
    let page = to_second_step(&tenant, &mut browser, ANN).await;
    let page = lost(&tenant, &mut browser, &page).await;
    assert!(!has_form(&page, "finish-form"));
    let own = form(&browser.authorize(&tenant, "").await, "cancel-form");
    let early = Form { action: "/signin/lost/finish".into(), ..own };
    assert_eq!(browser.post(&tenant, &early, &[]).await.status, 400);
    // Then it is there, with a code by e-mail.
    tenant.advance(60);
    old.get(&tenant, "/account").await;
    let mut browser = Browser::default();
    let page = to_second_step(&tenant, &mut browser, ANN).await;
    let page = lost(&tenant, &mut browser, &page).await;
    let answer = browser.post(&tenant, &form(&page, "finish-form"), &[]).await;
    assert!(has_code(&through(&tenant, &mut browser, answer).await), "an address is enough here");
    assert_eq!(newest_session(&tenant).await, (r#"["otp"]"#.into(), "urn:polder:acr:email".into()));
    assert_eq!(tenant.count("SELECT COUNT(*) AS n FROM totp_factor").await, 0);
    assert_eq!(tenant.count("SELECT COUNT(*) AS n FROM session WHERE ended_at IS NULL").await, 1, "all others ended");
    assert!(has_form(&old.authorize(&tenant, "").await, "email-form"));
    for action in ["recovery.requested", "recovery.finished"] {
        assert_eq!(tenant.audited(action).await, 1, "{action}");
    }
    assert!(told(&tenant, "was taken away").await);
}

#[tokio::test]
async fn d18_every_address_is_told_and_each_can_stop_it() {
    let tenant = Tenant::start().await;
    let (mut ann, secret) = with_app(&tenant).await;
    // The address is another by now; the old one can still be taken back.
    let page = ann.get(&tenant, "/account/email").await;
    let answer = ann.post(&tenant, &form(&page, "email-form"), &[("email", "new@example.test")]).await;
    let page = ann.follow(&tenant, answer).await;
    let page = if has_form(&page, "totp-form") || has_form(&page, "email-form") {
        let page = ann.type_address(&tenant, &page, ANN).await;
        let mailed = tenant.code_for(ANN).await.unwrap();
        let answer = ann.post(&tenant, &form(&page, "code-form"), &[("code", &mailed)]).await;
        let page = ann.follow(&tenant, answer).await;
        let answer = ann.post(&tenant, &form(&page, "totp-form"), &[("code", &code(&tenant, &secret))]).await;
        let page = ann.follow(&tenant, answer).await;
        ann.post(&tenant, &form(&page, "email-form"), &[("email", "new@example.test")]).await
    } else {
        page
    };
    let page = ann.follow(&tenant, page).await;
    let mailed = tenant.code_for("new@example.test").await.unwrap();
    let answer = ann.post(&tenant, &form(&page, "code-form"), &[("code", &mailed)]).await;
    assert_eq!(answer.status, 303, "{}", answer.body);
    tenant.advance(60);
    let before = tenant.mails().await.len();
    let mut thief = Browser::at("198.51.100.7");
    let page = to_second_step(&tenant, &mut thief, "new@example.test").await;
    ask(&tenant, &mut thief, &page).await;
    let told: Vec<String> = tenant.mails().await[before..]
        .iter()
        .filter(|m| m.text.contains("/lost/stop"))
        .map(|m| m.to.as_str().to_owned())
        .collect();
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(told.iter().any(|to| to == ANN) && told.iter().any(|to| to == "new@example.test"));
    // Opening the link changes nothing (D09); the form does, from any browser, once.
    let link = stop_link(&tenant).await;
    let mut anywhere = Browser::default();
    for _ in 0..2 {
        assert!(has_form(&anywhere.get(&tenant, &link).await, "stop-form"));
    }
    let page = anywhere.get(&tenant, &link).await;
    let forged =
        Form { fields: vec![("recovery".into(), "x".into()), ("csrf".into(), "x".into())], ..form(&page, "stop-form") };
    assert_eq!(anywhere.post(&tenant, &forged, &[]).await.status, 403);
    let answer = anywhere.post(&tenant, &form(&page, "stop-form"), &[]).await;
    assert_eq!(answer.status, 200);
    assert_eq!(tenant.count("SELECT COUNT(*) AS n FROM session WHERE ended_at IS NULL").await, 0, "the asker's too");
    assert!(!has_form(&anywhere.get(&tenant, &link).await, "stop-form"));
    tenant.advance(4 * DAY);
    let page = to_second_step(&tenant, &mut thief, "new@example.test").await;
    let page = lost(&tenant, &mut thief, &page).await;
    assert!(has_form(&page, "lost-form") && !has_form(&page, "finish-form"), "{}", page.body);
    assert_eq!(tenant.count("SELECT COUNT(*) AS n FROM totp_factor").await, 1);
}

#[tokio::test]
async fn d18_using_what_was_said_to_be_lost_calls_it_off() {
    let tenant = Tenant::start().await;
    let (_, secret) = with_app(&tenant).await;
    let mut thief = Browser::at("198.51.100.7");
    let page = to_second_step(&tenant, &mut thief, ANN).await;
    ask(&tenant, &mut thief, &page).await;
    tenant.advance(DAY);
    let mut ann = Browser::default();
    let page = to_second_step(&tenant, &mut ann, ANN).await;
    assert!(has_code(&ann.post(&tenant, &form(&page, "totp-form"), &[("code", &code(&tenant, &secret))]).await));
    assert_eq!(tenant.audited("recovery.cancelled").await, 1);
    tenant.advance(2 * DAY);
    let mut thief = Browser::at("198.51.100.7");
    let page = to_second_step(&tenant, &mut thief, ANN).await;
    let page = lost(&tenant, &mut thief, &page).await;
    assert!(has_form(&page, "lost-form"), "back at the beginning: {}", page.body);
}

#[tokio::test]
async fn d18_c26_who_lost_the_only_passkey_where_passkeys_are_required_makes_another() {
    let tenant = Tenant::start().await;
    choose(&tenant, json!({ "passkeys": "required", "recovery_wait_hours": 24 })).await;
    let mut first = Browser::default();
    let page = first.sign_in(&tenant, ANN).await;
    let (answer, mut stolen) = accept(&tenant, &mut first, &page, &Authenticator::default(), &Twist::default()).await;
    assert!(has_code(&through(&tenant, &mut first, answer).await));
    let mut browser = Browser::default();
    let page = browser.sign_in(&tenant, ANN).await;
    assert_eq!(asked(&page), Asked::Passkey);
    ask(&tenant, &mut browser, &page).await;
    tenant.advance(DAY);
    let mut browser = Browser::default();
    let page = browser.sign_in(&tenant, ANN).await;
    let ready = lost(&tenant, &mut browser, &page).await;
    let finish = form(&ready, "finish-form");
    assert!(finish.fields.iter().any(|(name, value)| name.starts_with("gone-") && value == "1"), "{finish:?}");
    let answer = browser.post(&tenant, &finish, &[]).await;
    let page = browser.follow(&tenant, answer).await;
    assert_eq!(asked(&page), Asked::NewPasskey, "{}", page.body);
    // It had its wait: the new one counts at once.
    let (answer, mut key) = accept(&tenant, &mut browser, &page, &Authenticator::default(), &Twist::default()).await;
    assert!(has_code(&through(&tenant, &mut browser, answer).await));
    tenant.advance(1);
    assert!(has_code(&sign_in(&tenant, &mut Browser::default(), &mut key, &Twist::default()).await));
    assert_eq!(sign_in(&tenant, &mut Browser::default(), &mut stolen, &Twist::default()).await.status, 401);
    assert!(has_form(&first.authorize(&tenant, "").await, "email-form"), "its session ended");
}

#[tokio::test]
async fn d18_a_passkey_that_is_kept_is_asked_for_after_all() {
    let tenant = Tenant::start().await;
    let (_, _) = with_passkey(&tenant, ANN).await;
    choose(&tenant, json!({ "passkeys": "required", "recovery_wait_hours": 1 })).await;
    let mut browser = Browser::default();
    let page = browser.sign_in(&tenant, ANN).await;
    ask(&tenant, &mut browser, &page).await;
    tenant.advance(3600);
    let mut browser = Browser::default();
    let page = browser.sign_in(&tenant, ANN).await;
    let ready = lost(&tenant, &mut browser, &page).await;
    let mut kept = form(&ready, "finish-form");
    kept.fields.retain(|(name, _)| !name.starts_with("gone-"));
    let answer = browser.post(&tenant, &kept, &[]).await;
    assert_eq!(asked(&browser.follow(&tenant, answer).await), Asked::Passkey);
}

#[tokio::test]
async fn d18_b98_nobody_gets_to_the_way_back_without_proving_the_address_now() {
    let tenant = Tenant::start().await;
    let strict = application(&tenant, json!({ "second_factor": "required" })).await;
    let (mut ann, _) = with_app(&tenant).await;
    // A cookie that lay around: the page first wants a code by e-mail.
    tenant.advance(3600);
    let page = ann.authorize_at(&tenant, &strict, "").await;
    assert_eq!(asked(&page), Asked::AppCode);
    assert_eq!(asked(&lost(&tenant, &mut ann, &page).await), Asked::Address);
    let tried = Form { action: "/signin/lost".into(), ..form(&page, "totp-form") };
    assert_eq!(asked(&ann.post(&tenant, &tried, &[]).await), Asked::Address);
    // Nor where nothing is asked for that could be lost.
    let mut stranger = Browser::default();
    let page = stranger.authorize(&tenant, "").await;
    for action in ["/signin/lost", "/signin/lost/finish"] {
        let tried = Form { action: action.into(), ..form(&page, "email-form") };
        assert_eq!(stranger.post(&tenant, &tried, &[]).await.status, 400, "{action}");
    }
    assert_eq!(tenant.count("SELECT COUNT(*) AS n FROM factor_recovery").await, 0);
    for token in ["", "x", "%00", "../.."] {
        let page = stranger.get(&tenant, &format!("/signin/lost/stop?recovery={token}")).await;
        assert!(page.status == 200 && !has_form(&page, "stop-form"), "{token}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn d18_fifty_parallel_finishes_make_one_session() {
    let tenant = Arc::new(Tenant::start().await);
    with_app(&tenant).await;
    let mut browser = Browser::default();
    let page = to_second_step(&tenant, &mut browser, ANN).await;
    ask(&tenant, &mut browser, &page).await;
    tenant.advance(3 * DAY);
    let mut flows = Vec::new();
    for n in 0..5 {
        let mut browser = Browser::at(&format!("198.51.100.{n}"));
        let page = to_second_step(&tenant, &mut browser, ANN).await;
        flows.push((form(&lost(&tenant, &mut browser, &page).await, "finish-form"), browser));
    }
    let mut uses = tokio::task::JoinSet::new();
    for n in 0..50 {
        let (tenant, (form, browser)) = (Arc::clone(&tenant), flows[n % 5].clone());
        uses.spawn(async move { tenant.public(browser.form(&tenant, &form, &[])).await.status });
    }
    let statuses = uses.join_all().await;
    assert_eq!(statuses.iter().filter(|status| **status == 303).count(), 1, "{statuses:?}");
    assert!(statuses.iter().all(|status| [303, 400, 429].contains(status)), "{statuses:?}");
    assert_eq!(tenant.count("SELECT COUNT(*) AS n FROM session WHERE ended_at IS NULL").await, 1);
}

#[tokio::test]
async fn d18_an_administrator_takes_lost_factors_away_and_the_person_is_told() {
    let tenant = Tenant::start().await;
    choose(&tenant, json!({ "passkeys": "required" })).await;
    let mut browser = Browser::default();
    let page = browser.sign_in(&tenant, ANN).await;
    let (answer, mut old) = accept(&tenant, &mut browser, &page, &Authenticator::default(), &Twist::default()).await;
    through(&tenant, &mut browser, answer).await;
    let (_, found) = call(&tenant, "GET", "/users?email=ann@example.test", None).await;
    let path = format!("/users/{}/factors", found["items"][0]["id"].as_str().unwrap());
    assert_eq!(call(&tenant, "DELETE", &path, None).await.0, 204);
    assert_eq!(call(&tenant, "DELETE", "/users/00000000-0000-7000-8000-000000000000/factors", None).await.0, 404);
    assert_eq!((tenant.audited("factors.reset").await, tenant.audited("session.ended").await), (1, 1));
    assert!(told(&tenant, "was reset").await);
    assert!(has_form(&browser.authorize(&tenant, "").await, "email-form"));
    assert_eq!(sign_in(&tenant, &mut Browser::default(), &mut old, &Twist::default()).await.status, 401);
    // Nobody is let in by it: a code by e-mail, and a new passkey that counts at once.
    let mut browser = Browser::default();
    let page = browser.sign_in(&tenant, ANN).await;
    assert_eq!(asked(&page), Asked::NewPasskey);
    let (answer, _) = accept(&tenant, &mut browser, &page, &Authenticator::default(), &Twist::default()).await;
    assert!(has_code(&through(&tenant, &mut browser, answer).await));
}

#[tokio::test]
async fn d13_who_proved_two_factors_replaces_a_lost_passkey_without_waiting() {
    let tenant = Tenant::start().await;
    let (mut ann, secret) = with_app(&tenant).await;
    let page = ann.get(&tenant, "/account/passkeys").await;
    let (_, _) = accept(&tenant, &mut ann, &page, &Authenticator::default(), &Twist::default()).await;
    choose(&tenant, json!({ "passkeys": "required" })).await;
    tenant.advance(60);
    let mut browser = Browser::default();
    let page = to_second_step(&tenant, &mut browser, ANN).await;
    let answer = browser.post(&tenant, &form(&page, "totp-form"), &[("code", &code(&tenant, &secret))]).await;
    let page = browser.follow(&tenant, answer).await;
    assert_eq!(asked(&page), Asked::Passkey);
    let link = page.body.split("href=\"").find(|part| part.contains("with=new")).expect("a link").split('"').next();
    let page = browser.get(&tenant, &link.unwrap().replace("&amp;", "&")).await;
    assert_eq!(asked(&page), Asked::NewPasskey);
    let (answer, _) = accept(&tenant, &mut browser, &page, &Authenticator::default(), &Twist::default()).await;
    assert!(has_code(&through(&tenant, &mut browser, answer).await));
}
