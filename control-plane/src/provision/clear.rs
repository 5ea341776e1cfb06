//! A tenant's folder, looked through and removed, whatever the tenant made of it.
//!
//! The tenant may have been broken into. It may hold folders deeper than any path can name and any stack
//! can follow, more files than anybody wants listed, and links to everywhere. So nothing here is
//! followed where it is a link, nothing calls itself, and no path grows: folders within folders are
//! moved up and emptied one by one.

use std::fs;
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::path::Path;

use rustix::fs::{
    AtFlags, CWD, Dir, FileType, Mode, OFlags, RenameFlags, Stat, chmod, openat, renameat_with, unlinkat,
};
use rustix::io::Errno;

use super::certificate::Item;
use super::contents::{End, look_through};

/// How many things of a folder are listed one by one.
const MOST_LISTED: usize = 1000;

/// How deep they are listed; a tenant's own program makes no folders in its folders.
const DEEPEST_LISTED: usize = 4;

/// Lists a folder and what is below it, under the name it is known by; what is too much to list is said
/// to be there in one line. What goes while it is looked at is gone.
pub(super) fn list(folder: &Path, name: &str) -> Vec<Item> {
    if folder.symlink_metadata().is_err() {
        return Vec::new();
    }
    let mut items = vec![Item { kind: "folder".to_owned(), name: name.to_owned(), bytes: None }];
    let end = End { most: MOST_LISTED - 1, deepest: DEEPEST_LISTED - 1 };
    if !look_through(folder, end, |below, found| items.push(item(format!("{name}{below}"), found))) {
        items.push(Item { kind: "more".to_owned(), name: format!("{name}/…"), bytes: None });
    }
    items
}

fn item(name: String, found: &Stat) -> Item {
    let is = FileType::from_raw_mode(found.st_mode);
    let kind = match is {
        FileType::Directory => "folder",
        FileType::Socket => "socket",
        _ if name.ends_with(".db") => "database",
        _ => "file",
    };
    let bytes = u64::try_from(found.st_size).ok().filter(|_| is == FileType::RegularFile);
    Item { kind: kind.to_owned(), name, bytes }
}

