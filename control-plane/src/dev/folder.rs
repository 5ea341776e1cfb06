//! The data folder: looked at first, taken later, held while it is used.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

use rustix::fs::{Access, FlockOperation, access, flock};
use serde::{Deserialize, Serialize};

use super::problem::Problem;
use crate::layout::Layout;
use crate::secrets::sync_folder;
use crate::settings::{Databases, Settings};

/// The version of the folder's layout that this program reads and writes.
const VERSION: u32 = 1;

/// What the marker file holds.
#[derive(Serialize, Deserialize)]
struct Marker {
    version: u32,
    listen: String,
    /// The kind of database that its tenants have.
    #[serde(default = "sqlite")]
    database: String,
    /// The kind that the control plane itself has.
    #[serde(default = "sqlite")]
    control_database: String,
}

const fn control_kind(settings: &Settings) -> &'static str {
    if settings.control_database.is_some() { "postgres" } else { "sqlite" }
}

/// Folders of before there was a choice.
fn sqlite() -> String {
    Databases::Sqlite.kind().to_owned()
}

/// Held while a control plane uses the folder; the kernel lets go when the process ends, however.
#[derive(Debug)]
pub struct Taken(#[expect(dead_code, reason = "the lock is held by holding the file")] File);

/// Looks whether the folder can be used, and changes nothing. One that a start has made before is held
/// from then on.
///
/// # Errors
/// [`Problem`], when it is something else's, another address's, in use, or not to be written.
pub fn inspect(settings: &Settings) -> Result<Option<Taken>, Problem> {
    let root = settings.layout.root();
    let unusable = |error| Problem::Folder { path: root.to_owned(), error };
    let empty = match fs::read_dir(root) {
        Ok(mut entries) => entries.next().is_none(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return parent_is_writable(root).map(|()| None).map_err(unusable);
        }
        Err(error) => return Err(unusable(error)),
    };
    access(root, Access::WRITE_OK | Access::EXEC_OK).map_err(|error| unusable(error.into()))?;
    if empty {
        return Ok(None);
    }
    let Some(marker) = marker(&settings.layout)? else { return Err(Problem::Foreign(root.to_owned())) };
    if marker.version > VERSION {
        return Err(Problem::Newer(root.to_owned()));
    }
    let held = match OpenOptions::new().read(true).open(settings.layout.lock()) {
        Ok(lock) => Some(hold(&settings.layout, lock)?),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(unusable(error)),
    };
    if marker.listen != settings.listen.to_string() {
        return Err(Problem::OtherListen { folder: root.to_owned(), stored: marker.listen });
    }
    if marker.database != settings.databases.kind() {
        return Err(Problem::OtherDatabase { folder: root.to_owned(), stored: marker.database });
    }
    if marker.control_database != control_kind(settings) {
        return Err(Problem::OtherControlDatabase { folder: root.to_owned(), stored: marker.control_database });
    }
    Ok(held)
}

/// Takes the folder: makes what is missing, and holds its lock, where [`inspect`] does not already.
///
/// # Errors
/// [`Problem`], when it cannot be made, or somebody took it meanwhile.
pub fn take(settings: &Settings, held: Option<Taken>) -> Result<Taken, Problem> {
    let layout = &settings.layout;
    make(layout.root())?;
    let unusable = |path: std::path::PathBuf| move |error| Problem::Folder { path, error };
    // The marker comes first: a folder with anything in it and no marker is somebody else's.
    if marker(layout)?.is_none() {
        let marker = Marker {
            version: VERSION,
            listen: settings.listen.to_string(),
            database: settings.databases.kind().to_owned(),
            control_database: control_kind(settings).to_owned(),
        };
        let text = serde_json::to_vec(&marker).map_err(io::Error::from).map_err(unusable(layout.marker()))?;
        write_whole(layout.root(), &layout.marker(), &text).map_err(unusable(layout.marker()))?;
    }
    let taken = match held {
        Some(held) => held,
        None => {
            let lock = OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(layout.lock());
            hold(layout, lock.map_err(unusable(layout.lock()))?)?
        }
    };
    for folder in [layout.secrets(), layout.children(), layout.tenants(), layout.mailbox(), layout.coaching()] {
        make(&folder)?;
    }
    sync_folder(layout.root()).map_err(unusable(layout.root().to_owned()))?;
    Ok(taken)
}

/// Writes a file of ours so that it is there whole or not at all, also after a loss of power.
///
/// # Errors
/// When the file system refuses.
pub fn write_whole(folder: &Path, path: &Path, content: &[u8]) -> io::Result<()> {
    // Begins with a dot and is written before it has its name: never taken for the file itself.
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let draft = folder.join(format!(".{name}.new"));
    let mut file = OpenOptions::new().create(true).truncate(true).write(true).mode(0o600).open(&draft)?;
    io::Write::write_all(&mut file, content)?;
    file.sync_all()?;
    fs::rename(&draft, path)?;
    sync_folder(folder)
}

fn hold(layout: &Layout, lock: File) -> Result<Taken, Problem> {
    match flock(&lock, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(Taken(lock)),
        Err(rustix::io::Errno::WOULDBLOCK) => Err(Problem::Running(layout.root().to_owned())),
        Err(error) => Err(Problem::Folder { path: layout.lock(), error: error.into() }),
    }
}

fn marker(layout: &Layout) -> Result<Option<Marker>, Problem> {
    match fs::read(layout.marker()) {
        Ok(text) => serde_json::from_slice(&text).map(Some).map_err(|_| Problem::Marker(layout.marker())),
        // Killed before the marker had its name: nothing else is there yet.
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Problem::Folder { path: layout.marker(), error }),
    }
}

