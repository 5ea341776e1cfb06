//! Processor time, as the kernel counts it.

use std::fs;
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

/// What this process used since it began.
pub fn own() -> Duration {
    let used = clock_gettime(ClockId::ProcessCPUTime);
    let (seconds, nanos) = (u64::try_from(used.tv_sec), u32::try_from(used.tv_nsec));
    Duration::new(seconds.unwrap_or_default(), nanos.unwrap_or_default())
}

/// What the threads of another process used that live still. None where the kernel does not say.
pub fn of(pid: i32) -> Option<Duration> {
    let mut nanos = 0;
    for thread in fs::read_dir(format!("/proc/{pid}/task")).ok()?.flatten() {
        // The first number: nanoseconds on a processor (Linux, `sched-stats.rst`).
        let Ok(text) = fs::read_to_string(thread.path().join("schedstat")) else { continue };
        nanos += text.split(' ').next()?.parse::<u64>().ok()?;
    }
    Some(Duration::from_nanos(nanos))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_shows_in_processor_time() {
        let pid = std::process::id().cast_signed();
        // Threads of other tests end meanwhile and take their share along, but not every time.
        let grows = (0..50).any(|_| {
            let (before, seen) = (own(), of(pid).unwrap());
            while own() < before + Duration::from_millis(10) {
                std::hint::black_box(polder_crypto::sha256(&[0; 4096]));
            }
            of(pid).unwrap() > seen
        });
        assert!(grows);
        assert_eq!(of(-1), None);
    }
}
