//! Keeps one child alive, and ends it in order.

use std::io;
use std::path::PathBuf;
use std::process::ExitStatus;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use polder_service::Shutdown;
use rustix::process::{Pid, Signal, kill_process};
use tokio::process::ChildStdin;
use tokio::task::JoinHandle;

use super::output::{self, LastWords};
use super::{Child, limits, note};

/// The longest pause between two starts of a child that keeps dying.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// A child that lived shorter had not come up.
const STARTING: Duration = Duration::from_secs(1);

/// How long the last words of a dead child are waited for.
const LAST_WORDS: Duration = Duration::from_millis(200);

/// A child that lived this long starts again with the first pause.
const SETTLED: Duration = Duration::from_secs(30);

/// What others may know of a child.
#[derive(Clone, Default)]
pub struct State {
    /// Its process id, kept up to date; zero while it is down.
    pub pid: Arc<AtomicI32>,
    died: Arc<AtomicBool>,
    words: LastWords,
}

impl State {
    /// Its last words, if it ever ended by itself.
    pub fn trouble(&self) -> Option<String> {
        self.died.load(Ordering::Acquire).then(|| self.words.text())
    }
}

/// A child that was started, and the tasks that log what it prints.
pub struct Started {
    process: tokio::process::Child,
    relays: Vec<JoinHandle<()>>,
}

/// Keeps one child alive.
pub struct Keeper {
    /// What is kept.
    pub child: Child,
    /// The folder of notes.
    pub notes: PathBuf,
    /// What others know of it.
    pub state: State,
    /// How long it may take to end.
    pub stop_within: Duration,
    /// The first pause before it is started again.
    pub first_pause: Duration,
}

impl Keeper {
    /// Starts the child.
    ///
    /// # Errors
    /// When what it needs cannot be put in place, or the system refuses.
    pub fn begin(&self) -> io::Result<Started> {
        let Self { child, notes, state, .. } = self;
        if let Some(prepare) = &child.prepare {
            prepare()?;
        }
        let mut process = child.command().spawn()?;
        let id = process.id().ok_or_else(|| io::Error::other("the child has no process id"))?;
        let raw = Pid::from_raw(id.cast_signed()).ok_or_else(|| io::Error::other("the child has no process id"))?;
        // One that is gone already needs neither; we find out why.
        if let Err(error) = limits::confine(raw).and_then(|()| note::write(notes, &child.key, id))
            && process.try_wait()?.is_none()
        {
            return Err(error);
        }
        state.pid.store(id.cast_signed(), Ordering::Release);
        let relay = |out| tokio::spawn(output::relay(child.label.clone(), out, state.words.clone()));
        let mut relays: Vec<JoinHandle<()>> = process.stderr.take().map(relay).into_iter().collect();
        let relay = |out| tokio::spawn(output::relay(child.label.clone(), out, LastWords::default()));
        relays.extend(process.stdout.take().map(relay));
        tracing::debug!(child = child.label, pid = id, "started");
        Ok(Started { process, relays })
    }

    /// Keeps the child alive until `stop`, then ends it; returns once it has ended.
    pub async fn keep(self, first: Started, stop: Shutdown) {
        let mut process = Some(first);
        let mut pause = self.first_pause;
        loop {
            if let Some(Started { process: mut alive, relays }) = process.take() {
                let since = Instant::now();
                // Taken out, since waiting for a child closes what is left in it.
                let lifeline = alive.stdin.take();
                let ended = tokio::select! {
                    status = alive.wait() => Some(status),
                    () = stop.wait() => None,
                };
                let Some(status) = ended else { return self.end(alive, lifeline).await };
                self.state.pid.store(0, Ordering::Release);
                note::remove(&self.notes, &self.child.key);
                // What it said last is read before it counts as dead; a grandchild may keep the pipe.
                drop(tokio::time::timeout(LAST_WORDS, join_all(relays)).await);
                // One that was killed has done nothing wrong; one that gave up has something to say.
                if status.as_ref().is_ok_and(|status| status.code().is_some()) {
                    self.state.died.store(true, Ordering::Release);
                }
                self.tell(status, since.elapsed());
                if since.elapsed() > SETTLED {
                    pause = self.first_pause;
                }
            }
            tokio::select! {
                () = tokio::time::sleep(pause) => pause = (pause * 2).min(LONGEST_PAUSE),
                () = stop.wait() => return,
            }
            match self.begin() {
                Ok(started) => process = Some(started),
                Err(error) => tracing::error!(child = self.child.label, %error, "cannot be started; tried again"),
            }
        }
    }

    /// A death while starting is for whoever started it to tell; a later one is news.
    fn tell(&self, status: io::Result<ExitStatus>, lived: Duration) {
        let status = status.map_or_else(|error| error.to_string(), |status| status.to_string());
        let (child, words) = (self.child.label.as_str(), self.state.words.text());
        if lived < STARTING {
            tracing::info!(child, status, words, "ended while starting; it is started again");
        } else {
            tracing::warn!(child, status, words, "ended by itself; it is started again");
        }
    }

    /// Cuts the lifeline, asks, and at last insists.
    async fn end(&self, mut process: tokio::process::Child, lifeline: Option<ChildStdin>) {
        drop(lifeline);
        if let Some(pid) = process.id().and_then(|id| Pid::from_raw(id.cast_signed())) {
            // It may have ended on the cut lifeline already; then there is nobody to ask.
            if let Err(error) = kill_process(pid, Signal::TERM) {
                tracing::debug!(child = self.child.label, %error, "not there to be asked to end");
            }
        }
        if tokio::time::timeout(self.stop_within, process.wait()).await.is_err() {
            tracing::warn!(child = self.child.label, "does not end when asked; ended by force");
            if let Err(error) = process.kill().await {
                tracing::error!(child = self.child.label, %error, "cannot be ended");
            }
        }
        self.state.pid.store(0, Ordering::Release);
        note::remove(&self.notes, &self.child.key);
    }
}
