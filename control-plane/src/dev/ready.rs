//! Waits until everything answers: tenants with all their keys, and the coaching platform.

use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::problem::Problem;
use crate::app::App;
use crate::gateway::WayState;
use crate::model::Tenant;
use crate::tenant_client;

/// Between two looks.
const PAUSE: Duration = Duration::from_millis(25);

/// Waits for these tenants and the coaching platform.
///
/// # Errors
/// When one does not answer in time.
pub async fn wait(app: &App, tenants: &[&Tenant]) -> Result<(), Problem> {
    let until = Instant::now() + app.settings.patience.start;
    for tenant in tenants {
        // The RSA key follows a moment after the first start; a client that reads the JWKS once
        // must find it there.
        while !tenant_client::health(app, tenant).await.is_ok_and(|health| health.keys_complete) {
            pause(until, tenant, "its signing keys are not complete").await?;
        }
        // It answers us before its host leads to it.
        while app.routes.state(tenant.slug.as_str()) == WayState::Closed {
            pause(until, tenant, "no request reaches it").await?;
        }
    }
    while !coaching_answers(app).await {
        if let Some(words) = app.supervisor.trouble(super::coaching::KEY) {
            return Err(Problem::Coaching(words));
        }
        if Instant::now() > until {
            return Err(Problem::Coaching("it does not answer; its log lines say why".to_owned()));
        }
        tokio::time::sleep(PAUSE).await;
    }
    super::coaching::forget_configuration(app)
}

/// Waits a moment, unless that has taken too long.
async fn pause(until: Instant, tenant: &Tenant, why: &str) -> Result<(), Problem> {
    if Instant::now() > until {
        return Err(Problem::Tenant { slug: tenant.slug.to_string(), why: why.to_owned() });
    }
    tokio::time::sleep(PAUSE).await;
    Ok(())
}

/// Whether the coaching platform answers a request, with anything that is not a failure of its own.
async fn coaching_answers(app: &App) -> bool {
    let asked = async {
        let mut stream = TcpStream::connect(app.settings.coaching_listen).await.ok()?;
        let authority = format!("localhost:{}", app.settings.coaching_listen.port());
        let request = format!("GET / HTTP/1.1\r\nHost: {authority}\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.ok()?;
        let mut head = [0; 12];
        stream.read_exact(&mut head).await.ok()?;
        Some(head.starts_with(b"HTTP/1.1 ") && head[9] < b'5')
    };
    tokio::time::timeout(Duration::from_secs(2), asked).await.ok().flatten().unwrap_or(false)
}
