//! A tenant's folders, opened to its own user and to nobody else.
//!
//! The folder above them is the control plane's alone (0700), so no other user of the host comes near.
//! As root we give the folders to the tenant's user. Otherwise we cannot, and open them to whoever
//! gets there: that is only the container they are mounted into. Processes get a user of their own from
//! root alone.
//!
//! The tenant may be running, and may have been broken into: nothing below its folders is followed
//! where it is a link.

use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::path::Path;

use rustix::fs::{AtFlags, CWD, Dir, FileType, Mode, OFlags, RawMode, chmod, chownat, fstat, openat, statat};
use rustix::process::{Gid, Uid, geteuid};

use super::users::User;

/// How deep a tenant's data folder may be.
const DEEPEST: u32 = 8;

/// Opens `folder` and what is in it to `user`.
///
/// # Errors
/// When the system refuses, or the folder is a link.
pub fn open_to(folder: &Path, user: User) -> io::Result<()> {
    let folder = open(CWD, folder)?;
    if geteuid().is_root() {
        give(&folder, user, DEEPEST)?;
        set_mode(&folder, 0o700)
    } else {
        admit(&folder)?;
        set_mode(&folder, 0o777)
    }
}

/// Gives away a folder and everything in it.
fn give(folder: &OwnedFd, user: User, deepest: u32) -> io::Result<()> {
    let (uid, gid) = (Some(Uid::from_raw(user.uid)), Some(Gid::from_raw(user.gid)));
    chownat(folder, "", uid, gid, AtFlags::EMPTY_PATH)?;
    for entry in Dir::read_from(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        if [c".", c".."].contains(&name) {
            continue;
        }
        // Gone meanwhile: a socket that was replaced, a journal that was finished.
        let gone = |error: &rustix::io::Errno| *error == rustix::io::Errno::NOENT;
        match chownat(folder, name, uid, gid, AtFlags::SYMLINK_NOFOLLOW) {
            Err(error) if !gone(&error) => return Err(error.into()),
            _ => {}
        }
        let found = statat(folder, name, AtFlags::SYMLINK_NOFOLLOW);
        if found.is_ok_and(|found| FileType::from_raw_mode(found.st_mode) == FileType::Directory) && deepest > 0 {
            give(&open(folder.as_fd(), name)?, user, deepest - 1)?;
        }
    }
    Ok(())
}

/// Lets every user who gets into a folder connect to the sockets we made there.
fn admit(folder: &OwnedFd) -> io::Result<()> {
    for entry in Dir::read_from(folder)? {
        let entry = entry?;
        let path = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let Ok(file) = openat(folder, entry.file_name(), path, Mode::empty()) else { continue };
        let found = fstat(&file)?;
        if FileType::from_raw_mode(found.st_mode) == FileType::Socket && found.st_uid == geteuid().as_raw() {
            set_mode(&file, 0o666)?;
        }
    }
    Ok(())
}

fn open(at: BorrowedFd<'_>, path: impl rustix::path::Arg) -> io::Result<OwnedFd> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    Ok(openat(at, path, flags, Mode::empty())?)
}

/// Through the descriptor: what it stands for cannot be swapped, and a socket cannot be opened otherwise.
fn set_mode(file: &OwnedFd, mode: RawMode) -> io::Result<()> {
    Ok(chmod(format!("/proc/self/fd/{}", file.as_raw_fd()), Mode::from_raw_mode(mode))?)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::{MetadataExt, symlink};
    use std::os::unix::net::UnixListener;

    use super::*;

    #[test]
    fn g11_what_a_tenant_linked_to_is_not_given_to_it() {
        let host = tempfile::tempdir().unwrap();
        fs::write(host.path().join("shadow"), "secret").unwrap();
        fs::create_dir(host.path().join("etc")).unwrap();
        fs::write(host.path().join("etc/passwd"), "root").unwrap();
        let run = host.path().join("run");
        fs::create_dir(&run).unwrap();
        symlink(host.path().join("shadow"), run.join("public.sock")).unwrap();
        symlink(host.path().join("etc"), run.join("folder")).unwrap();
        let _socket = UnixListener::bind(run.join("courier.sock")).unwrap();
        let before = |name: &str| {
            let found = fs::metadata(host.path().join(name)).unwrap();
            (found.uid(), found.mode())
        };
        let outside = ["shadow", "etc", "etc/passwd"].map(before);
        let user = User { uid: 1_900_000_001, gid: 1_900_000_001 };
        open_to(&run, user).unwrap();
        assert_eq!(["shadow", "etc", "etc/passwd"].map(before), outside);
        let socket = fs::metadata(run.join("courier.sock")).unwrap();
        if geteuid().is_root() {
            assert_eq!((socket.uid(), fs::metadata(&run).unwrap().mode() & 0o777), (user.uid, 0o700));
        } else {
            assert_eq!(socket.mode() & 0o777, 0o666);
        }
        fs::rename(&run, host.path().join("moved")).unwrap();
        symlink(host.path().join("etc"), &run).unwrap();
        assert!(open_to(&run, user).is_err(), "a folder that is a link was followed");
    }
}