fn make(folder: &Path) -> Result<(), Problem> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .map_err(|error| Problem::Folder { path: folder.to_owned(), error })
}

fn parent_is_writable(root: &Path) -> io::Result<()> {
    let there = root.ancestors().skip(1).find(|ancestor| ancestor.exists()).unwrap_or(Path::new("/"));
    if !there.is_dir() {
        return Err(io::ErrorKind::NotADirectory.into());
    }
    Ok(access(there, Access::WRITE_OK | Access::EXEC_OK)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::tests::settings;

    fn said(result: Result<impl Sized, Problem>) -> String {
        match result {
            Ok(_) => panic!("it was taken to be in order"),
            Err(problem) => problem.to_string(),
        }
    }

    /// Other tests start processes meanwhile, and between fork and exec those share our lock.
    fn let_go(settings: &Settings) -> Option<Taken> {
        for _ in 0..200 {
            match inspect(settings) {
                Err(Problem::Running(_)) => std::thread::sleep(std::time::Duration::from_millis(5)),
                looked => return looked.unwrap(),
            }
        }
        panic!("the lock is not let go");
    }

    #[test]
    fn a_folder_is_taken_once_and_its_address_is_kept() {
        let data = tempfile::tempdir().unwrap();
        let mut settings = settings(&data.path().join("new/folder"));
        inspect(&settings).unwrap();
        assert!(!settings.layout.root().exists(), "looking writes nothing");
        let taken = take(&settings, None).unwrap();
        assert!(said(inspect(&settings)).contains("running on"));
        assert!(said(take(&settings, None)).contains("running on"));
        drop(taken);
        let held = let_go(&settings);
        assert!(said(inspect(&settings)).contains("running on"), "a folder that was looked at is held");
        drop(take(&settings, held).unwrap());
        drop(let_go(&settings));
        settings.listen.set_port(8601);
        let other = std::iter::repeat_with(|| said(inspect(&settings))).find(|said| !said.contains("running on"));
        assert!(other.unwrap().contains("--listen 127.0.0.1:8600"));
    }

    #[test]
    fn a_folder_keeps_its_kind_of_database() {
        let data = tempfile::tempdir().unwrap();
        let mut settings = settings(data.path());
        fs::write(data.path().join("polder.json"), r#"{"version":1,"listen":"127.0.0.1:8600"}"#).unwrap();
        inspect(&settings).unwrap();
        settings.databases = Databases::Postgres("postgres://polder@127.0.0.1/postgres".parse().unwrap());
        assert!(said(inspect(&settings)).contains("--database sqlite"));
        settings.databases = Databases::Sqlite;
        settings.control_database = Some("postgres://polder@127.0.0.1/polder".parse().unwrap());
        assert!(said(inspect(&settings)).contains("--control-database sqlite"));
        settings.control_database = None;
        settings.databases = Databases::Postgres("postgres://polder@127.0.0.1/postgres".parse().unwrap());
        fs::remove_file(data.path().join("polder.json")).unwrap();
        drop(take(&settings, None).unwrap());
        settings.databases = Databases::Sqlite;
        let other = std::iter::repeat_with(|| said(inspect(&settings))).find(|said| !said.contains("running on"));
        assert!(other.unwrap().contains("--database postgres"));
    }

    #[test]
    fn somebody_elses_folder_is_left_alone() {
        let data = tempfile::tempdir().unwrap();
        fs::write(data.path().join("thesis.txt"), "years of work").unwrap();
        let settings = settings(data.path());
        assert!(said(inspect(&settings)).contains("not a data folder of Polder"));
        assert_eq!(fs::read_dir(data.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_file_a_damaged_marker_and_a_newer_layout_are_told_apart() {
        let data = tempfile::tempdir().unwrap();
        let file = data.path().join("file");
        fs::write(&file, "").unwrap();
        assert!(said(inspect(&settings(&file))).contains("--data"));
        assert!(said(inspect(&settings(&file.join("below")))).contains("--data"));
        let folder = data.path().join("folder");
        fs::create_dir(&folder).unwrap();
        fs::write(folder.join("polder.json"), "{").unwrap();
        assert!(said(inspect(&settings(&folder))).contains("cannot be understood"));
        fs::write(folder.join("polder.json"), r#"{"version":2,"listen":"127.0.0.1:8600"}"#).unwrap();
        assert!(said(inspect(&settings(&folder))).contains("newer version"));
    }
}
