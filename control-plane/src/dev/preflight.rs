//! Everything that can be known to be wrong before anything is written.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};

use polder_db::Location;
use polder_db::server::{Encryption, Endpoint, Server};
use polder_kernel::Secret;
use polder_outbound::Credentials;
use polder_service::listen::{Address, Listener};

use super::folder::{self, Taken};
use super::problem::Problem;
use crate::cli::{Dev, Isolation};
use crate::courier::Relay;
use crate::driver::docker::{self, daemon::Daemon};
use crate::driver::note;
use crate::layout::Layout;
use crate::settings::{self, Databases, Patience, Programs, Settings};

/// What a start goes on with.
pub struct Checked {
    /// The settings.
    pub settings: Settings,
    /// The bound listener: the port is ours from now on.
    pub listener: Listener,
    /// The lock of a folder that was there before.
    pub held: Option<Taken>,
}

/// Checks the options, the programs, the folder and the ports, in this order. A folder that is there
/// is held from then on.
///
/// # Errors
/// The first problem.
pub async fn check(options: Dev) -> Result<Checked, Problem> {
    loopback("--listen", options.listen)?;
    loopback("--coaching-listen", options.coaching_listen)?;
    if options.listen == options.coaching_listen {
        return Err(Problem::Option("--listen and --coaching-listen must differ".to_owned()));
    }
    if options.listen.port() == 0 || options.coaching_listen.port() == 0 {
        return Err(Problem::Option("addresses are stored, so --listen and --coaching-listen need a port".to_owned()));
    }
    let root =
        std::path::absolute(&options.data).map_err(|error| Problem::Folder { path: options.data.clone(), error })?;
    let settings = Settings {
        layout: Layout::new(root),
        listen: options.listen,
        coaching_listen: options.coaching_listen,
        programs: programs()?,
        isolation: isolation(&options).await?,
        relay: relay(&options)?,
        places: options.places.clone(),
        databases: databases(&options.database)?,
        control_database: control_database(&options.control_database)?,
        disk_per_tenant: (options.disk_per_tenant > 0).then(|| options.disk_per_tenant.saturating_mul(1 << 20)),
        patience: Patience::default(),
    };
    let held = folder::inspect(&settings)?;
    if held.is_some() {
        end_orphans(&settings, &options.docker_host).await?;
    }
    if let Databases::Postgres(server) = &settings.databases {
        let place = server.endpoint().to_string();
        server.check().await.map_err(|error| Problem::Postgres { place, error })?;
    }
    // Bound and let go: the coaching platform binds it itself, in a moment.
    drop(bind("--coaching-listen", options.coaching_listen).await?);
    let listener = bind("--listen", options.listen).await?;
    Ok(Checked { settings, listener, held })
}

/// A control plane that was killed leaves children that are just ending; until they have, they hold
/// their ports and data. The folder is ours already, so they are nobody else's.
async fn end_orphans(settings: &Settings, docker_host: &str) -> Result<(), Problem> {
    let ended = note::end_orphans(&settings.layout.children(), settings.patience.stop).await;
    if ended.map_err(|error| Problem::Orphans(error.to_string()))? > 0 {
        tracing::info!("children of an earlier start were still there and have been ended");
    }
    if matches!(settings.isolation, settings::Isolation::Process(_)) {
        // With Docker they are adopted. Where Docker is not there any more, neither are they.
        match docker::end_orphans(docker_host, &settings.layout.docker()).await {
            Ok(0) => {}
            Ok(count) => tracing::info!(count, "containers of an earlier start were still there and have been ended"),
            Err(error) => tracing::warn!(%error, "containers of an earlier start were not looked for"),
        }
    }
    Ok(())
}

/// What `--database` says.
fn databases(given: &str) -> Result<Databases, Problem> {
    Ok(match on_server("--database", given)? {
        Some((server, _)) => Databases::Postgres(server),
        None => Databases::Sqlite,
    })
}

/// What `--control-database` says.
fn control_database(given: &str) -> Result<Option<Location>, Problem> {
    Ok(on_server("--control-database", given)?.map(|(_, address)| Location::Postgres(address)))
}

/// The server that an option names, and its address; `None` for `sqlite`. The value is never repeated: it may
/// hold a password.
fn on_server(option: &'static str, given: &str) -> Result<Option<(Server, Secret<String>)>, Problem> {
    if given == Databases::Sqlite.kind() {
        return Ok(None);
    }
    let address = match given.strip_prefix("file:") {
        Some(path) => std::fs::read_to_string(path)
            .map(|text| Secret::new(text.trim().to_owned()))
            .map_err(|error| Problem::Folder { path: path.into(), error })?,
        None => Secret::new(given.to_owned()),
    };
    let how = || {
        Problem::Option(format!(
            "{option} is sqlite, postgres://user@host:port/database, or file:PATH of a file with that"
        ))
    };
    let server: Server = address.expose().parse().map_err(|_| how())?;
    let wrong = |why: &str| Err(Problem::Option(format!("{option}: {why}")));
    match (server.encryption(), server.endpoint()) {
        (Encryption::NameUnverified, _) => {
            wrong("sslmode=verify-ca lets in any server of that authority; use sslmode=verify-full")
        }
        (Encryption::Unsaid, Endpoint::Tcp(host, _)) if !is_loopback(&host) => wrong(
            "what goes to another machine has to be encrypted: say sslmode=verify-full in its address (with \
             sslrootcert=FILE where its authority is your own), or sslmode=disable where the network between is yours",
        ),
        _ => Ok(Some((server, address))),
    }
}

