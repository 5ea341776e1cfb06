//! A program that was broken into, confined as a tenant is: what it tries is refused for every measure that
//! is said to be in force, and what a tenant needs goes on working.

#![expect(clippy::unwrap_used, reason = "a test")]

use std::collections::BTreeMap;
use std::fs::{self, Permissions};
use std::io::ErrorKind;
use std::net::TcpListener;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::net::{SocketAddr, UnixListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;

/// A user of its own, as the control plane gives one to each tenant when it is root.
const TENANT: u32 = 1_999_999_001;

/// Whose program the sibling is where there are users to choose from.
const NOBODY: u32 = 65_534;

/// Whose process the program is, and what confines it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum As {
    /// Ours, confined by nothing.
    Free,
    /// Ours, as the control plane runs tenants where it is not root.
    Us,
    /// It is told to become this user, as root does with tenants.
    Own(u32),
    /// This ordinary user's, who starts it.
    Ordinary(u32),
}

/// Everything on a host that a tenant may go for.
struct Host {
    folder: TempDir,
    who: As,
    sibling: Child,
    abstract_name: String,
    tcp: TcpListener,
    _sockets: [UnixListener; 2],
}

/// Why each attempt was refused, as the number of the error; `None` where it came through.
type Attempts = BTreeMap<String, Option<i64>>;

impl Host {
    fn new(who: As) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        for name in ["a", "a/data", "a/run", "b", "secrets"] {
            fs::create_dir(path(name)).unwrap();
        }
        fs::write(path("secrets/a.seal"), "key of a").unwrap();
        fs::write(path("b/tenant.db"), "data of b").unwrap();
        let abstract_name = format!("hostile-{}-{who:?}", std::process::id());
        let name = SocketAddr::from_abstract_name(&abstract_name).unwrap();
        let sockets = [UnixListener::bind(path("b/admin.sock")).unwrap(), UnixListener::bind_addr(&name).unwrap()];
        // Open to everybody: it is not modes that keep others out.
        for (name, mode) in [("b", 0o777), ("b/tenant.db", 0o666), ("b/admin.sock", 0o666)] {
            fs::set_permissions(path(name), Permissions::from_mode(mode)).unwrap();
        }
        if let As::Own(user) | As::Ordinary(user) = who {
            for name in ["a/data", "a/run", "secrets/a.seal"] {
                chown(path(name), Some(user), Some(user)).unwrap();
            }
        }
        // Folders above that are closed to a user of its own, which finds what is its own all the same.
        let closed = if matches!(who, As::Ordinary(_)) { 0o755 } else { 0o700 };
        fs::set_permissions(folder.path(), Permissions::from_mode(closed)).unwrap();
        fs::copy(hostile(), path("hostile")).unwrap();
        let mut sleep = Self::of(who, Path::new("sleep"));
        Self {
            sibling: sleep.arg("300").stdin(Stdio::null()).spawn().unwrap(),
            tcp: TcpListener::bind("127.0.0.1:0").unwrap(),
            _sockets: sockets,
            abstract_name,
            folder,
            who,
        }
    }

    /// A program, started by the user in question.
    fn of(who: As, program: &Path) -> Command {
        let As::Ordinary(user) = who else { return Command::new(program) };
        let mut command = Command::new("setpriv");
        command.args([format!("--reuid={user}"), format!("--regid={user}"), "--clear-groups".into(), "--".into()]);
        command.arg(program);
        command
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Lets the program loose: what is said to be in force, and what became of each attempt.
    fn attacked(&self) -> (BTreeMap<String, bool>, Attempts) {
        let user = match self.who {
            As::Free => "free".to_owned(),
            As::Us | As::Ordinary(_) => "-".to_owned(),
            As::Own(user) => format!("{user}:{user}"),
        };
        let mut command = Self::of(self.who, &self.path("hostile"));
        command
            .arg(user)
            .args(["a/data", "a/run", "secrets/a.seal", "b/tenant.db", "b/admin.sock"].map(|name| self.path(name)))
            .arg(&self.abstract_name)
            .arg(self.tcp.local_addr().unwrap().port().to_string())
            .arg(self.sibling.id().to_string());
        let out = once_written(&mut command).unwrap();
        let said = String::from_utf8_lossy(&out.stdout).into_owned();
        assert!(out.status.success(), "{}\n{said}\n{}", out.status, String::from_utf8_lossy(&out.stderr));
        let mut lines = said.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        let measures = lines.next().unwrap();
        let measures = measures["measures"].as_array().unwrap().iter();
        let measures = measures.map(|one| (text(&one["name"]), one["in_force"] == true)).collect();
        (measures, lines.map(|one| (text(&one["attempt"]), one["refused"].as_i64())).collect())
    }
}

/// Runs a program that was copied a moment ago: a child that another test starts meanwhile has the copy open for
/// writing until it is a program of its own, and what is written to is not run.
fn once_written(command: &mut Command) -> std::io::Result<Output> {
    for _ in 0..500 {
        match command.output() {
            Err(error) if error.kind() == ErrorKind::ExecutableFileBusy => {
                std::thread::sleep(Duration::from_millis(10));
            }
            done => return done,
        }
    }
    command.output()
}

