//! seccomp: the list of what may be asked of the kernel. What is not on it does not exist for this process
//! (ENOSYS, which is how a library learns to do without a newer call).
//!
//! The list is of what a database file, sockets, threads and time need. It has no way to start a program or
//! a process, to trace, mount, load, change name spaces, users or clocks, no keyrings, no BPF, no io_uring,
//! and sockets of no kind that the settings do not use. Signals reach this process alone. Without TCP there
//! is no library left to load, so no memory becomes executable any more either.

use std::collections::BTreeMap;
use std::io;

use libc::c_long;
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule,
};

use super::{Measure, Reach, failed};
use crate::startup::Refused;

type Rules = BTreeMap<c_long, Vec<SeccompRule>>;

/// What is allowed whatever its arguments are.
const PLAIN: &[c_long] = &[
    // Files: SQLite, sockets' names, key files.
    libc::SYS_read,
    libc::SYS_write,
    libc::SYS_readv,
    libc::SYS_writev,
    libc::SYS_pread64,
    libc::SYS_pwrite64,
    libc::SYS_preadv,
    libc::SYS_pwritev,
    libc::SYS_openat,
    libc::SYS_openat2,
    libc::SYS_close,
    libc::SYS_close_range,
    libc::SYS_fstat,
    libc::SYS_newfstatat,
    libc::SYS_statx,
    libc::SYS_statfs,
    libc::SYS_fstatfs,
    libc::SYS_lseek,
    libc::SYS_faccessat,
    libc::SYS_faccessat2,
    libc::SYS_readlinkat,
    libc::SYS_getdents64,
    libc::SYS_getcwd,
    libc::SYS_chdir,
    libc::SYS_fcntl,
    libc::SYS_flock,
    libc::SYS_fsync,
    libc::SYS_fdatasync,
    libc::SYS_sync_file_range,
    libc::SYS_ftruncate,
    libc::SYS_truncate,
    libc::SYS_fallocate,
    libc::SYS_fadvise64,
    libc::SYS_copy_file_range,
    libc::SYS_sendfile,
    libc::SYS_mkdirat,
    libc::SYS_unlinkat,
    libc::SYS_renameat,
    libc::SYS_renameat2,
    libc::SYS_fchmod,
    libc::SYS_fchmodat,
    libc::SYS_fchown,
    libc::SYS_umask,
    libc::SYS_utimensat,
    libc::SYS_dup,
    libc::SYS_dup3,
    libc::SYS_pipe2,
    // Memory.
    libc::SYS_brk,
    libc::SYS_munmap,
    libc::SYS_mremap,
    libc::SYS_madvise,
    libc::SYS_msync,
    libc::SYS_mlock,
    libc::SYS_munlock,
    // Connections, of the kinds that sockets may have.
    libc::SYS_connect,
    libc::SYS_bind,
    libc::SYS_listen,
    libc::SYS_accept,
    libc::SYS_accept4,
    libc::SYS_sendto,
    libc::SYS_sendmsg,
    libc::SYS_sendmmsg,
    libc::SYS_recvfrom,
    libc::SYS_recvmsg,
    libc::SYS_recvmmsg,
    libc::SYS_shutdown,
    libc::SYS_getsockname,
    libc::SYS_getpeername,
    libc::SYS_getsockopt,
    libc::SYS_setsockopt,
    // Waiting, and time.
    libc::SYS_epoll_create1,
    libc::SYS_epoll_ctl,
    libc::SYS_epoll_pwait,
    libc::SYS_epoll_pwait2,
    libc::SYS_eventfd2,
    libc::SYS_timerfd_create,
    libc::SYS_timerfd_settime,
    libc::SYS_timerfd_gettime,
    libc::SYS_ppoll,
    libc::SYS_pselect6,
    libc::SYS_nanosleep,
    libc::SYS_clock_nanosleep,
    libc::SYS_clock_gettime,
    libc::SYS_clock_getres,
    libc::SYS_gettimeofday,
    libc::SYS_restart_syscall,
    // Threads, and signals to itself.
    libc::SYS_futex,
    libc::SYS_set_tid_address,
    libc::SYS_set_robust_list,
    libc::SYS_get_robust_list,
    libc::SYS_rseq,
    libc::SYS_membarrier,
    libc::SYS_sched_yield,
    libc::SYS_sched_getaffinity,
    libc::SYS_exit,
    libc::SYS_exit_group,
    libc::SYS_rt_sigaction,
    libc::SYS_rt_sigprocmask,
    libc::SYS_rt_sigreturn,
    libc::SYS_rt_sigtimedwait,
    libc::SYS_sigaltstack,
    // Who and where it is, and chance.
    libc::SYS_getrandom,
    libc::SYS_getpid,
    libc::SYS_getppid,
    libc::SYS_gettid,
    libc::SYS_getuid,
    libc::SYS_geteuid,
    libc::SYS_getgid,
    libc::SYS_getegid,
    libc::SYS_getgroups,
    libc::SYS_getresuid,
    libc::SYS_getresgid,
    libc::SYS_capget,
    libc::SYS_getrusage,
    libc::SYS_getcpu,
    libc::SYS_sysinfo,
    libc::SYS_times,
    libc::SYS_uname,
];

