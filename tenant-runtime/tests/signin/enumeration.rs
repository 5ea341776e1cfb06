//! Nobody can find out who has an account (D10): same status, headers, body, cookies, work.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use polder_crypto::Category;
use polder_db::args;
use polder_tenant_api::ProofOfWork;

use crate::browser::{Browser, form, has_form};
use crate::tenant::{Answer, Tenant, person};

/// How many addresses of each kind are compared.
const SAMPLES: usize = 200;
/// How far from one half the chance may lie that one kind's answer takes longer than the other's: with this
/// many samples five times what chance alone does, and far from what work for one kind alone would make it.
const BOUND: f64 = 0.15;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Known,
    Unknown,
    Stopped,
    PasskeyOnly,
}

const KINDS: [Kind; 4] = [Kind::Known, Kind::Unknown, Kind::Stopped, Kind::PasskeyOnly];

/// An answer without what differs between any two: the address, and values drawn by chance.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Shape {
    status: u16,
    headers: Vec<String>,
    body: String,
}

fn shape(answer: &Answer, address: &str) -> Shape {
    let mut headers: Vec<String> =
        answer.headers.iter().map(|(name, value)| format!("{name}: {}", value_of(name.as_str(), value))).collect();
    headers.sort();
    Shape { status: answer.status, headers, body: plain(&answer.body.replace(address, "ADDRESS")) }
}

/// The number of a request is drawn by chance, too.
fn value_of(name: &str, value: &http::HeaderValue) -> String {
    if name == "x-polder-request-id" { "#".to_owned() } else { plain(value.to_str().unwrap()) }
}

/// Long runs of letters and figures are drawn by chance; so is the short name of a waiting sign-in.
fn plain(text: &str) -> String {
    let (mut plain, mut run) = (String::new(), String::new());
    for c in text.chars().chain([' ']) {
        if c.is_ascii_alphanumeric() || "-_".contains(c) {
            run.push(c);
            continue;
        }
        let by_chance = run.len() >= 20 || plain.ends_with("flow=") || plain.ends_with("name=\"flow\" value=\"");
        plain.push_str(if by_chance {
            "#"
        } else if run.contains("flow-") {
            "#flow"
        } else {
            &run
        });
        plain.push(c);
        run.clear();
    }
    plain
}

/// A whole try with a wrong code, and how long the two answers took that could tell.
async fn visit(tenant: &Tenant, address: &str, ip: &str) -> (Vec<Shape>, [Duration; 2]) {
    let mut browser = Browser::at(ip);
    let page = browser.authorize(tenant, "").await;
    let began = Instant::now();
    let answer = browser.post(tenant, &form(&page, "email-form"), &[("email", address)]).await;
    let asked = began.elapsed();
    let mut shapes = vec![shape(&answer, address)];
    let page = browser.follow(tenant, answer).await;
    shapes.push(shape(&page, address));
    let began = Instant::now();
    let wrong = browser.post(tenant, &form(&page, "code-form"), &[("code", "00000000")]).await;
    let tried = began.elapsed();
    shapes.push(shape(&wrong, address));
    let soon = browser.post(tenant, &form(&page, "resend-form"), &[]).await;
    shapes.push(shape(&soon, address));
    (shapes, [asked, tried])
}

/// Somebody with a passkey and nothing else.
async fn with_a_passkey(tenant: &Tenant, address: &str) {
    let id = tenant.person(person(address, Some("Ann"), &[])).await.to_string();
    let (now, keyring) = (tenant.clock.now(), tenant.app.keyring.clone());
    let work = tenant.app.db.write(move |tx| {
        Box::pin(async move {
            let seal = |category, column: &str| keyring.seal_text(category, &format!("passkey.{column}:{id}"), "{}");
            let (credential, name) = (seal(Category::Factors, "credential_sealed"), seal(Category::Identifiers, "name_sealed"));
            tx.execute(
                "INSERT INTO passkey (id, user_id, credential_index, credential_sealed, name_sealed, rp_id, kind, \
                 sign_count, created_at, strong_from) VALUES ($1, $1, $1, $2, $3, 'login.example.test', 'synced', 0, $4, $4)",
                &args![id.as_str(), credential, name, now],
            )
            .await
        })
    });
    work.await.unwrap();
}

async fn prepare(tenant: &Tenant, kind: Kind, address: &str) {
    match kind {
        Kind::Unknown => {}
        Kind::Known => _ = tenant.person(person(address, Some("Ann"), &[])).await,
        Kind::Stopped => {
            let id = tenant.person(person(address, Some("Ann"), &[])).await;
            tenant.disable(id).await;
        }
        Kind::PasskeyOnly => with_a_passkey(tenant, address).await,
    }
}