fn is_loopback(host: &str) -> bool {
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

async fn isolation(options: &Dev) -> Result<settings::Isolation, Problem> {
    if options.isolation == Isolation::Process {
        return Ok(settings::Isolation::Process(settings::ProcessUsers::OneEach));
    }
    let docker = docker::Settings { host: options.docker_host.clone(), image: options.image.clone() };
    Daemon::reach(&docker).await?;
    Ok(settings::Isolation::Docker(docker))
}

/// The mail server, where one was named.
fn relay(options: &Dev) -> Result<Option<Relay>, Problem> {
    let (Some(url), Some(sender)) = (&options.smtp, &options.mail_from) else { return Ok(None) };
    let wrong = |option: &str, why: &dyn std::fmt::Display| Problem::Option(format!("{option}: {why}"));
    let credentials = options.smtp_credentials.as_ref().map(|path| {
        // What is in the file is not repeated: it is a password.
        let text = std::fs::read_to_string(path).map_err(|error| wrong("--smtp-credentials", &error))?;
        text.parse::<Credentials>().map_err(|error| wrong("--smtp-credentials", &error))
    });
    let relay = Relay::new(url, credentials.transpose()?.as_ref(), sender.clone());
    relay.map(Some).map_err(|error| wrong("--smtp", &error))
}

fn loopback(option: &'static str, address: SocketAddr) -> Result<(), Problem> {
    if address.ip().is_loopback() { Ok(()) } else { Err(Problem::NotLoopback { option, address: address.to_string() }) }
}

async fn bind(option: &'static str, address: SocketAddr) -> Result<Listener, Problem> {
    Listener::bind(&Address::Tcp(address)).await.map_err(|problem| Problem::Listen { option, problem })
}

/// The programs lie beside this one.
fn programs() -> Result<Programs, Problem> {
    let own = std::env::current_exe().map_err(|error: io::Error| Problem::Runtime(error.to_string()))?;
    let folder = own.parent().unwrap_or(Path::new("/"));
    let beside = |name: &str| -> Result<PathBuf, Problem> {
        let path = folder.join(name);
        if path.is_file() { Ok(path) } else { Err(Problem::Program(path)) }
    };
    Ok(Programs { tenant: beside("polder-tenant")?, coaching: beside("polder-coaching")? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn f16_a_database_option_is_understood_or_refused_without_being_repeated() {
        assert!(matches!(databases("sqlite"), Ok(Databases::Sqlite)));
        for sound in [
            "postgres://polder@127.0.0.1:5432/postgres",
            "postgres://polder:hunter2@localhost/postgres",
            "postgres://polder@%2Frun%2Fpostgresql/postgres",
            "postgres://polder@db.internal/postgres?sslmode=disable",
            "postgres://polder@db.internal/postgres?sslmode=require",
            "postgres://polder@db.internal/postgres?sslmode=verify-full&sslrootcert=/etc/ca.pem",
        ] {
            assert!(matches!(databases(sound), Ok(Databases::Postgres(_))), "{sound}");
        }
        for wrong in [
            "",
            "mysql://u:hunter2@localhost/x",
            "hunter2",
            "postgres://u:hunter2@db.example.com/x",
            "postgres://u:hunter2@db.example.com/x?sslmode=prefer",
            "postgres://u:hunter2@localhost/x?sslmode=verify-ca",
        ] {
            let said = databases(wrong).unwrap_err().to_string();
            assert!(said.starts_with("--database") && !said.contains("hunter2"), "{said}");
            let said = control_database(wrong).unwrap_err().to_string();
            assert!(said.starts_with("--control-database") && !said.contains("hunter2"), "{said}");
        }
        assert!(matches!(control_database("sqlite"), Ok(None)));
        assert!(matches!(control_database("postgres://u@localhost/x"), Ok(Some(Location::Postgres(_)))));
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("server");
        std::fs::write(&file, "postgres://polder:hunter2@127.0.0.1/postgres\n").unwrap();
        assert!(matches!(databases(&format!("file:{}", file.display())), Ok(Databases::Postgres(_))));
        assert!(databases("file:/nowhere/at/all").is_err());
    }
}
