//! The children of this control plane, of each name one at a time.

use std::collections::HashMap;
use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicI32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::future::join_all;
use polder_service::Shutdown;
use tokio::sync::watch;

use super::Child;
use super::keeper::{Keeper, State};

/// The children of this control plane.
pub struct Supervisor {
    notes: PathBuf,
    stop_within: Duration,
    first_pause: Duration,
    children: Mutex<Children>,
}

#[derive(Default)]
struct Children {
    /// Until they have ended, whoever asked for that: two of one name would work on the same files.
    kept: HashMap<String, Kept>,
    /// Nothing is started any more.
    closed: bool,
}

#[derive(Clone)]
struct Kept {
    stop: Shutdown,
    state: State,
    /// Its keeper holds the other end.
    ended: watch::Receiver<()>,
}

impl Kept {
    fn has_ended(&self) -> bool {
        self.ended.has_changed().is_err()
    }

    async fn end(mut self) {
        self.stop.trigger();
        while self.ended.changed().await.is_ok() {}
    }
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

    /// Keeps `child` alive from now on. Does nothing where that is so already; where one of its name is
    /// being ended, it waits for that first.
    ///
    /// # Errors
    /// When the first start fails, or after [`Self::stop_all`]; then nothing is kept.
    pub async fn start(&self, child: &Child) -> io::Result<()> {
        while let Some(ending) = self.start_or_wait_for(child)? {
            ending.end().await;
        }
        Ok(())
    }

    fn start_or_wait_for(&self, child: &Child) -> io::Result<Option<Kept>> {
        let mut children = self.lock();
        if children.closed {
            return Err(io::Error::other("the control plane is stopping"));
        }
        match children.kept.get(&child.key) {
            Some(kept) if kept.has_ended() => {}
            Some(kept) if kept.stop.is_triggered() => return Ok(Some(kept.clone())),
            Some(_) => return Ok(None),
            None => {}
        }
        let (state, stop) = (State::default(), Shutdown::new());
        let keeper = Keeper {
            child: child.clone(),
            notes: self.notes.clone(),
            state: state.clone(),
            stop_within: self.stop_within,
            first_pause: self.first_pause,
        };
        let first = keeper.begin()?;
        let (alive, ended) = watch::channel(());
        let stopping = stop.clone();
        tokio::spawn(async move {
            keeper.keep(first, stopping).await;
            drop(alive);
        });
        children.kept.insert(child.key.clone(), Kept { stop, state, ended });
        Ok(None)
    }

    /// How the child `key` is.
    pub fn health(&self, key: &str) -> Health {
        match self.lock().kept.get(key).filter(|kept| !kept.has_ended()) {
            None => Health::Stopped,
            Some(kept) => match kept.state.pid.load(Ordering::Acquire) {
                0 => Health::Down,
                pid => Health::Alive(pid),
            },
        }
    }

    /// The process id of the child `key`, kept up to date; zero while it is down.
    pub fn pid(&self, key: &str) -> Option<Arc<AtomicI32>> {
        self.lock().kept.get(key).map(|kept| Arc::clone(&kept.state.pid))
    }

    /// Whether this is the process id of a child that lives.
    pub fn has(&self, pid: i32) -> bool {
        pid != 0 && self.lock().kept.values().any(|kept| kept.state.pid.load(Ordering::Acquire) == pid)
    }

    /// The last words of the child `key`, if it ever ended by itself since it was started.
    pub fn trouble(&self, key: &str) -> Option<String> {
        self.lock().kept.get(key)?.state.trouble()
    }

    /// Ends the child `key` and waits for that.
    pub async fn stop(&self, key: &str) {
        let Some(kept) = self.lock().kept.get(key).cloned() else { return };
        kept.end().await;
        let mut children = self.lock();
        // Another one may have been started meanwhile.
        if children.kept.get(key).is_some_and(Kept::has_ended) {
            children.kept.remove(key);
        }
    }

