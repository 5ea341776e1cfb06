//! Landlock: the kernel's own list of what this process may open, whatever its user may.

use landlock::{
    ABI, Access, AccessFs, AccessNet, BitFlags, LandlockStatus, NetPort, PathBeneath, PathFd, Ruleset, RulesetAttr,
    RulesetCreated, RulesetCreatedAttr, RulesetError, Scope,
};
use std::path::Path;

use super::{Measure, Reach, failed};
use crate::startup::Refused;

/// The newest version whose rights are known here. An older kernel enforces what it knows.
const NEWEST: ABI = ABI::V9;

/// Of the system's own, what any program opens: a static one asks both for chance.
const SYSTEM: [&str; 3] = ["/dev/urandom", "/dev/random", "/dev/null"];

/// What resolving the name of a mail or database server opens.
const NAMES: [&str; 12] = [
    "/etc/resolv.conf",
    "/etc/hosts",
    "/etc/host.conf",
    "/etc/nsswitch.conf",
    "/etc/gai.conf",
    "/etc/services",
    "/etc/passwd",
    "/etc/ld.so.cache",
    "/run/systemd/resolve",
    "/lib",
    "/lib64",
    "/usr/lib",
];

/// Closes everything that `reach` does not name, and says which of Landlock's parts this kernel has.
pub(super) fn restrict(reach: &Reach, measures: &mut Vec<Measure>) -> Result<(), Refused> {
    let status = enforce(reach).map_err(|error| failed("Landlock")(std::io::Error::other(error)))?;
    let (version, known) = match status {
        LandlockStatus::Available { effective_abi, kernel_abi } => {
            (effective_abi as i32, kernel_abi.unwrap_or(effective_abi as i32))
        }
        LandlockStatus::NotEnabled | LandlockStatus::NotImplemented => (0, 0),
    };
    let has = if known == 0 { "this kernel has no Landlock".to_owned() } else { format!("this kernel has {known}") };
    for (name, from, what) in [
        ("landlock_files", 1, "its own folders and files may be opened, nothing is executed"),
        ("landlock_network", 4, network(reach)),
        ("landlock_scopes", 6, "no signal to and no abstract socket of other processes"),
        ("landlock_sockets", 9, "sockets in its own folders may be connected to, no others"),
    ] {
        measures.push(if version >= from {
            Measure::stands(name, format!("{what} (Landlock {known})"))
        } else {
            Measure::missing(name, format!("needs Landlock {from}; {has}"))
        });
    }
    Ok(())
}

const fn network(reach: &Reach) -> &'static str {
    match &reach.tcp {
        None => "no TCP at all",
        Some(tcp) if tcp.connect.is_none() => "it listens on its own port alone",
        Some(_) => "its own ports alone",
    }
}

fn enforce(reach: &Reach) -> Result<LandlockStatus, RulesetError> {
    let mut ruleset = Ruleset::default().handle_access(AccessFs::from_all(NEWEST))?;
    ruleset = ruleset.handle_access(AccessNet::BindTcp)?;
    if reach.tcp.as_ref().is_none_or(|tcp| tcp.connect.is_some()) {
        ruleset = ruleset.handle_access(AccessNet::ConnectTcp)?;
    }
    let mut ruleset = ruleset.scope(Scope::AbstractUnixSocket | Scope::Signal)?.create()?;
    for folder in &reach.data {
        ruleset = open(ruleset, folder, data())?;
    }
    for folder in &reach.sockets {
        ruleset = open(ruleset, folder, sockets())?;
    }
    for file in &reach.files {
        ruleset = open(ruleset, file, AccessFs::ReadFile.into())?;
    }
    for file in SYSTEM {
        ruleset = open(ruleset, Path::new(file), AccessFs::ReadFile | AccessFs::WriteFile)?;
    }
    if let Some(tcp) = &reach.tcp {
        for path in NAMES {
            ruleset = open(ruleset, Path::new(path), AccessFs::ReadFile | AccessFs::ReadDir)?;
        }
        for &port in &tcp.listen {
            ruleset = ruleset.add_rule(NetPort::new(port, AccessNet::BindTcp))?;
        }
        for &port in tcp.connect.iter().flatten() {
            ruleset = ruleset.add_rule(NetPort::new(port, AccessNet::ConnectTcp))?;
        }
    }
    Ok(ruleset.restrict_self()?.landlock)
}

/// Opens one path. One that is not there, or is a file where a folder's rights are named, opens less.
fn open(ruleset: RulesetCreated, path: &Path, access: BitFlags<AccessFs>) -> Result<RulesetCreated, RulesetError> {
    let Ok(opened) = PathFd::new(path) else { return Ok(ruleset) };
    let access = if path.is_dir() { access } else { access & AccessFs::from_file(NEWEST) };
    ruleset.add_rule(PathBeneath::new(opened, access))
}

/// What a database's folder needs. Nothing is executed, and no device or link is made.
fn data() -> BitFlags<AccessFs> {
    AccessFs::ReadFile
        | AccessFs::ReadDir
        | AccessFs::WriteFile
        | AccessFs::Truncate
        | AccessFs::MakeReg
        | AccessFs::MakeDir
        | AccessFs::RemoveFile
        | AccessFs::RemoveDir
}

/// What making a socket and connecting to one needs.
fn sockets() -> BitFlags<AccessFs> {
    AccessFs::ReadDir | AccessFs::MakeSock | AccessFs::RemoveFile | AccessFs::ResolveUnix
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn g13_no_folder_lets_anything_be_executed_or_a_device_be_made() {
        for rights in [data(), sockets()] {
            assert!(!rights.intersects(
                AccessFs::Execute | AccessFs::MakeChar | AccessFs::MakeBlock | AccessFs::MakeSym | AccessFs::IoctlDev
            ));
        }
        assert!(!sockets().intersects(AccessFs::ReadFile | AccessFs::WriteFile | AccessFs::MakeReg));
    }
}
