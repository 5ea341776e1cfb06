//! Proof of work and what asks for it (R1, R2, D22, D23, D24).

use std::time::Duration;

use futures_util::future::join_all;
use polder_kernel::encoding::{base64url, from_base64url};
use polder_tenant_api::ProofOfWork;
use polder_tenant_runtime::guard::proof::{Answer as Given, For, LIFETIME, Level};
use polder_tenant_runtime::guard::risk;

use crate::browser::{Browser, Form, form, has_code, has_form, solve};
use crate::tenant::{Answer, Tenant};

const ANN: &str = "ann@example.test";

/// A page that asks for work, and the browser it asks.
async fn asked(tenant: &Tenant) -> (Browser, Answer) {
    let mut browser = Browser { idle: true, ..Browser::default() };
    let page = browser.authorize(tenant, "").await;
    let page = browser.post(tenant, &form(&page, "email-form"), &[("email", ANN), ("website", "x")]).await;
    assert!(has_form(&page, "proof-form"), "{} {}", page.status, page.body);
    (browser, page)
}

fn challenge(page: &Answer) -> String {
    form(page, "proof-form").fields.into_iter().find(|(name, _)| name == "challenge").unwrap().1
}

fn with(form: &Form, field: &str, value: &str) -> Form {
    let mut form = form.clone();
    form.fields.retain(|(name, _)| name != field);
    form.fields.push((field.to_owned(), value.to_owned()));
    form
}

#[tokio::test]
async fn r1_no_work_is_asked_for_by_default_and_a_burst_asks_for_it() {
    let tenant = Tenant::start().await;
    for n in 0..10 {
        let page = Browser { idle: true, ..Browser::default() }.ask_for_code(&tenant, ANN).await;
        assert!(has_form(&page, "code-form"), "{n}");
    }
    let mut browser = Browser { idle: true, ..Browser::default() };
    let page = browser.ask_for_code(&tenant, ANN).await;
    assert_eq!((page.status, page.header("retry-after")), (429, Some("15")));
    let policy = page.header("content-security-policy").unwrap();
    assert!(policy.contains("worker-src 'self'") && policy.contains("default-src 'none'"), "{policy}");
    assert!(!page.body.contains("http:") && page.header("set-cookie").is_none(), "no other party, no other cookie");
    tenant.mails().await;
    // Done, it goes on as if nothing had been.
    let answer = browser.work(&tenant, &page).await;
    assert_eq!(answer.status, 303);
    let page = browser.follow(&tenant, answer).await;
    let code = tenant.code_for(ANN).await.unwrap();
    let answer = browser.post(&tenant, &form(&page, "code-form"), &[("code", &code)]).await;
    let page = browser.follow(&tenant, answer).await;
    let answer = browser.post(&tenant, &form(&page, "name-form"), &[("name", "Ann")]).await;
    assert!(has_code(&browser.follow(&tenant, answer).await));
    // Who signed in has ended the burst.
    let page = Browser { idle: true, ..Browser::default() }.ask_for_code(&tenant, ANN).await;
    assert!(has_form(&page, "code-form"));
}

#[tokio::test]
async fn r1_k19_a_browser_that_proved_the_address_is_asked_for_nothing_whatever_others_do() {
    let tenant = Tenant::start().await;
    let mut ann = Browser { idle: true, ..Browser::at("203.0.113.7") };
    assert!(has_code(&ann.sign_in(&tenant, ANN).await));
    ann.cookies.retain(|name, _| name.ends_with("known"));
    for n in 0..12 {
        Browser::at(&format!("198.51.100.{n}")).ask_for_code(&tenant, ANN).await;
    }
    let stranger = Browser { idle: true, ..Browser::at("198.51.100.99") }.ask_for_code(&tenant, ANN).await;
    assert!(has_form(&stranger, "proof-form"));
    assert!(has_form(&ann.ask_for_code(&tenant, ANN).await, "code-form"));
}

