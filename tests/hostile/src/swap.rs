//! Something else in the place of a socket (G32): a link to another's, a file, a pipe, a folder.

use std::fs;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;
use std::path::Path;

use serde_json::Value;

use crate::call;
use crate::report::Report;

/// Puts `with` in the place of the socket `name`.
pub fn swap(report: &mut Report, words: &Value) {
    let (name, with) = (words["name"].as_str().unwrap_or_default(), words["with"].as_str().unwrap_or_default());
    let place = Path::new("/run/polder").join(name);
    drop(fs::remove_file(&place));
    drop(fs::remove_dir_all(&place));
    let path = place.display().to_string();
    let done = match with {
        "file" => fs::write(&place, "HTTP/1.1 200 OK\r\n\r\n"),
        "pipe" => call!(libc::SYS_mknod, path.as_str(), i64::from(libc::S_IFIFO | 0o666), 0).map(drop),
        "folder" => fs::create_dir(&place),
        "nothing" => Ok(()),
        "deaf" => UnixListener::bind(&place).map(drop),
        link => symlink(link, &place),
    };
    match done {
        Ok(()) => report.refused(&format!("{name} is now {with}"), ""),
        Err(error) => {
            report.reached(&format!("{name} could not be swapped for {with}: the test proves nothing"), error);
        }
    }
}
