//! Whose process it is, and what that lets it do.

use rustix::process::{DumpableBehavior, Gid, Resource, Rlimit, Uid, getuid, set_dumpable_behavior, setrlimit};
use rustix::thread::{
    CapabilitySet, capabilities, remove_capability_from_bounding_set, set_capabilities, set_no_new_privs,
    set_thread_groups, set_thread_res_gid, set_thread_res_uid,
};

use super::{Measure, Reach, User, failed};
use crate::startup::Refused;

/// Threads of a tenant with a user of its own: the limit counts everything of that user.
const THREADS: u64 = 256;

/// No image of the memory, with keys in it, is ever written to a disk.
pub(super) fn no_core_dumps(measures: &mut Vec<Measure>) -> Result<(), Refused> {
    setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) })
        .map_err(|error| failed("core dumps")(error.into()))?;
    measures.push(Measure::stands("core_dumps", "none are written"));
    Ok(())
}

/// No program started from here could ever hold more than this process keeps. Done while it still may, in
/// its own user name space or as root; who may not gains nothing without new privileges.
pub(super) fn narrow(reach: &Reach) {
    for capability in CapabilitySet::all().difference(kept(reach, getuid().is_root() && reach.user.is_none())).iter() {
        let _ = remove_capability_from_bounding_set(capability);
    }
}

/// From root to a user of the tenant's own, with no way back.
pub(super) fn become_user(user: User, measures: &mut Vec<Measure>) -> Result<(), Refused> {
    let (uid, gid) = (Uid::from_raw(user.uid), Gid::from_raw(user.gid));
    let changed = set_thread_groups(&[])
        .and_then(|()| set_thread_res_gid(gid, gid, gid))
        .and_then(|()| set_thread_res_uid(uid, uid, uid));
    changed.map_err(|error| failed("a user of its own (needs root)")(error.into()))?;
    setrlimit(Resource::Nproc, Rlimit { current: Some(THREADS), maximum: Some(THREADS) })
        .map_err(|error| failed("the limit on threads")(error.into()))?;
    measures.push(Measure::stands("user", format!("its own: {}:{}", user.uid, user.gid)));
    measures.push(Measure::stands("processes", format!("{THREADS} threads")));
    Ok(())
}

/// Gives up every capability, every way to gain one, and being looked into: after this no other process
/// of the same user may trace this one or read its memory and environment.
pub(super) fn give_up(reach: &Reach, measures: &mut Vec<Measure>) -> Result<(), Refused> {
    let keep = kept(reach, getuid().is_root());
    let given_up = |error: rustix::io::Errno| failed("capabilities")(error.into());
    let mut sets = capabilities(None).map_err(given_up)?;
    (sets.effective, sets.permitted) = (sets.effective & keep, sets.permitted & keep);
    sets.inheritable = CapabilitySet::empty();
    set_capabilities(None, sets).map_err(given_up)?;
    measures.push(if sets.permitted.is_empty() {
        Measure::stands("capabilities", "none")
    } else {
        Measure::missing("capabilities", format!("some are kept for root: {:?}; give --user", sets.permitted))
    });
    set_no_new_privs(true).map_err(|error| failed("no new privileges")(error.into()))?;
    measures.push(Measure::stands("no_new_privileges", "no program it starts can gain rights"));
    set_dumpable_behavior(DumpableBehavior::NotDumpable).map_err(|error| failed("tracing")(error.into()))?;
    measures.push(Measure::stands("tracing", "no other process of its user can trace it or read its memory"));
    Ok(())
}

/// Root without a user to become keeps what root's files and low ports need.
fn kept(reach: &Reach, root: bool) -> CapabilitySet {
    let mut keep = CapabilitySet::empty();
    if reach.tcp.as_ref().is_some_and(|tcp| tcp.listen.iter().any(|&port| port < 1024)) {
        keep |= CapabilitySet::NET_BIND_SERVICE;
    }
    if root {
        keep |= CapabilitySet::DAC_OVERRIDE | CapabilitySet::FOWNER;
    }
    keep
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn g11_nothing_is_kept_that_is_not_needed() {
        assert_eq!(kept(&Reach::default(), false), CapabilitySet::empty());
        let listen = [443].into();
        let reach = Reach { tcp: Some(super::super::reach::Tcp { listen, connect: None }), ..Reach::default() };
        assert_eq!(kept(&reach, false), CapabilitySet::NET_BIND_SERVICE);
        assert!(!kept(&reach, true).contains(CapabilitySet::SYS_ADMIN));
    }
}
