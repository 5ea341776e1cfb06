//! The key of the public API, as files hold it, and where it may be sent.

use std::fs::{File, Metadata};
use std::io::{self, IsTerminal as _, Read as _};
use std::net::IpAddr;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use polder_kernel::Secret;
use serde_json::Value;
use url::{Host, Url};

use super::exit::Refused;

/// A file that is longer holds something else.
const LONGEST: u64 = 64 << 10;

/// The key in a file.
///
/// # Errors
/// Also when anybody could have put another in its place.
pub fn key_in(file: &Path) -> Result<Secret<String>, Refused> {
    let (text, met) = read(file).map_err(|error| Refused(5, format!("{}: {error}", file.display())))?;
    match Guarded::of(&met) {
        Guarded::Well => {}
        Guarded::Readable if io::stderr().is_terminal() => {
            eprintln!("polder: others on this machine can read the key: chmod 600 {}", file.display());
        }
        Guarded::Readable => {}
        Guarded::Writable => {
            let why = "anybody on this machine could put another key into it: chmod 600 it, and make a new key";
            return Err(Refused(5, format!("{}: {why}", file.display())));
        }
    }
    plain(text.expose().trim()).ok_or_else(|| Refused(5, format!("{} holds no key", file.display())))
}

/// The API and the key of a running `polder dev`.
///
/// # Errors
/// Also when the file is somebody else's: it would say where to send what is typed in.
pub fn from_dev_json(data: &Path) -> Result<(String, Secret<String>), Refused> {
    let file = data.join("dev.json");
    let missing =
        |_| Refused(1, format!("{} is not there: start `polder dev`, or give --api and --key-file", file.display()));
    let (text, met) = read(&file).map_err(missing)?;
    let own = met.uid() == rustix::process::geteuid().as_raw() || rustix::process::geteuid().is_root();
    if !own || Guarded::of(&met) != Guarded::Well {
        let why = "is not yours alone: it is not believed";
        return Err(Refused(5, format!("{} {why}", file.display())));
    }
    let dev: Value = serde_json::from_str(text.expose()).unwrap_or_default();
    match (dev["api"].as_str(), dev["api_key"].as_str().and_then(plain)) {
        (Some(api), Some(key)) => Ok((api.to_owned(), key)),
        _ => Err(Refused(1, format!("{} cannot be understood", file.display()))),
    }
}

/// Where the key may be sent: over TLS, or to this machine.
///
/// # Errors
/// For every other address.
pub fn base(api: &str) -> Result<String, Refused> {
    let wrong = |why: &str| Refused::usage(format!("--api: {why}"));
    let url = Url::parse(api).map_err(|_| wrong("an address such as https://console.polder.example/api/v1"))?;
    if !url.username().is_empty() || url.password().is_some() || url.query().is_some() || url.fragment().is_some() {
        return Err(wrong("an address without a name, a password, ? or #"));
    }
    let here = match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => IpAddr::from(address).is_loopback(),
        Some(Host::Ipv6(address)) => IpAddr::from(address).is_loopback(),
        None => false,
    };
    match url.scheme() {
        "https" => {}
        "http" if here => {}
        "http" => return Err(wrong("over http everybody on the way reads the key: https")),
        _ => return Err(wrong("an address that begins with https")),
    }
    Ok(api.trim_end_matches('/').to_owned())
}

/// Who but its owner gets at a file. A pipe is nobody else's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Guarded {
    Well,
    Readable,
    Writable,
}

impl Guarded {
    fn of(met: &Metadata) -> Self {
        Self::by(met.is_file(), met.mode())
    }

    const fn by(is_file: bool, mode: u32) -> Self {
        match (is_file, mode & 0o002, mode & 0o004) {
            (false, ..) | (_, 0, 0) => Self::Well,
            (_, 0, _) => Self::Readable,
            _ => Self::Writable,
        }
    }
}

fn read(file: &Path) -> io::Result<(Secret<String>, Metadata)> {
    let opened = File::open(file)?;
    let met = opened.metadata()?;
    let mut text = String::new();
    opened.take(LONGEST).read_to_string(&mut text)?;
    Ok((Secret::new(text), met))
}

/// A key that can stand in a header: nothing of it begins another.
fn plain(key: &str) -> Option<Secret<String>> {
    let fine = !key.is_empty() && key.len() <= 512 && key.bytes().all(|byte| byte.is_ascii_graphic());
    fine.then(|| Secret::new(key.to_owned()))
}

#[cfg(test)]
mod tests {
    use std::fs::{Permissions, set_permissions, write};
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn g06_a_key_that_others_could_have_put_there_is_not_sent() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("key");
        write(&file, "polder_key\n").unwrap();
        for (mode, sent) in [(0o600, true), (0o400, true), (0o640, true), (0o644, true), (0o602, false), (0o666, false)]
        {
            set_permissions(&file, Permissions::from_mode(mode)).unwrap();
            assert_eq!(key_in(&file).is_ok(), sent, "{mode:o}");
        }
        assert_eq!(Guarded::by(true, 0o100_644), Guarded::Readable);
        assert_eq!(Guarded::by(true, 0o100_640), Guarded::Well);
        assert_eq!(Guarded::by(false, 0o010_666), Guarded::Well);
    }

    #[test]
    fn g06_what_is_no_key_is_not_sent_and_not_repeated() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("key");
        for wrong in ["", "\n", "a\r\nX-Other: b", "a b", "caf\u{e9}", &"a".repeat(513)] {
            write(&file, wrong).unwrap();
            set_permissions(&file, Permissions::from_mode(0o600)).unwrap();
            let Err(Refused(code, why)) = key_in(&file) else { panic!("{wrong:?}") };
            assert!(code == 5 && why.ends_with("holds no key"), "{why}");
        }
        // What has no end is read no further than a key is long.
        assert!(key_in(Path::new("/dev/zero")).is_err());
    }

    #[test]
    fn g06_a_dev_json_that_others_reach_is_not_believed() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("dev.json");
        write(&file, r#"{"api":"http://console.localhost:1/api/v1","api_key":"k"}"#).unwrap();
        for (mode, believed) in [(0o600, true), (0o644, false), (0o666, false)] {
            set_permissions(&file, Permissions::from_mode(mode)).unwrap();
            assert_eq!(from_dev_json(folder.path()).is_ok(), believed, "{mode:o}");
        }
        assert_eq!(from_dev_json(Path::new("/nowhere")).err().map(|Refused(code, _)| code), Some(1));
    }

    #[test]
    fn g06_the_key_goes_over_tls_or_stays_on_this_machine() {
        for fine in [
            "https://console.example/api/v1",
            "http://localhost:8600/api/v1",
            "http://console.localhost:8600/api/v1/",
            "http://127.0.0.1:1",
            "http://[::1]:1/api",
        ] {
            assert!(base(fine).is_ok(), "{fine}");
        }
        for wrong in [
            "http://console.example/api/v1",
            "http://localhost.example/",
            "http://192.0.2.1/",
            "https://me:secret@console.example/",
            "https://console.example/?a=b",
            "https://console.example/#x",
            "ftp://console.example/",
            "console.example",
            "",
        ] {
            let Err(Refused(code, why)) = base(wrong) else { panic!("{wrong}") };
            assert!(code == 2 && !why.contains("secret"), "{wrong}: {why}");
        }
    }
}
