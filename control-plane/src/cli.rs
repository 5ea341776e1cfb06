//! The command line.

mod answer;
pub mod application;
pub mod audit;
mod credentials;
pub mod exit;
pub mod key;
pub mod operator;
mod progress;
pub mod reach;
pub mod show;
pub mod tenant;
#[cfg(test)]
mod tests;
mod typed;
pub mod user;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use polder_outbound::{Sender, SmtpUrl};
use polder_service::log::{self, Format};

use serde_json::Value;

use self::audit::verify::Verify;
use self::exit::Refused;
use self::reach::{Api, Reach};
use self::show::Look;
use crate::dev;
use crate::driver::limits;
use crate::provision::disk;

/// An identity provider for companies that build apps: one isolated tenant per app.
#[derive(Debug, Parser)]
#[command(name = "polder", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Everything on one machine, for development: no root, no Docker.
    Dev(Box<Dev>),
    /// Tenants: list, make, suspend, put to sleep, terminate, destroy.
    Tenant(Box<tenant::Tenant>),
    /// Applications of a tenant: list, make, change, delete, another secret.
    Application(Box<application::Application>),
    /// People of a tenant: list, add, stop, erase, end sessions, export.
    User(Box<user::User>),
    /// What a tenant signs and seals with: list, rotate.
    Key(Box<key::Key>),
    /// What happened at a tenant: list, export, verify.
    Audit(Box<audit::Audit>),
    /// Prints what a shell completes commands with.
    Completion {
        /// The shell.
        #[arg(value_enum)]
        shell: Shell,
    },
    /// What is the operator's to say, on the host where Polder runs.
    Operator(operator::Operator),
}

/// Options of `polder dev`.
#[derive(Debug, Args)]
pub struct Dev {
    /// Where everything is kept.
    #[arg(long, value_name = "DIR", default_value = ".polder")]
    pub data: PathBuf,
    /// Where to listen; issuers are made of it, so it stays the same for a data folder.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8600")]
    pub listen: SocketAddr,
    /// Where the coaching platform listens.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8700")]
    pub coaching_listen: SocketAddr,
    /// How tenants are kept apart.
    #[arg(long, value_enum, default_value_t = Isolation::Process)]
    pub isolation: Isolation,
    /// Docker's socket, for --isolation docker.
    #[arg(long, value_name = "ADDR", env = "DOCKER_HOST", default_value = "unix:///var/run/docker.sock")]
    pub docker_host: String,
    /// The image of a tenant's container, for --isolation docker; `make image` builds it.
    #[arg(long, value_name = "NAME", default_value = concat!("polder-tenant:", env!("CARGO_PKG_VERSION")))]
    pub image: String,
    /// Where tenants keep their data: `sqlite`, or the PostgreSQL server on which each gets a database and
    /// roles of its own: `postgres://user@host/database`, or `file:PATH` of a file with that where it holds
    /// a password.
    #[arg(long, value_name = "DATABASE", default_value = "sqlite")]
    pub database: String,
    /// Where the control plane keeps its own data: `sqlite`, in the data folder, or a PostgreSQL database made
    /// for it: `postgres://user@host/database`, or `file:PATH` of a file with that where it holds a password.
    #[arg(long, value_name = "DATABASE", default_value = "sqlite")]
    pub control_database: String,
    /// A MaxMind DB file with countries, such as GeoLite2-Country or DB-IP Lite: people see in which country
    /// their sessions are. Tenants read a copy, nobody outside is asked. Read again at each start.
    #[arg(long, value_name = "FILE", env = "POLDER_PLACES")]
    pub places: Option<PathBuf>,
    /// How much a tenant's folder may hold, in MiB, before the tenant is suspended; 0 for as much as there is.
    #[arg(long, value_name = "MIB", default_value_t = disk::USUAL >> 20)]
    pub disk_per_tenant: u64,
    /// A mail server for everything tenants send, `smtps://HOST` or `smtp://HOST`; without one, mail goes
    /// into the mailbox.
    #[arg(long, value_name = "URL", requires = "mail_from")]
    pub smtp: Option<SmtpUrl>,
    /// The address that mail comes from.
    #[arg(long, value_name = "ADDRESS", requires = "smtp")]
    pub mail_from: Option<Sender>,
    /// A file with `USER:PASSWORD` for the mail server.
    #[arg(long, value_name = "FILE", requires = "smtp")]
    pub smtp_credentials: Option<PathBuf>,
    /// How log lines on standard error look.
    #[arg(long, value_enum, default_value_t = LogFormat::Text)]
    pub log: LogFormat,
}

