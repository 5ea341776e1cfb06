//! The host's files and other tenants', and what the container's own hold (G11, G13, G32).

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{FileTypeExt, MetadataExt, symlink};
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::call;
use crate::report::Report;

/// What may be written to, besides the kernel's own folders.
const OWN: [&str; 3] = ["/data", "/run/polder", "/tmp"];

/// Tries all of it. `paths` are files and sockets of the host that the test can open.
pub fn try_all(report: &mut Report, words: &Value) {
    let paths: Vec<&str> = words["paths"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    for path in &paths {
        beyond(report, path);
    }
    whole_tree(report);
    read_only(report);
    kernel_files(report);
    devices(report);
    from_memory(report);
    by_handle(report);
}

/// Every spelling that might lead out of the container to `path` of the host.
fn beyond(report: &mut Report, path: &str) {
    let up = "../".repeat(24);
    let relative = path.trim_start_matches('/');
    let mut ways = vec![
        path.to_owned(),
        format!("/data/{up}{relative}"),
        format!("/run/polder/{up}{relative}"),
        format!("/run/secrets/{up}{relative}"),
        format!("/proc/1/root{path}"),
        format!("/proc/self/root/{up}{relative}"),
        format!("/proc/self/cwd/{up}{relative}"),
    ];
    let link = Path::new("/data/link-out");
    drop(fs::remove_file(link));
    if symlink(path, link).is_ok() {
        ways.push(link.display().to_string());
    }
    // A folder that was open before something was mounted over it leads below the mount.
    if let Ok(folder) = call!(libc::SYS_open, "/data", libc::O_PATH | libc::O_DIRECTORY, 0) {
        ways.push(format!("/proc/self/fd/{folder}/{up}{relative}"));
        report.tried(
            &format!("openat ..{path}"),
            call!(libc::SYS_openat, folder, format!("{up}{relative}").as_str(), 0, 0),
        );
    }
    for way in ways {
        report.tried(
            &format!("open {way}"),
            fs::symlink_metadata(&way).map(|found| found.len()).and_then(|_| outside(&way)),
        );
    }
    drop(fs::remove_file(link));
}

/// Its own link is there; what it leads to is not.
fn outside(way: &str) -> io::Result<u64> {
    fs::metadata(way).map(|found| found.len())
}

/// Looks at everything there is: sockets, devices, programs with more rights, and what can be written to.
fn whole_tree(report: &mut Report) {
    let mut folders = vec![PathBuf::from("/")];
    let mut seen = 0_u32;
    while let Some(folder) = folders.pop() {
        if ["/proc", "/sys"].iter().any(|kernel| folder.starts_with(kernel)) {
            continue;
        }
        let own = OWN.iter().any(|own| folder.starts_with(own));
        if !own && fs::write(folder.join("mark"), "x").is_ok() {
            report.reached("a folder to write to", folder.display());
        }
        for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
            seen += 1;
            let (path, Ok(found)) = (entry.path(), entry.metadata()) else { continue };
            let kind = found.file_type();
            if kind.is_dir() {
                folders.push(path);
            } else if kind.is_socket() && !is_own_socket(&path) {
                report.reached("a socket", path.display());
            } else if kind.is_block_device() {
                report.reached("a disk", path.display());
            } else if kind.is_char_device() && !is_harmless(&path) {
                report.reached("a device", path.display());
            } else if kind.is_file() && found.mode() & 0o6000 != 0 {
                report.reached("a program with more rights", path.display());
            }
        }
    }
    report.refused("the whole tree", format!("{seen} files looked at"));
}

fn is_own_socket(path: &Path) -> bool {
    let own = ["public.sock", "admin.sock", "courier.sock", "egress.sock", ".s.PGSQL.5432"];
    path.parent() == Some(Path::new("/run/polder")) && own.iter().any(|name| path.ends_with(name))
}

fn is_harmless(path: &Path) -> bool {
    let plain = ["null", "zero", "full", "random", "urandom", "tty", "console", "ptmx", "pts"];
    let name = path.strip_prefix("/dev").unwrap_or(path);
    plain.iter().any(|plain| name.starts_with(plain))
}

