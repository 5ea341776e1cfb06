//! What only the kernel can give: namespaces, mounts, other processes, keys, more rights (G11, G13, G32).

use std::fs;
use std::io;

use serde_json::Value;

use crate::call;
use crate::raw::plain;
use crate::report::Report;

/// Tries all of it. `processes` are ids on the host: other tenants and the control plane.
pub fn try_all(report: &mut Report, words: &Value) {
    let processes: Vec<i64> = words["processes"].as_array().into_iter().flatten().filter_map(Value::as_i64).collect();
    namespaces(report);
    mounts(report);
    others(report, &processes);
    rights(report);
    keys(report);
    machinery(report);
}

fn namespaces(report: &mut Report) {
    let kinds = [
        ("user", libc::CLONE_NEWUSER),
        ("network", libc::CLONE_NEWNET),
        ("mount", libc::CLONE_NEWNS),
        ("process", libc::CLONE_NEWPID),
        ("ipc", libc::CLONE_NEWIPC),
        ("host name", libc::CLONE_NEWUTS),
        ("cgroup", libc::CLONE_NEWCGROUP),
    ];
    for (name, flag) in kinds {
        report.tried(&format!("a new {name} namespace"), call!(libc::SYS_unshare, flag));
        let cloned = plain(libc::SYS_clone, [i64::from(flag | libc::SIGCHLD), 0, 0, 0, 0, 0]);
        if matches!(cloned, Ok(0)) {
            leave();
        }
        report.tried(&format!("a child in a new {name} namespace"), cloned);
    }
    for name in ["user", "net", "mnt", "pid", "ipc", "uts", "cgroup"] {
        let opened = call!(libc::SYS_open, format!("/proc/1/ns/{name}").as_str(), 0, 0);
        report.tried(&format!("enter the {name} namespace"), opened.and_then(|file| call!(libc::SYS_setns, file, 0)));
    }
}

fn mounts(report: &mut Report) {
    let bind = i64::try_from(libc::MS_BIND).unwrap_or(0);
    let again = i64::try_from(libc::MS_REMOUNT).unwrap_or(0);
    report.tried("mount a tmpfs", call!(libc::SYS_mount, "none", "/tmp", "tmpfs", 0, 0));
    report.tried("mount proc", call!(libc::SYS_mount, "proc", "/tmp", "proc", 0, 0));
    report.tried("mount a cgroup", call!(libc::SYS_mount, "cgroup", "/tmp", "cgroup", 0, "rdma"));
    report.tried("mount a disk", call!(libc::SYS_mount, "/dev/sda", "/tmp", "ext4", 0, 0));
    report.tried("mount a folder over another", call!(libc::SYS_mount, "/data", "/run/secrets", 0, bind, 0));
    report.tried("make the root writable", call!(libc::SYS_mount, "none", "/", 0, again, 0));
    report.tried("make the secrets writable", call!(libc::SYS_mount, "none", "/run/secrets", 0, again | bind, 0));
    report.tried("make /tmp executable", call!(libc::SYS_mount, "none", "/tmp", 0, again, 0));
    report.tried("unmount the secrets", call!(libc::SYS_umount2, "/run/secrets", 2));
    report.tried("unmount what masks the kernel", call!(libc::SYS_umount2, "/proc/kcore", 2));
    report.tried("change the root", call!(libc::SYS_pivot_root, "/data", "/data"));
    report.tried("chroot", call!(libc::SYS_chroot, "/data"));
    report.tried("open a tree", call!(libc::SYS_open_tree, libc::AT_FDCWD, "/", 1));
    report.tried("a new mount", call!(libc::SYS_fsopen, "tmpfs", 0));
}

/// Other processes, here and, by their ids on the host, elsewhere.
fn others(report: &mut Report, processes: &[i64]) {
    let own = i64::from(std::process::id());
    for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
        let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse::<i64>().ok()) else { continue };
        if pid != own {
            report.reached("another process", pid);
        }
    }
    for &pid in processes.iter().filter(|pid| **pid != own) {
        report.tried(&format!("signal {pid}"), call!(libc::SYS_kill, pid, 0));
        report.tried(&format!("trace {pid}"), call!(libc::SYS_ptrace, libc::PTRACE_ATTACH.cast_signed(), pid, 0, 0));
        report.tried(&format!("files of {pid}"), call!(libc::SYS_pidfd_open, pid, 0));
        report.tried(&format!("environment of {pid}"), fs::read(format!("/proc/{pid}/environ")));
        report.tried(&format!("root of {pid}"), fs::read_dir(format!("/proc/{pid}/root")).map(drop));
        let memory = vec![0; 64];
        report.tried(&format!("memory of {pid}"), call!(libc::SYS_process_vm_readv, pid, memory, 1, vec![0; 32], 1, 0));
        report.tried(&format!("compare with {pid}"), call!(libc::SYS_kcmp, own, pid, 0, 0, 0));
        report.tried(&format!("priority of {pid}"), call!(libc::SYS_setpriority, 0, pid, 5));
    }
}

