//! Notes about child processes, by which the next start finds what a killed one left behind.
//!
//! A note holds the process id and the moment the kernel started it: ids are given out again, and
//! nobody else's process may be ended. Notes lie outside the tenants' folders, where a tenant that
//! was broken into could otherwise point them at any process of the same user.

use std::fs;
use std::io;
use std::path::Path;
use std::time::Duration;

use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};

/// Writes the note for the child `key` that was just started.
///
/// # Errors
/// When the note cannot be written, or the child is gone already.
pub fn write(folder: &Path, key: &str, pid: u32) -> io::Result<()> {
    fs::write(folder.join(key), format!("{pid} {}", started(pid)?))
}

/// Removes the note for a child that has ended.
pub fn remove(folder: &Path, key: &str) {
    if let Err(error) = fs::remove_file(folder.join(key)) {
        tracing::debug!(%error, key, "no note to remove");
    }
}

/// Ends every process that an earlier control plane left behind. They end by themselves once their
/// lifeline is cut; this waits for that, then asks, then insists, so that no two processes ever
/// work on one tenant's data. Gives back how many were still alive.
///
/// # Errors
/// When the notes cannot be read, or a process survives being killed.
pub async fn end_orphans(folder: &Path, patience: Duration) -> io::Result<usize> {
    let mut alive = 0;
    let notes = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(0),
        notes => notes?,
    };
    for entry in notes {
        let path = entry?.path();
        let note = fs::read_to_string(&path)?;
        if let Some((pid, at)) = parse(&note)
            && is_alive(pid, at)
        {
            alive += 1;
            end(pid, at, patience).await?;
        }
        fs::remove_file(&path)?;
    }
    Ok(alive)
}

async fn end(pid: u32, at: u64, patience: Duration) -> io::Result<()> {
    let raw = Pid::from_raw(pid.cast_signed()).ok_or(io::ErrorKind::InvalidData)?;
    let Ok(process) = pidfd_open(raw, PidfdFlags::empty()) else { return Ok(()) };
    // The descriptor now stands for whoever has the id: look again that it is still the one.
    if !is_alive(pid, at) {
        return Ok(());
    }
    for signal in [Signal::TERM, Signal::KILL] {
        if pidfd_send_signal(&process, signal).is_err() {
            return Ok(());
        }
        let rounds = patience.as_millis() / 20;
        for _ in 0..=rounds {
            if !is_alive(pid, at) {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
    Err(io::Error::other(format!("process {pid} of an earlier start does not end; end it by hand and start again")))
}

fn parse(note: &str) -> Option<(u32, u64)> {
    let (pid, at) = note.trim().split_once(' ')?;
    Some((pid.parse().ok()?, at.parse().ok()?))
}

fn is_alive(pid: u32, at: u64) -> bool {
    stat(pid).is_ok_and(|found| found.started == at && found.lives())
}

/// When the kernel started a living process, in its own ticks since boot.
fn started(pid: u32) -> io::Result<u64> {
    let found = stat(pid)?;
    if found.lives() { Ok(found.started) } else { Err(io::ErrorKind::NotFound.into()) }
}

/// What the kernel says of a process (`proc_pid_stat(5)`).
#[derive(Debug, PartialEq, Eq)]
struct Stat {
    state: char,
    threads: u32,
    started: u64,
}

impl Stat {
    /// A zombie has ended once no thread is left beside it: as long as there is one, every file, lock and socket
    /// of the process is held.
    const fn lives(&self) -> bool {
        !matches!(self.state, 'Z' | 'X') || self.threads > 1
    }

    fn parse(text: &str) -> Option<Self> {
        // The second field, the program's name, may hold spaces and brackets: count from its end.
        let mut fields = text.rsplit_once(") ")?.1.split(' ');
        let state = fields.next()?.chars().next()?;
        let threads = fields.nth(16)?.parse().ok()?;
        let started = fields.nth(1)?.parse().ok()?;
        Some(Self { state, threads, started })
    }
}

fn stat(pid: u32) -> io::Result<Stat> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat"))?;
    Stat::parse(&text).ok_or_else(|| io::ErrorKind::InvalidData.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn g23_a_process_has_ended_once_its_last_thread_has() {
        let stat = |state: &str, threads: u32| {
            let text = format!("7 (a) b) {state} 1 7 7 0 -1 4 0 0 0 0 1 2 0 0 20 0 {threads} 0 12345 0 0\n");
            Stat::parse(&text).unwrap()
        };
        assert_eq!(stat("S", 3), Stat { state: 'S', threads: 3, started: 12345 });
        assert!(stat("R", 1).lives() && stat("Z", 2).lives());
        assert!(!stat("Z", 1).lives() && !stat("Z", 0).lives());
        let own = super::stat(std::process::id()).unwrap();
        let threads = fs::read_dir("/proc/self/task").unwrap().count();
        assert!(own.lives() && own.threads > 0 && threads > 0, "{own:?}");
        assert_eq!(Stat::parse(""), None);
    }

    #[tokio::test]
    async fn g23_an_orphan_is_ended_and_a_stranger_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let mut orphan = std::process::Command::new("/bin/sleep").arg("60").spawn().unwrap();
        write(folder.path(), "tenant", orphan.id()).unwrap();
        // Somebody else's process that was given the id of a child of ours.
        let mut stranger = std::process::Command::new("/bin/sleep").arg("60").spawn().unwrap();
        fs::write(folder.path().join("other"), format!("{} 12345", stranger.id())).unwrap();

        // The test is the parent, so the ended child stays as a zombie, which counts as gone.
        assert_eq!(end_orphans(folder.path(), Duration::from_secs(2)).await.unwrap(), 1);
        assert!(!orphan.wait().unwrap().success());
        assert!(stranger.try_wait().unwrap().is_none(), "a process that is not ours was ended");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
        stranger.kill().unwrap();
        stranger.wait().unwrap();
    }
}
