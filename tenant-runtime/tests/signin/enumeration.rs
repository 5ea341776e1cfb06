//! Nobody can find out who has an account (D10): same status, headers, body, cookies, work.

use std::time::{Duration, Instant};

use crate::browser::{Browser, form};
use crate::tenant::{Answer, Tenant, person};

/// How many addresses of each kind are compared.
const SAMPLES: usize = 100;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Known,
    Unknown,
    Stopped,
}

/// An answer without what differs between any two: random values.
fn shape(answer: &Answer, address: &str) -> (u16, Vec<String>, usize, Vec<String>) {
    let mut names: Vec<String> = answer.headers.keys().map(ToString::to_string).collect();
    names.sort();
    let cookies = answer.cookies().iter().map(|c| c.split('=').next().unwrap_or_default()[..8].to_owned()).collect();
    (answer.status, names, answer.body.replace(address, "ADDRESS").len(), cookies)
}

async fn visit(tenant: &Tenant, address: &str, ip: &str) -> (Vec<(u16, Vec<String>, usize, Vec<String>)>, Duration) {
    let mut browser = Browser::at(ip);
    let page = browser.authorize(tenant, "").await;
    let started = Instant::now();
    let answer = browser.post(tenant, &form(&page, "email-form"), &[("email", address)]).await;
    let took = started.elapsed();
    let mut shapes = vec![shape(&answer, address)];
    let page = browser.follow(tenant, answer).await;
    shapes.push(shape(&page, address));
    let wrong = browser.post(tenant, &form(&page, "code-form"), &[("code", "00000000")]).await;
    shapes.push(shape(&wrong, address));
    let soon = browser.post(tenant, &form(&page, "resend-form"), &[]).await;
    shapes.push(shape(&soon, address));
    (shapes, took)
}

#[tokio::test]
async fn d10_known_unknown_and_stopped_addresses_cannot_be_told_apart() {
    let tenant = Tenant::start().await;
    tenant.close_sign_up();
    let mut times: [Vec<Duration>; 3] = Default::default();
    let mut first = None;
    for n in 0..SAMPLES {
        for kind in [Kind::Known, Kind::Unknown, Kind::Stopped] {
            let address = format!("p{n:03}{}@example.test", kind as u8);
            if kind != Kind::Unknown {
                let id = tenant.person(person(&address, Some("Ann"), &[])).await;
                if kind == Kind::Stopped {
                    tenant.disable(id).await;
                }
            }
            let (shapes, took) = visit(&tenant, &address, &format!("192.0.2.{n}")).await;
            assert_eq!(*first.get_or_insert_with(|| shapes.clone()), shapes, "{kind:?} {address}");
            times[kind as usize].push(took);
        }
    }
    let mails = tenant.mails().await;
    assert_eq!(mails.len(), SAMPLES, "mail goes to the known alone");
    assert!(mails.iter().all(|mail| mail.to.as_str().starts_with('p') && mail.to.as_str().contains("0@")));
    let [known, unknown, stopped] = times.map(median);
    // A commit to disk takes hundreds of microseconds; any work done for one kind alone would show.
    for other in [unknown, stopped] {
        let (less, more) = (known.min(other), known.max(other));
        assert!(more < less * 3 / 2 + Duration::from_micros(500), "{known:?} {unknown:?} {stopped:?}");
    }
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

#[tokio::test]
async fn d10_limits_are_the_same_for_unknown_addresses() {
    let tenant = Tenant::start().await;
    tenant.close_sign_up();
    tenant.person(person("known0@example.test", Some("Ann"), &[])).await;
    let mut answers = Vec::new();
    for address in ["known0@example.test", "nobody@example.test"] {
        let mut statuses = Vec::new();
        for _ in 0..21 {
            let mut browser = Browser::at("192.0.2.9");
            let page = browser.authorize(&tenant, "").await;
            let answer = browser.post(&tenant, &form(&page, "email-form"), &[("email", address)]).await;
            statuses.push((answer.status, answer.header("retry-after").map(str::to_owned), answer.body.len()));
        }
        answers.push(statuses);
    }
    assert_eq!(answers[0], answers[1]);
    assert_eq!(answers[0][19].0, 303);
    assert_eq!((answers[0][20].0, answers[0][20].1.as_deref()), (429, Some("3600")));
}

#[tokio::test]
async fn d10_a_closed_sign_up_makes_no_account_and_says_nothing() {
    let tenant = Tenant::start().await;
    tenant.close_sign_up();
    let mut browser = Browser::default();
    let page = browser.ask_for_code(&tenant, "eve@example.test").await;
    assert_eq!(page.status, 200);
    assert!(tenant.mails().await.is_empty());
    assert_eq!(tenant.count("SELECT COUNT(*) AS n FROM outbox").await, 0);
    assert_eq!(tenant.count("SELECT COUNT(*) AS n FROM user_account").await, 0);
}

#[tokio::test]
async fn d10_whoever_is_stopped_while_the_code_is_under_way_gets_no_session() {
    let tenant = Tenant::start().await;
    let id = tenant.person(person("ann@example.test", Some("Ann"), &[])).await;
    let mut browser = Browser::default();
    let page = browser.ask_for_code(&tenant, "ann@example.test").await;
    let code = tenant.code_for("ann@example.test").await.unwrap();
    tenant.disable(id).await;
    let answer = browser.post(&tenant, &form(&page, "code-form"), &[("code", &code)]).await;
    assert_eq!(answer.status, 422);
    assert_eq!(tenant.count("SELECT COUNT(*) AS n FROM session").await, 0);
}

#[tokio::test]
async fn d10_a_wrong_code_is_answered_in_step_for_every_address() {
    let tenant = Tenant::start().await;
    tenant.close_sign_up();
    tenant.person(person("ann@example.test", Some("Ann"), &[])).await;
    for address in ["ann@example.test", "nobody@example.test"] {
        let mut browser = Browser::default();
        let page = browser.ask_for_code(&tenant, address).await;
        let began = Instant::now();
        let answer = browser.post(&tenant, &form(&page, "code-form"), &[("code", "00000000")]).await;
        assert_eq!(answer.status, 422);
        assert!(began.elapsed() >= Duration::from_millis(50), "{:?}", began.elapsed());
    }
}
