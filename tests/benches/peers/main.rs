//! `cargo bench --package polder-tests`: what a tenant can do per second, as ratios to a bare axum
//! measured in the same run. `docs/performance.md` holds the last table and the method.
//!
//! Seconds per row: 5 unless `POLDER_BENCH_SECONDS` says otherwise.

mod browser;
mod control;
mod flows;
mod http;
mod load;
mod mail;
mod process;
mod tenant;

use std::sync::Arc;
use std::time::Duration;

use crate::browser::Browser;
use crate::flows::{Refresh, SignIn, Silent, member};
use crate::load::{Connection, Fixed, Measured, Target, Work, drive};
use crate::process::{Running, free_port, until_answered};
use crate::tenant::{Tenant, shared};

const CONNECTIONS: usize = 32;

#[expect(clippy::disallowed_methods, reason = "a benchmark's own settings are read here, once")]
fn setting(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

#[tokio::main(worker_threads = 2)]
async fn main() {
    if let Some(port) = setting("POLDER_BENCH_BARE_AXUM") {
        return bare_axum(port.parse().expect("a port")).await;
    }
    let seconds = setting("POLDER_BENCH_SECONDS").and_then(|s| s.parse().ok()).unwrap_or(5.0);
    let only = setting("POLDER_BENCH_ONLY");
    let wanted = |row: &str| only.as_deref().is_none_or(|only| row.contains(only));

    let port = free_port();
    let bare_process = Running::start(
        std::process::Command::new(std::env::current_exe().expect("a path"))
            .env("POLDER_BENCH_BARE_AXUM", port.to_string()),
    );
    let bare = Target::Tcp(port);
    let hello = http::get("localhost", "/", "");
    until_answered(&bare, &hello, Duration::from_secs(5)).await.expect("the bare server answers");
    let tenant = Arc::new(Tenant::start().await);
    let idle = tenant.process.resident();

    println!("| request | requests/s | of bare axum | server CPU, µs | p50 | p99 | failed |");
    println!("| --- | --- | --- | --- | --- | --- | --- |");
    let baseline = row("bare axum", &bare_process, &bare, fixed(&hello, 200), seconds, None).await;
    let run = Rows { tenant: &tenant, baseline, seconds };

    let discovery = http::get(&tenant.host, "/.well-known/openid-configuration", "");
    if wanted("discovery") {
        run.row("discovery", fixed(&discovery, 200)).await;
    }
    if wanted("JWKS") {
        run.row("JWKS", fixed(&http::get(&tenant.host, "/jwks.json", ""), 200)).await;
    }
    let machine = http::post(&tenant.host, "/token", &tenant.machine.basic(), &[("grant_type", "client_credentials")]);
    if wanted("client_credentials") {
        run.row("client_credentials", fixed(&machine, 200)).await;
    }

    let mut connection = Connection::open(&tenant.target).await.expect("a connection");
    let mut browser = Browser::new(&tenant.host);
    let scope = "openid email offline_access";
    let code = tenant.sign_in(&mut browser, &mut connection, "ann@example.test", scope).await.expect("ann signs in");
    let tokens = connection.send(&tenant.redeem(&code)).await.expect("tokens");
    let access = member(&tokens.body, "access_token").expect("an access token");
    if wanted("introspection") {
        let request = http::post(&tenant.host, "/introspect", &tenant.web.basic(), &[("token", &access)]);
        run.row("introspection", fixed(&request, 200)).await;
    }
    if wanted("userinfo") {
        let request = http::get(&tenant.host, "/userinfo", &format!("Authorization: Bearer {access}\r\n"));
        run.row("userinfo", fixed(&request, 200)).await;
    }
    if wanted("refresh") {
        let mut work = Vec::new();
        for _ in 0..CONNECTIONS {
            let answer =
                connection.send(&http::get(&tenant.host, &tenant.authorize_path(scope), &browser.cookie_line())).await;
            let code = answer.ok().and_then(|a| a.header("location").and_then(tenant::code_of)).expect("a code");
            let tokens = connection.send(&tenant.redeem(&code)).await.expect("tokens");
            let token = member(&tokens.body, "refresh_token").expect("a refresh token");
            work.push(Refresh { tenant: tenant.clone(), token });
        }
        run.row("refresh, rotating, durable", work).await;
    }
    if wanted("authorize") {
        let authorize = shared(http::get(&tenant.host, &tenant.authorize_path("openid email"), &browser.cookie_line()));
        let work = (0..CONNECTIONS).map(|_| Silent { tenant: tenant.clone(), authorize: authorize.clone() });
        run.row("authorize + code redemption, durable", work.collect()).await;
    }
    if wanted("sign-in") {
        // One after another: what a single person waits for the server in all. Asking for a code and
        // proving it are answered in steps of 50 ms, which is most of it.
        let work = vec![SignIn { tenant: tenant.clone(), people: 0 }];
        run.row("whole sign-in by e-mail code, one person at a time", work).await;
    }
    println!(
        "\nidle memory {idle:.1} MiB; after the load {:.1} MiB; exec to first 200: {:.1} ms",
        tenant.process.resident(),
        ms(tenant.started_in)
    );
    drop(tenant);
    if wanted("control") {
        match control::measure(seconds).await {
            Some(c) => {
                let median = c.create[c.create.len() / 2];
                println!(
                    "create tenant to running: median {:.0} ms, worst of {} {:.0} ms",
                    ms(median),
                    c.create.len(),
                    ms(*c.create.last().unwrap_or(&median))
                );
                println!(
                    "gateway: one connection p50 {:.0} µs, direct {:.0} µs; {CONNECTIONS} connections {:.0}/s, direct {:.0}/s ({:.2} of direct); control plane {:.1} MiB",
                    us(c.through_gateway_alone.p50),
                    us(c.direct_alone.p50),
                    c.through_gateway.per_second,
                    c.direct.per_second,
                    c.through_gateway.per_second / c.direct.per_second,
                    c.resident,
                );
            }
            None => println!("control plane: it did not come up or refused the work"),
        }
    }
}

struct Rows<'a> {
    tenant: &'a Tenant,
    baseline: f64,
    seconds: f64,
}

