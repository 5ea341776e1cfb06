//! The Docker driver: one container per tenant.
//!
//! ```text
//!            no container                 labels and flags as wanted
//!  start ──────────────────> create, start ──────> kept <────────────── adopted after a restart
//!                                 ^                 │ Docker's events, and a look now and then
//!                    pause, doubling                v
//!                                 └──── stopped, removed or changed by somebody, or ended by itself
//! ```
//!
//! A container outlives the control plane: a killed one finds its tenants serving and adopts them. It
//! is known by its labels, and counts as ours only while everything we asked for is still so.
//! Whoever may speak to Docker is root on the host: the control plane is trusted with it, and
//! tenants come nowhere near its socket.

pub mod container;
pub mod daemon;
pub mod delivery;
pub mod drift;
pub mod host;
pub mod keeper;
pub mod walls;
pub mod watch;

use std::collections::HashMap;
use std::path::Path;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::future::join_all;
use futures_util::stream::iter;
use polder_kernel::Entropy;
use polder_service::Shutdown;
use tokio::sync::RwLock;
use tokio::task::JoinHandle;

use super::users::Users;
use super::{DriverError, Measure, Peer, Spec, users};
use container::{INSTALLATION, SHORT_ID};
use daemon::Daemon;
pub use daemon::{DaemonError, Settings};
use delivery::Delivery;
use host::Host;
use keeper::{Keeper, State};

/// How long whoever is just starting a container is waited for as the driver is let go.
const STARTING: Duration = Duration::from_secs(10);

/// How many containers are ended at a time.
const AT_A_TIME: usize = 8;

/// The Docker driver.
pub struct DockerDriver {
    host: Arc<Host>,
    containers: Arc<Containers>,
    first_pause: Duration,
    stop: Shutdown,
    watching: Mutex<Option<JoinHandle<()>>>,
    /// Held for reading by whoever is starting a container.
    starting: RwLock<()>,
}

/// The containers that are kept, by short id.
#[derive(Default)]
pub struct Containers(Mutex<HashMap<String, Kept>>);

struct Kept {
    spec: Spec,
    stop: Shutdown,
    state: State,
    task: JoinHandle<Result<(), DriverError>>,
}

impl Containers {
    fn nudge(&self, short_id: &str) {
        if let Some(kept) = self.0.lock().unwrap_or_else(PoisonError::into_inner).get(short_id) {
            kept.state.nudge.notify_one();
        }
    }

    fn nudge_all_but(&self, well: &[String]) {
        for (short_id, kept) in self.0.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            if !well.contains(short_id) {
                kept.state.nudge.notify_one();
            }
        }
    }

    fn state(&self, short_id: &str) -> Option<State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(short_id).map(|kept| kept.state.clone())
    }

    /// Whether exactly this is kept.
    fn has(&self, spec: &Spec) -> bool {
        let containers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        containers.get(&spec.short_id).is_some_and(|kept| kept.spec == *spec && !kept.task.is_finished())
    }

    fn take(&self, short_id: &str) -> Option<Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(short_id)
    }
}

impl DockerDriver {
    /// A driver that keeps what it must remember in `folder`, gives containers `stop_within` to end and
    /// waits `first_pause` before it starts one again.
    ///
    /// # Errors
    /// When Docker cannot be used, or a file.
    pub async fn open(
        settings: &Settings,
        folder: &Path,
        entropy: &Entropy,
        (stop_within, first_pause): (Duration, Duration),
    ) -> Result<Self, DriverError> {
        let files = |error| DriverError::Files(folder.display().to_string(), error);
        let daemon = Daemon::reach(settings).await?;
        let installation = users::installation(folder, entropy).map_err(files)?;
        let users = Users::open(folder, &installation).map_err(files)?;
        let delivery =
            Delivery::open(&installation).map_err(|error| DriverError::Files("secrets in memory".to_owned(), error))?;
        let spellings = Mutex::default();
        let host = Arc::new(Host { daemon, installation, delivery, users, stop_within, spellings });
        let (containers, stop) = (Arc::new(Containers::default()), Shutdown::new());
        let watching = tokio::spawn({
            let (host, containers, stop) = (Arc::clone(&host), Arc::clone(&containers), stop.clone());
            async move { watch::watch(&host, &containers, stop).await }
        });
        Ok(Self {
            host,
            containers,
            first_pause,
            stop,
            watching: Mutex::new(Some(watching)),
            starting: RwLock::default(),
        })
    }

    /// Keeps the tenant's container running from now on. One that runs is adopted.
    ///
    /// # Errors
    /// When Docker or the file system refuses, or after [`Self::close`]; then nothing is kept.
    pub async fn start(&self, spec: &Spec) -> Result<(), DriverError> {
        let _starting = self.starting.read().await;
        if self.stop.is_triggered() {
            return Err(DriverError::Closed);
        }
        if self.containers.has(spec) {
            return Ok(());
        }
        if let Some(other) = self.containers.take(&spec.short_id) {
            end(other).await?;
        }
        let state = State::default();
        let keeper = Keeper {
            host: Arc::clone(&self.host),
            spec: spec.clone(),
            state: state.clone(),
            first_pause: self.first_pause,
        };
        let first = keeper.begin().await?;
        let stop = Shutdown::new();
        let task = tokio::spawn(keeper.keep(first, stop.clone()));
        let kept = Kept { spec: spec.clone(), stop, state, task };
        self.containers.0.lock().unwrap_or_else(PoisonError::into_inner).insert(spec.short_id.clone(), kept);
        Ok(())
    }