/// The older spellings that x86-64 has of the above.
#[cfg(target_arch = "x86_64")]
const OLDER: &[c_long] = &[
    libc::SYS_open,
    libc::SYS_stat,
    libc::SYS_lstat,
    libc::SYS_access,
    libc::SYS_readlink,
    libc::SYS_mkdir,
    libc::SYS_rmdir,
    libc::SYS_unlink,
    libc::SYS_rename,
    libc::SYS_chmod,
    libc::SYS_dup2,
    libc::SYS_pipe,
    libc::SYS_poll,
    libc::SYS_select,
    libc::SYS_epoll_wait,
    libc::SYS_epoll_create,
    libc::SYS_eventfd,
    libc::SYS_getrlimit,
    libc::SYS_arch_prctl,
    libc::SYS_time,
];
#[cfg(not(target_arch = "x86_64"))]
const OLDER: &[c_long] = &[];

/// Every way of being in other name spaces.
const NAME_SPACES: u64 = (libc::CLONE_NEWNS
    | libc::CLONE_NEWCGROUP
    | libc::CLONE_NEWUTS
    | libc::CLONE_NEWIPC
    | libc::CLONE_NEWUSER
    | libc::CLONE_NEWPID
    | libc::CLONE_NEWNET) as u64;

/// What `prctl` may do: names of threads and of memory, and looking at what is in force.
const PRCTL: [libc::c_int; 6] = [
    libc::PR_SET_NAME,
    libc::PR_GET_NAME,
    libc::PR_SET_VMA,
    libc::PR_GET_SECCOMP,
    libc::PR_GET_NO_NEW_PRIVS,
    libc::PR_GET_DUMPABLE,
];

/// What `ioctl` may do: nothing to a terminal but ask whether it is one.
const IOCTL: [libc::Ioctl; 5] = [libc::FIONREAD, libc::FIONBIO, libc::FIOCLEX, libc::TCGETS, libc::TIOCGWINSZ];

/// Puts the list in force, for every thread that comes.
pub(super) fn restrict(reach: &Reach, measures: &mut Vec<Measure>) -> Result<(), Refused> {
    let program = program(reach).map_err(failed("the list of system calls"))?;
    match seccompiler::apply_filter(&program) {
        Ok(()) => {}
        Err(seccompiler::Error::Prctl(error) | seccompiler::Error::Seccomp(error))
            if [libc::ENOSYS, libc::EINVAL].contains(&error.raw_os_error().unwrap_or(0)) =>
        {
            measures.push(Measure::missing("seccomp", "this kernel has none"));
            return Ok(());
        }
        Err(error) => return Err(failed("the list of system calls")(io::Error::other(error))),
    }
    let sockets = if reach.is_local() { "Unix sockets alone, no memory becomes executable" } else { "no raw sockets" };
    measures.push(Measure::stands("seccomp", format!("a list of what may be asked of the kernel; {sockets}")));
    Ok(())
}

fn program(reach: &Reach) -> io::Result<BpfProgram> {
    let arch = std::env::consts::ARCH.try_into().map_err(io::Error::other)?;
    let refuse = SeccompAction::Errno(libc::ENOSYS.cast_unsigned());
    let filter = rules(reach).and_then(|rules| SeccompFilter::new(rules, refuse, SeccompAction::Allow, arch));
    filter.and_then(TryInto::try_into).map_err(io::Error::other)
}

fn rules(reach: &Reach) -> Result<Rules, seccompiler::BackendError> {
    let mut rules: Rules = PLAIN.iter().chain(OLDER).map(|&call| (call, Vec::new())).collect();
    let own = u64::from(std::process::id());
    let is = |argument, value| rule(&[(argument, SeccompCmpOp::Eq, value)]);
    // A thread, in the same name spaces: never a process.
    let thread = libc::CLONE_THREAD as u64;
    rules.insert(libc::SYS_clone, vec![rule(&[(0, SeccompCmpOp::MaskedEq(thread | NAME_SPACES), thread)])?]);
    rules.insert(libc::SYS_kill, vec![is(0, own)?]);
    rules.insert(libc::SYS_tgkill, vec![is(0, own)?]);
    rules.insert(libc::SYS_prlimit64, vec![is(0, 0)?, is(0, own)?]);
    rules.insert(libc::SYS_prctl, each(&PRCTL.map(|option| option.cast_unsigned().into()), 0)?);
    rules.insert(libc::SYS_ioctl, each(&IOCTL, 1)?);
    rules.insert(libc::SYS_socketpair, vec![is(0, libc::AF_UNIX as u64)?]);
    rules.insert(libc::SYS_socket, sockets(reach)?);
    let executable = libc::PROT_EXEC as u64;
    let plain = if reach.is_local() { vec![rule(&[(2, SeccompCmpOp::MaskedEq(executable), 0)])?] } else { Vec::new() };
    rules.insert(libc::SYS_mmap, plain.clone());
    rules.insert(libc::SYS_mprotect, plain);
    Ok(rules)
}