impl Drop for Host {
    fn drop(&mut self) {
        let _ = self.sibling.kill();
        let _ = self.sibling.wait();
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

fn hostile() -> PathBuf {
    let me = std::env::current_exe().unwrap();
    // target/debug/deps/confinement-… -> target/debug/examples/hostile
    let found = me.ancestors().nth(2).unwrap().join("examples/hostile");
    assert!(found.exists(), "{} is missing: `cargo build --examples`", found.display());
    found
}

/// Which attempts each measure refuses by itself.
const REFUSES: &[(&str, &[&str])] = &[
    (
        "file_system",
        &[
            "read_passwd",
            "read_other",
            "write_other",
            "connect_other",
            "read_init_environment",
            "read_sibling_memory",
            "read_sibling_environment",
            "write_secret",
        ],
    ),
    ("network", &["connect_abstract", "connect_tcp"]),
    (
        "landlock_files",
        &[
            "read_passwd",
            "list_root",
            "read_other",
            "write_other",
            "write_secret",
            "link_other",
            "hard_link_other",
            "make_device",
            "execute",
            "mount",
        ],
    ),
    ("landlock_network", &["connect_tcp", "listen_tcp"]),
    ("landlock_scopes", &["connect_abstract", "signal_sibling"]),
    ("landlock_sockets", &["connect_other"]),
    ("capabilities", &["mount", "change_root", "load_module", "reboot", "set_clock", "open_by_handle", "socket_raw"]),
    ("user", &["become_root", "read_sibling_memory", "signal_sibling"]),
    ("core_dumps", &["more_open_files"]),
    ("tracing", &["dumpable_again"]),
    (
        "seccomp",
        &[
            "execute",
            "execute_itself",
            "fork",
            "mount",
            "unmount",
            "change_root",
            "new_user_space",
            "enter_space",
            "keyring",
            "bpf",
            "io_uring",
            "perf",
            "userfaultfd",
            "load_module",
            "reboot",
            "set_clock",
            "become_root",
            "trace_sibling",
            "read_sibling",
            "open_sibling",
            "signal_sibling",
            "shared_memory",
            "socket_udp",
            "socket_raw",
            "socket_packet",
            "socket_netlink",
            "socket_vsock",
            "connect_tcp",
            "listen_tcp",
            "executable_memory",
            "open_by_handle",
            "make_device",
        ],
    ),
];

/// What `ENOSYS` is: for whoever is kept to a list, what is not on it does not exist.
const NO_SUCH_CALL: i64 = 38;

fn holds(who: As) -> Attempts {
    let host = Host::new(who);
    let (measures, attempts) = host.attacked();
    for own in ["own_data", "own_secret", "own_socket", "own_thread", "own_descriptor"] {
        assert_eq!(attempts[own], None, "a tenant cannot work: {own}");
    }
    for (measure, refused) in REFUSES {
        // What this kernel does not offer is said not to be in force, and promises nothing.
        if measures.get(*measure) != Some(&true) {
            eprintln!("{who:?}: {measure} is not in force here");
            continue;
        }
        for attempt in *refused {
            assert!(attempts[*attempt].is_some(), "{measure} is in force, and {attempt} came through");
            if *measure == "seccomp" {
                assert_eq!(attempts[*attempt], Some(NO_SUCH_CALL), "{attempt} is on the list");
            }
        }
    }
    assert_eq!(fs::read(host.path("b/tenant.db")).unwrap(), b"data of b");
    assert_eq!(fs::read(host.path("secrets/a.seal")).unwrap(), b"key of a");
    assert!(fs::symlink_metadata(host.path("a/data/link")).is_err());
    // Every kernel that this runs on has these.
    for measure in ["no_new_privileges", "core_dumps", "tracing", "seccomp"] {
        assert_eq!(measures.get(measure), Some(&true), "{measure}");
    }
    attempts
}

#[test]
fn g11_g12_g13_g14_g32_a_tenant_that_was_broken_into_reaches_nothing() {
    holds(As::Us);
}

#[test]
fn g11_g13_g32_nor_does_one_with_a_user_of_its_own() {
    if rustix::process::geteuid().is_root() {
        holds(As::Own(TENANT));
    }
}

#[test]
fn g11_g14_g32_nor_does_one_of_an_ordinary_user() {
    // Whoever is not root has tried exactly this with the first test.
    if rustix::process::geteuid().is_root() {
        holds(As::Ordinary(NOBODY));
    }
}

#[test]
fn g32_the_same_attempts_come_through_where_nothing_confines() {
    let host = Host::new(As::Free);
    let (measures, attempts) = host.attacked();
    assert!(measures.is_empty());
    for attempt in [
        "read_passwd",
        "list_root",
        "read_other",
        "write_other",
        "write_secret",
        "link_other",
        "connect_other",
        "connect_abstract",
        "connect_tcp",
        "listen_tcp",
        "socket_udp",
        "socket_netlink",
        "signal_sibling",
        "open_sibling",
        "shared_memory",
        "execute",
        "fork",
        "executable_memory",
        "dumpable_again",
    ] {
        assert_eq!(attempts[attempt], None, "{attempt} proves nothing: it fails by itself");
    }
}
