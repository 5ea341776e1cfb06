//! `cargo bench --package polder-tests`: what a tenant can do per second, as ratios to a bare axum
//! measured in the same run. `docs/performance.md` holds the last table and the method.
//!
//! Seconds per round, of which each row has three: 1.5 unless `POLDER_BENCH_SECONDS` says otherwise.
//! `POLDER_BENCH_ONLY` names one row by a part of its name; after the rows come `gateway`, `sleepers`,
//! `neighbour`, `server` (tenants on PostgreSQL, where `POLDER_TEST_POSTGRES` names one) and
//! `containers` (where Docker has the image of `make image`).

#![expect(clippy::expect_used, reason = "a benchmark that cannot go on stops and says where")]

mod asked;
mod browser;
mod containers;
mod dev;
mod flows;
mod gateway;
mod http;
mod load;
mod mail;
mod neighbour;
mod process;
mod rows;
mod server;
mod sleepers;
mod tenant;

use std::sync::Arc;
use std::time::Duration;

use crate::asked::Asked;
use crate::browser::Browser;
use crate::dev::Dev;
use crate::flows::{Refresh, SignIn, Silent, member};
use crate::load::{Connection, Fixed, Target};
use crate::process::{Running, free_port, until_answered};
use crate::rows::{Server, Yardstick};
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
    if let Some(plan) = setting(neighbour::FLOOD) {
        return neighbour::flood(&plan).await;
    }
    let seconds = setting("POLDER_BENCH_SECONDS").and_then(|s| s.parse().ok()).unwrap_or(1.5);
    let only = setting("POLDER_BENCH_ONLY");
    let wanted = |row: &str| only.as_deref().is_none_or(|only| only.split(',').any(|only| row.contains(only)));

    let port = free_port();
    let bare_process = Running::start(
        std::process::Command::new(std::env::current_exe().expect("a path"))
            .env("POLDER_BENCH_BARE_AXUM", port.to_string()),
    );
    let bare = Target::Tcp(port);
    let hello = http::get("localhost", "/", "");
    until_answered(&bare, &hello, Duration::from_secs(5)).await.expect("the bare server answers");
    let tenant = Arc::new(Tenant::start().await);
    let (idle, own) = (tenant.process.resident(), tenant.process.anonymous());

    rows::head();
    let server = Server { process: &bare_process, target: &bare };
    let mut yardstick = Yardstick { server, work: fixed(&hello, 200), reached: Vec::new() };
    let server = Server { process: &tenant.process, target: &tenant.target };

    let discovery = http::get(&tenant.host, "/.well-known/openid-configuration", "");
    if wanted("discovery") {
        yardstick.row("discovery", &server, fixed(&discovery, 200), seconds).await;
    }
    if wanted("JWKS") {
        yardstick.row("JWKS", &server, fixed(&http::get(&tenant.host, "/jwks.json", ""), 200), seconds).await;
    }
    let machine = http::post(&tenant.host, "/token", &tenant.machine.basic(), &[("grant_type", "client_credentials")]);
    if wanted("client_credentials") {
        yardstick.row("client_credentials", &server, fixed(&machine, 200), seconds).await;
    }

    let mut connection = Connection::open(&tenant.target).await.expect("a connection");
    let mut browser = Browser::new(&tenant.host);
    let scope = "openid email offline_access";
    let code = tenant.sign_in(&mut browser, &mut connection, "ann@example.test", scope).await.expect("ann signs in");
    let tokens = connection.send(&tenant.redeem(&tenant.web, &code)).await.expect("tokens");
    let access = member(&tokens.body, "access_token").expect("an access token");
    if wanted("introspection") {
        let request = http::post(&tenant.host, "/introspect", &tenant.web.basic(), &[("token", &access)]);
        yardstick.row("introspection", &server, fixed(&request, 200), seconds).await;
    }
    if wanted("userinfo") {
        let request = http::get(&tenant.host, "/userinfo", &format!("Authorization: Bearer {access}\r\n"));
        yardstick.row("userinfo", &server, fixed(&request, 200), seconds).await;
    }
    for (client, algorithm) in [(&tenant.web, "ES256"), (&tenant.web_rs256, "RS256")] {
        let refresh = format!("refresh, rotating, durable; {algorithm} ID token");
        if wanted(&refresh) {
            // A fresh one: the server ends connections that were idle during the rows before.
            let mut connection = Connection::open(&tenant.target).await.expect("a connection");
            let mut work = Vec::new();
            let authorize = http::get(&tenant.host, &tenant.authorize_path(client, scope), &browser.cookie_line());
            for _ in 0..CONNECTIONS {
                let answer = connection.send(&authorize).await.expect("an answer");
                let code = answer.header("location").and_then(tenant::code_of).expect("a code");
                let tokens = connection.send(&tenant.redeem(client, &code)).await.expect("tokens");
                let token = member(&tokens.body, "refresh_token").expect("a refresh token");
                work.push(Refresh { tenant: tenant.clone(), client: client.clone(), token });
            }
            yardstick.row(&refresh, &server, work, seconds).await;
        }
        let flow = format!("authorize + code redemption, durable; {algorithm} ID token");
        if wanted(&flow) {
            let path = tenant.authorize_path(client, "openid email");
            let authorize = shared(http::get(&tenant.host, &path, &browser.cookie_line()));
            let work = |_| Silent { tenant: tenant.clone(), client: client.clone(), authorize: authorize.clone() };
            yardstick.row(&flow, &server, (0..CONNECTIONS).map(work).collect(), seconds).await;
        }
    }
    if wanted("sign-in") {
        // One after another: what a single person waits for the server in all. Asking for a code and
        // proving it are answered in steps of 50 ms, which is most of it.
        let work = vec![SignIn { tenant: tenant.clone(), people: 0 }];
        yardstick.row("whole sign-in by e-mail code, one person at a time", &server, work, seconds).await;
    }
    yardstick.print();
    let mut asked = Asked::default();
    let (now, its_own) = (tenant.process.resident(), tenant.process.anonymous());
    let more = format!("{own:.1} of it the process's own; after the load {now:.1}, {its_own:.1} its own");
    asked.at_most("a tenant's idle memory", (idle, 15.0), "MiB", &more);
    let starts = tenant.starts.clone();
    let (middle, more) = asked::middle_and_worst(starts);
    asked.at_most("a tenant from exec to its first 200", (middle, 40.0), "ms", &more);
    control_plane(&mut asked, &tenant, (seconds, &wanted)).await;
    asked.print();
}

