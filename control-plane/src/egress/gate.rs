//! One tenant's requests to be let out.

use std::convert::Infallible;
use std::future::Future;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::response::IntoResponse;
use http::{Method, Request, Response};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use polder_kernel::{Clock, Slug};
use polder_outbound::destination::Destination;
use polder_outbound::resolve::{self, Resolver};
use polder_service::Shutdown;
use tokio::net::TcpStream;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

use super::refusal::Refusal;
use super::rule::Rule;
use super::tunnel::{self, Passed};
use super::{Egress, Limits};
use crate::door::Door;
use crate::model::Tenant;
use crate::pace::Left;

/// What a tenant did.
#[derive(Default)]
pub struct Counts {
    opened: AtomicU64,
    refused: AtomicU64,
    failed: AtomicU64,
    passed: Passed,
}

/// [`Counts`] at a moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counted {
    /// Tunnels that were opened.
    pub opened: u64,
    /// Requests that we refused.
    pub refused: u64,
    /// Requests that came to nothing outside.
    pub failed: u64,
    /// Connections of processes that are not the tenant.
    pub strangers: u64,
    /// Bytes from the tenant, of tunnels that ended.
    pub bytes_out: u64,
    /// Bytes to the tenant, of tunnels that ended.
    pub bytes_back: u64,
}

impl Counts {
    /// The counts now, with the number of strangers at the door.
    pub fn read(&self, strangers: u64) -> Counted {
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        Counted {
            opened: read(&self.opened),
            refused: read(&self.refused),
            failed: read(&self.failed),
            strangers,
            bytes_out: read(&self.passed.out),
            bytes_back: read(&self.passed.back),
        }
    }
}

/// A tenant's gate.
pub(super) struct Gate {
    slug: Slug,
    clock: Clock,
    limits: Limits,
    resolver: Resolver,
    places: Arc<Semaphore>,
    /// The list as it is now; whoever passes watches it.
    rules: watch::Sender<Vec<Rule>>,
    spent: Mutex<Spent>,
    pub(super) door: Door,
    pub(super) counts: Counts,
}

/// What is left of the tenant's share.
struct Spent {
    tunnels: Left,
    /// In units of [`UNIT`].
    bytes: Left,
}

/// How long an answer of ours that says no is held back. An honest tenant does not notice; one that only
/// asks to keep us busy gets as many answers as it has connections in this time.
const PAUSE: Duration = Duration::from_millis(50);

/// Bytes are counted by the kibibyte.
const UNIT: u64 = 1024;

/// A tunnel about to be.
struct Way {
    place: OwnedSemaphorePermit,
    host: TcpStream,
    to: Destination,
    rules: watch::Receiver<Vec<Rule>>,
}

impl Gate {
    pub(super) fn new(egress: &Egress, clock: &Clock, tenant: &Tenant, rules: Vec<Rule>) -> Self {
        let (limits, now) = (egress.limits, clock.now());
        Self {
            slug: tenant.slug.clone(),
            clock: clock.clone(),
            limits,
            resolver: egress.resolver(),
            places: Arc::new(Semaphore::new(limits.tunnels)),
            rules: watch::Sender::new(rules),
            spent: Mutex::new(Spent { tunnels: Left::all(limits.pace, now), bytes: Left::all(limits.kibibytes, now) }),
            door: Door::new(tenant.slug.as_str(), super::SOCKET),
            counts: Counts::default(),
        }
    }

    /// The list is this one from now on. Tunnels that it does not allow end.
    pub(super) fn set(&self, rules: Vec<Rule>) {
        self.rules.send_replace(rules);
    }

    async fn way(&self, request: &Request<Incoming>) -> Result<Way, Refusal> {
        if request.method() != Method::CONNECT {
            return Err(Refusal::Method);
        }
        let authority = request.uri().authority().ok_or(Refusal::Malformed)?;
        let to = Destination::parse(authority.as_str()).ok_or(Refusal::Malformed)?;
        // Watched from before it is looked at: a change in between is not missed.
        let rules = self.rules.subscribe();
        let way = self.connect(&to).await;
        if let Err(refusal) = way {
            tracing::info!(tenant = %self.slug, %to, why = refusal.as_str(), "not let out");
        }
        let (place, host) = way?;
        Ok(Way { place, host, to, rules })
    }

