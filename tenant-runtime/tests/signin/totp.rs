//! The authenticator app (P4, D13 to D16): set up, asked for, used once, guarded, removed.

use std::sync::Arc;

use polder_crypto::TotpSecret;
use polder_db::args;
use scraper::{Html, Selector};

use crate::account::come_in;
use crate::browser::{Browser, form, has_code, has_form};
use crate::tenant::{Answer, Tenant};

pub const ANN: &str = "ann@example.test";

/// The key on the page with the picture.
pub fn secret_on(page: &Answer) -> TotpSecret {
    let document = Html::parse_document(&page.body);
    let shown = document.select(&Selector::parse("#totp-secret").unwrap()).next();
    let text: String = shown.unwrap_or_else(|| panic!("no key on {}", page.body)).text().collect();
    let (mut bytes, mut held, mut bits) = (Vec::new(), 0_u32, 0);
    for letter in text.chars().filter(|c| !c.is_whitespace()) {
        let value = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".find(letter).unwrap();
        held = (held << 5) | u32::try_from(value).unwrap();
        bits += 5;
        if bits >= 8 {
            bits -= 8;
            bytes.push(u8::try_from((held >> bits) & 0xff).unwrap());
        }
    }
    TotpSecret::from_bytes(&bytes).expect("160 bits")
}

/// The code the app shows now.
pub fn code(tenant: &Tenant, secret: &TotpSecret) -> String {
    secret.code(TotpSecret::step_at(tenant.clock.now())).expose().clone()
}

/// Asks for a picture.
pub async fn picture(tenant: &Tenant, browser: &mut Browser) -> Answer {
    let page = browser.get(tenant, "/account/second-factor").await;
    let page = browser.follow(tenant, page).await;
    browser.post(tenant, &form(&page, "set-up-form"), &[]).await
}

/// Sets up an app in a browser that is signed in, and lets its first code pass.
pub async fn set_up(tenant: &Tenant, browser: &mut Browser) -> TotpSecret {
    let page = picture(tenant, browser).await;
    let secret = secret_on(&page);
    let answer = browser.post(tenant, &form(&page, "totp-form"), &[("code", &code(tenant, &secret))]).await;
    assert_eq!(answer.status, 303, "{}", answer.body);
    tenant.advance(30);
    secret
}

/// From nothing to the second step.
pub async fn to_second_step(tenant: &Tenant, browser: &mut Browser, address: &str) -> Answer {
    let page = browser.ask_for_code(tenant, address).await;
    let mailed = tenant.code_for(address).await.expect("a code was mailed");
    let answer = browser.post(tenant, &form(&page, "code-form"), &[("code", &mailed)]).await;
    let page = browser.follow(tenant, answer).await;
    assert!(has_form(&page, "totp-form"), "{}", page.body);
    assert_eq!(browser.session(), None, "no session before the second step");
    page
}

async fn acr_of(tenant: &Tenant) -> Vec<(String, String)> {
    let mut tx = tenant.app.db.read().await.unwrap();
    let sql = "SELECT acr, amr FROM session ORDER BY authenticated_at, id";
    tx.all(sql, &args![], |row| Ok((row.text("acr")?, row.text("amr")?))).await.unwrap()
}

#[tokio::test]
async fn d15_an_app_is_set_up_by_its_first_code_and_its_secret_is_sealed() {
    let tenant = Tenant::start().await;
    let mut ann = Browser::default();
    come_in(&tenant, &mut ann, ANN).await;
    let page = picture(&tenant, &mut ann).await;
    assert!(page.body.contains("<svg class=\"qr\"") && !page.body.contains("http"), "the picture is drawn here");
    assert_eq!(page.header("cache-control"), Some("no-store"));
    let secret = secret_on(&page);
    // Not in force before it is confirmed.
    assert_eq!(tenant.count("SELECT COUNT(*) AS n FROM totp_factor").await, 0);
    let wrong = ann.post(&tenant, &form(&page, "totp-form"), &[("code", "000000")]).await;
    assert_eq!(wrong.status, 422);
    assert_eq!(secret_on(&wrong), secret, "the same picture again");
    let first = code(&tenant, &secret);
    let answer = ann.post(&tenant, &form(&wrong, "totp-form"), &[("code", &first)]).await;
    assert_eq!(answer.status, 303, "{}", answer.body);
    // Shown once: nothing shows it again, and the database holds it sealed under the key for factors.
    let page = ann.get(&tenant, "/account/second-factor").await;
    assert!(!page.body.contains(secret.to_base32().expose()) && !page.body.contains("class=\"qr\""));
    let mut tx = tenant.app.db.read().await.unwrap();
    let sealed = tx.optional("SELECT secret_sealed FROM totp_factor", &args![], |row| row.text("secret_sealed"));
    let sealed = sealed.await.unwrap().unwrap();
    assert!(!sealed.contains(secret.to_base32().expose()));
    let other = tenant.app.keyring.unseal(polder_crypto::Category::Factors, "totp_factor.secret_sealed:x", &sealed);
    assert!(other.is_err(), "bound to its row");
    drop(tx);
    assert_eq!(tenant.audited("totp.added").await, 1);
    let mails = tenant.mails().await;
    assert!(
        mails.last().unwrap().subject.as_str().contains("Second step switched on"),
        "{}",
        mails.last().unwrap().subject
    );
    // The code that confirmed it is used up.
    let page = to_second_step(&tenant, &mut Browser::default(), ANN).await;
    assert!(page.status == 200);
    let mut browser = Browser::default();
    let page = to_second_step(&tenant, &mut browser, ANN).await;
    let again = browser.post(&tenant, &form(&page, "totp-form"), &[("code", &first)]).await;
    assert_eq!(again.status, 422);
}

