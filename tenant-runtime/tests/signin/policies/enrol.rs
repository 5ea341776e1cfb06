//! Making what is asked for, at sign-in.

use serde_json::json;

use super::{ANN, Asked, application, asked, choose, lax, through};
use crate::account::come_in;
use crate::browser::{Browser, form, has_code, has_form};
use crate::passkeys::authenticator::{Authenticator, Twist};
use crate::passkeys::{accept, newest_session, prove, with_passkey};
use crate::tenant::Tenant;
use crate::totp::{code, secret_on, set_up};

#[tokio::test]
async fn p4_d13_where_a_second_factor_is_required_it_is_set_up_at_sign_in_and_asked_for_from_then_on() {
    let tenant = Tenant::start().await;
    choose(&tenant, json!({ "second_factor": "required" })).await;
    let mut browser = Browser::default();
    let page = browser.sign_in(&tenant, ANN).await;
    assert_eq!(asked(&page), Asked::NewFactor);
    let picture = browser.post(&tenant, &form(&page, "app-form"), &[]).await;
    let secret = secret_on(&picture);
    let wrong = browser.post(&tenant, &form(&picture, "totp-form"), &[("code", "000000")]).await;
    assert_eq!((wrong.status, secret_on(&wrong)), (422, secret.clone()), "the same picture again");
    let codes = browser.post(&tenant, &form(&wrong, "totp-form"), &[("code", &code(&tenant, &secret))]).await;
    assert_eq!((codes.status, codes.body.matches("<li><code>").count()), (200, 10), "{}", codes.body);
    assert_eq!(codes.header("cache-control"), Some("no-store"));
    assert_eq!(newest_session(&tenant).await, (r#"["otp","mfa"]"#.into(), "urn:polder:acr:mfa".into()));
    let flow = form(&codes, "codes-form");
    let target = format!("{}?flow={}", flow.action, flow.fields[0].1);
    let answer = browser.get(&tenant, &target).await;
    assert!(has_code(&through(&tenant, &mut browser, answer).await));
    assert!(has_code(&browser.authorize(&tenant, "&prompt=none").await), "enough from now on");
    for action in ["totp.added", "recovery_codes.made", "session.stepped_up"] {
        assert_eq!(tenant.audited(action).await, 1, "{action}");
    }
    let subjects: Vec<String> = tenant.mails().await.iter().map(|mail| mail.subject.to_string()).collect();
    assert!(subjects.iter().any(|subject| subject.contains("Second step switched on")), "{subjects:?}");
    // The next time it is asked for, and nobody is asked to set up another.
    tenant.advance(30);
    let mut other = Browser::default();
    let page = other.sign_in(&tenant, ANN).await;
    assert_eq!((asked(&page), other.session()), (Asked::AppCode, None));
    assert!(has_code(&other.post(&tenant, &form(&page, "totp-form"), &[("code", &code(&tenant, &secret))]).await));
    // It stays, since it is needed.
    let page = other.get(&tenant, "/account/second-factor").await;
    assert!(!page.body.contains("/account/second-factor/remove"), "{}", page.body);
    assert_eq!(other.get(&tenant, "/account/second-factor/remove").await.status, 303);
}

#[tokio::test]
async fn c26_where_a_passkey_is_required_one_is_made_at_sign_in_and_used_from_then_on() {
    let tenant = Tenant::start().await;
    choose(&tenant, json!({ "passkeys": "required" })).await;
    let mut browser = Browser::default();
    let page = browser.sign_in(&tenant, ANN).await;
    assert_eq!(asked(&page), Asked::NewPasskey);
    let old = browser.session().map(str::to_owned);
    let (answer, mut key) = accept(&tenant, &mut browser, &page, &Authenticator::default(), &Twist::default()).await;
    assert!(has_code(&through(&tenant, &mut browser, answer).await));
    assert_ne!(browser.session().map(str::to_owned), old, "E04");
    let (amr, acr) = newest_session(&tenant).await;
    assert_eq!((amr.as_str(), acr.as_str()), (r#"["otp","swk","user","mfa"]"#, "urn:polder:acr:passkey"));
    // Whoever reads the mail gets as far as the page that asks for the passkey, and adds none beside it.
    let mut thief = Browser::default();
    let page = thief.sign_in(&tenant, ANN).await;
    assert_eq!(asked(&page), Asked::Passkey, "{}", page.body);
    let own = form(&page, "cancel-form");
    for action in ["/signin/enrol/options", "/signin/enrol/passkey", "/signin/enrol/app", "/signin/enrol/app/confirm"] {
        let tried = crate::browser::Form { action: action.into(), ..own.clone() };
        assert_eq!(
            thief.post(&tenant, &tried, &[("credential", "{}"), ("code", "000000")]).await.status,
            400,
            "{action}"
        );
    }
    assert_eq!(asked(&thief.authorize(&tenant, "").await), Asked::Passkey);
    // Its owner goes on from that very page.
    tenant.advance(1);
    let mut owner = Browser::default();
    let page = owner.sign_in(&tenant, ANN).await;
    let refused = prove(&tenant, &mut owner, &page, &mut key, &Twist { flags: Some(0x01), ..Twist::default() }).await;
    assert_eq!((refused.status, asked(&refused)), (401, Asked::Passkey));
    assert!(has_code(&prove(&tenant, &mut owner, &refused, &mut key, &Twist::default()).await));
    // And their last one stays.
    let page = owner.get(&tenant, "/account/passkeys").await;
    assert!(!page.body.contains("class=\"remove\""), "{}", page.body);
}

#[tokio::test]
async fn e04_b86_an_app_is_asked_for_on_top_of_a_session_and_nothing_else_changes() {
    let tenant = Tenant::start().await;
    let strict = application(&tenant, json!({ "second_factor": "required" })).await;
    let mut browser = Browser::default();
    come_in(&tenant, &mut browser, ANN).await;
    let secret = set_up(&tenant, &mut browser).await;
    // The session is the one from before the app: worth an address, hours old.
    tenant.advance(3600);
    let page = browser.authorize_at(&tenant, &strict, "").await;
    assert_eq!(asked(&page), Asked::AppCode, "{}", page.body);
    let wrong = browser.post(&tenant, &form(&page, "totp-form"), &[("code", "000000")]).await;
    assert_eq!(wrong.status, 422);
    let old = browser.session().map(str::to_owned);
    let auth_time = "SELECT authenticated_at AS n FROM session WHERE ended_at IS NULL";
    let (proved, ends) = (
        tenant.count(auth_time).await,
        tenant.count("SELECT expires_at AS n FROM session WHERE ended_at IS NULL").await,
    );
    let typed = code(&tenant, &secret);
    assert!(has_code(&browser.post(&tenant, &form(&page, "totp-form"), &[("code", &typed)]).await));
    assert_ne!(browser.session().map(str::to_owned), old);
    assert_eq!(tenant.count("SELECT COUNT(*) AS n FROM session").await, 1, "the same session, worth more");
    assert_eq!(tenant.count(auth_time).await, proved, "one factor is no new sign-in");
    assert_eq!(tenant.count("SELECT expires_at AS n FROM session WHERE ended_at IS NULL").await, ends);
    // The same code does nothing a second time, and nobody asked means nobody answers.
    assert_eq!(browser.post(&tenant, &form(&page, "totp-form"), &[("code", &typed)]).await.status, 400);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn d14_fifty_parallel_codes_on_top_of_a_session_lift_it_once() {
    let tenant = std::sync::Arc::new(Tenant::start().await);
    let strict = application(&tenant, json!({ "second_factor": "required" })).await;
    let mut browser = Browser::default();
    come_in(&tenant, &mut browser, ANN).await;
    let secret = set_up(&tenant, &mut browser).await;
    let page = browser.authorize_at(&tenant, &strict, "").await;
    let (totp, typed) = (form(&page, "totp-form"), code(&tenant, &secret));
    let mut uses = tokio::task::JoinSet::new();
    for _ in 0..50 {
        let (tenant, typed, form, browser) =
            (std::sync::Arc::clone(&tenant), typed.clone(), totp.clone(), browser.clone());
        uses.spawn(async move { tenant.public(browser.form(&tenant, &form, &[("code", &typed)])).await.status });
    }
    let statuses = uses.join_all().await;
    assert_eq!(statuses.iter().filter(|status| **status == 303).count(), 1, "{statuses:?}");
    assert!(statuses.iter().all(|status| [303, 400, 422, 429].contains(status)), "{statuses:?}");
    assert_eq!(tenant.audited("session.stepped_up").await, 1);
}

#[tokio::test]
async fn d13_a_passkey_is_used_before_an_app_is_set_up_replaced_or_removed() {
    let tenant = Tenant::start().await;
    let (mut browser, mut key) = with_passkey(&tenant, ANN).await;
    // Signed in by code a moment ago, in another browser.
    let mut mail_reader = Browser::default();
    mail_reader.sign_in(&tenant, ANN).await;
    let page = mail_reader.get(&tenant, "/account/second-factor").await;
    let answer = mail_reader.post(&tenant, &form(&page, "set-up-form"), &[]).await;
    let page = mail_reader.follow(&tenant, answer).await;
    assert_eq!(asked(&page), Asked::Passkey, "{}", page.body);
    for path in ["/account/recovery-codes", "/account/second-factor/confirm", "/account/second-factor/remove"] {
        let own = form(&mail_reader.get(&tenant, "/account/second-factor").await, "set-up-form");
        let tried = crate::browser::Form { action: path.into(), ..own };
        let answer = mail_reader.post(&tenant, &tried, &[("code", "000000")]).await;
        assert_eq!(asked(&mail_reader.follow(&tenant, answer).await), Asked::Passkey, "{path}");
    }
    assert_eq!(tenant.count("SELECT COUNT(*) AS n FROM totp_enrolment").await, 0);
    // With the passkey it goes on.
    let page = browser.get(&tenant, "/account/second-factor").await;
    let answer = browser.post(&tenant, &form(&page, "set-up-form"), &[]).await;
    let page = browser.follow(&tenant, answer).await;
    assert_eq!(asked(&page), Asked::Passkey);
    tenant.advance(1);
    let page = prove(&tenant, &mut browser, &page, &mut key, &Twist::default()).await;
    let picture = browser.post(&tenant, &form(&page, "set-up-form"), &[]).await;
    assert!(has_form(&picture, "totp-form"), "{}", picture.body);
}

#[tokio::test]
async fn p4_where_apps_are_not_offered_none_is_set_up_and_who_has_one_is_still_asked() {
    let tenant = Tenant::start().await;
    let mut ann = Browser::default();
    come_in(&tenant, &mut ann, ANN).await;
    let secret = set_up(&tenant, &mut ann).await;
    let mut bob = Browser::default();
    come_in(&tenant, &mut bob, "bob@example.test").await;
    let own = form(&bob.get(&tenant, "/account/second-factor").await, "set-up-form");
    choose(&tenant, json!({ "second_factor": "never" })).await;
    assert!(!has_form(&bob.get(&tenant, "/account/second-factor").await, "set-up-form"));
    let answer = bob.post(&tenant, &own, &[]).await;
    assert!(!has_form(&bob.follow(&tenant, answer).await, "totp-form"));
    assert_eq!(tenant.count("SELECT COUNT(*) AS n FROM totp_enrolment").await, 0);
    let mut browser = Browser::default();
    let page = browser.sign_in(&tenant, ANN).await;
    assert_eq!(asked(&page), Asked::AppCode, "nobody's own protection is taken from them");
    assert!(has_code(&browser.post(&tenant, &form(&page, "totp-form"), &[("code", &code(&tenant, &secret))]).await));
    // An application that asks for more gets a passkey instead.
    let page = bob.authorize(&tenant, "&acr_values=mfa").await;
    assert_eq!(asked(&page), Asked::NewPasskey);
    let strict = application(&tenant, json!({ "second_factor": "required" })).await;
    assert_eq!(asked(&bob.authorize_at(&tenant, &strict, "").await), Asked::NewFactor, "the stricter rule holds");
}

#[tokio::test]
async fn where_passkeys_are_optional_nobody_is_asked_whether_they_want_one() {
    let tenant = Tenant::start().await;
    let mut browser = Browser { takes_offers: true, ..Browser::default() };
    assert!(has_form(&browser.sign_in(&tenant, ANN).await, "skip-form"));
    choose(&tenant, json!({ "passkeys": "optional" })).await;
    let mut browser = Browser { takes_offers: true, ..Browser::default() };
    assert!(has_code(&browser.sign_in(&tenant, "bob@example.test").await));
    let asks = application(&tenant, json!({ "passkeys": "preferred" })).await;
    tenant.advance(1);
    let page = browser.authorize_at(&tenant, &asks, "&prompt=login").await;
    assert!(has_form(&browser.finish(&tenant, page, "bob@example.test").await, "skip-form"));
    let open = lax(&tenant).await;
    assert!(has_code(&browser.authorize_at(&tenant, &open, "").await));
}
