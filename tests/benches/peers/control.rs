//! The control plane under measurement: how long a tenant takes from asked-for to running, and what
//! the gateway adds to a request.

use std::process::Command;
use std::time::{Duration, Instant};

use crate::http;
use crate::load::{Connection, Fixed, Measured, Target, drive};
use crate::process::{Running, free_port, program};
use crate::tenant::shared;

/// What was measured.
pub struct Control {
    /// Each when the machine has calmed down from the one before, whose RSA key is made meanwhile; sorted.
    pub create_alone: Vec<Duration>,
    /// One right after the other; sorted.
    pub create_in_a_row: Vec<Duration>,
    pub through_gateway: Measured,
    pub direct: Measured,
    pub through_gateway_alone: Measured,
    pub direct_alone: Measured,
    pub resident: f64,
}

/// Runs `polder dev` and measures.
pub async fn measure(seconds: f64) -> Option<Control> {
    let folder = tempfile::tempdir().ok()?;
    let data = folder.path().join("polder");
    let (port, coaching) = (free_port(), free_port());
    let process = Running::start(Command::new(program("polder")).arg("dev").arg("--data").arg(&data).args([
        "--listen",
        &format!("127.0.0.1:{port}"),
        "--coaching-listen",
        &format!("127.0.0.1:{coaching}"),
    ]));
    let began = Instant::now();
    let settings: serde_json::Value = loop {
        if let Some(settings) = std::fs::read(data.join("dev.json")).ok().and_then(|t| serde_json::from_slice(&t).ok())
        {
            break settings;
        }
        if began.elapsed() > Duration::from_secs(60) {
            return None;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    let bearer = format!("Authorization: Bearer {}\r\n", settings["api_key"].as_str()?);
    let target = Target::Tcp(port);
    let console = format!("console.localhost:{port}");
    let mut connection = Connection::open(&target).await.ok()?;
    let (mut create_alone, mut create_in_a_row) = (Vec::new(), Vec::new());
    for n in 0..7 {
        tokio::time::sleep(Duration::from_secs(2)).await;
        create_alone.push(create(&mut connection, (&console, &bearer), n).await?);
    }
    for n in 7..14 {
        create_in_a_row.push(create(&mut connection, (&console, &bearer), n).await?);
    }
    create_alone.sort_unstable();
    create_in_a_row.sort_unstable();
    tokio::time::sleep(Duration::from_secs(2)).await;
    let host = format!("practice.localhost:{port}");
    let request = shared(http::get(&host, "/.well-known/openid-configuration", ""));
    let socket = find_socket(&data, &request).await?;
    let work = |n: usize| (0..n).map(|_| Fixed { request: request.clone(), status: 200 }).collect::<Vec<_>>();
    let direct = drive(&socket, work(32), seconds).await.0;
    let through_gateway = drive(&target, work(32), seconds).await.0;
    let direct_alone = drive(&socket, work(1), seconds).await.0;
    let through_gateway_alone = drive(&target, work(1), seconds).await.0;
    let resident = process.resident();
    // Let it end its children itself.
    let _ = Command::new("kill").args(["-TERM", &process.0.id().to_string()]).status();
    tokio::time::sleep(Duration::from_secs(1)).await;
    Some(Control {
        create_alone,
        create_in_a_row,
        through_gateway,
        direct,
        through_gateway_alone,
        direct_alone,
        resident,
    })
}

/// Asks for a tenant and looks until it runs.
async fn create(connection: &mut Connection, (console, bearer): (&str, &str), n: u32) -> Option<Duration> {
    let body = format!(r#"{{"slug":"bench-{n}","name":"Bench {n}"}}"#);
    let asked = format!(
        "POST /api/v1/tenants HTTP/1.1\r\nHost: {console}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n{bearer}\r\n{body}",
        body.len()
    );
    let shown = http::get(console, &format!("/api/v1/tenants/bench-{n}"), bearer);
    let began = Instant::now();
    if connection.send(asked.as_bytes()).await.ok()?.status != 202 {
        return None;
    }
    while began.elapsed() < Duration::from_secs(20) {
        let shown = connection.send(&shown).await.ok()?;
        if String::from_utf8_lossy(&shown.body).contains("\"running\"") {
            return Some(began.elapsed());
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    None
}

/// The public socket of the tenant that answers for the request's host.
async fn find_socket(data: &std::path::Path, request: &[u8]) -> Option<Target> {
    for entry in std::fs::read_dir(data.join("tenants")).ok()?.flatten() {
        let target = Target::Unix(entry.path().join("run").join("public.sock"));
        if let Ok(mut connection) = Connection::open(&target).await
            && connection.send(request).await.is_ok_and(|answer| answer.status == 200)
        {
            return Some(target);
        }
    }
    None
}