    /// Ends every child, all at once, and waits for that. Nothing is started after it: who is just
    /// bringing one up would leave it behind.
    pub async fn stop_all(&self) {
        let children: Vec<Kept> = {
            let mut children = self.lock();
            children.closed = true;
            children.kept.values().cloned().collect()
        };
        join_all(children.into_iter().map(Kept::end)).await;
        self.lock().kept.clear();
    }

    fn lock(&self) -> MutexGuard<'_, Children> {
        self.children.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

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
        supervisor.start(&shell(folder.path(), "echo x >> starts; sleep 0.05; exit 3")).await.unwrap();
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
        supervisor.start(&shell(folder.path(), "trap '' TERM; exec cat")).await.unwrap();
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
        supervisor.start(&shell(folder.path(), script)).await.unwrap();
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
        supervisor.start(&shell(folder.path(), "trap '' TERM; while :; do sleep 1; done")).await.unwrap();
        let Health::Alive(pid) = supervisor.health("tenant") else { panic!("it is not alive") };
        supervisor.stop_all().await;
        assert!(!Path::new(&format!("/proc/{pid}")).exists());
    }

    /// Says so where another one of its kind is at work, and takes its time to end.
    const ALONE: &str = r#"mkdir busy || echo x >> met; trap "sleep 0.3; rmdir busy; exit" TERM; echo x >> starts
        while :; do sleep 0.01; done"#;

    #[tokio::test(flavor = "multi_thread")]
    async fn g23_one_is_started_once_the_one_before_has_ended() {
        let folder = tempfile::tempdir().unwrap();
        let notes = tempfile::tempdir().unwrap();
        let supervisor =
            Arc::new(Supervisor::new(notes.path().to_owned(), Duration::from_secs(5), Duration::from_millis(5)));
        let child = shell(folder.path(), ALONE);
        let starts = || std::fs::read_to_string(folder.path().join("starts")).unwrap_or_default().lines().count();
        supervisor.start(&child).await.unwrap();
        until(|| starts() == 1).await;
        // Whoever asked for its end lost patience: it ends all the same, and is waited for.
        assert!(tokio::time::timeout(Duration::from_millis(50), supervisor.stop("tenant")).await.is_err());
        assert!(matches!(supervisor.health("tenant"), Health::Alive(_)), "it is there until it has ended");
        supervisor.start(&child).await.unwrap();
        until(|| starts() == 2).await;
        // One that is stopped by one, and started by others at the same time.
        let (stopping, also) = (Arc::clone(&supervisor), Arc::clone(&supervisor));
        let stopped = tokio::spawn(async move { stopping.stop("tenant").await });
        let also = tokio::spawn(async move { also.stop("tenant").await });
        tokio::time::sleep(Duration::from_millis(20)).await;
        let (one, other) = tokio::join!(supervisor.start(&child), supervisor.start(&child));
        one.unwrap();
        other.unwrap();
        stopped.await.unwrap();
        also.await.unwrap();
        until(|| starts() == 3).await;
        assert!(!folder.path().join("met").exists(), "two were at work at once");
        supervisor.stop_all().await;
        assert!(!folder.path().join("busy").exists());
    }

    #[tokio::test]
    async fn g23_nothing_is_started_once_all_are_ended() {
        let folder = tempfile::tempdir().unwrap();
        let notes = tempfile::tempdir().unwrap();
        let supervisor = Supervisor::new(notes.path().to_owned(), Duration::from_secs(2), Duration::from_millis(5));
        let child = shell(folder.path(), "echo x >> starts; exec sleep 60");
        supervisor.start(&child).await.unwrap();
        supervisor.stop_all().await;
        assert!(supervisor.start(&child).await.is_err());
        assert_eq!(supervisor.health("tenant"), Health::Stopped);
        assert_eq!(std::fs::read_dir(notes.path()).unwrap().count(), 0);
    }
}