impl Rows<'_> {
    async fn row<W: Work>(&self, name: &str, work: Vec<W>) {
        row(name, &self.tenant.process, &self.tenant.target, work, self.seconds, Some(self.baseline)).await;
    }
}

async fn row<W: Work>(
    name: &str,
    process: &Running,
    target: &Target,
    work: Vec<W>,
    seconds: f64,
    baseline: Option<f64>,
) -> f64 {
    let before = process.cpu();
    let m: Measured = drive(target, work, seconds).await;
    // The warm-up of half a second is in the CPU time too.
    let requests = m.per_second * (seconds + 0.5);
    let cpu = us(process.cpu().saturating_sub(before)) / requests.max(1.0);
    let ratio = baseline.map_or("1".to_owned(), |b| format!("{:.2}", m.per_second / b));
    println!(
        "| {name} | {:.0} | {ratio} | {cpu:.0} | {:.2} ms | {:.2} ms | {} |",
        m.per_second,
        ms(m.p50),
        ms(m.p99),
        m.failed
    );
    m.per_second
}

fn fixed(request: &[u8], status: u16) -> Vec<Fixed> {
    let request: Arc<[u8]> = request.into();
    (0..CONNECTIONS).map(|_| Fixed { request: request.clone(), status }).collect()
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

fn us(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}

/// The yardstick: axum with one route and nothing around it.
async fn bare_axum(port: u16) {
    let router = axum::Router::new().route("/", axum::routing::get(|| async { "hello" }));
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", port)).await.expect("the port");
    axum::serve(listener, router).await.expect("it serves");
}