    async fn connect(&self, to: &Destination) -> Result<(OwnedSemaphorePermit, TcpStream), Refusal> {
        let place = Arc::clone(&self.places).try_acquire_owned().map_err(|_| Refusal::TooMany(1))?;
        let rule = self.rules.borrow().iter().find(|rule| rule.allows(to)).cloned().ok_or(Refusal::NotAllowed)?;
        self.spend()?;
        let addresses = match rule {
            Rule::Loopback(there) => resolve::loopback(&there).ok_or(Refusal::NotAllowed)?,
            Rule::Host(_) | Rule::Below(_) => self.resolver.public(to).await?,
        };
        let connecting = tokio::time::timeout(self.limits.connect, resolve::connect(&addresses));
        let host = connecting.await.map_err(|_| Refusal::TooSlow)?.map_err(|_| Refusal::Unreachable)?;
        // Handshakes are short messages; without it they are merely slower.
        let _ = host.set_nodelay(true);
        Ok((place, host))
    }

    /// One tunnel of the tenant's share, while there are bytes left to go through it.
    fn spend(&self) -> Result<(), Refusal> {
        let now = self.clock.now();
        let mut spent = self.spent.lock().unwrap_or_else(PoisonError::into_inner);
        let until = |wait: Duration| Refusal::TooMany(wait.as_secs().saturating_add(1));
        spent.bytes.take(now).map_err(until)?;
        spent.tunnels.take(now).map_err(until)
    }

    async fn pass(&self, way: Way, upgrade: hyper::upgrade::OnUpgrade, stop: Shutdown) {
        let Way { place, host, to, mut rules } = way;
        let Ok(tenant) = upgrade.await else { return };
        let (passed, begun) = (Passed::default(), Instant::now());
        let ended = tokio::select! {
            ended = tunnel::run(TokioIo::new(tenant), host, &self.limits, &passed) => ended.as_str(),
            _ = rules.wait_for(|rules| !rules.iter().any(|rule| rule.allows(&to))) => "no longer on the allow-list",
            () = stop.wait() => "the tenant stops",
        };
        drop(place);
        let (out, back) = (passed.out.into_inner(), passed.back.into_inner());
        self.counts.passed.out.fetch_add(out, Ordering::Relaxed);
        self.counts.passed.back.fetch_add(back, Ordering::Relaxed);
        let units = u32::try_from(out.saturating_add(back) / UNIT).unwrap_or(u32::MAX);
        self.spent.lock().unwrap_or_else(PoisonError::into_inner).bytes.charge(units, self.clock.now());
        let milliseconds = begun.elapsed().as_millis();
        tracing::info!(tenant = %self.slug, %to, out, back, milliseconds, ended, "a way out was used");
    }
}

/// The gate as what a socket serves.
pub(super) fn service(
    gate: Arc<Gate>,
    stop: Shutdown,
) -> impl hyper::service::Service<
    Request<Incoming>,
    Response = Response<Body>,
    Error = Infallible,
    Future = impl Future<Output = Result<Response<Body>, Infallible>> + Send,
> + Clone
+ Send
+ 'static {
    service_fn(move |request| {
        let (gate, stop) = (Arc::clone(&gate), stop.clone());
        async move { Ok(answer(gate, request, stop).await) }
    })
}

async fn answer(gate: Arc<Gate>, mut request: Request<Incoming>, stop: Shutdown) -> Response<Body> {
    match gate.way(&request).await {
        Ok(way) => {
            gate.counts.opened.fetch_add(1, Ordering::Relaxed);
            let upgrade = hyper::upgrade::on(&mut request);
            tokio::spawn(async move { gate.pass(way, upgrade, stop).await });
            Response::new(Body::empty())
        }
        Err(refusal) => {
            let count = if refusal.is_ours() { &gate.counts.refused } else { &gate.counts.failed };
            count.fetch_add(1, Ordering::Relaxed);
            tokio::time::sleep(PAUSE).await;
            refusal.problem().into_response()
        }
    }
}
