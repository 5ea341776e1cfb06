//! Keeps children alive, and ends them in order.

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
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

/// The children of this control plane.
pub struct Supervisor {
    notes: PathBuf,
    stop_within: Duration,
    first_pause: Duration,
    children: Mutex<HashMap<String, Kept>>,
}

struct Kept {
    stop: Shutdown,
    pid: Arc<AtomicI32>,
    trouble: Trouble,
    task: JoinHandle<()>,
}

/// What is known about the deaths of a child.
#[derive(Clone, Default)]
struct Trouble {
    died: Arc<AtomicBool>,
    words: LastWords,
}

/// A child that was started, and the tasks that log what it prints.
struct Started {
    process: tokio::process::Child,
    relays: Vec<JoinHandle<()>>,
}

/// How a child is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Health {
    /// Not wanted, or never started.
    Stopped,
    /// Wanted and dead: it is started again after a pause.
    Down,
    /// Alive, with this process id.
    Alive(i32),
}

impl Supervisor {
    /// A supervisor that keeps its notes in `notes`, gives children `stop_within` to end and waits
    /// `first_pause` before it starts a dead one again.
    pub fn new(notes: PathBuf, stop_within: Duration, first_pause: Duration) -> Self {
        Self { notes, stop_within, first_pause, children: Mutex::default() }
    }

    /// Keeps `child` alive from now on. Does nothing where that is so already.
    ///
    /// # Errors
    /// When the first start fails; then nothing is kept.
    pub fn start(&self, child: &Child) -> io::Result<()> {
        let mut children = self.children.lock().unwrap_or_else(PoisonError::into_inner);
        if children.get(&child.key).is_some_and(|kept| !kept.task.is_finished()) {
            return Ok(());
        }
        let pid = Arc::new(AtomicI32::new(0));
        let trouble = Trouble::default();
        let first = spawn(child, &self.notes, (&pid, &trouble))?;
        let stop = Shutdown::new();
        let keeper = Keeper {
            child: child.clone(),
            notes: self.notes.clone(),
            pid: Arc::clone(&pid),
            trouble: trouble.clone(),
            stop_within: self.stop_within,
            first_pause: self.first_pause,
        };
        let task = tokio::spawn(keeper.keep(first, stop.clone()));
        children.insert(child.key.clone(), Kept { stop, pid, trouble, task });
        Ok(())
    }

    /// How the child `key` is.
    pub fn health(&self, key: &str) -> Health {
        let children = self.children.lock().unwrap_or_else(PoisonError::into_inner);
        match children.get(key).map(|kept| kept.pid.load(Ordering::Acquire)) {
            None => Health::Stopped,
            Some(0) => Health::Down,
            Some(pid) => Health::Alive(pid),
        }
    }

    /// The process id of the child `key`, kept up to date; zero while it is down.
    pub fn pid(&self, key: &str) -> Option<Arc<AtomicI32>> {
        let children = self.children.lock().unwrap_or_else(PoisonError::into_inner);
        children.get(key).map(|kept| Arc::clone(&kept.pid))
    }

    /// The last words of the child `key`, if it ever ended by itself since it was started.
    pub fn trouble(&self, key: &str) -> Option<String> {
        let children = self.children.lock().unwrap_or_else(PoisonError::into_inner);
        let trouble = children.get(key).map(|kept| &kept.trouble)?;
        trouble.died.load(Ordering::Acquire).then(|| trouble.words.text())
    }

    /// Ends the child `key` and waits for that.
    pub async fn stop(&self, key: &str) {
        let kept = self.children.lock().unwrap_or_else(PoisonError::into_inner).remove(key);
        if let Some(kept) = kept {
            kept.stop.trigger();
            joined(kept.task).await;
        }
    }

    /// Ends every child, all at once, and waits for that.
    pub async fn stop_all(&self) {
        let children: Vec<Kept> =
            self.children.lock().unwrap_or_else(PoisonError::into_inner).drain().map(|(_, kept)| kept).collect();
        for kept in &children {
            kept.stop.trigger();
        }
        for kept in children {
            joined(kept.task).await;
        }
    }
}

async fn joined(task: JoinHandle<()>) {
    if let Err(error) = task.await {
        tracing::error!(%error, "a child's keeper failed");
    }
}

fn spawn(child: &Child, notes: &Path, (pid, trouble): (&AtomicI32, &Trouble)) -> io::Result<Started> {
    if let Some(prepare) = &child.prepare {
        prepare()?;
    }
    let mut process = child.command().spawn()?;
    let id = process.id().ok_or_else(|| io::Error::other("the child has no process id"))?;
    let raw = Pid::from_raw(id.cast_signed()).ok_or_else(|| io::Error::other("the child has no process id"))?;
    // One that is gone already needs neither; its keeper finds out why.
    if let Err(error) = limits::confine(raw).and_then(|()| note::write(notes, &child.key, id))
        && process.try_wait()?.is_none()
    {
        return Err(error);
    }
    pid.store(id.cast_signed(), Ordering::Release);
    let relay = |out| tokio::spawn(output::relay(child.label.clone(), out, trouble.words.clone()));
    let mut relays: Vec<JoinHandle<()>> = process.stderr.take().map(relay).into_iter().collect();
    let relay = |out| tokio::spawn(output::relay(child.label.clone(), out, LastWords::default()));
    relays.extend(process.stdout.take().map(relay));
    tracing::debug!(child = child.label, pid = id, "started");
    Ok(Started { process, relays })
}

/// Keeps one child alive.
struct Keeper {
    child: Child,
    notes: PathBuf,
    pid: Arc<AtomicI32>,
    trouble: Trouble,
    stop_within: Duration,
    first_pause: Duration,
}

