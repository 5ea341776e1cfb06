//! Drivers: how a tenant's runtime is run and kept alive. Docker's is in [`docker`]; this is the life of
//! a process:
//!
//! ```text
//!            start                    answers                 dies
//!  stopped ─────────> running(pid) ───────────> running ──────────────> backing off
//!     ^                  │                                                  │ pause, doubling
//!     └──────────────────┴── stop: lifeline closed, SIGTERM, SIGKILL <──────┘ -> running(pid)
//! ```
//!
//! A child process gets a cleared environment, resource limits, as root a user of its own, and a lifeline: its
//! standard input is a pipe that only the control plane holds, so that it ends when the control
//! plane does, however that dies. A note per child lets the next start end what still lives.

pub mod child;
pub mod docker;
pub mod folders;
pub mod keeper;
pub mod limits;
pub mod note;
pub mod output;
pub mod peer;
pub mod process;
pub mod spec;
pub mod supervisor;
pub mod users;

pub use child::Child;
pub use docker::DockerDriver;
pub use peer::Peer;
pub use polder_tenant_api::Measure;
pub use process::ProcessDriver;
pub use spec::{Argument, SecretFile, Spec};
pub use supervisor::{Health, Supervisor};

/// How the tenants of this control plane are run.
pub enum Driver {
    /// A process each.
    Process(ProcessDriver),
    /// A container each.
    Docker(DockerDriver),
}

/// Why a driver could not do what it was asked, in words an operator can act on.
#[derive(Debug, thiserror::Error)]
pub enum DriverError {
    /// The system refused a file, a folder or a program.
    #[error("{0}: {1}")]
    Files(String, #[source] std::io::Error),
    /// Docker cannot be used.
    #[error(transparent)]
    Daemon(#[from] docker::DaemonError),
    /// Docker refused.
    #[error("Docker: {0}")]
    Docker(#[from] bollard::errors::Error),
    /// The control plane is stopping.
    #[error("the control plane is stopping")]
    Closed,
    /// A task of ours failed.
    #[error("a container's keeper failed: {0}")]
    Keeper(String),
}

impl Driver {
    /// Keeps a tenant's runtime running from now on, until [`Self::stop`]. Does nothing where that is
    /// so already.
    ///
    /// # Errors
    /// When the first start fails; then nothing is kept.
    pub async fn start(&self, spec: &Spec) -> Result<(), DriverError> {
        match self {
            Self::Process(driver) => driver.start(spec).await,
            Self::Docker(driver) => driver.start(spec).await,
        }
    }

    /// Ends a tenant's runtime and waits for that.
    pub async fn stop(&self, short_id: &str) {
        match self {
            Self::Process(driver) => driver.stop(short_id).await,
            Self::Docker(driver) => {
                if let Err(error) = driver.stop(short_id).await {
                    tracing::error!(short_id, %error, "a container stays; the next start adopts or ends it");
                }
            }
        }
    }

    /// Ends a tenant's runtime and removes everything the driver ever made for it.
    ///
    /// # Errors
    /// When something of it stays.
    pub async fn destroy(&self, short_id: &str) -> Result<(), DriverError> {
        match self {
            Self::Process(driver) => driver.stop(short_id).await,
            Self::Docker(driver) => driver.stop(short_id).await?,
        }
        Ok(())
    }

    /// Ends a tenant's runtime and starts it again, as `spec` says.
    ///
    /// # Errors
    /// When it cannot be started.
    pub async fn restart(&self, spec: &Spec) -> Result<(), DriverError> {
        self.stop(&spec.short_id).await;
        self.start(spec).await
    }

    /// Ends runtimes that an earlier control plane left and nobody wants any more, once all that are
    /// wanted were started. Processes never outlive theirs.
    ///
    /// # Errors
    /// When one stays.
    pub async fn end_strays(&self) -> Result<(), DriverError> {
        match self {
            Self::Process(_) => Ok(()),
            Self::Docker(driver) => driver.end_strays().await,
        }
    }

    /// Ends what runs as the driver is let go in good order.
    pub async fn close(&self) {
        match self {
            Self::Process(driver) => driver.close().await,
            Self::Docker(driver) => driver.close().await,
        }
    }

    /// Whether a tenant's runtime lives. That it answers is another matter.
    pub fn running(&self, short_id: &str) -> bool {
        match self {
            Self::Process(driver) => driver.running(short_id),
            Self::Docker(driver) => driver.running(short_id),
        }
    }

    /// Who may answer on a tenant's sockets, where its runtime is kept.
    pub fn peer(&self, short_id: &str) -> Option<Peer> {
        match self {
            Self::Process(driver) => driver.peer(short_id),
            Self::Docker(driver) => driver.peer(short_id),
        }
    }

    /// The last words of a runtime that ended by itself since it was started.
    pub fn trouble(&self, short_id: &str) -> Option<String> {
        match self {
            Self::Process(driver) => driver.trouble(short_id),
            Self::Docker(driver) => driver.trouble(short_id),
        }
    }

    /// The walls the driver puts around a tenant.
    pub fn isolation(&self, short_id: &str) -> Vec<Measure> {
        match self {
            Self::Process(driver) => driver.isolation(short_id),
            Self::Docker(driver) => driver.isolation(short_id),
        }
    }
}