#[tokio::test]
async fn r2_d24_a_filled_trap_and_a_hasty_form_lead_to_work_and_drop_nothing() {
    let tenant = Tenant::start().await;
    let (mut browser, page) = asked(&tenant).await;
    assert_eq!(browser.work(&tenant, &page).await.status, 303);
    assert_eq!(tenant.mails().await.len(), 1);
    // Faster than people are, and without a word of when it was shown, or with one of another flow.
    let mut other = Browser::default();
    let elsewhere = form(&other.authorize(&tenant, "").await, "email-form");
    let elsewhere = elsewhere.fields.iter().find(|(name, _)| name == "shown").unwrap().1.clone();
    for shown in [None, Some(""), Some("AAAA"), Some(elsewhere.as_str())] {
        let mut hasty = Browser { hasty: true, idle: true, ..Browser::at("198.51.100.4") };
        let start = form(&hasty.authorize(&tenant, "").await, "email-form");
        let start = shown.map_or(start.clone(), |shown| with(&start, "shown", shown));
        let page = hasty.post(&tenant, &start, &[("email", "eve@example.test")]).await;
        assert!(has_form(&page, "proof-form"), "{shown:?} {}", page.status);
        tenant.advance(3600);
    }
    // In time it is taken as it is; a slip of the keyboard does not start the time anew.
    let mut slow = Browser { hasty: true, idle: true, ..Browser::at("198.51.100.5") };
    let start = slow.authorize(&tenant, "").await;
    tenant.advance(2);
    let again = slow.post(&tenant, &form(&start, "email-form"), &[("email", "no address")]).await;
    assert_eq!(again.status, 422);
    let answer = slow.post(&tenant, &form(&again, "email-form"), &[("email", "bob@example.test")]).await;
    assert_eq!(answer.status, 303);
    // What comes from this machine is as fast as programs are.
    let mut ours = Browser { hasty: true, idle: true, ..Browser::at("127.0.0.1") };
    let start = ours.authorize(&tenant, "").await;
    let answer = ours.post(&tenant, &form(&start, "email-form"), &[("email", "cor@example.test")]).await;
    assert_eq!(answer.status, 303);
}

#[tokio::test]
async fn r1_d23_without_a_script_the_same_form_is_accepted_after_a_while_and_once() {
    let tenant = Tenant::start().await;
    let (mut browser, page) = asked(&tenant).await;
    assert!(page.body.contains("15 seconds"), "{}", page.body);
    let early = browser.post(&tenant, &form(&page, "proof-form"), &[]).await;
    assert_eq!((early.status, early.header("retry-after")), (429, Some("15")));
    assert_eq!(challenge(&early), challenge(&page), "the time already waited counts");
    tenant.advance(10);
    let early = browser.post(&tenant, &form(&early, "proof-form"), &[]).await;
    assert_eq!((early.status, early.header("retry-after")), (429, Some("5")));
    assert!(early.body.contains("role=\"alert\""), "it is said");
    tenant.advance(5);
    let answer = browser.post(&tenant, &form(&early, "proof-form"), &[]).await;
    assert_eq!(answer.status, 303);
    assert_eq!(tenant.mails().await.len(), 1);
    // Once: later the same ticket, where work is still asked for, is none.
    tenant.asks_for_work(ProofOfWork::Always);
    tenant.advance(31);
    let answer = browser.post(&tenant, &form(&early, "proof-form"), &[]).await;
    assert_eq!(answer.status, 429);
    assert_ne!(challenge(&answer), challenge(&early), "another challenge");
    assert_eq!(tenant.mails().await.len(), 1);
}

#[tokio::test]
async fn r1_waiting_instead_of_working_has_its_limit() {
    let tenant = Tenant::start().await;
    tenant.asks_for_work(ProofOfWork::Always);
    let mut waiting = Vec::new();
    for n in 0..31 {
        let mut browser = Browser { idle: true, ..Browser::at("198.51.100.7") };
        let page = browser.ask_for_code(&tenant, &format!("p{n}@example.test")).await;
        waiting.push((browser, form(&page, "proof-form")));
    }
    tenant.advance(15);
    let mut refused = 0;
    for (browser, form) in &mut waiting {
        let answer = browser.post(&tenant, form, &[]).await;
        refused += usize::from(answer.status == 429 && !has_form(&answer, "proof-form"));
    }
    assert_eq!(refused, 1, "a burst of thirty passes");
}