#[tokio::test]
async fn d15_a_picture_counts_for_its_session_and_for_five_minutes() {
    let tenant = Tenant::start().await;
    let (mut ann, mut other) = (Browser::default(), Browser::default());
    come_in(&tenant, &mut ann, ANN).await;
    come_in(&tenant, &mut other, ANN).await;
    let page = picture(&tenant, &mut ann).await;
    let secret = secret_on(&page);
    let own = form(&other.get(&tenant, "/account/second-factor").await, "set-up-form");
    let confirm = crate::browser::Form { action: "/account/second-factor/confirm".into(), ..own };
    let answer = other.post(&tenant, &confirm, &[("code", &code(&tenant, &secret))]).await;
    assert_eq!(answer.status, 422);
    assert_ne!(secret_on(&answer), secret, "another session is shown another picture");
    let page = picture(&tenant, &mut ann).await;
    let secret = secret_on(&page);
    tenant.advance(300);
    let late = ann.post(&tenant, &form(&page, "totp-form"), &[("code", &code(&tenant, &secret))]).await;
    assert_eq!(late.status, 422);
    assert_ne!(secret_on(&late), secret);
    assert_eq!(tenant.count("SELECT COUNT(*) AS n FROM totp_factor").await, 0);
}

#[tokio::test]
async fn p4_d13_the_second_step_is_asked_for_and_amr_and_acr_say_so() {
    let tenant = Tenant::start().await;
    let mut ann = Browser::default();
    come_in(&tenant, &mut ann, ANN).await;
    let secret = set_up(&tenant, &mut ann).await;
    assert_eq!(acr_of(&tenant).await[0].0, "urn:polder:acr:email", "a code by e-mail is one factor, whatever follows");
    let mut browser = Browser::default();
    let page = to_second_step(&tenant, &mut browser, ANN).await;
    // Nothing goes around it: not the other steps, not reloading, not asking for the code again.
    let flow = form(&page, "totp-form");
    for action in ["/signin/code", "/signin/resend", "/signin/email", "/signin/name", "/signin/continue"] {
        let skipped = crate::browser::Form { action: action.into(), ..flow.clone() };
        let typed = [("code", "00000000"), ("email", ANN), ("name", "x"), ("person", "x")];
        let answer = browser.post(&tenant, &skipped, &typed).await;
        assert!(!has_code(&answer) && browser.session().is_none(), "{action}: {}", answer.status);
    }
    let answer = browser.post(&tenant, &flow, &[("code", &code(&tenant, &secret))]).await;
    assert!(has_code(&answer), "{}", answer.body);
    let sessions = acr_of(&tenant).await;
    assert!(sessions.contains(&("urn:polder:acr:mfa".into(), "[\"otp\",\"mfa\"]".into())), "{sessions:?}");
    // The flow made its session and makes no other.
    tenant.advance(30);
    let replay = browser.post(&tenant, &flow, &[("code", &code(&tenant, &secret))]).await;
    assert_eq!(replay.status, 400);
}

