//! A noisy neighbour: one tenant is flooded while another's people and applications go on.
//!
//! The flood comes from a process of its own, so that what is measured at the quiet tenant is the
//! product's doing and not the load tool's. Both share the processors with the product, as nothing
//! outside a benchmark does: the figure is on the hard side.

use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::asked::Asked;
use crate::dev::Dev;
use crate::http;
use crate::load::{Connection, Target};
use crate::process::Running;
use crate::rows::{median, ms};
use crate::tenant::{Client, REDIRECT};

/// Connections of the flood, each sending its next request at once.
const FLOODING: usize = 64;

/// Connections at the quiet tenant, each pausing between two requests.
const QUIET: usize = 4;

const PAUSE: Duration = Duration::from_millis(8);
const ROUNDS: usize = 5;

/// The variable that makes this program the flood.
pub const FLOOD: &str = "POLDER_BENCH_FLOOD";

/// Measures the quiet tenant alone and beside the flood, in turn.
pub async fn measure(asked: &mut Asked, dev: &mut Dev, seconds: f64) -> Option<()> {
    for slug in ["noisy", "quiet"] {
        dev.create(slug, Duration::from_millis(5)).await?;
    }
    let (noisy, quiet) = (visitor(dev, "noisy").await?, Arc::new(visitor(dev, "quiet").await?));
    // Their RSA keys are made meanwhile.
    tokio::time::sleep(Duration::from_secs(3)).await;
    let forms_and_tokens = [noisy.page.clone(), noisy.token.clone(), noisy.wrong_token.clone()];
    for (name, requests) in [("documents", vec![noisy.document.clone()]), ("forms and tokens", forms_and_tokens.into())]
    {
        let (mut alone, mut beside, mut passed) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            alone.push(p99(dev, &quiet, seconds).await?);
            let flood = Flood::start(dev.port, &requests)?;
            tokio::time::sleep(Duration::from_millis(500)).await;
            beside.push(p99(dev, &quiet, seconds).await?);
            passed.push(flood.stop());
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        let ratios = alone.iter().zip(&beside).map(|(alone, beside)| beside / alone).collect();
        asked.at_most(
            &format!("neighbour flooded with {name} ({FLOODING} connections): a tenant's p99, of its quiet one"),
            (median(ratios), 2.0),
            "",
            &format!("{:.2} ms of {:.2} ms; the flood got {:.0}/s", median(beside), median(alone), median(passed)),
        );
    }
    Some(())
}

/// What somebody asks a tenant for.
struct Visitor {
    document: Vec<u8>,
    page: Vec<u8>,
    token: Vec<u8>,
    wrong_token: Vec<u8>,
}

async fn visitor(dev: &mut Dev, slug: &str) -> Option<Visitor> {
    let of = format!("/tenants/{slug}/applications");
    let machine = application(dev, &of, json!({"name": "Machine", "type": "machine"})).await?;
    let web = application(dev, &of, json!({"name": "Web", "type": "web", "redirect_uris": [REDIRECT]})).await?;
    let host = dev.host(slug);
    let query = serde_urlencoded::to_string([
        ("response_type", "code"),
        ("client_id", &web.id),
        ("redirect_uri", REDIRECT),
        ("scope", "openid"),
        ("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"),
        ("code_challenge_method", "S256"),
    ]);
    let grant = [("grant_type", "client_credentials")];
    let wrong = Client { secret: "wrong".to_owned(), ..machine.clone() };
    Some(Visitor {
        document: http::get(&host, "/.well-known/openid-configuration", ""),
        page: http::get(&host, &format!("/authorize?{}", query.ok()?), "Accept: text/html\r\n"),
        token: http::post(&host, "/token", &machine.basic(), &grant),
        wrong_token: http::post(&host, "/token", &wrong.basic(), &grant),
    })
}

async fn application(dev: &mut Dev, path: &str, wanted: serde_json::Value) -> Option<Client> {
    let (status, made) = dev.post(path, &wanted).await?;
    if status != 201 {
        eprintln!("{path}: {status} {made}");
        return None;
    }
    Some(Client { id: made["client_id"].as_str()?.to_owned(), secret: made["client_secret"].as_str()?.to_owned() })
}