#[tokio::test]
async fn d22_a_challenge_is_for_one_form_flow_address_network_and_tenant_and_for_five_minutes() {
    let (tenant, other) = (Tenant::start().await, Tenant::start().await);
    let (mut browser, page) = asked(&tenant).await;
    let proof = form(&page, "proof-form");
    let solution = solve(&challenge(&page));
    let refused = |answer: &Answer| answer.status == 429 && challenge(answer) != challenge(&page);
    // Another address, another network, another form, another flow, another tenant.
    let answer = browser.post(&tenant, &with(&proof, "email", "eve@example.test"), &[("solution", &solution)]).await;
    assert!(refused(&answer), "another address");
    tenant.asks_for_work(ProofOfWork::Always);
    other.asks_for_work(ProofOfWork::Always);
    let mut moved = Browser { ip: Some("203.0.113.99".into()), ..browser.clone() };
    assert!(refused(&moved.post(&tenant, &proof, &[("solution", &solution)]).await), "another network");
    for (place, name) in [(&tenant, "another flow"), (&other, "another tenant")] {
        let mut stranger = Browser { idle: true, ..Browser::default() };
        let own = stranger.ask_for_code(place, ANN).await;
        let own = with(&form(&own, "proof-form"), "challenge", &challenge(&page));
        assert!(refused(&stranger.post(place, &own, &[("solution", &solution)]).await), "{name}");
    }
    // Changed anywhere, and made cheaper above all, it is none.
    let json = String::from_utf8(from_base64url(&challenge(&page)).unwrap()).unwrap();
    let cheap = json.replace("\"cost\":2000", "\"cost\":1");
    assert_ne!(cheap, json);
    for forged in [
        cheap,
        json.replace("\"keyPrefix\":\"00\"", "\"keyPrefix\":\"\""),
        json.replace("\"keyLength\":32", "\"keyLength\":99999999"),
        json.replace("\"cost\":2000", "\"cost\":4294967295"),
        json.replace("\"at\":", "\"at\":1"),
        "{}".to_owned(),
        "x".repeat(5000),
    ] {
        let forged = base64url(forged.as_bytes());
        let solution = if forged.contains('x') { "0.00".to_owned() } else { solution.clone() };
        let answer = browser.post(&tenant, &with(&proof, "challenge", &forged), &[("solution", &solution)]).await;
        assert!(refused(&answer));
    }
    // Nor is a solution that is none.
    let (counter, key) = solution.split_once('.').unwrap();
    let other_counter = format!("{}.{key}", counter.parse::<u32>().unwrap() + 1);
    let without_work = {
        let wrong = solve_any(&challenge(&page));
        assert!(!wrong.ends_with('.'));
        wrong
    };
    for wrong in [other_counter.as_str(), without_work.as_str(), "0.", ".", "x", "-1.00", "99999999999.00", key] {
        assert!(refused(&browser.post(&tenant, &proof, &[("solution", wrong)]).await), "{wrong}");
    }
    // All that changed nothing: it still is one, until its time is over.
    let late = LIFETIME - Duration::from_secs(1);
    tenant.clock.advance(late);
    let mut in_time = browser.clone();
    assert_eq!(in_time.post(&tenant, &proof, &[("solution", &solution)]).await.status, 303);
    let (mut browser, page) = {
        let mut browser = Browser { idle: true, ..Browser::at("192.0.2.44") };
        let page = browser.ask_for_code(&tenant, "late@example.test").await;
        (browser, page)
    };
    let solution = solve(&challenge(&page));
    tenant.clock.advance(LIFETIME);
    let answer = browser.post(&tenant, &form(&page, "proof-form"), &[("solution", &solution)]).await;
    assert_eq!(answer.status, 429, "too late");
}

/// A counter with the key that belongs to it, found without looking for its beginning.
fn solve_any(challenge: &str) -> String {
    let json: serde_json::Value = serde_json::from_slice(&from_base64url(challenge).unwrap()).unwrap();
    let mut any = json.clone();
    any["parameters"]["keyPrefix"] = serde_json::json!("");
    let found = solve(&base64url(any.to_string().as_bytes()));
    if found.split_once('.').unwrap().1.starts_with("00") { "1.ff".to_owned() } else { found }
}

