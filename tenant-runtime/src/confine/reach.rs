//! What a tenant has to reach, read from its settings: everything else is closed.

use std::collections::BTreeSet;
use std::fs::DirBuilder;
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf, absolute};
use std::str::FromStr;

use polder_service::listen::Address;
use url::Url;

use crate::keys::seal::next_to;
use crate::settings::Serve;
use crate::startup::Refused;

/// Ports of mail servers, where the address names none, and of DNS.
const MAIL: [u16; 4] = [25, 465, 587, 53];

/// Ports of the web, and of DNS.
const WEB: [u16; 2] = [443, 53];

/// Everything a process keeps once it is confined.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reach {
    /// Folders it reads and writes: its data.
    pub data: BTreeSet<PathBuf>,
    /// Folders in which it makes and uses sockets.
    pub sockets: BTreeSet<PathBuf>,
    /// Files it reads: secrets and keys.
    pub files: BTreeSet<PathBuf>,
    /// TCP, where it speaks that at all.
    pub tcp: Option<Tcp>,
    /// The user it becomes; needs root.
    pub user: Option<User>,
}

/// The TCP ports it keeps.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tcp {
    /// Ports it listens on.
    pub listen: BTreeSet<u16>,
    /// Ports it connects to; `None` where they are not known.
    pub connect: Option<BTreeSet<u16>>,
}

impl Tcp {
    fn none() -> Self {
        Self { listen: BTreeSet::new(), connect: Some(BTreeSet::new()) }
    }
}

/// A user and group of the host: `UID:GID`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct User {
    /// The user id.
    pub uid: u32,
    /// The group id.
    pub gid: u32,
}

/// The text names no user.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a user is UID:GID, neither of them 0")]
pub struct NotAUser;

impl FromStr for User {
    type Err = NotAUser;
    fn from_str(text: &str) -> Result<Self, NotAUser> {
        let (uid, gid) = text.split_once(':').ok_or(NotAUser)?;
        match (uid.parse(), gid.parse()) {
            (Ok(uid), Ok(gid)) if uid != 0 && gid != 0 && uid != u32::MAX && gid != u32::MAX => Ok(Self { uid, gid }),
            _ => Err(NotAUser),
        }
    }
}

impl Reach {
    /// What these settings need. A data folder that is not there yet is made, since a folder can only be
    /// kept open if it is there.
    ///
    /// # Errors
    /// When a path or an address makes no sense, or the folder cannot be made.
    pub fn of(settings: &Serve) -> Result<Self, Refused> {
        let mut reach = Self { user: settings.user, ..Self::default() };
        let store = &settings.store;
        reach.listens_on(&settings.listen)?;
        if let Some(address) = &settings.admin.admin_listen {
            reach.listens_on(address)?;
        }
        for socket in [&store.database_socket, &settings.courier, &settings.egress].into_iter().flatten() {
            reach.socket(Path::new(socket.strip_prefix("unix:").unwrap_or(socket)))?;
        }
        if let Some(file) = store.database.as_ref().and_then(|database| database.expose().strip_prefix("file:")) {
            reach.file(Path::new(file))?;
        }
        if store.database.is_some() && store.database_socket.is_none() {
            // Its address may lie in a file, and its driver picks the port.
            reach.connects_to(None);
        }
        if let Some(url) = &settings.smtp {
            let port = Url::parse(url).ok().and_then(|url| url.port());
            reach.connects_to(Some(port.into_iter().chain(MAIL).collect()));
        }
        if settings.egress.is_none() {
            // A tenant of development may learn from any port of this machine.
            reach.connects_to((!settings.issuer.is_local()).then(|| WEB.into()));
        }
        for file in [Some(&store.seal_key), settings.admin.admin_key.as_ref(), settings.smtp_credentials.as_ref()] {
            file.map(|file| reach.file(file)).transpose()?;
        }
        let next = next_to(&store.seal_key);
        // What may be missing is no reason not to start.
        for file in settings.places.iter().chain([&next]).filter(|file| file.exists()) {
            reach.file(file)?;
        }
        // Last, so that settings that make no sense leave nothing behind.
        if let Some(folder) = &store.data {
            let made = DirBuilder::new().recursive(true).mode(0o700).create(folder);
            made.map_err(|error| Refused::Other(format!("cannot use the data folder {}: {error}", folder.display())))?;
            reach.data.insert(whole(folder)?);
        }
        Ok(reach)
    }

    /// Whether Unix sockets are its only ways in and out.
    pub const fn is_local(&self) -> bool {
        self.tcp.is_none()
    }

    /// Every folder it keeps.
    pub fn folders(&self) -> impl Iterator<Item = &PathBuf> {
        self.data.union(&self.sockets)
    }