    /// Ends and removes the tenant's container, kept or not.
    ///
    /// # Errors
    /// When Docker refuses.
    pub async fn stop(&self, short_id: &str) -> Result<(), DriverError> {
        match self.containers.take(short_id) {
            Some(kept) => end(kept).await,
            None => {
                self.host.end_all_of(short_id).await?;
                let removed = self.host.delivery.remove(short_id);
                removed.map_err(|error| DriverError::Files("secrets in memory".to_owned(), error))
            }
        }
    }

    /// Ends containers of this installation that nobody keeps: those of tenants that were suspended or
    /// removed while no control plane ran.
    ///
    /// # Errors
    /// When Docker refuses.
    pub async fn end_strays(&self) -> Result<(), DriverError> {
        for found in self.host.list(None).await? {
            let short_id = found.labels.unwrap_or_default().remove(SHORT_ID).unwrap_or_default();
            if self.containers.state(&short_id).is_none() {
                tracing::info!(short_id, "a container that nobody keeps is ended");
                self.host.end(&found.id.unwrap_or_default()).await?;
                let removed = self.host.delivery.remove(&short_id);
                removed.map_err(|error| DriverError::Files("secrets in memory".to_owned(), error))?;
            }
        }
        Ok(())
    }

    /// Ends and removes every container, as the control plane stops in good order. Who is just starting
    /// one is waited for, and nothing is started after it: nobody would keep it.
    pub async fn close(&self) {
        self.stop.trigger();
        // Not for ever, where Docker does not answer: the next start adopts or ends what comes of it.
        drop(tokio::time::timeout(STARTING, self.starting.write()).await);
        let kept: Vec<Kept> = {
            let mut containers = self.containers.0.lock().unwrap_or_else(PoisonError::into_inner);
            containers.drain().map(|(_, kept)| kept).collect()
        };
        for failed in join_all(kept.into_iter().map(end)).await.into_iter().filter_map(Result::err) {
            tracing::error!(error = %failed, "a container stays; the next start adopts or ends it");
        }
        let watching = self.watching.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(watching) = watching {
            drop(watching.await);
        }
        self.host.delivery.close();
    }

    /// Whether the tenant's container runs.
    pub fn running(&self, short_id: &str) -> bool {
        self.containers.state(short_id).is_some_and(|state| state.pid.load(Ordering::Acquire) != 0)
    }

    /// The container's process: as the host sees it, which is how it shows on a socket.
    pub fn peer(&self, short_id: &str) -> Option<Peer> {
        let state = self.containers.state(short_id)?;
        let user = self.host.users.of(short_id).ok()?;
        Some(Peer::new(state.pid, user.uid))
    }

    /// The last words of a container that ended by itself since it was started.
    pub fn trouble(&self, short_id: &str) -> Option<String> {
        self.containers.state(short_id)?.trouble()
    }

    /// What Docker put around the tenant.
    pub fn isolation(&self, short_id: &str) -> Vec<Measure> {
        self.containers.state(short_id).map(|state| state.walls()).unwrap_or_default()
    }
}

async fn end(kept: Kept) -> Result<(), DriverError> {
    kept.stop.trigger();
    kept.task.await.map_err(|error| DriverError::Keeper(error.to_string()))?
}

/// Ends what a control plane that was killed left in Docker, for one that runs its tenants otherwise
/// now: no two runtimes ever work on one tenant's data. Gives back how many there were.
///
/// # Errors
/// When Docker does not answer. Then nothing is known.
pub async fn end_orphans(host: &str, folder: &Path) -> Result<usize, DriverError> {
    let Ok(installation) = std::fs::read_to_string(folder.join("installation")) else { return Ok(0) };
    let docker = daemon::connect(host).await?;
    let filters = Some(HashMap::from([("label".to_owned(), vec![format!("{INSTALLATION}={installation}")])]));
    let options = bollard::query_parameters::ListContainersOptions { all: true, filters, ..Default::default() };
    let found = docker.list_containers(Some(options)).await?;
    let count = found.len();
    let ended = iter(found).map(|container| {
        let docker = docker.clone();
        async move {
            let id = container.id.unwrap_or_default();
            docker.stop_container(&id, None).await.or_else(|error| match error {
                bollard::errors::Error::DockerResponseServerError { status_code: 304 | 404, .. } => Ok(()),
                error => Err(error),
            })?;
            let force = bollard::query_parameters::RemoveContainerOptions { force: true, ..Default::default() };
            docker.remove_container(&id, Some(force)).await
        }
    });
    let ended: Vec<Result<(), bollard::errors::Error>> = ended.buffer_unordered(AT_A_TIME).collect().await;
    ended.into_iter().collect::<Result<(), _>>()?;
    Ok(count)
}
