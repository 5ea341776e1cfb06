//! One tenant's requests to be let out.

use std::convert::Infallible;
use std::future::Future;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use axum::body::Body;
use axum::response::IntoResponse;
use http::{Method, Request, Response};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use polder_db::Db;
use polder_kernel::Slug;
use polder_outbound::destination::Destination;
use polder_outbound::resolve::{self, Resolver};
use polder_service::Shutdown;
use tokio::net::TcpStream;
use tokio::net::unix::UCred;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::refusal::Refusal;
use super::rule::Rule;
use super::tunnel::{self, Passed};
use super::{Egress, Limits};
use crate::driver::Peer;
use crate::model::{Tenant, TenantId};
use crate::store::egress_rules;

/// What a tenant did.
#[derive(Default)]
pub struct Counts {
    opened: AtomicU64,
    refused: AtomicU64,
    failed: AtomicU64,
    strangers: AtomicU64,
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
    /// The counts now.
    pub fn read(&self) -> Counted {
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        Counted {
            opened: read(&self.opened),
            refused: read(&self.refused),
            failed: read(&self.failed),
            strangers: read(&self.strangers),
            bytes_out: read(&self.passed.out),
            bytes_back: read(&self.passed.back),
        }
    }
}

/// A tenant's gate.
pub(super) struct Gate {
    db: Db,
    tenant: TenantId,
    slug: Slug,
    dev: bool,
    limits: Limits,
    resolver: Resolver,
    places: Arc<Semaphore>,
    peer: Mutex<Option<Peer>>,
    pub(super) counts: Counts,
}

/// A tunnel about to be.
struct Way {
    place: OwnedSemaphorePermit,
    host: TcpStream,
    to: Destination,
}

impl Gate {
    pub(super) fn new(egress: &Egress, db: Db, tenant: &Tenant) -> Self {
        Self {
            db,
            tenant: tenant.id,
            slug: tenant.slug.clone(),
            dev: egress.dev,
            limits: egress.limits,
            resolver: egress.resolver(),
            places: Arc::new(Semaphore::new(egress.limits.tunnels)),
            peer: Mutex::default(),
            counts: Counts::default(),
        }
    }

    pub(super) fn admit(&self, peer: Option<Peer>) {
        *self.peer.lock().unwrap_or_else(PoisonError::into_inner) = peer;
    }

    /// Whether a connection comes from the tenant's process.
    pub(super) fn admits(&self, other: &UCred) -> bool {
        let admitted =
            self.peer.lock().unwrap_or_else(PoisonError::into_inner).as_ref().is_some_and(|peer| peer.is(other));
        if !admitted {
            self.counts.strangers.fetch_add(1, Ordering::Relaxed);
            tracing::warn!(tenant = %self.slug, pid = other.pid(), uid = other.uid(), "a stranger on a tenant's way out");
        }
        admitted
    }

    async fn way(&self, request: &Request<Incoming>) -> Result<Way, Refusal> {
        if request.method() != Method::CONNECT {
            return Err(Refusal::Method);
        }
        let authority = request.uri().authority().ok_or(Refusal::Malformed)?;
        let to = Destination::parse(authority.as_str()).ok_or(Refusal::Malformed)?;
        let way = self.connect(&to).await;
        if let Err(refusal) = way {
            tracing::info!(tenant = %self.slug, %to, why = refusal.as_str(), "not let out");
        }
        let (place, host) = way?;
        Ok(Way { place, host, to })
    }

    async fn connect(&self, to: &Destination) -> Result<(OwnedSemaphorePermit, TcpStream), Refusal> {
        let place = Arc::clone(&self.places).try_acquire_owned().map_err(|_| Refusal::TooMany)?;
        let rule = self.rule_for(to).await?;
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

    /// The rule that allows a destination, as the list is now.
    async fn rule_for(&self, to: &Destination) -> Result<Rule, Refusal> {
        let listed = async { egress_rules::of_tenant(&mut self.db.read().await?, self.tenant).await };
        let rows = listed.await.map_err(|error: polder_db::Error| {
            tracing::error!(tenant = %self.slug, %error, "the list of a tenant's ways out cannot be read");
            Refusal::Database
        })?;
        // A stored rule that does not hold here, such as one of development, is none.
        let rules = rows.iter().filter_map(|row| Rule::parse(&row.host, self.dev).ok());
        rules.into_iter().find(|rule| rule.allows(to)).ok_or(Refusal::NotAllowed)
    }

    async fn pass(&self, way: Way, upgrade: hyper::upgrade::OnUpgrade, stop: Shutdown) {
        let Way { place, host, to } = way;
        let Ok(tenant) = upgrade.await else { return };
        let (passed, begun) = (Passed::default(), Instant::now());
        let ended = tokio::select! {
            ended = tunnel::run(TokioIo::new(tenant), host, &self.limits, &passed) => ended.as_str(),
            () = stop.wait() => "the tenant stops",
        };
        drop(place);
        let (out, back) = (passed.out.into_inner(), passed.back.into_inner());
        self.counts.passed.out.fetch_add(out, Ordering::Relaxed);
        self.counts.passed.back.fetch_add(back, Ordering::Relaxed);
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
            refusal.problem().into_response()
        }
    }
}