/// What one in a hundred requests at a tenant takes at least, in milliseconds. On threads of its own.
async fn p99(dev: &Dev, visitor: &Arc<Visitor>, seconds: f64) -> Option<f64> {
    let (target, visitor) = (dev.target.clone(), Arc::clone(visitor));
    let measured = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().ok()?;
        runtime.block_on(async {
            let until = Instant::now() + Duration::from_secs_f64(seconds);
            let people: Vec<_> =
                (0..QUIET).map(|place| tokio::spawn(visit(target.clone(), visitor.clone(), place, until))).collect();
            let mut times = Vec::new();
            for person in people {
                times.extend(person.await.ok()??);
            }
            times.sort_unstable();
            times.get(times.len() * 99 / 100).map(|time| ms(*time))
        })
    });
    tokio::task::spawn_blocking(move || measured.join().ok().flatten()).await.ok()?
}

/// One who asks for a document, a page and a token in turn.
async fn visit(target: Target, visitor: Arc<Visitor>, place: usize, until: Instant) -> Option<Vec<Duration>> {
    let mut connection = Connection::open(&target).await.ok()?;
    tokio::time::sleep(PAUSE / QUIET as u32 * place as u32).await;
    let mut times = Vec::new();
    for request in [&visitor.document, &visitor.page, &visitor.token].into_iter().cycle() {
        if Instant::now() > until {
            return Some(times);
        }
        let began = Instant::now();
        let answer = connection.send(request).await.ok()?;
        times.push(began.elapsed());
        if answer.status >= 400 {
            eprintln!("the quiet tenant answered {}: {}", answer.status, String::from_utf8_lossy(&answer.body));
            return None;
        }
        tokio::time::sleep(PAUSE).await;
    }
    None
}

/// A flood that is under way.
struct Flood {
    process: Running,
    answered: std::path::PathBuf,
    began: Instant,
    _folder: tempfile::TempDir,
}

impl Flood {
    fn start(port: u16, requests: &[Vec<u8>]) -> Option<Self> {
        let folder = tempfile::tempdir().ok()?;
        let requests: Vec<_> = requests.iter().map(|request| String::from_utf8_lossy(request).into_owned()).collect();
        let (plan, answered) = (folder.path().join("plan.json"), folder.path().join("answered"));
        std::fs::write(&plan, json!({"port": port, "requests": requests, "answered": &answered}).to_string()).ok()?;
        let process = Running::start(Command::new(std::env::current_exe().ok()?).env(FLOOD, &plan));
        Some(Self { process, answered, began: Instant::now(), _folder: folder })
    }

    /// Ends it: how many requests per second were answered.
    fn stop(self) -> f64 {
        let lasted = self.began.elapsed();
        drop(self.process);
        let text = std::fs::read_to_string(&self.answered).unwrap_or_default();
        text.trim().parse::<f64>().unwrap_or_default() / lasted.as_secs_f64()
    }
}

/// What the process does that is the flood, until it is killed.
pub async fn flood(plan: &str) {
    let plan: serde_json::Value =
        serde_json::from_slice(&std::fs::read(plan).expect("the plan")).expect("the plan is JSON");
    let target = Target::Tcp(u16::try_from(plan["port"].as_u64().expect("a port")).expect("a port"));
    let requests: Arc<Vec<Vec<u8>>> = Arc::new(
        plan["requests"].as_array().expect("requests").iter().map(|text| text.as_str().expect("text").into()).collect(),
    );
    let answered = Arc::new(std::sync::atomic::AtomicU64::new(0));
    for place in 0..FLOODING {
        let (target, requests, answered) = (target.clone(), Arc::clone(&requests), Arc::clone(&answered));
        tokio::spawn(async move {
            let mut at = place;
            loop {
                let Ok(mut connection) = Connection::open(&target).await else {
                    tokio::time::sleep(Duration::from_millis(1)).await;
                    continue;
                };
                while connection.send_for_status(&requests[at % requests.len()]).await.is_ok() {
                    at += 1;
                    answered.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                }
            }
        });
    }
    let file = plan["answered"].as_str().expect("a file");
    loop {
        tokio::time::sleep(Duration::from_millis(100)).await;
        let count = answered.load(std::sync::atomic::Ordering::Relaxed);
        std::fs::write(file, count.to_string()).expect("the file");
    }
}
