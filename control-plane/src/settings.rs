//! What this start of the control plane was asked to be, and the addresses that follow from it.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use polder_db::Location;
use polder_db::server::Server;
use polder_kernel::Slug;

use crate::courier::Relay;
use crate::driver::docker;
use crate::layout::Layout;

/// Settings of one start. Read once from the command line, then passed by value.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where everything is kept.
    pub layout: Layout,
    /// Where the gateway listens.
    pub listen: SocketAddr,
    /// Where the coaching platform listens.
    pub coaching_listen: SocketAddr,
    /// The programs started as children.
    pub programs: Programs,
    /// How tenants are kept apart.
    pub isolation: Isolation,
    /// Where tenants keep their data.
    pub databases: Databases,
    /// The control plane's own database, where it is not the file in the data folder.
    pub control_database: Option<Location>,
    /// A file that says which country an address is in, for tenants to read.
    pub places: Option<PathBuf>,
    /// The mail server; without one, mail goes into the mailbox.
    pub relay: Option<Relay>,
    /// What a tenant's folder may hold, in bytes; `None` for as much as there is.
    pub disk_per_tenant: Option<u64>,
    /// How long things may take.
    pub patience: Patience,
}

/// Where tenants keep their data.
#[derive(Clone, Debug)]
pub enum Databases {
    /// In a file each.
    Sqlite,
    /// In a database each, on this server.
    Postgres(Server),
}

impl Databases {
    /// The name of the kind, which a data folder keeps for good.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Sqlite => "sqlite",
            Self::Postgres(_) => "postgres",
        }
    }
}

/// The programs started as children.
#[derive(Clone, Debug)]
pub struct Programs {
    /// `polder-tenant`.
    pub tenant: PathBuf,
    /// `polder-coaching`.
    pub coaching: PathBuf,
}

/// Whose user the tenants' processes run as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProcessUsers {
    /// One of its own for each, where we are root and may give it; else ours.
    OneEach,
    /// Ours, even as root. Only a program that cannot become another user needs it: a test's stand-in.
    Ours,
}

/// How tenants are kept apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Isolation {
    /// A process each.
    Process(ProcessUsers),
    /// A container each.
    Docker(docker::Settings),
}

/// How long things may take. Tests shorten these.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// From starting a child to its first healthy answer.
    pub start: Duration,
    /// From asking a child to end to ending it by force.
    pub stop: Duration,
    /// For a connection to a tenant's socket.
    pub connect: Duration,
    /// From the end of a request's head to the head of its answer.
    pub answer: Duration,
    /// The first pause before a failed step or a dead child is tried again; it doubles.
    pub retry: Duration,
    /// How often a failed provisioning step is tried before the tenant is marked as failed.
    pub attempts: u32,
    /// For a request that waits until its tenant is awake.
    pub wake: Duration,
    /// How long a tenant goes without a request before it sleeps, where its own settings do not say.
    pub idle: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            start: Duration::from_secs(20),
            stop: Duration::from_secs(8),
            connect: Duration::from_secs(3),
            answer: Duration::from_secs(30),
            retry: Duration::from_millis(200),
            attempts: 4,
            wake: Duration::from_secs(15),
            idle: Duration::from_secs(30 * 60),
        }
    }
}

/// The domain under which every host of a `polder dev` lives (RFC 6761: always loopback).
pub const BASE_DOMAIN: &str = "localhost";

impl Settings {
    /// Where the control plane's own database is.
    pub fn control(&self) -> Location {
        self.control_database.clone().unwrap_or_else(|| Location::Sqlite(self.layout.database()))
    }

    /// `host.localhost:PORT`, the port left out where http does.
    pub fn authority(&self, host: &str) -> String {
        match self.listen.port() {
            80 => format!("{host}.{BASE_DOMAIN}"),
            port => format!("{host}.{BASE_DOMAIN}:{port}"),
        }
    }

    /// The console's address.
    pub fn console(&self) -> String {
        format!("http://{}", self.authority("console"))
    }

    /// The public API's address.
    pub fn api(&self) -> String {
        format!("{}/api/v1", self.console())
    }

    /// The mailbox's address.
    pub fn mailbox(&self) -> String {
        format!("http://{}", self.authority("mail"))
    }

    /// The issuer of the tenant with this slug.
    pub fn issuer(&self, slug: &Slug) -> String {
        format!("http://{}", self.authority(slug.as_str()))
    }

    /// The coaching platform's address.
    pub fn coaching(&self) -> String {
        format!("http://localhost:{}", self.coaching_listen.port())
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// Settings for tests, keeping everything below `data`.
    pub(crate) fn settings(data: &std::path::Path) -> Settings {
        Settings {
            layout: Layout::new(data.to_owned()),
            listen: "127.0.0.1:8600".parse().unwrap(),
            coaching_listen: "127.0.0.1:8700".parse().unwrap(),
            programs: Programs { tenant: "/nowhere/polder-tenant".into(), coaching: "/nowhere/polder-coaching".into() },
            isolation: Isolation::Process(ProcessUsers::Ours),
            relay: None,
            places: None,
            databases: Databases::Sqlite,
            control_database: crate::testing::control_database(data),
            disk_per_tenant: None,
            patience: Patience {
                start: Duration::from_secs(10),
                stop: Duration::from_secs(2),
                connect: Duration::from_millis(300),
                answer: Duration::from_secs(2),
                retry: Duration::from_millis(5),
                attempts: 2,
                wake: Duration::from_secs(10),
                idle: Duration::from_secs(30 * 60),
            },
        }
    }

    #[test]
    fn addresses_follow_the_listener() {
        let mut settings = settings(std::path::Path::new("/data"));
        assert_eq!(settings.api(), "http://console.localhost:8600/api/v1");
        assert_eq!(settings.mailbox(), "http://mail.localhost:8600");
        assert_eq!(settings.coaching(), "http://localhost:8700");
        assert_eq!(settings.issuer(&"practice".parse().unwrap()), "http://practice.localhost:8600");
        settings.listen.set_port(80);
        assert_eq!(settings.console(), "http://console.localhost");
    }
}