fn read_only(report: &mut Report) {
    for path in [
        "/new",
        "/polder-tenant",
        "/genuine-tenant",
        "/run/new",
        "/run/secrets/seal",
        "/run/secrets/new",
        "/etc/passwd",
    ] {
        let written = OpenOptions::new().append(true).create(true).open(path).and_then(|mut file| file.write_all(b"x"));
        report.tried(&format!("write {path}"), written);
    }
    for name in ["seal", "admin.pub"] {
        report.tried(&format!("remove the secret {name}"), fs::remove_file(format!("/run/secrets/{name}")));
    }
}

/// The kernel's settings of the whole host, and its memory.
fn kernel_files(report: &mut Report) {
    let writes = [
        "/proc/sys/kernel/core_pattern",
        "/proc/sys/kernel/hostname",
        "/proc/sys/kernel/modprobe",
        "/proc/sys/vm/overcommit_memory",
        "/proc/sys/net/ipv4/ip_forward",
        "/proc/sys/fs/binfmt_misc/register",
        "/proc/sysrq-trigger",
        "/proc/1/oom_score_adj",
        "/sys/kernel/uevent_helper",
        "/sys/fs/cgroup/release_agent",
        "/sys/fs/cgroup/memory/memory.limit_in_bytes",
        "/sys/fs/cgroup/pids/pids.max",
        "/sys/fs/cgroup/memory.max",
        "/sys/fs/cgroup/pids.max",
        "/sys/fs/cgroup/devices/devices.allow",
        "/sys/power/state",
    ];
    for path in writes {
        // Opened alone: a test must not restart the machine it runs on.
        let wanted = if path.ends_with("oom_score_adj") { lower(path) } else { open_to_write(path) };
        report.tried(&format!("write {path}"), wanted);
    }
    for path in
        ["/proc/kcore", "/proc/kmem", "/dev/mem", "/dev/kmsg", "/proc/keys", "/sys/firmware/efi", "/proc/timer_list"]
    {
        let read = fs::read(path).map(|bytes| bytes.len());
        match read {
            // Masked with nothing in it.
            Ok(0) => report.refused(&format!("read {path}"), "empty"),
            read => report.tried(&format!("read {path}"), read),
        }
    }
}

fn open_to_write(path: &str) -> io::Result<()> {
    OpenOptions::new().write(true).open(path).map(drop)
}

/// Being the last that is killed when memory runs out.
fn lower(path: &str) -> io::Result<()> {
    fs::write(path, "-1000")
}

fn devices(report: &mut Report) {
    for (name, kind, major, minor) in [
        ("disk", libc::S_IFBLK, 8, 0),
        ("disk", libc::S_IFBLK, 254, 0),
        ("memory", libc::S_IFCHR, 1, 1),
        ("fuse", libc::S_IFCHR, 10, 229),
    ] {
        let device = i64::try_from(libc::makedev(major, minor)).unwrap_or(0);
        for folder in OWN {
            let path = format!("{folder}/device");
            let made = call!(libc::SYS_mknod, path.as_str(), i64::from(kind | 0o666), device);
            report.tried(&format!("mknod {name} in {folder}"), made);
        }
    }
}

/// Programs are started from the image alone where nothing else may be one.
fn from_memory(report: &mut Report) {
    for folder in ["/tmp", "/run/polder"] {
        let path = format!("{folder}/program");
        if let Err(error) = fs::copy("/polder-tenant", &path) {
            report.refused(&format!("a program in {folder}"), error);
            continue;
        }
        let started = std::process::Command::new(&path).arg("--help").output();
        if folder == "/tmp" {
            report.tried("start a program from /tmp", started.map(|_| ()));
        }
        drop(fs::remove_file(path));
    }
}

/// `open_by_handle_at`: a file of the host by its number, past every mount.
fn by_handle(report: &mut Report) {
    let folder = call!(libc::SYS_open, "/data", 0, 0).unwrap_or(-1);
    // file_handle { handle_bytes: 8, handle_type: 1, inode 2: the root of most file systems }
    let mut handle = 8_u32.to_ne_bytes().to_vec();
    handle.extend(1_i32.to_ne_bytes());
    handle.extend(2_u32.to_ne_bytes());
    handle.extend([0; 4]);
    report.tried("a file of the host by its number", call!(libc::SYS_open_by_handle_at, folder, handle, 0));
}