/// What is measured of the control plane, or with it.
async fn control_plane(asked: &mut Asked, tenant: &Tenant, (seconds, wanted): (f64, &impl Fn(&str) -> bool)) {
    let discovery = http::get(&tenant.host, "/.well-known/openid-configuration", "");
    if ["gateway", "sleepers", "neighbour"].iter().any(|row| wanted(row)) {
        let Some(mut dev) = Dev::start(&[]).await else {
            return asked.missing("the control plane", "it does not come up");
        };
        if wanted("gateway") && gateway::measure(asked, &dev, (&tenant.target, discovery), seconds).await.is_none() {
            asked.missing("the gateway", "it refused the work");
        }
        if wanted("sleepers") && sleepers::measure(asked, &mut dev).await.is_none() {
            asked.missing("sleeping tenants", "one was not made, or did not wake");
        }
        if wanted("neighbour") && neighbour::measure(asked, &mut dev, seconds).await.is_none() {
            asked.missing("a noisy neighbour", "the quiet one was refused");
        }
    }
    if wanted("server") {
        server::measure(asked).await;
    }
    if wanted("containers") {
        containers::measure(asked).await;
    }
}

fn fixed(request: &[u8], status: u16) -> Vec<Fixed> {
    let request: Arc<[u8]> = request.into();
    (0..CONNECTIONS).map(|_| Fixed { request: request.clone(), status }).collect()
}

/// The yardstick: axum with one route and nothing around it.
async fn bare_axum(port: u16) {
    let router = axum::Router::new().route("/", axum::routing::get(|| async { "hello" }));
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", port)).await.expect("the port");
    axum::serve(listener, router).await.expect("it serves");
}
