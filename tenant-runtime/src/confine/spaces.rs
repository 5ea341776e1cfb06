//! Name spaces of its own: a network with nothing in it, a file system with its own folders alone, no
//! shared memory and queues of others.
//!
//! Root makes them directly. Anybody else makes a user name space first, in which it may; what it may there
//! it gives up again right after ([`super::rights`]). There is no process name space: it would hide the
//! process that the control plane knows the tenant by.

use std::fs;
use std::io;

use nix::sched::{CloneFlags, unshare};
use rustix::process::{getgid, getuid};

use super::{Measure, Reach, mounts};
use crate::startup::Refused;

/// Leaves every name space that the kernel lets it leave. A tenant on TCP stays in the host's: it has to be
/// reached there.
pub(super) fn enter(reach: &Reach, measures: &mut Vec<Measure>) -> Result<(), Refused> {
    const NAMES: [&str; 3] = ["network", "file_system", "ipc"];
    if !reach.is_local() {
        measures.extend(NAMES.map(|name| Measure::missing(name, "it speaks TCP, so it stays in the host's")));
        return Ok(());
    }
    let left = match leave(reach.user.is_some()) {
        Ok(left) => left,
        Err(why) => {
            measures.extend(NAMES.map(|name| Measure::missing(name, format!("the kernel refuses: {why}"))));
            return Ok(());
        }
    };
    let has = |flag| left.contains(flag);
    if has(CloneFlags::CLONE_NEWUSER) {
        measures.push(Measure::stands("user_namespace", "rights inside it reach nothing outside"));
    }
    measures.push(if has(CloneFlags::CLONE_NEWNET) {
        Measure::stands("network", "none: a network name space with nothing in it")
    } else {
        Measure::missing("network", "the kernel refuses a network name space")
    });
    measures.push(mounts::enclose(reach)?);
    measures.push(Measure::stands("ipc", "no shared memory or message queue of others"));
    Ok(())
}

/// Leaves as many as it may at once; which ones.
fn leave(as_root: bool) -> io::Result<CloneFlags> {
    let own = CloneFlags::CLONE_NEWNS | CloneFlags::CLONE_NEWIPC | CloneFlags::CLONE_NEWUTS;
    let (user, network) = (CloneFlags::CLONE_NEWUSER, CloneFlags::CLONE_NEWNET);
    let ids = (getuid().as_raw(), getgid().as_raw());
    // Root needs no user name space, and in one could not become another user.
    let attempts: &[CloneFlags] = match (getuid().is_root(), as_root) {
        (true, true) => &[own | network, own],
        (true, false) => &[own | network, user | own | network, own, user | own],
        (false, _) => &[user | own | network, user | own],
    };
    let mut refused = io::Error::from(io::ErrorKind::Unsupported);
    for &flags in attempts {
        match unshare(flags) {
            Ok(()) => {
                if flags.contains(user) {
                    keep_ids(ids).map_err(|error| io::Error::other(format!("its own user name space: {error}")))?;
                }
                return Ok(flags);
            }
            Err(error) => refused = error.into(),
        }
    }
    Err(refused)
}

/// In the new name space it is who it was, and there is nobody else.
fn keep_ids((uid, gid): (u32, u32)) -> io::Result<()> {
    fs::write("/proc/self/setgroups", "deny")?;
    fs::write("/proc/self/uid_map", format!("{uid} {uid} 1"))?;
    fs::write("/proc/self/gid_map", format!("{gid} {gid} 1"))
}