/// Removes a folder with everything below it. One that is gone is fine; so is what goes meanwhile.
///
/// # Errors
/// When the system refuses; then some of it is left.
pub(super) fn remove(folder: &Path) -> io::Result<()> {
    let top = match open(CWD, folder) {
        Ok(top) => top,
        Err(Errno::NOENT) => return Ok(()),
        // Not a folder at all: what is there goes as it is.
        Err(Errno::LOOP | Errno::NOTDIR) => return fs::remove_file(folder),
        Err(error) => return Err(error.into()),
    };
    let mut moved = 0;
    while empty(&top, &top, &mut moved)? {}
    match fs::remove_dir(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Removes what is in `folder`. A folder in it is emptied likewise where `folder` is the top, and moved
/// there otherwise. Gives whether anything was there.
fn empty(top: &OwnedFd, folder: &OwnedFd, moved: &mut u64) -> io::Result<bool> {
    let is_top = top.as_raw_fd() == folder.as_raw_fd();
    let mut any = false;
    let entries = match Dir::read_from(folder) {
        // Gone meanwhile, and all that was in it.
        Err(Errno::NOENT) => return Ok(false),
        entries => entries?,
    };
    for entry in entries {
        let entry = match entry {
            Err(Errno::NOENT) => return Ok(any),
            entry => entry?,
        };
        let name = entry.file_name();
        if [c".", c".."].contains(&name) {
            continue;
        }
        any = true;
        match unlinkat(folder, name, AtFlags::empty()) {
            Ok(()) | Err(Errno::NOENT) => {}
            Err(Errno::ISDIR | Errno::PERM) if is_top => {
                let within = match open_whatever(top, name) {
                    Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                    within => within?,
                };
                // Once is enough: what is in there now is here now.
                while empty(top, &within, moved)? {}
                drop(within);
                gone(unlinkat(top, name, AtFlags::REMOVEDIR))?;
            }
            Err(Errno::ISDIR | Errno::PERM) => move_up(top, folder, name, moved)?,
            Err(error) => return Err(error.into()),
        }
    }
    Ok(any)
}

/// Moves a folder to the top, under a name that is free there.
fn move_up(top: &OwnedFd, from: &OwnedFd, name: &std::ffi::CStr, moved: &mut u64) -> io::Result<()> {
    loop {
        *moved += 1;
        match renameat_with(from, name, top, format!(".{moved}"), RenameFlags::NOREPLACE) {
            Err(Errno::EXIST) => {}
            // Its own rights may forbid that; it is ours all the same.
            Err(Errno::ACCESS) => match open_whatever(from, name) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
                opened => drop(opened?),
            },
            done => return gone(done),
        }
    }
}

fn gone(done: Result<(), Errno>) -> io::Result<()> {
    match done {
        Err(Errno::NOENT) | Ok(()) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// Opens a folder, also one whose owner may not.
fn open_whatever(at: &OwnedFd, name: &std::ffi::CStr) -> io::Result<OwnedFd> {
    let path = OFlags::PATH | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let found = openat(at, name, path, Mode::empty())?;
    chmod(format!("/proc/self/fd/{}", found.as_raw_fd()), Mode::RWXU)?;
    Ok(open(at, name)?)
}

fn open(at: impl std::os::fd::AsFd, path: impl rustix::path::Arg) -> Result<OwnedFd, Errno> {
    openat(at, path, OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC, Mode::empty())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};
    use std::os::unix::net::UnixListener;

    use rustix::fs::mkdirat;

    use super::*;

    /// Folders within folders, with a file in each.
    fn nest(folder: &Path, deep: usize) {
        let mut open = open(CWD, folder).unwrap();
        for _ in 0..deep {
            mkdirat(&open, "deeper", Mode::RWXU).unwrap();
            rustix::fs::symlinkat("/", &open, "root").unwrap();
            open = super::open(&open, "deeper").unwrap();
        }
    }

    #[test]
    fn g32_h17_a_folder_that_is_deeper_than_any_path_is_listed_and_removed() {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join("tenant");
        fs::create_dir(&folder).unwrap();
        // A stack of this thread would not hold as many calls.
        nest(&folder, 20_000);
        let listed = list(&folder, "tenants/a");
        assert!(listed.len() < 20 && listed.last().unwrap().kind == "more", "{listed:?}");
        remove(&folder).unwrap();
        assert_eq!(fs::read_dir(home.path()).unwrap().count(), 0);
        remove(&folder).unwrap();
    }

    #[test]
    fn g32_h17_more_files_than_can_be_listed_are_removed() {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join("tenant");
        fs::create_dir_all(folder.join("data")).unwrap();
        for n in 0..3000 {
            fs::write(folder.join("data").join(n.to_string()), "x").unwrap();
        }
        // Names that the removal itself would choose.
        fs::create_dir_all(folder.join("data/.1/.1/.2")).unwrap();
        fs::write(folder.join(".2"), "x").unwrap();
        let listed = list(&folder, "tenants/a");
        assert!(listed.len() <= MOST_LISTED + 1 && listed.last().unwrap().kind == "more");
        remove(&folder).unwrap();
        assert_eq!(fs::read_dir(home.path()).unwrap().count(), 0);
    }

    #[test]
    fn g13_h17_nothing_outside_is_listed_or_removed() {
        let home = tempfile::tempdir().unwrap();
        let (folder, other) = (home.path().join("tenant"), home.path().join("other"));
        for made in [&folder, &other] {
            fs::create_dir(made).unwrap();
        }
        fs::write(other.join("precious"), "x").unwrap();
        symlink(&other, folder.join("link")).unwrap();
        symlink(other.join("precious"), folder.join("file")).unwrap();
        fs::create_dir(folder.join("closed")).unwrap();
        fs::write(folder.join("closed/inside"), "x").unwrap();
        fs::create_dir(folder.join("closed/within")).unwrap();
        for closed in ["closed/within", "closed"] {
            fs::set_permissions(folder.join(closed), fs::Permissions::from_mode(0o000)).unwrap();
        }
        drop(UnixListener::bind(folder.join("a.sock")).unwrap());
        assert!(list(&folder, "a").iter().all(|item| !item.name.contains("precious")));
        remove(&folder).unwrap();
        assert!(!folder.exists() && other.join("precious").exists());
        // A folder that is a link itself: the link goes.
        symlink(&other, &folder).unwrap();
        remove(&folder).unwrap();
        assert!(folder.symlink_metadata().is_err() && other.join("precious").exists());
    }

    #[test]
    fn g23_h17_two_that_remove_the_same_folder_do_not_fail() {
        for _ in 0..20 {
            let home = tempfile::tempdir().unwrap();
            let folder = home.path().join("tenant");
            fs::create_dir_all(folder.join("run")).unwrap();
            for n in 0..50 {
                fs::write(folder.join("run").join(n.to_string()), "x").unwrap();
            }
            let again = folder.clone();
            let other = std::thread::spawn(move || drop(fs::remove_dir_all(again.join("run"))));
            remove(&folder).unwrap();
            other.join().unwrap();
        }
    }
}
