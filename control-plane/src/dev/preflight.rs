//! Everything that can be known to be wrong before anything is written.

use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use polder_outbound::Credentials;
use polder_service::listen::{Address, Listener};

use super::folder::{self, Taken};
use super::problem::Problem;
use crate::cli::{Dev, Isolation};
use crate::courier::Relay;
use crate::driver::docker::{self, daemon::Daemon};
use crate::driver::note;
use crate::layout::Layout;
use crate::settings::{self, Patience, Programs, Settings};

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
    offered(&options)?;
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
        patience: Patience::default(),
    };
    let held = folder::inspect(&settings)?;
    if held.is_some() {
        end_orphans(&settings, &options.docker_host).await?;
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
    if settings.isolation == settings::Isolation::Process {
        // With Docker they are adopted. Where Docker is not there any more, neither are they.
        match docker::end_orphans(docker_host, &settings.layout.docker()).await {
            Ok(0) => {}
            Ok(count) => tracing::info!(count, "containers of an earlier start were still there and have been ended"),
            Err(error) => tracing::warn!(%error, "containers of an earlier start were not looked for"),
        }
    }
    Ok(())
}

fn offered(options: &Dev) -> Result<(), Problem> {
    if options.database != "sqlite" {
        // The value is not repeated: it may hold a password.
        return Err(Problem::Option(
            "--database: this version keeps tenants in SQLite files alone; leave it out, or say sqlite".to_owned(),
        ));
    }
    Ok(())
}

async fn isolation(options: &Dev) -> Result<settings::Isolation, Problem> {
    if options.isolation == Isolation::Process {
        return Ok(settings::Isolation::Process);
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
