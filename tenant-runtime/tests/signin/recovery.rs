//! Recovery codes (D17): shown once, hashed slowly, each good once, told when used.

use std::sync::Arc;

use polder_db::args;
use scraper::{Html, Selector};

use crate::account::come_in;
use crate::browser::{Browser, Form, form, has_code, has_form};
use crate::tenant::{Answer, Tenant};
use crate::totp::{ANN, code, set_up, to_second_step};

/// The codes on the page that shows them.
fn codes_on(page: &Answer) -> Vec<String> {
    let document = Html::parse_document(&page.body);
    document.select(&Selector::parse(".codes code").unwrap()).map(|code| code.text().collect()).collect()
}

/// A person with an app, their browser proved by it, and the codes just made.
async fn with_codes(tenant: &Tenant, browser: &mut Browser) -> Vec<String> {
    come_in(tenant, browser, ANN).await;
    let secret = set_up(tenant, browser).await;
    let page = browser.get(tenant, "/account/recovery-codes").await;
    let answer = browser.post(tenant, &form(&page, "make-form"), &[]).await;
    assert_eq!(answer.status, 303, "a session of one factor makes none");
    let page = browser.follow(tenant, answer).await;
    let page = browser.type_address(tenant, &page, ANN).await;
    let mailed = tenant.code_for(ANN).await.unwrap();
    let answer = browser.post(tenant, &form(&page, "code-form"), &[("code", &mailed)]).await;
    let page = browser.follow(tenant, answer).await;
    let answer = browser.post(tenant, &form(&page, "totp-form"), &[("code", &code(tenant, &secret))]).await;
    let page = browser.follow(tenant, answer).await;
    let page = browser.post(tenant, &form(&page, "make-form"), &[]).await;
    assert_eq!((page.status, page.header("cache-control")), (200, Some("no-store")));
    codes_on(&page)
}

/// From the second step to the form for a recovery code.
async fn to_recovery(tenant: &Tenant, browser: &mut Browser) -> Form {
    let page = to_second_step(tenant, browser, ANN).await;
    let flow = form(&page, "totp-form").fields.into_iter().find(|(name, _)| name == "flow").unwrap().1;
    let page = browser.get(tenant, &format!("/signin?flow={flow}&with=recovery")).await;
    form(&page, "recovery-form")
}

#[tokio::test]
async fn d17_ten_codes_are_shown_once_and_each_works_once() {
    let tenant = Tenant::start().await;
    let mut ann = Browser::default();
    let codes = with_codes(&tenant, &mut ann).await;
    assert_eq!(codes.len(), 10);
    let page = ann.get(&tenant, "/account/recovery-codes").await;
    assert!(codes_on(&page).is_empty() && page.body.contains("10 codes left"), "{}", page.body);
    // The database holds slow hashes of them, and nothing a reader could type.
    let mut tx = tenant.app.db.read().await.unwrap();
    let stored = tx.all("SELECT hash || user_id AS x FROM recovery_code", &args![], |row| row.text("x")).await.unwrap();
    let plain: Vec<String> = codes.iter().map(|code| code.replace('-', "")).collect();
    assert!(stored.len() == 10 && !stored.iter().any(|row| plain.iter().any(|code| row.contains(code.as_str()))));
    drop(tx);

    let mut browser = Browser::at("203.0.113.5");
    let recovery = to_recovery(&tenant, &mut browser).await;
    let answer = browser.post(&tenant, &recovery, &[("recovery", &codes[0].to_lowercase())]).await;
    assert!(has_code(&answer), "{}", answer.body);
    let mails = tenant.mails().await;
    let told: Vec<_> = mails.iter().filter(|mail| mail.subject.as_str().contains("Recovery code used")).collect();
    assert!(told.len() == 1 && told[0].text.contains("9 left") && told[0].text.contains("203.0.113.5"));
    assert!(ann.get(&tenant, "/account/recovery-codes").await.body.contains("9 codes left"));
    // Used before, never given and malformed: the first two read the same.
    let mut bodies = Vec::new();
    for typed in [codes[0].as_str(), "AAAA-AAAA-AAAA-AAAA"] {
        let mut browser = Browser::default();
        let recovery = to_recovery(&tenant, &mut browser).await;
        let answer = browser.post(&tenant, &recovery, &[("recovery", typed)]).await;
        assert_eq!(answer.status, 422);
        bodies.push(answer.body.len());
        let malformed = browser.post(&tenant, &recovery, &[("recovery", "abc")]).await;
        assert_eq!(malformed.status, 422);
    }
    assert_eq!(bodies[0], bodies[1]);
}