impl Keeper {
    async fn keep(self, first: Started, stop: Shutdown) {
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
                self.pid.store(0, Ordering::Release);
                note::remove(&self.notes, &self.child.key);
                // What it said last is read before it counts as dead; a grandchild may keep the pipe.
                drop(tokio::time::timeout(LAST_WORDS, join_all(relays)).await);
                // One that was killed has done nothing wrong; one that gave up has something to say.
                if status.as_ref().is_ok_and(|status| status.code().is_some()) {
                    self.trouble.died.store(true, Ordering::Release);
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
            match spawn(&self.child, &self.notes, (&self.pid, &self.trouble)) {
                Ok(started) => process = Some(started),
                Err(error) => tracing::error!(child = self.child.label, %error, "cannot be started; tried again"),
            }
        }
    }

    /// A death while starting is for whoever started it to tell; a later one is news.
    fn tell(&self, status: io::Result<ExitStatus>, lived: Duration) {
        let status = status.map_or_else(|error| error.to_string(), |status| status.to_string());
        let (child, words) = (self.child.label.as_str(), self.trouble.words.text());
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
        self.pid.store(0, Ordering::Release);
        note::remove(&self.notes, &self.child.key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(folder: &Path, script: &str) -> Child {
        Child {
            key: "tenant".to_owned(),
            label: "acme".to_owned(),
            program: "/bin/sh".into(),
            arguments: vec!["-c".into(), script.into()],
            folder: folder.to_owned(),
            prepare: None,
        }
    }

    async fn until(mut condition: impl FnMut() -> bool) {
        for _ in 0..500 {
            if condition() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("it never came to that");
    }

    #[tokio::test]
    async fn k1_a_dead_child_is_started_again_and_a_stopped_one_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let notes = tempfile::tempdir().unwrap();
        let supervisor = Supervisor::new(notes.path().to_owned(), Duration::from_secs(2), Duration::from_millis(5));
        supervisor.start(&shell(folder.path(), "echo x >> starts; sleep 0.05; exit 3")).unwrap();
        let starts = || std::fs::read_to_string(folder.path().join("starts")).unwrap_or_default().lines().count();
        until(|| starts() >= 3).await;
        supervisor.stop("tenant").await;
        let after = starts();
        tokio::time::sleep(Duration::from_millis(200)).await;
        assert_eq!(starts(), after);
        assert_eq!(supervisor.health("tenant"), Health::Stopped);
        assert_eq!(std::fs::read_dir(notes.path()).unwrap().count(), 0);
    }

    #[tokio::test]
    async fn g18_a_childs_environment_is_empty_and_its_lifeline_ends_it() {
        let folder = tempfile::tempdir().unwrap();
        let notes = tempfile::tempdir().unwrap();
        let supervisor = Supervisor::new(notes.path().to_owned(), Duration::from_secs(5), Duration::from_millis(5));
        // `cat` ends when its standard input does, and ignores being asked.
        supervisor.start(&shell(folder.path(), "trap '' TERM; exec cat")).unwrap();
        let Health::Alive(pid) = supervisor.health("tenant") else { panic!("it is not alive") };
        until(|| std::fs::read_to_string(format!("/proc/{pid}/cmdline")).is_ok_and(|line| line.starts_with("cat")))
            .await;
        tokio::time::sleep(Duration::from_millis(100)).await;
        assert_eq!(supervisor.health("tenant"), Health::Alive(pid), "its lifeline was cut too early");
        let environment = std::fs::read(format!("/proc/{pid}/environ")).unwrap();
        // The shell adds its own working folder; nothing is inherited.
        let environment = String::from_utf8_lossy(&environment).into_owned();
        assert!(
            environment.split('\0').all(|pair| pair.is_empty()
                || pair.starts_with("PWD=")
                || pair.starts_with("_=")
                || pair.starts_with("OLDPWD=")
                || pair.starts_with("SHLVL=")),
            "{environment}"
        );
        tokio::time::timeout(Duration::from_secs(4), supervisor.stop("tenant")).await.unwrap();
    }

    #[tokio::test]
    async fn a_child_that_ends_by_itself_has_last_words() {
        let folder = tempfile::tempdir().unwrap();
        let notes = tempfile::tempdir().unwrap();
        let supervisor = Supervisor::new(notes.path().to_owned(), Duration::from_secs(1), Duration::from_secs(60));
        let script = r#"echo '{"level":"INFO"}' >&2; echo 'tenant.db is damaged, ask ann@example.test' >&2; exit 1"#;
        supervisor.start(&shell(folder.path(), script)).unwrap();
        until(|| supervisor.trouble("tenant").is_some()).await;
        let words = supervisor.trouble("tenant").unwrap();
        assert!(words.starts_with("tenant.db is damaged") && !words.contains("ann@"), "{words}");
        assert_eq!(supervisor.health("tenant"), Health::Down);
        supervisor.stop("tenant").await;
    }

    #[tokio::test]
    async fn a_child_that_ignores_everything_is_ended_by_force() {
        let folder = tempfile::tempdir().unwrap();
        let notes = tempfile::tempdir().unwrap();
        let supervisor = Supervisor::new(notes.path().to_owned(), Duration::from_millis(100), Duration::from_millis(5));
        supervisor.start(&shell(folder.path(), "trap '' TERM; while :; do sleep 1; done")).unwrap();
        let Health::Alive(pid) = supervisor.health("tenant") else { panic!("it is not alive") };
        supervisor.stop_all().await;
        assert!(!Path::new(&format!("/proc/{pid}")).exists());
    }
}
