//! `cargo bench --package polder-tests`: what a tenant can do per second, as ratios to a bare axum
//! measured in the same run. `docs/performance.md` holds the last table and the method.
//!
//! Seconds per round, of which each row has three: 3 unless `POLDER_BENCH_SECONDS` says otherwise.
//! `POLDER_BENCH_ONLY` names one row by a part of its name.

mod browser;
mod control;
mod flows;
mod http;
mod load;
mod mail;
mod process;
mod rows;
mod tenant;

use std::sync::Arc;
use std::time::Duration;

use crate::browser::Browser;
use crate::flows::{Refresh, SignIn, Silent, member};
use crate::load::{Connection, Fixed, Target};
use crate::process::{Running, free_port, until_answered};
use crate::rows::{Server, Yardstick, ms, us};
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
    let seconds = setting("POLDER_BENCH_SECONDS").and_then(|s| s.parse().ok()).unwrap_or(3.0);
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
    println!(
        "idle memory {idle:.1} MiB, {own:.1} of it the process's own; after the load {:.1} MiB, {:.1} its own",
        tenant.process.resident(),
        tenant.process.anonymous(),
    );
    println!(
        "exec to first 200: median of {} starts {:.1} ms, worst {:.1} ms",
        tenant.starts.len(),
        ms(tenant.starts[tenant.starts.len() / 2]),
        ms(tenant.starts[tenant.starts.len() - 1]),
    );
    drop(tenant);
    if wanted("control") {
        match control::measure(seconds).await {
            Some(c) => {
                let (alone, queued) = (&c.create_alone, &c.create_in_a_row);
                println!(
                    "create tenant to running: one alone, median of {} {:.0} ms, worst {:.0} ms; {} in a row, median {:.0} ms",
                    alone.len(),
                    ms(alone[alone.len() / 2]),
                    ms(alone[alone.len() - 1]),
                    queued.len(),
                    ms(queued[queued.len() / 2]),
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
