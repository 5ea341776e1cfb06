//! A file system in which only the tenant's own folders exist: an empty root with those put in their places.
//!
//! What is not there cannot be opened, linked to or connected to, which matters most for the sockets of
//! other tenants: Landlock governs connecting to them only in the newest kernels.

use std::fs::{self, DirBuilder, File};
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, StatVfsMountFlags, statvfs};
use rustix::io::Errno;
use rustix::mount::{
    MountFlags, MountPropagationFlags, MoveMountFlags, OpenTreeFlags, UnmountFlags, mount, mount_change, mount_remount,
    move_mount, open_tree, unmount,
};
use rustix::process::{chdir, pivot_root};

use super::{Measure, Reach, failed};
use crate::startup::Refused;

/// Of the system's own, what a program without network opens: randomness, and the way to its own
/// descriptors, through which sockets with long paths are reached.
const SYSTEM: [&str; 4] = ["/dev/urandom", "/dev/random", "/dev/null", "/proc/self"];

/// How much the empty root may hold: names of folders.
const ROOT: &std::ffi::CStr = c"mode=0755,size=256k,nr_inodes=1k";

/// What is put into the new root.
struct Place {
    path: PathBuf,
    tree: OwnedFd,
    folder: bool,
    /// What is added to how it was mounted; `None` for what the system made.
    flags: Option<MountFlags>,
}

/// Makes the file system and moves there. Nothing but the folders and files of `reach` is in it, at the
/// paths they had.
pub(super) fn enclose(reach: &Reach) -> Result<Measure, Refused> {
    let Some(staging) = reach.folders().next() else {
        return Ok(Measure::missing("file_system", "it has no folder of its own"));
    };
    let working = std::env::current_dir().ok();
    match build(reach, staging, working.as_deref()) {
        Ok(()) => Ok(Measure::stands("file_system", "its own folders alone; nothing else of the host is there")),
        // Offered, but not here: an old kernel, or a root that cannot be left.
        Err(error) if [Errno::NOSYS, Errno::PERM, Errno::INVAL].contains(&errno(&error)) => {
            // Only there if it came so far.
            let _ = unmount(staging, UnmountFlags::DETACH);
            Ok(Measure::missing("file_system", format!("the kernel refuses: {error}")))
        }
        Err(error) => Err(failed("a file system of its own")(error)),
    }
}

fn errno(error: &io::Error) -> Errno {
    Errno::from_io_error(error).unwrap_or(Errno::IO)
}

fn build(reach: &Reach, staging: &Path, working: Option<&Path>) -> io::Result<()> {
    // Nothing done here may show outside.
    mount_change("/", MountPropagationFlags::PRIVATE | MountPropagationFlags::REC)?;
    let places = places(reach)?;
    let empty = MountFlags::NOSUID | MountFlags::NODEV | MountFlags::NOEXEC;
    mount("tmpfs", staging, "tmpfs", empty, ROOT)?;
    for (index, place) in places.iter().enumerate() {
        let inside = places[..index].iter().any(|outer| outer.folder && place.path.starts_with(&outer.path));
        put(place, staging, inside)?;
    }
    if let Some(working) = working {
        make_folder(&beneath(staging, working))?;
    }
    mount_remount(staging, MountFlags::BIND | MountFlags::RDONLY | empty, "")?;
    chdir(staging)?;
    // The old root ends up beneath the new one, and is let go.
    pivot_root(".", ".")?;
    unmount(".", UnmountFlags::DETACH)?;
    chdir(working.unwrap_or(Path::new("/")))?;
    Ok(())
}

/// Everything that is put into the new root, outer folders first.
fn places(reach: &Reach) -> io::Result<Vec<Place>> {
    let data = MountFlags::NOSUID | MountFlags::NODEV | MountFlags::NOEXEC;
    let folders = reach.folders().map(|path| (path.clone(), Some(data)));
    let files = reach.files.iter().map(|path| (path.clone(), Some(data | MountFlags::RDONLY)));
    let system = SYSTEM.iter().map(|path| (PathBuf::from(path), None)).filter(|(path, _)| path.exists());
    let mut wanted: Vec<(PathBuf, Option<MountFlags>)> = folders.chain(files).chain(system).collect();
    wanted.sort_by_key(|(path, _)| path.components().count());
    wanted
        .into_iter()
        .map(|(path, flags)| {
            let clone = OpenTreeFlags::OPEN_TREE_CLONE | OpenTreeFlags::OPEN_TREE_CLOEXEC | OpenTreeFlags::AT_RECURSIVE;
            let named = |error: Errno| {
                let error = io::Error::from(error);
                // A path that is not there is the operator's matter, and wants to be named.
                if error.kind() == io::ErrorKind::NotFound {
                    io::Error::new(error.kind(), format!("{}: {error}", path.display()))
                } else {
                    error
                }
            };
            let tree = open_tree(CWD, &path, clone).map_err(named)?;
            Ok(Place { folder: fs::metadata(&path)?.is_dir(), tree, path, flags })
        })
        .collect()
}

/// Puts one into its place. Where an outer folder is there already, so is the place.
fn put(place: &Place, staging: &Path, inside: bool) -> io::Result<()> {
    let target = beneath(staging, &place.path);
    if !inside {
        if place.folder {
            make_folder(&target)?;
        } else {
            target.parent().map(make_folder).transpose()?;
            File::create(&target)?;
        }
    }
    move_mount(&place.tree, "", CWD, &target, MoveMountFlags::MOVE_MOUNT_F_EMPTY_PATH)?;
    let Some(flags) = place.flags else { return Ok(()) };
    // What was forbidden where it came from stays so: the kernel lets nobody else lift it.
    let mut flags = flags | MountFlags::BIND;
    if statvfs(&target)?.f_flag.contains(StatVfsMountFlags::RDONLY) {
        flags |= MountFlags::RDONLY;
    }
    Ok(mount_remount(&target, flags, "")?)
}

fn make_folder(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o755).create(path)
}

fn beneath(staging: &Path, path: &Path) -> PathBuf {
    staging.join(path.strip_prefix("/").unwrap_or(path))
}
