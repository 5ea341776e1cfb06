//! What is in a tenant's folder, looked through without trusting what the tenant made of it: it may be at work
//! in it at the same moment, so nothing is followed where it is a link, and there is an end to what is looked at.

use std::os::fd::OwnedFd;
use std::path::Path;

use rustix::fs::{AtFlags, CWD, Dir, FileType, Mode, OFlags, Stat, openat, statat};
use rustix::io::Errno;

/// Folders that are held open at a time.
const MOST_OPEN: usize = 64;

/// Where to stop.
#[derive(Clone, Copy, Debug)]
pub(super) struct End {
    /// How many things are looked at.
    pub(super) most: usize,
    /// How deep.
    pub(super) deepest: usize,
}

/// Shows everything below `folder` to `see`, with its name from there, and says whether that was all.
pub(super) fn look_through(folder: &Path, end: End, mut see: impl FnMut(&str, &Stat)) -> bool {
    let Ok(top) = open(CWD, folder) else { return true };
    let (mut left, mut seen, mut all) = (vec![(top, String::new(), 0)], 0, true);
    while let Some((folder, name, depth)) = left.pop() {
        for entry in Dir::read_from(&folder).into_iter().flatten().map_while(Result::ok) {
            let own = entry.file_name();
            if [c".", c".."].contains(&own) {
                continue;
            }
            if seen == end.most {
                return false;
            }
            seen += 1;
            // What goes while it is looked at is gone.
            let Ok(found) = statat(&folder, own, AtFlags::SYMLINK_NOFOLLOW) else { continue };
            let name = format!("{name}/{}", own.to_string_lossy());
            see(&name, &found);
            if FileType::from_raw_mode(found.st_mode) != FileType::Directory {
                continue;
            }
            match open(&folder, own) {
                Ok(inner) if depth < end.deepest && left.len() < MOST_OPEN => left.push((inner, name, depth + 1)),
                Err(Errno::NOENT) => {}
                _ => all = false,
            }
        }
    }
    all
}

fn open(at: impl std::os::fd::AsFd, path: impl rustix::path::Arg) -> Result<OwnedFd, Errno> {
    openat(at, path, OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC, Mode::empty())
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;

    const FAR: End = End { most: 1000, deepest: 8 };

    #[test]
    fn g32_there_is_an_end_to_what_is_looked_at() {
        let home = tempfile::tempdir().unwrap();
        fs::create_dir_all(home.path().join("a/b/c")).unwrap();
        let names = |end| {
            let mut names = Vec::new();
            let all = look_through(home.path(), end, |name, _| names.push(name.to_owned()));
            (names, all)
        };
        assert_eq!(names(FAR), (vec!["/a".to_owned(), "/a/b".to_owned(), "/a/b/c".to_owned()], true));
        assert_eq!(names(End { deepest: 1, ..FAR }), (vec!["/a".to_owned(), "/a/b".to_owned()], false));
        assert_eq!(names(End { most: 1, ..FAR }), (vec!["/a".to_owned()], false));
        for n in 0..100 {
            fs::create_dir(home.path().join(n.to_string())).unwrap();
        }
        assert!(!names(FAR).1, "so many folders are not held open");
        assert!(look_through(&home.path().join("nothing"), FAR, |_, _| ()));
    }

    #[test]
    fn g13_a_folder_that_is_swapped_for_a_link_while_it_is_looked_at_shows_nothing_of_elsewhere() {
        let home = tempfile::tempdir().unwrap();
        let (folder, other) = (home.path().join("tenant"), home.path().join("other"));
        fs::create_dir_all(folder.join("data")).unwrap();
        fs::create_dir(&other).unwrap();
        fs::write(other.join("precious"), "x").unwrap();
        let stop = Arc::new(AtomicBool::new(false));
        let hostile = std::thread::spawn({
            let (stop, at) = (Arc::clone(&stop), folder.join("data"));
            move || {
                while !stop.load(Ordering::Relaxed) {
                    drop(fs::remove_dir(&at));
                    drop(symlink(&other, &at));
                    drop(fs::remove_file(&at));
                    drop(fs::create_dir(&at));
                }
            }
        });
        for _ in 0..5000 {
            look_through(&folder, FAR, |name, _| assert!(!name.contains("precious"), "{name}"));
        }
        stop.store(true, Ordering::Relaxed);
        hostile.join().unwrap();
    }
}