/// How tenants are kept apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Isolation {
    /// A process each.
    Process,
    /// A container each.
    Docker,
}

/// How log lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// For machines.
    Json,
    /// For people.
    Text,
}

/// Reads the command line and does what it says: 0 when that went well, 1 when it did not, 2 when
/// the command line makes no sense.
pub fn run() -> ExitCode {
    let options = match Cli::parse().command {
        Command::Dev(options) => options,
        Command::Tenant(it) => return on_api(&it.reach, async |api| it.act(api).await),
        Command::Application(it) => return on_api(&it.reach, async |api| it.act(api).await),
        Command::User(it) => return on_api(&it.reach, async |api| it.act(api).await),
        Command::Key(it) => return on_api(&it.reach, async |api| it.act(api).await),
        Command::Audit(it) => {
            return match it.offline() {
                Some(wanted) => offline(&it.reach, wanted),
                None => on_api(&it.reach, async |api| it.act(api).await),
            };
        }
        Command::Completion { shell } => {
            clap_complete::generate(shell, &mut Cli::command(), "polder", &mut std::io::stdout());
            return ExitCode::SUCCESS;
        }
        Command::Operator(options) => return operator::run(&options),
    };
    log::init_with(
        match options.log {
            LogFormat::Json => Format::Json,
            LogFormat::Text => Format::Text,
        },
        // What keeps tenants apart is said at each of their starts, all being well or not.
        "warn,polder_control_plane::isolation=info",
    );
    match start(*options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("polder: {problem}");
            ExitCode::FAILURE
        }
    }
}

/// A command on the public API: shows its answer, or says why there is none.
fn on_api(reach: &Reach, act: impl AsyncFnOnce(&Api) -> Result<(Value, Look), Refused>) -> ExitCode {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let done = runtime.map_err(|error| Refused(1, error.to_string())).and_then(|runtime| {
        let api = Api::of(reach)?;
        let (answer, look) = runtime.block_on(act(&api))?;
        show::show(reach, look, &answer).map_err(|error| Refused(1, error.to_string()))
    });
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(refused) => refuse(&refused),
    }
}

/// What asks no API: shows what was found, then says what is wrong with it.
fn offline(reach: &Reach, wanted: &Verify) -> ExitCode {
    let done = audit::verify::verify(wanted).and_then(|(found, look, refused)| {
        show::show(reach, look, &found).map_err(|error| Refused(1, error.to_string()))?;
        Ok(refused)
    });
    match done {
        Ok(None) => ExitCode::SUCCESS,
        Ok(Some(refused)) | Err(refused) => refuse(&refused),
    }
}

fn refuse(refused: &Refused) -> ExitCode {
    eprintln!("polder: {refused}");
    ExitCode::from(refused.0)
}

fn start(options: Dev) -> Result<(), dev::Problem> {
    // Before there is a second thread: every thread and every child inherits it, and no program we
    // start can gain rights by being set-uid.
    if let Err(error) = rustix::thread::set_no_new_privs(true) {
        tracing::warn!(%error, "children may gain privileges: the kernel does not take that away");
    }
    if let Err(error) = limits::widen_own() {
        tracing::warn!(%error, "the number of open files stays as it is");
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    runtime.map_err(|error| dev::Problem::Runtime(error.to_string()))?.block_on(dev::run(options))
}