    fn listens_on(&mut self, address: &str) -> Result<(), Refused> {
        match address.parse::<Address>() {
            Ok(Address::Unix(path)) => self.socket(&path),
            Ok(Address::Tcp(address)) => {
                self.tcp.get_or_insert_with(Tcp::none).listen.insert(address.port());
                Ok(())
            }
            Err(error) => Err(Refused::Other(format!("{address}: {error}"))),
        }
    }

    /// Adds ports that it connects to; `None` for any.
    fn connects_to(&mut self, ports: Option<BTreeSet<u16>>) {
        let tcp = self.tcp.get_or_insert_with(Tcp::none);
        tcp.connect = tcp.connect.take().zip(ports).map(|(known, more)| known.union(&more).copied().collect());
    }

    fn socket(&mut self, path: &Path) -> Result<(), Refused> {
        let path = whole(path)?;
        self.sockets.insert(path.parent().map_or_else(|| path.clone(), Path::to_owned));
        Ok(())
    }

    fn file(&mut self, path: &Path) -> Result<(), Refused> {
        self.files.insert(whole(path)?);
        Ok(())
    }
}

/// The path from the root on, whatever the working folder will be.
fn whole(path: &Path) -> Result<PathBuf, Refused> {
    absolute(path).map_err(|error: io::Error| Refused::Other(format!("{}: {error}", path.display())))
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    fn reach(folder: &Path, more: &[&str]) -> Reach {
        let path = |name: &str| folder.join(name).display().to_string();
        let (data, seal) = (path("data"), path("seal"));
        let mut line = vec!["polder-tenant", "--data", &data, "--seal-key", &seal];
        if !more.contains(&"--issuer") {
            line.extend(["--issuer", "http://a.localhost:1"]);
        }
        line.extend(more);
        Reach::of(&Serve::try_parse_from(line).unwrap()).unwrap()
    }

    #[test]
    fn g14_a_tenant_behind_sockets_reaches_no_network() {
        let folder = tempfile::tempdir().unwrap();
        let own = |name: &str| folder.path().join(name);
        std::fs::write(own("seal.next"), "").unwrap();
        std::fs::write(own("places.mmdb"), "").unwrap();
        let places = own("places.mmdb").display().to_string();
        let more = [&["--listen", "unix:/run/t/public.sock", "--places", &places][..], &SOCKETS].concat();
        let reach = reach(folder.path(), &more);
        assert!(reach.is_local());
        assert_eq!(reach.data, BTreeSet::from([own("data")]));
        assert!(own("data").is_dir(), "made, so that it can be kept");
        assert_eq!(reach.sockets, BTreeSet::from(["/run/out".into(), "/run/t".into()]));
        assert_eq!(reach.files, BTreeSet::from([own("places.mmdb"), own("seal"), own("seal.next")]));
    }

    const SOCKETS: [&str; 4] = ["--courier", "unix:/run/t/courier.sock", "--egress", "unix:/run/out/egress.sock"];
    const MAIL_SERVER: [&str; 4] = ["--smtp", "smtp://localhost:2525", "--mail-from", "a@example.test"];

    #[test]
    fn g14_a_tenant_on_tcp_keeps_its_ports_alone() {
        let folder = tempfile::tempdir().unwrap();
        let tcp = |more: &[&[&str]]| {
            let line = [&["--listen", "127.0.0.1:8080"][..], &more.concat()].concat();
            reach(folder.path(), &line).tcp.unwrap()
        };
        assert_eq!(tcp(&[&SOCKETS]), Tcp { listen: [8080].into(), connect: Some(BTreeSet::new()) });
        let mailing = tcp(&[&MAIL_SERVER, &SOCKETS[2..]]);
        assert_eq!(mailing.connect.unwrap(), BTreeSet::from([25, 53, 465, 587, 2525]));
        assert_eq!(tcp(&[&MAIL_SERVER]).connect, None, "in development, any port of this machine");
        let public = tcp(&[&MAIL_SERVER, &["--issuer", "https://login.example.com"]]);
        assert_eq!(public.connect.unwrap(), BTreeSet::from([25, 53, 443, 465, 587, 2525]));
    }

    #[test]
    fn a_user_is_two_numbers_and_never_root() {
        assert_eq!("1900000001:1900000002".parse(), Ok(User { uid: 1_900_000_001, gid: 1_900_000_002 }));
        for wrong in ["", "root", "1", "0:1", "1:0", "1:4294967295", "1:2:3", "-1:1"] {
            assert_eq!(wrong.parse::<User>(), Err(NotAUser), "{wrong}");
        }
    }
}
