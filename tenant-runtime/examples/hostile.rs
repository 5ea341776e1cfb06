//! What somebody who broke into a tenant tries: confined as a tenant is, it goes for everything else, and
//! says how far it came. For `tests/confinement`, which starts it.
//!
//! `hostile RUN_AS DATA RUN SECRET OTHER_FILE OTHER_SOCKET ABSTRACT_SOCKET TCP_PORT SIBLING_PID`, where RUN_AS
//! is `UID:GID`, `-` to stay who it is, or `free` to be confined by nothing at all. Prints one JSON object
//! per line: first the measures, then the attempts.

#![expect(unsafe_code, reason = "an attacker does not keep to safe calls")]
#![expect(clippy::unwrap_used, reason = "a program of the tests")]

use std::ffi::CString;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::process::Command;

use polder_tenant_runtime::confine::{Reach, confine};
use serde_json::json;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [user, data, run, secret, file, socket, abstract_socket, port, sibling] = arguments.as_slice() else {
        panic!("nine arguments");
    };
    let reach = Reach {
        data: [PathBuf::from(data)].into(),
        sockets: [PathBuf::from(run)].into(),
        files: [PathBuf::from(secret)].into(),
        tcp: None,
        user: user.parse().ok(),
    };
    let measures = if user == "free" { Vec::new() } else { confine(&reach).unwrap() };
    println!("{}", json!({ "measures": measures }));

    // What a tenant needs goes on working.
    let own = Path::new(data).join("tenant.db");
    tell("own_data", fs::write(&own, "data").and_then(|()| fs::read(&own)));
    tell("own_secret", fs::read(secret));
    let serving = UnixListener::bind(Path::new(run).join("public.sock"));
    tell("own_socket", serving.and_then(|_own| UnixStream::connect(Path::new(run).join("public.sock"))));
    tell("own_thread", std::thread::Builder::new().spawn(|| ()).map(std::thread::JoinHandle::join));
    tell("own_descriptor", File::open(run).or_else(|_| OpenOptions::new().read(true).open(&own)));

    // Files of others.
    tell("read_passwd", fs::read("/etc/passwd"));
    tell("list_root", fs::read_dir("/").map(|entries| entries.filter_map(Result::ok).count()));
    tell("read_other", fs::read(file));
    tell("write_other", fs::write(file, "changed"));
    tell("write_secret", fs::write(secret, "changed"));
    tell("link_other", std::os::unix::fs::symlink(file, Path::new(data).join("link")));
    tell("hard_link_other", fs::hard_link(file, Path::new(data).join("hard")));
    tell("read_init_environment", fs::read("/proc/1/environ"));
    tell("read_sibling_memory", File::open(format!("/proc/{sibling}/mem")));
    tell("read_sibling_environment", fs::read(format!("/proc/{sibling}/environ")));
    tell("make_device", call(libc::SYS_mknodat, &[at(), path(&format!("{data}/null")), 0o020_666, 0x103]));
    tell("open_by_handle", call(libc::SYS_open_by_handle_at, &[at(), 0, 0]));

    // Ways to others.
    tell("connect_other", UnixStream::connect(socket));
    let name = SocketAddr::from_abstract_name(abstract_socket).unwrap();
    tell("connect_abstract", UnixStream::connect_addr(&name));
    tell("connect_tcp", TcpStream::connect(("127.0.0.1", port.parse::<u16>().unwrap())));
    tell("listen_tcp", TcpListener::bind("127.0.0.1:0"));
    tell("socket_udp", UdpSocket::bind("127.0.0.1:0"));
    tell("socket_raw", call(libc::SYS_socket, &[libc::AF_INET.into(), libc::SOCK_RAW.into(), 1]));
    tell("socket_packet", call(libc::SYS_socket, &[libc::AF_PACKET.into(), libc::SOCK_RAW.into(), 0]));
    tell("socket_netlink", call(libc::SYS_socket, &[libc::AF_NETLINK.into(), libc::SOCK_RAW.into(), 0]));
    tell("socket_vsock", call(libc::SYS_socket, &[libc::AF_VSOCK.into(), libc::SOCK_STREAM.into(), 0]));
    let sibling: i64 = sibling.parse().unwrap();
    tell("signal_sibling", call(libc::SYS_kill, &[sibling, 0]));
    tell("trace_sibling", call(libc::SYS_ptrace, &[libc::PTRACE_ATTACH.into(), sibling, 0, 0]));
    tell("read_sibling", call(libc::SYS_process_vm_readv, &[sibling, 0, 0, 0, 0, 0]));
    tell("open_sibling", call(libc::SYS_pidfd_open, &[sibling, 0]));
    tell("shared_memory", call(libc::SYS_shmget, &[0, 4096, 0o1600]));

    // More than it has.
    tell("execute", Command::new("/bin/sh").args(["-c", "true"]).status());
    tell("execute_itself", Command::new(std::env::current_exe().unwrap_or_else(|_| "/proc/self/exe".into())).status());
    tell("fork", call(libc::SYS_clone, &[libc::SIGCHLD.into(), 0, 0, 0, 0]));
    tell("mount", call(libc::SYS_mount, &[path("none"), path(data), path("tmpfs"), 0, 0]));
    tell("unmount", call(libc::SYS_umount2, &[path(data), libc::MNT_DETACH.into()]));
    tell("change_root", call(libc::SYS_chroot, &[path(data)]));
    tell("new_user_space", call(libc::SYS_unshare, &[libc::CLONE_NEWUSER.into()]));
    tell("enter_space", call(libc::SYS_setns, &[0, 0]));
    tell("keyring", call(libc::SYS_keyctl, &[0, -3, 1]));
    tell("bpf", call(libc::SYS_bpf, &[0, 0, 0]));
    tell("io_uring", call(libc::SYS_io_uring_setup, &[1, 0]));
    tell("perf", call(libc::SYS_perf_event_open, &[0, 0, -1, -1, 0]));
    tell("userfaultfd", call(libc::SYS_userfaultfd, &[0]));
    tell("load_module", call(libc::SYS_init_module, &[0, 0, 0]));
    tell("reboot", call(libc::SYS_reboot, &[0, 0, 0]));
    tell("set_clock", call(libc::SYS_settimeofday, &[0, 0]));
    tell("become_root", call(libc::SYS_setresuid, &[0, 0, 0]));
    tell("executable_memory", call(libc::SYS_mmap, &[0, 4096, 7, 0x22, -1, 0]));
    tell("dumpable_again", call(libc::SYS_prctl, &[libc::PR_SET_DUMPABLE.into(), 1, 0, 0, 0]));
    tell("more_open_files", {
        let more = libc::rlimit { rlim_cur: 1 << 20, rlim_max: 1 << 20 };
        call(libc::SYS_prlimit64, &[0, libc::RLIMIT_CORE.into(), std::ptr::from_ref(&more) as i64, 0])
    });
}

/// How an attempt went.
fn tell<T>(attempt: &str, outcome: io::Result<T>) {
    let refused = outcome.err().map(|error| error.raw_os_error().unwrap_or(-1));
    println!("{}", json!({ "attempt": attempt, "refused": refused }));
}

/// A system call as it is.
fn call(number: libc::c_long, arguments: &[i64]) -> io::Result<i64> {
    let mut all = [0; 6];
    all[..arguments.len()].copy_from_slice(arguments);
    let [a, b, c, d, e, f] = all;
    // SAFETY: pointers among the arguments are null or of strings that are never freed.
    let answer = unsafe { libc::syscall(number, a, b, c, d, e, f) };
    if answer == 0 && number == libc::SYS_clone {
        // The new process, if there is one: it has told enough by being there.
        std::process::exit(0);
    }
    if answer < 0 { Err(io::Error::last_os_error()) } else { Ok(answer) }
}

fn at() -> i64 {
    libc::AT_FDCWD.into()
}

fn path(text: &str) -> i64 {
    CString::new(text).unwrap().into_raw() as i64
}