/// The kinds of sockets it may make: never raw ones.
fn sockets(reach: &Reach) -> Result<Vec<SeccompRule>, seccompiler::BackendError> {
    let mut kinds = vec![rule(&[(0, SeccompCmpOp::Eq, libc::AF_UNIX as u64)])?];
    if !reach.is_local() {
        for (family, kind) in [
            (libc::AF_INET, libc::SOCK_STREAM),
            (libc::AF_INET, libc::SOCK_DGRAM),
            (libc::AF_INET6, libc::SOCK_STREAM),
            (libc::AF_INET6, libc::SOCK_DGRAM),
        ] {
            kinds.push(rule(&[(0, SeccompCmpOp::Eq, family as u64), (1, SeccompCmpOp::MaskedEq(0xf), kind as u64)])?);
        }
        // Resolving a name looks at which addresses the host has.
        let (family, protocol) = (libc::AF_NETLINK as u64, libc::NETLINK_ROUTE as u64);
        kinds.push(rule(&[(0, SeccompCmpOp::Eq, family), (2, SeccompCmpOp::Eq, protocol)])?);
    }
    Ok(kinds)
}

fn each(values: &[u64], argument: u8) -> Result<Vec<SeccompRule>, seccompiler::BackendError> {
    values.iter().map(|&value| rule(&[(argument, SeccompCmpOp::Eq, value)])).collect()
}

fn rule(conditions: &[(u8, SeccompCmpOp, u64)]) -> Result<SeccompRule, seccompiler::BackendError> {
    let condition = |&(argument, ref operator, value): &(u8, SeccompCmpOp, u64)| {
        SeccompCondition::new(argument, SeccompCmpArgLen::Dword, operator.clone(), value)
    };
    SeccompRule::new(conditions.iter().map(condition).collect::<Result<_, _>>()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn g32_what_breaks_out_is_not_on_the_list() {
        let local = rules(&Reach::default()).unwrap();
        for call in [
            libc::SYS_execve,
            libc::SYS_execveat,
            libc::SYS_ptrace,
            libc::SYS_process_vm_readv,
            libc::SYS_process_vm_writev,
            libc::SYS_mount,
            libc::SYS_umount2,
            libc::SYS_move_mount,
            libc::SYS_open_tree,
            libc::SYS_fsopen,
            libc::SYS_pivot_root,
            libc::SYS_chroot,
            libc::SYS_unshare,
            libc::SYS_setns,
            libc::SYS_clone3,
            libc::SYS_bpf,
            libc::SYS_perf_event_open,
            libc::SYS_keyctl,
            libc::SYS_add_key,
            libc::SYS_request_key,
            libc::SYS_userfaultfd,
            libc::SYS_io_uring_setup,
            libc::SYS_kexec_load,
            libc::SYS_init_module,
            libc::SYS_finit_module,
            libc::SYS_delete_module,
            libc::SYS_setuid,
            libc::SYS_setresuid,
            libc::SYS_capset,
            libc::SYS_seccomp,
            libc::SYS_memfd_create,
            libc::SYS_pidfd_getfd,
            libc::SYS_pidfd_send_signal,
            libc::SYS_open_by_handle_at,
            libc::SYS_name_to_handle_at,
            libc::SYS_clock_settime,
            libc::SYS_settimeofday,
            libc::SYS_reboot,
            libc::SYS_swapon,
            libc::SYS_quotactl,
            libc::SYS_acct,
            libc::SYS_personality,
            libc::SYS_shmget,
            libc::SYS_msgget,
            libc::SYS_mknodat,
            libc::SYS_symlinkat,
            libc::SYS_linkat,
        ] {
            assert!(!local.contains_key(&call), "system call {call} is on the list");
        }
        assert_eq!(local[&libc::SYS_socket].len(), 1, "Unix sockets alone");
        assert!(program(&Reach::default()).is_ok());
    }

    #[test]
    fn g14_only_who_speaks_tcp_may_make_such_a_socket() {
        let tcp = Reach { tcp: Some(super::super::reach::Tcp::default()), ..Reach::default() };
        assert_eq!(rules(&tcp).unwrap()[&libc::SYS_socket].len(), 6);
        assert!(rules(&tcp).unwrap()[&libc::SYS_mmap].is_empty(), "name resolution loads libraries");
        assert!(program(&tcp).is_ok());
    }
}