fn rights(report: &mut Report) {
    report.tried("be root", call!(libc::SYS_setuid, 0));
    report.tried("be root's group", call!(libc::SYS_setgid, 0));
    report.tried("be another tenant", call!(libc::SYS_setresuid, 1_900_000_000, 1_900_000_000, 1_900_000_000));
    report.tried("join groups", call!(libc::SYS_setgroups, 1, vec![0; 4]));
    report.tried("give a file away", call!(libc::SYS_chown, "/data/draft", 0, 0));
    report.tried("more open files", limit(libc::RLIMIT_NOFILE.into(), 1 << 20));
    report.tried("a higher priority", call!(libc::SYS_setpriority, 0, 0, -10));
    report.tried("new privileges", fresh_privileges());
    // capset with every capability.
    let header = [0x2008_0522_u32.to_ne_bytes(), [0; 4]].concat();
    report.tried("every capability", call!(libc::SYS_capset, header, vec![0xff; 24]));
    report.tried(
        "no more seccomp",
        call!(libc::SYS_seccomp, 0, 0, 0).and_then(|_| Err::<(), _>(io::Error::other("strict"))),
    );
}

fn limit(which: i64, most: u64) -> io::Result<i64> {
    let wanted = [most.to_ne_bytes(), most.to_ne_bytes()].concat();
    call!(libc::SYS_prlimit64, 0, which, wanted, 0)
}

/// `PR_SET_NO_NEW_PRIVS` cannot be taken back.
fn fresh_privileges() -> io::Result<i64> {
    call!(libc::SYS_prctl, libc::PR_SET_NO_NEW_PRIVS, 0, 0, 0, 0)?;
    match call!(libc::SYS_prctl, libc::PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0)? {
        1 => Err(io::Error::other("still none")),
        other => Ok(other),
    }
}

fn keys(report: &mut Report) {
    report.tried("add a key", call!(libc::SYS_add_key, "user", "polder", "secret", 6, -5));
    report.tried("ask for a key", call!(libc::SYS_request_key, "user", "polder", 0, -5));
    report.tried("the session's keyring", call!(libc::SYS_keyctl, 0, -3, 1));
    report.tried("the user's keyring", call!(libc::SYS_keyctl, 0, -4, 1));
}

/// Calls that reach into the kernel itself.
fn machinery(report: &mut Report) {
    report.tried("bpf", call!(libc::SYS_bpf, 0, vec![0; 128], 128));
    report.tried("perf", call!(libc::SYS_perf_event_open, vec![0; 128], 0, -1, -1, 0));
    report.tried("userfaultfd", call!(libc::SYS_userfaultfd, 0));
    report.tried("load a module", call!(libc::SYS_init_module, vec![0; 64], 64, ""));
    report.tried("load a module by file", call!(libc::SYS_finit_module, 0, "", 0));
    report.tried("remove a module", call!(libc::SYS_delete_module, "nothing-of-this-name", 0));
    report.tried("another kernel", call!(libc::SYS_kexec_load, 0, 0, 0, 0));
    report.tried("the kernel's log", call!(libc::SYS_syslog, 10, 0, 0));
    report.tried("the clock", clock());
    report.tried("the host's name", call!(libc::SYS_sethostname, "mallory", 7));
    report.tried("swap", call!(libc::SYS_swapon, "/data/draft", 0));
    report.tried("accounting", call!(libc::SYS_acct, "/data/draft"));
    report.tried("quotas", call!(libc::SYS_quotactl, 0x0080_0001, "/dev/sda", 0, 0));
    report.tried("ports", call!(libc::SYS_iopl, 3));
    report.tried("shared memory of others", shared_memory());
}

/// Set to what it is.
fn clock() -> io::Result<i64> {
    let mut now = [0_i64; 2];
    plain(libc::SYS_clock_gettime, [0, now.as_mut_ptr() as i64, 0, 0, 0, 0])?;
    plain(libc::SYS_clock_settime, [0, now.as_ptr() as i64, 0, 0, 0, 0])
}

/// Lists are of one's own namespace: something in one that this process did not make is somebody else's.
fn shared_memory() -> io::Result<String> {
    for list in ["/proc/sysvipc/shm", "/proc/sysvipc/sem", "/proc/sysvipc/msg"] {
        let found = fs::read_to_string(list).unwrap_or_default();
        if let Some(other) = found.lines().nth(1) {
            return Ok(other.to_owned());
        }
    }
    if fs::write("/dev/shm/mark", "x").is_ok() {
        return Ok("/dev/shm".to_owned());
    }
    Err(io::Error::other("none"))
}

fn leave() -> ! {
    loop {
        drop(plain(libc::SYS_exit_group, [0; 6]));
    }
}