#[tokio::test]
async fn d22_of_fifty_parallel_uses_of_one_proof_one_counts_also_after_a_restart() {
    let mut tenant = Tenant::start().await;
    let email = ANN.parse().unwrap();
    let bound = For { form: "/signin/email", flow_hash: "flow", email: &email, ip: None };
    let challenge = bound.issue(&tenant.app, Level::Low).unwrap();
    let solution = solve(&challenge);
    let Given::Worked(done) = bound.open(&tenant.app, &challenge, &solution) else { panic!("it is right") };
    let uses = (0..50).map(|_| {
        let (done, now) = (done.clone(), tenant.clock.now());
        tenant.app.db.write(move |tx| Box::pin(async move { done.use_up(tx, now).await }))
    });
    let used = join_all(uses).await.into_iter().filter(|used| *used.as_ref().unwrap()).count();
    assert_eq!(used, 1);
    // What was used is in the database, not in the process.
    tenant.restart().await;
    let Given::Worked(done) = bound.open(&tenant.app, &challenge, &solution) else { panic!("it is right") };
    let now = tenant.clock.now();
    let used = tenant.app.db.write(move |tx| Box::pin(async move { done.use_up(tx, now).await }));
    assert!(!used.await.unwrap());
}

#[tokio::test]
async fn d22_fifty_parallel_forms_with_one_proof_send_one_code() {
    let tenant = Tenant::start().await;
    let (browser, page) = asked(&tenant).await;
    tenant.asks_for_work(ProofOfWork::Always);
    let (proof, solution) = (form(&page, "proof-form"), solve(&challenge(&page)));
    let sent = (0..50).map(|_| tenant.public(browser.form(&tenant, &proof, &[("solution", &solution)])));
    let answers = join_all(sent).await;
    assert!(answers.iter().all(|answer| [303, 429].contains(&answer.status)));
    assert_eq!(tenant.mails().await.len(), 1);
    assert_eq!(tenant.count("SELECT COUNT(*) AS n FROM used_proof").await, 1);
}

#[tokio::test]
async fn d23_passkeys_are_asked_for_no_work() {
    let tenant = Tenant::start().await;
    tenant.asks_for_work(ProofOfWork::Always);
    let mut browser = Browser { idle: true, ..Browser::default() };
    let page = browser.ask_for_code(&tenant, ANN).await;
    assert!(has_form(&page, "proof-form") && page.body.contains("/signin?flow="), "a way to the passkey");
    let page = browser.authorize(&tenant, "").await;
    let options = Form { action: "/signin/passkey/options".into(), ..form(&page, "passkey-form") };
    assert_eq!(browser.post(&tenant, &options, &[]).await.status, 200);
    let answer = browser.post(&tenant, &form(&page, "passkey-form"), &[("credential", "{}")]).await;
    assert_eq!(answer.status, 401, "refused for what it is, and for nothing else");
}

#[tokio::test]
async fn r1_another_code_asks_for_work_as_the_first_does() {
    let tenant = Tenant::start().await;
    let mut browser = Browser { idle: true, ..Browser::default() };
    let page = browser.ask_for_code(&tenant, ANN).await;
    tenant.asks_for_work(ProofOfWork::Always);
    tenant.advance(30);
    let asked = browser.post(&tenant, &form(&page, "resend-form"), &[]).await;
    let proof = form(&asked, "proof-form");
    assert_eq!((asked.status, proof.action.as_str()), (429, "/signin/resend"));
    assert!(proof.fields.iter().all(|(name, _)| name != "email"), "the address stays where it is");
    assert_eq!(browser.work(&tenant, &asked).await.status, 303);
    assert_eq!(tenant.mails().await.len(), 2);
}

#[tokio::test]
async fn r1_strangers_who_are_asked_for_work_leave_next_to_nothing() {
    let tenant = Tenant::start().await;
    tenant.asks_for_work(ProofOfWork::Always);
    let sql = "SELECT (SELECT COUNT(*) FROM one_time_code) + (SELECT COUNT(*) FROM code_budget) + \
               (SELECT COUNT(*) FROM used_proof) + (SELECT COUNT(*) FROM outbox) + (SELECT COUNT(*) FROM lockout) + \
               (SELECT COUNT(*) FROM audit_event WHERE action <> 'key.created') AS n";
    for n in 0..30 {
        let page =
            Browser { idle: true, ..Browser::default() }.ask_for_code(&tenant, &format!("x{n}@example.test")).await;
        assert_eq!(page.status, 429);
    }
    assert_eq!(tenant.count(sql).await, 0);
    assert_eq!(tenant.count("SELECT COUNT(*) AS n FROM sign_in_attempt").await, 1, "one line for all of them");
    assert_eq!(risk::asks(ProofOfWork::Risk, &risk::Signals::default()), None);
}
