//! Keeps one tenant's container running: looks when something happened to it, and now and then.

use std::sync::atomic::{AtomicI32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use polder_service::Shutdown;
use tokio::sync::Notify;

use super::host::{Condition, Host, Seen};
use crate::driver::{DriverError, Measure, Spec};

/// Between two looks when nothing was heard.
const LOOK: Duration = Duration::from_secs(30);

/// The longest pause between two starts of a container that keeps ending.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// A container that ran this long starts again with the first pause.
const SETTLED: Duration = Duration::from_secs(30);

/// What others may know of a container and tell its keeper.
#[derive(Clone, Default)]
pub struct State {
    /// The id of its process; zero while it is down.
    pub pid: Arc<AtomicI32>,
    /// Tells the keeper to look.
    pub nudge: Arc<Notify>,
    trouble: Arc<Mutex<Option<String>>>,
    walls: Arc<Mutex<Vec<Measure>>>,
}

impl State {
    /// The last words of a container that ended by itself.
    pub fn trouble(&self) -> Option<String> {
        self.trouble.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What is around it.
    pub fn walls(&self) -> Vec<Measure> {
        self.walls.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn see(&self, seen: &Seen) {
        self.pid.store(seen.pid, Ordering::Release);
        self.walls.lock().unwrap_or_else(PoisonError::into_inner).clone_from(&seen.walls);
        if seen.pid == 0 {
            // Over before we looked: the keeper finds out why.
            self.nudge.notify_one();
        }
    }
}

/// Keeps one container.
pub struct Keeper {
    /// Docker and what goes with it.
    pub host: Arc<Host>,
    /// What is kept.
    pub spec: Spec,
    /// What others know of it.
    pub state: State,
    /// The first pause before it is started again.
    pub first_pause: Duration,
}

impl Keeper {
    /// Starts or adopts the container.
    ///
    /// # Errors
    /// When Docker or the file system refuses.
    pub async fn begin(&self) -> Result<Seen, DriverError> {
        let seen = self.host.ensure(&self.spec).await?;
        self.state.see(&seen);
        Ok(seen)
    }

    /// Keeps the container running until `stop`, then ends and removes it.
    ///
    /// # Errors
    /// When it cannot be ended.
    pub async fn keep(self, first: Seen, stop: Shutdown) -> Result<(), DriverError> {
        let (mut seen, mut since, mut pause) = (first, Instant::now(), self.first_pause);
        loop {
            tokio::select! {
                () = stop.wait() => return self.end(&seen).await,
                () = self.state.nudge.notified() => {}
                () = tokio::time::sleep(LOOK) => {}
            }
            match self.host.condition(&self.spec, &seen).await {
                Condition::Well => continue,
                Condition::Unknown(why) => {
                    tracing::warn!(tenant = self.spec.slug, why, "Docker does not say how its container is");
                    continue;
                }
                Condition::Ended(words) => {
                    tracing::warn!(tenant = self.spec.slug, words, "its container ended by itself");
                    *self.state.trouble.lock().unwrap_or_else(PoisonError::into_inner) = Some(words);
                }
                Condition::Disturbed(what) => {
                    tracing::warn!(tenant = self.spec.slug, what, "its container is brought back");
                }
            }
            self.state.pid.store(0, Ordering::Release);
            if since.elapsed() > SETTLED {
                pause = self.first_pause;
            }
            seen = loop {
                tokio::select! {
                    () = stop.wait() => return self.end(&seen).await,
                    () = tokio::time::sleep(pause) => pause = (pause * 2).min(LONGEST_PAUSE),
                }
                match self.begin().await {
                    Ok(seen) => break seen,
                    Err(error) => tracing::warn!(tenant = self.spec.slug, %error, "its container does not start"),
                }
            };
            since = Instant::now();
        }
    }

    async fn end(&self, seen: &Seen) -> Result<(), DriverError> {
        self.state.pid.store(0, Ordering::Release);
        self.host.end(&seen.id).await?;
        let removed = self.host.delivery.remove(&self.spec.short_id);
        removed.map_err(|error| DriverError::Files("secrets in memory".to_owned(), error))
    }
}