#[tokio::test]
async fn d14_a_step_works_once_within_its_time_and_two_steps_off_never() {
    let tenant = Tenant::start().await;
    let mut ann = Browser::default();
    come_in(&tenant, &mut ann, ANN).await;
    let secret = set_up(&tenant, &mut ann).await;
    tenant.advance(300);
    let now = TotpSecret::step_at(tenant.clock.now());
    for off in [-2, 2] {
        let mut browser = Browser::default();
        let page = to_second_step(&tenant, &mut browser, ANN).await;
        let typed = secret.code(now + off);
        let answer = browser.post(&tenant, &form(&page, "totp-form"), &[("code", typed.expose())]).await;
        assert_eq!(answer.status, 422, "{off}");
    }
    let mut first = Browser::default();
    let page = to_second_step(&tenant, &mut first, ANN).await;
    assert!(has_code(&first.post(&tenant, &form(&page, "totp-form"), &[("code", &code(&tenant, &secret))]).await));
    // The same again, and the one before it, within their 30 seconds.
    for typed in [secret.code(now), secret.code(now - 1)] {
        let mut browser = Browser::default();
        let page = to_second_step(&tenant, &mut browser, ANN).await;
        let answer = browser.post(&tenant, &form(&page, "totp-form"), &[("code", typed.expose())]).await;
        assert_eq!(answer.status, 422);
    }
}

#[tokio::test]
async fn d16_no_word_of_the_browser_about_the_time_counts() {
    let tenant = Tenant::start().await;
    let mut ann = Browser::default();
    come_in(&tenant, &mut ann, ANN).await;
    let secret = set_up(&tenant, &mut ann).await;
    tenant.advance(300);
    let old = secret.code(TotpSecret::step_at(tenant.clock.now()) - 8);
    let mut browser = Browser::default();
    browser.headers.push(("date".into(), "Sat, 21 Nov 2026 08:00:00 GMT".into()));
    let page = to_second_step(&tenant, &mut browser, ANN).await;
    let typed = [("code", old.expose().as_str()), ("time", "1795248000"), ("now", "1795248000000")];
    assert_eq!(browser.post(&tenant, &form(&page, "totp-form"), &typed).await.status, 422);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn d14_fifty_parallel_uses_of_one_step_make_one_session() {
    let tenant = Arc::new(Tenant::start().await);
    let mut ann = Browser::default();
    come_in(&tenant, &mut ann, ANN).await;
    let secret = set_up(&tenant, &mut ann).await;
    let before = tenant.count("SELECT COUNT(*) AS n FROM session").await;
    // In one flow, and in ten at once.
    let mut flows = Vec::new();
    for n in 0..10 {
        let mut browser = Browser::at(&format!("198.51.100.{n}"));
        let page = to_second_step(&tenant, &mut browser, ANN).await;
        flows.push((browser, form(&page, "totp-form")));
    }
    let typed = code(&tenant, &secret);
    let mut uses = tokio::task::JoinSet::new();
    for n in 0..50 {
        let (tenant, typed, (browser, form)) = (Arc::clone(&tenant), typed.clone(), flows[n % 10].clone());
        uses.spawn(async move { tenant.public(browser.form(&tenant, &form, &[("code", &typed)])).await });
    }
    let answers = uses.join_all().await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 303).count(), 1);
    assert!(answers.iter().all(|answer| [303, 422, 429, 400].contains(&answer.status)));
    assert_eq!(tenant.count("SELECT COUNT(*) AS n FROM session").await, before + 1);
}