/// The times of each kind: of asking for a code, and of trying a wrong one.
type Times = [[Vec<Duration>; 2]; 4];

/// Visits with an address of each kind side by side, so that whatever else the machine does falls on all
/// alike; who is first changes with every sample.
async fn sample() -> Times {
    let tenant = Tenant::start().await;
    tenant.close_sign_up();
    let (mut times, mut first): (Times, _) = (Times::default(), None);
    for n in 0..SAMPLES {
        let order = (0..4).map(|place| KINDS[(place + n) % 4]);
        let mut sent = Vec::new();
        for kind in order {
            let address = format!("p{n:03}{}@example.test", kind as u8);
            prepare(&tenant, kind, &address).await;
            sent.push((kind, address, format!("192.0.2.{n}")));
        }
        let visits = sent.iter().map(|(_, address, ip)| visit(&tenant, address, ip));
        for ((kind, address, _), (shapes, took)) in sent.iter().zip(join_all(visits).await) {
            assert_eq!(*first.get_or_insert_with(|| shapes.clone()), shapes, "{kind:?} {address}");
            for (times, took) in times[*kind as usize].iter_mut().zip(took) {
                times.push(took);
            }
        }
    }
    let mails = tenant.mails().await;
    assert_eq!(mails.len(), 2 * SAMPLES, "mail goes to those alone who have an account");
    times
}

/// The chance that an answer of `a` takes longer than one of `b`, a tie counting half (Mann and Whitney).
/// Less than a millisecond is nothing that anybody could tell from outside.
fn longer(a: &[Duration], b: &[Duration]) -> f64 {
    let pairs = a.iter().flat_map(|a| b.iter().map(move |b| a.as_millis().cmp(&b.as_millis())));
    let score: f64 = pairs.map(|order| [0.0, 0.5, 1.0][(order as i8 + 1) as usize]).sum();
    score / (a.len() * b.len()) as f64
}

/// What tells a kind from those without an account, if anything does.
fn told_apart(times: &Times) -> Option<String> {
    let [_, unknown, ..] = times;
    for kind in [Kind::Known, Kind::Stopped, Kind::PasskeyOnly] {
        for (which, name) in ["asking for a code", "a wrong code"].iter().enumerate() {
            let chance = longer(&times[kind as usize][which], &unknown[which]);
            if (chance - 0.5).abs() > BOUND {
                return Some(format!("{kind:?}: {name} takes longer than for nobody with a chance of {chance:.2}"));
            }
        }
    }
    None
}

#[tokio::test]
async fn d10_known_unknown_stopped_and_passkey_only_addresses_cannot_be_told_apart() {
    let Some(first) = told_apart(&sample().await) else { return };
    // A machine may do something else for once; it does not do so twice for the same kind.
    let again = told_apart(&sample().await);
    assert_eq!(again, None, "and before: {first}");
}

#[test]
fn d10_a_difference_of_one_step_would_be_seen_and_a_loaded_machine_is_none() {
    let of = |kind: Kind, slow: usize| {
        // One in five is late anyhow, and `slow` of ten for this kind besides.
        let millis = move |n: usize| 50 + 50 * u64::from(n.is_multiple_of(5)) + 50 * u64::from(n % 10 < slow);
        let times: Vec<Duration> = (0..SAMPLES).map(|n| Duration::from_millis(millis(n + kind as usize))).collect();
        [times.clone(), times]
    };
    let even: Times = KINDS.map(|kind| of(kind, 0));
    assert_eq!(told_apart(&even), None);
    for kind in [Kind::Known, Kind::Stopped, Kind::PasskeyOnly] {
        let mut odd = even.clone();
        odd[kind as usize] = of(kind, 7);
        assert!(told_apart(&odd).is_some_and(|said| said.contains(&format!("{kind:?}"))), "{kind:?}");
    }
}

#[tokio::test]
async fn d10_limits_are_the_same_for_unknown_addresses() {
    let tenant = Tenant::start().await;
    tenant.asks_for_work(ProofOfWork::Never);
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
async fn d10_work_is_asked_for_alike_whoever_the_address_belongs_to() {
    let tenant = Tenant::start().await;
    tenant.close_sign_up();
    tenant.person(person("known0@example.test", Some("Ann"), &[])).await;
    let mut pages = Vec::new();
    for address in ["known0@example.test", "nobody@example.test"] {
        for _ in 0..10 {
            Browser::at("192.0.2.9").ask_for_code(&tenant, address).await;
        }
        let mut browser = Browser { idle: true, ..Browser::at("192.0.2.9") };
        let page = browser.ask_for_code(&tenant, address).await;
        assert!(has_form(&page, "proof-form"), "{address}");
        pages.push(shape(&page, address));
    }
    assert_eq!(pages[0], pages[1]);
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
