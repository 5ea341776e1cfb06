//! What the gateway adds to a request.
//!
//! Two yardsticks: the tenant's own Unix socket, which is where the gateway's hop ends, and a tenant
//! on a TCP port, which is what a client would speak to if there were no gateway.

use crate::asked::Asked;
use crate::dev::Dev;
use crate::http;
use crate::load::{Fixed, Target, drive};
use crate::rows::{median, us};
use crate::tenant::shared;

const ROUNDS: usize = 3;

/// Measures discovery through the gateway in turn with both yardsticks. `alone` is a tenant on a port.
pub async fn measure(asked: &mut Asked, dev: &Dev, alone: (&Target, Vec<u8>), seconds: f64) -> Option<()> {
    let request = shared(http::get(&dev.host("practice"), "/.well-known/openid-configuration", ""));
    let socket = dev.socket("practice").await?;
    let (port, on_port) = (alone.0, shared(alone.1));
    let work = |request: &std::sync::Arc<[u8]>, n: usize| {
        (0..n).map(|_| Fixed { request: request.clone(), status: 200 }).collect::<Vec<_>>()
    };
    let (mut of_port, mut of_socket, mut reached) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let to_port = drive(port, work(&on_port, 32), seconds).await.0.per_second;
        let through = drive(&dev.target, work(&request, 32), seconds).await.0.per_second;
        let to_socket = drive(&socket, work(&request, 32), seconds).await.0.per_second;
        reached.push(through);
        of_port.push(through / to_port);
        of_socket.push(through / to_socket);
    }
    let (to_port, through, to_socket) = (
        drive(port, work(&on_port, 1), seconds).await.0.p50,
        drive(&dev.target, work(&request, 1), seconds).await.0.p50,
        drive(&socket, work(&request, 1), seconds).await.0.p50,
    );
    let per_second = format!("{:.0}/s", median(reached));
    asked.at_least("gateway, 32 connections: of a tenant on TCP", (median(of_port), 0.6), "", &per_second);
    asked.told("gateway, 32 connections: of the tenant's Unix socket", &format!("{:.2}", median(of_socket)));
    let (to_port, through, to_socket) = (us(to_port), us(through), us(to_socket));
    asked.told(
        "gateway, one connection: p50",
        &format!("{through:.0} µs; a tenant on TCP {to_port:.0}, the tenant's Unix socket {to_socket:.0}"),
    );
    asked.told("gateway: memory of the control plane", &format!("{:.1} MiB", dev.process.resident()));
    Some(())
}