#[tokio::test]
async fn d14_a_step_that_was_used_before_a_restart_is_used_after_it() {
    let mut tenant = Tenant::start().await;
    let mut ann = Browser::default();
    come_in(&tenant, &mut ann, ANN).await;
    let secret = set_up(&tenant, &mut ann).await;
    let (mut first, mut second) = (Browser::at("198.51.100.1"), Browser::at("198.51.100.2"));
    let page = to_second_step(&tenant, &mut first, ANN).await;
    let waiting = to_second_step(&tenant, &mut second, ANN).await;
    let typed = code(&tenant, &secret);
    assert_eq!(first.post(&tenant, &form(&page, "totp-form"), &[("code", &typed)]).await.status, 303);
    tenant.restart().await;
    let waiting = form(&waiting, "totp-form");
    assert_eq!(second.post(&tenant, &waiting, &[("code", &typed)]).await.status, 422);
    tenant.advance(30);
    assert_eq!(second.post(&tenant, &waiting, &[("code", &code(&tenant, &secret))]).await.status, 303);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn d15_d20_after_five_wrong_codes_each_further_one_waits_and_the_person_is_told() {
    let tenant = Arc::new(Tenant::start().await);
    let mut ann = Browser::default();
    come_in(&tenant, &mut ann, ANN).await;
    let secret = set_up(&tenant, &mut ann).await;
    let mut thief = Browser::at("198.51.100.1");
    let page = to_second_step(&tenant, &mut thief, ANN).await;
    let totp = form(&page, "totp-form");
    let mut guesses = tokio::task::JoinSet::new();
    for _ in 0..50 {
        let (tenant, browser, form) = (Arc::clone(&tenant), thief.clone(), totp.clone());
        guesses.spawn(async move { tenant.public(browser.form(&tenant, &form, &[("code", "000000")])).await.status });
    }
    let statuses = guesses.join_all().await;
    assert_eq!(statuses.iter().filter(|status| **status == 422).count(), 5, "{statuses:?}");
    assert_eq!(tenant.audited("totp.failed").await, 5);
    let waits = thief.post(&tenant, &totp, &[("code", &code(&tenant, &secret))]).await;
    assert_eq!((waits.status, waits.header("retry-after")), (429, Some("60")));
    let told =
        |mails: Vec<polder_outbound::Mail>| mails.iter().filter(|m| m.subject.as_str().contains("Wrong codes")).count();
    assert_eq!(told(tenant.mails().await), 1);
    // What is not a code at all costs no try, and the right one works after the wait.
    assert_eq!(thief.post(&tenant, &totp, &[("code", "abc")]).await.status, 422);
    tenant.advance(60);
    assert!(has_code(&thief.post(&tenant, &totp, &[("code", &code(&tenant, &secret))]).await));
    assert_eq!(tenant.count("SELECT COUNT(*) AS n FROM factor_tries").await, 0, "forgotten with the right one");
}

#[tokio::test]
async fn d13_e12_an_app_is_replaced_and_removed_only_after_the_second_step() {
    let tenant = Tenant::start().await;
    let mut ann = Browser::default();
    come_in(&tenant, &mut ann, ANN).await;
    let first = set_up(&tenant, &mut ann).await;
    // A session of one factor does not do, however fresh it is.
    let answer = ann.get(&tenant, "/account/second-factor/remove").await;
    assert_eq!(answer.status, 303);
    let page = ann.follow(&tenant, answer).await;
    let page = ann.type_address(&tenant, &page, ANN).await;
    let mailed = tenant.code_for(ANN).await.unwrap();
    let answer = ann.post(&tenant, &form(&page, "code-form"), &[("code", &mailed)]).await;
    let page = ann.follow(&tenant, answer).await;
    let answer = ann.post(&tenant, &form(&page, "totp-form"), &[("code", &code(&tenant, &first))]).await;
    let page = ann.follow(&tenant, answer).await;
    assert!(has_form(&page, "remove-form"), "it comes back to where it was: {}", page.body);
    tenant.advance(30);
    let second = set_up(&tenant, &mut ann).await;
    assert_ne!(first, second);
    assert_eq!(tenant.audited("totp.replaced").await, 1);
    let mut browser = Browser::default();
    let page = to_second_step(&tenant, &mut browser, ANN).await;
    let old = browser.post(&tenant, &form(&page, "totp-form"), &[("code", &code(&tenant, &first))]).await;
    assert_eq!(old.status, 422);
    let page = ann.get(&tenant, "/account/second-factor/remove").await;
    let answer = ann.post(&tenant, &form(&page, "remove-form"), &[]).await;
    let page = ann.follow(&tenant, answer).await;
    assert!(page.body.contains("role=\"status\"") && has_form(&page, "set-up-form"));
    let subjects: Vec<String> = tenant.mails().await.iter().map(|mail| mail.subject.to_string()).collect();
    assert!(subjects.iter().any(|subject| subject.contains("replaced")), "{subjects:?}");
    assert!(subjects.last().unwrap().contains("switched off"), "{subjects:?}");
    // What waited for it is over, and the next sign-in does not ask.
    assert_eq!(tenant.count("SELECT COUNT(*) AS n FROM awaited_factor").await, 0);
    assert!(has_code(&Browser::default().sign_in(&tenant, ANN).await));
}

#[tokio::test]
async fn p4_a_second_step_waits_ten_minutes_and_not_for_somebody_who_was_stopped() {
    let tenant = Tenant::start().await;
    let mut ann = Browser::default();
    come_in(&tenant, &mut ann, ANN).await;
    let secret = set_up(&tenant, &mut ann).await;
    let mut late = Browser::default();
    let page = to_second_step(&tenant, &mut late, ANN).await;
    tenant.advance(600);
    let answer = late.post(&tenant, &form(&page, "totp-form"), &[("code", &code(&tenant, &secret))]).await;
    assert_eq!(answer.status, 400);
    let mut stopped = Browser::default();
    let page = to_second_step(&tenant, &mut stopped, ANN).await;
    let mut tx = tenant.app.db.read().await.unwrap();
    let id = tx.optional("SELECT id FROM user_account", &args![], |row| row.id("id")).await.unwrap().unwrap();
    drop(tx);
    tenant.disable(id).await;
    let answer = stopped.post(&tenant, &form(&page, "totp-form"), &[("code", &code(&tenant, &secret))]).await;
    assert_eq!(answer.status, 400);
    assert_eq!(stopped.session(), None);
}
