//! What can keep `polder dev` from starting: one line each, saying what to do.

use std::path::PathBuf;

use polder_service::listen::BindError;

use crate::app::StartError;
use crate::driver::DriverError;
use crate::driver::docker::DaemonError;
use crate::provision::CreateError;

/// Why `polder dev` ends.
#[derive(Debug, thiserror::Error)]
pub enum Problem {
    /// An option that this version does not offer, or that makes no sense.
    #[error("{0}")]
    Option(String),
    /// Development serves this machine alone.
    #[error("{option} {address} is not a loopback address; `polder dev` serves this machine alone: use 127.0.0.1")]
    NotLoopback {
        /// The option.
        option: &'static str,
        /// What it said.
        address: String,
    },
    /// A port is taken.
    #[error("{option}: {problem}; stop what uses it, or choose another address with {option}")]
    Listen {
        /// The option.
        option: &'static str,
        /// What is the matter.
        #[source]
        problem: BindError,
    },
    /// A program is missing.
    #[error("the program {} is missing: build it with `make run` or `cargo build`", .0.display())]
    Program(PathBuf),
    /// The folder is something else's.
    #[error("{} is not a data folder of Polder and is not empty; choose another with --data", .0.display())]
    Foreign(PathBuf),
    /// The folder's marker cannot be understood.
    #[error("{} cannot be understood; restore it, or choose another folder with --data", .0.display())]
    Marker(PathBuf),
    /// A folder that a newer version wrote.
    #[error("{} was written by a newer version of Polder; start that one, or choose another folder with --data", .0.display())]
    Newer(PathBuf),
    /// Issuers are stored: another address would break every application.
    #[error(
        "{} was made for --listen {stored}; its issuers hold that address, so start it with --listen {stored} or choose another folder with --data",
        .folder.display()
    )]
    OtherListen {
        /// The data folder.
        folder: PathBuf,
        /// The address it was made for.
        stored: String,
    },
    /// Tenants' data is where it is: it does not move with an option.
    #[error(
        "the tenants of {} keep their data in {stored}; start it with --database {stored}, or choose another folder with --data",
        .folder.display()
    )]
    OtherDatabase {
        /// The data folder.
        folder: PathBuf,
        /// The kind it was made with.
        stored: String,
    },
    /// Nor does the control plane's own.
    #[error(
        "the control plane of {} keeps its data in {stored}; start it with --control-database {stored}, or choose another folder with --data",
        .folder.display()
    )]
    OtherControlDatabase {
        /// The data folder.
        folder: PathBuf,
        /// The kind it was made with.
        stored: String,
    },
    /// The PostgreSQL server cannot be used.
    #[error("--database: the PostgreSQL server at {place}: {error}; start it, or name another with --database")]
    Postgres {
        /// Where it was looked for.
        place: String,
        /// What is the matter.
        #[source]
        error: polder_db::Error,
    },
    /// Another control plane works on the folder.
    #[error("a polder is running on {} already; stop it first, or choose another folder with --data", .0.display())]
    Running(PathBuf),
    /// A file or folder cannot be used.
    #[error("{}: {error}; choose a folder you can write to with --data", .path.display())]
    Folder {
        /// Which.
        path: PathBuf,
        /// Why not.
        #[source]
        error: std::io::Error,
    },
    /// What is in the folder cannot be used.
    #[error("{0}")]
    Start(#[from] StartError),
    /// Docker cannot be used.
    #[error(transparent)]
    Docker(#[from] DaemonError),
    /// A container that nobody keeps cannot be ended.
    #[error("containers of an earlier start: {0}")]
    Strays(#[source] DriverError),
    /// Processes of an earlier start do not end.
    #[error("processes of an earlier start: {0}")]
    Orphans(String),
    /// One of Polder's own tenants did not come up.
    #[error(
        "the tenant {slug} did not come up: {why}; put that right and start again, or choose another folder with --data"
    )]
    Tenant {
        /// Which.
        slug: String,
        /// Why not.
        why: String,
    },
    /// A tenant could not be made.
    #[error("a tenant cannot be made: {0}")]
    Create(#[from] CreateError),
    /// The control plane's database failed.
    #[error("the control plane's database: {0}")]
    Database(#[from] polder_db::Error),
    /// The coaching platform did not come up.
    #[error("the coaching platform did not come up: {0}")]
    Coaching(String),
    /// The system gives no runtime.
    #[error("the system does not let it start: {0}")]
    Runtime(String),
}
