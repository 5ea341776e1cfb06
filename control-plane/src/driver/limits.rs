//! Resource limits of a child process.

use std::io;

use rustix::process::{Pid, Resource, Rlimit, getrlimit, prlimit, setrlimit};

/// Files and sockets a tenant may hold open at once.
const OPEN_FILES: u64 = 4096;

/// Memory a tenant may write to, in bytes. `RLIMIT_DATA` counts private writable memory only;
/// `RLIMIT_AS` would count reserved address space too and break threads.
const DATA: u64 = 1 << 30;

/// The largest file a tenant may write, in bytes.
const FILE_SIZE: u64 = 64 << 30;

/// Puts the limits on a child that was just started. `RLIMIT_NPROC` is left alone: it counts every
/// process of the user, not of the child.
///
/// # Errors
/// When the kernel refuses, or the child is gone already.
pub fn confine(pid: Pid) -> io::Result<()> {
    for (resource, most) in
        [(Resource::Core, 0), (Resource::Nofile, OPEN_FILES), (Resource::Data, DATA), (Resource::Fsize, FILE_SIZE)]
    {
        let most = getrlimit(resource).maximum.map_or(most, |hard| hard.min(most));
        prlimit(Some(pid), resource, Rlimit { current: Some(most), maximum: Some(most) })?;
    }
    Ok(())
}

/// The limits, for people.
pub fn in_words() -> String {
    format!(
        "no core dumps, {OPEN_FILES} open files, {} MiB of memory written to, files of {} GiB",
        DATA >> 20,
        FILE_SIZE >> 30
    )
}

/// Lets the control plane itself open as many files as it is allowed to: every client and every
/// tenant is a socket.
///
/// # Errors
/// When the kernel refuses.
pub fn widen_own() -> io::Result<()> {
    let mut files = getrlimit(Resource::Nofile);
    files.current = files.maximum;
    setrlimit(Resource::Nofile, files)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn k1_a_child_is_confined() {
        let mut child = tokio::process::Command::new("/bin/sleep").arg("60").kill_on_drop(true).spawn().unwrap();
        let pid = child.id().unwrap();
        confine(Pid::from_raw(pid.cast_signed()).unwrap()).unwrap();
        let limits = std::fs::read_to_string(format!("/proc/{pid}/limits")).unwrap();
        let row = |name: &str| limits.lines().find(|line| line.starts_with(name)).unwrap().to_owned();
        assert!(row("Max core file size").split_whitespace().nth(4) == Some("0"), "{limits}");
        assert!(row("Max data size").contains(&DATA.to_string()), "{limits}");
        child.kill().await.unwrap();
    }
}