#[tokio::test]
async fn d17_making_new_codes_ends_the_old_ones_and_is_told() {
    let tenant = Tenant::start().await;
    let mut ann = Browser::default();
    let old = with_codes(&tenant, &mut ann).await;
    let page = ann.get(&tenant, "/account/recovery-codes").await;
    let new = codes_on(&ann.post(&tenant, &form(&page, "make-form"), &[]).await);
    assert!(new.iter().all(|code| !old.contains(code)));
    let told = tenant.mails().await.iter().filter(|mail| mail.subject.as_str().contains("New recovery codes")).count();
    assert_eq!(told, 2);
    for (typed, works) in [(&old[3], false), (&new[3], true)] {
        let mut browser = Browser::default();
        let recovery = to_recovery(&tenant, &mut browser).await;
        assert_eq!(has_code(&browser.post(&tenant, &recovery, &[("recovery", typed)]).await), works);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn d17_fifty_parallel_uses_of_one_code_make_one_session() {
    let tenant = Arc::new(Tenant::start().await);
    let mut ann = Browser::default();
    let codes = with_codes(&tenant, &mut ann).await;
    let before = tenant.count("SELECT COUNT(*) AS n FROM session").await;
    let mut flows = Vec::new();
    for n in 0..10 {
        let mut browser = Browser::at(&format!("198.51.100.{n}"));
        flows.push((to_recovery(&tenant, &mut browser).await, browser));
    }
    let mut uses = tokio::task::JoinSet::new();
    for n in 0..50 {
        let (tenant, typed, (form, browser)) = (Arc::clone(&tenant), codes[0].clone(), flows[n % 10].clone());
        uses.spawn(async move { tenant.public(browser.form(&tenant, &form, &[("recovery", &typed)])).await });
    }
    let answers = uses.join_all().await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 303).count(), 1);
    assert!(answers.iter().all(|answer| [303, 422, 429, 400].contains(&answer.status)));
    assert_eq!(tenant.count("SELECT COUNT(*) AS n FROM session").await, before + 1);
    assert_eq!(tenant.count("SELECT COUNT(*) AS n FROM recovery_code WHERE used_at IS NULL").await, 9);
}

#[tokio::test]
async fn d03_d14_d17_what_was_used_before_a_restart_is_used_after_it() {
    let mut tenant = Tenant::start().await;
    let mut ann = Browser::default();
    let codes = with_codes(&tenant, &mut ann).await;
    // A code from the mail, tried again in the browser that it was for, as it was before.
    let mut browser = Browser::at("198.51.100.1");
    let page = browser.ask_for_code(&tenant, ANN).await;
    let (before, mailed) = (browser.clone(), tenant.code_for(ANN).await.unwrap());
    let mailed_form = form(&page, "code-form");
    assert_eq!(browser.post(&tenant, &mailed_form, &[("code", &mailed)]).await.status, 303);
    // A recovery code.
    let mut other = Browser::at("198.51.100.2");
    let recovery = to_recovery(&tenant, &mut other).await;
    assert!(has_code(&other.post(&tenant, &recovery, &[("recovery", &codes[0])]).await));
    let mut waiting = Browser::at("198.51.100.3");
    let unused = to_recovery(&tenant, &mut waiting).await;
    let sessions = tenant.count("SELECT COUNT(*) AS n FROM session").await;
    tenant.restart().await;
    let mut again = before;
    assert_eq!(again.post(&tenant, &mailed_form, &[("code", &mailed)]).await.status, 422);
    assert_eq!(waiting.post(&tenant, &unused, &[("recovery", &codes[0])]).await.status, 422);
    assert_eq!(tenant.count("SELECT COUNT(*) AS n FROM session").await, sessions);
    assert!(has_code(&waiting.post(&tenant, &unused, &[("recovery", &codes[1])]).await), "an unused one works");
}

#[tokio::test]
async fn d17_codes_come_as_a_file_of_nothing_else() {
    let tenant = Tenant::start().await;
    let mut ann = Browser::default();
    let codes = with_codes(&tenant, &mut ann).await;
    let page = ann.get(&tenant, "/account/recovery-codes").await;
    let file = Form { action: "/account/recovery-codes/file".into(), ..form(&page, "make-form") };
    let answer = ann.post(&tenant, &file, &[("codes", &codes.join(" "))]).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("content-type"), Some("text/plain; charset=utf-8"));
    assert!(codes.iter().all(|code| answer.body.contains(code.as_str())) && answer.body.contains(ANN));
    for odd in ["", "<script>", "AAAA-AAAA-AAAA-AAAA"] {
        assert_eq!(ann.post(&tenant, &file, &[("codes", odd)]).await.status, 400, "{odd}");
    }
}

#[tokio::test]
async fn d17_there_are_no_codes_without_an_app_and_none_after_it() {
    let tenant = Tenant::start().await;
    let mut ann = Browser::default();
    come_in(&tenant, &mut ann, ANN).await;
    let page = ann.get(&tenant, "/account/recovery-codes").await;
    assert!(!has_form(&page, "make-form"));
    let own = form(&ann.get(&tenant, "/account/second-factor").await, "set-up-form");
    let make = Form { action: "/account/recovery-codes".into(), ..own };
    assert_eq!(ann.post(&tenant, &make, &[]).await.status, 303);
    assert_eq!(tenant.count("SELECT COUNT(*) AS n FROM recovery_code").await, 0);
    let mut browser = Browser::default();
    with_codes(&tenant, &mut browser).await;
    let page = browser.get(&tenant, "/account/second-factor/remove").await;
    browser.post(&tenant, &form(&page, "remove-form"), &[]).await;
    assert_eq!(tenant.count("SELECT COUNT(*) AS n FROM recovery_code").await, 0);
}
