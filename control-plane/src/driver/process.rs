//! Tenants as child processes of the control plane.

use std::path::PathBuf;
use std::sync::Arc;

use super::spec::View;
use super::{Child, DriverError, Health, Measure, Peer, Spec, Supervisor};

/// The process driver: one child process per tenant, needing neither root nor Docker.
pub struct ProcessDriver {
    supervisor: Arc<Supervisor>,
    program: PathBuf,
}

impl ProcessDriver {
    /// A driver that has `supervisor` keep children of `program`.
    pub const fn new(supervisor: Arc<Supervisor>, program: PathBuf) -> Self {
        Self { supervisor, program }
    }

    /// Keeps the tenant's process alive from now on.
    ///
    /// # Errors
    /// When the first start fails; then nothing is kept.
    pub fn start(&self, spec: &Spec) -> Result<(), DriverError> {
        let view = View { data: &spec.data, run: &spec.run, secret: &|secret| secret.source.clone() };
        let mut arguments = spec.arguments(&view);
        // Its end of a pipe that only we hold: it ends when we do, however that is.
        arguments.push("--lifeline".into());
        let child = Child {
            key: spec.short_id.clone(),
            label: spec.slug.clone(),
            program: self.program.clone(),
            arguments,
            folder: spec.folder.clone(),
            prepare: None,
        };
        self.supervisor.start(&child).map_err(|error| DriverError::Files(self.program.display().to_string(), error))
    }

    /// Ends the tenant's process and waits for that.
    pub async fn stop(&self, short_id: &str) {
        self.supervisor.stop(short_id).await;
    }

    /// Ends every child of the supervisor, and waits for that.
    pub async fn close(&self) {
        self.supervisor.stop_all().await;
    }

    /// Whether the tenant's process lives.
    pub fn running(&self, short_id: &str) -> bool {
        matches!(self.supervisor.health(short_id), Health::Alive(_))
    }

    /// The process that may answer on the tenant's sockets.
    pub fn peer(&self, short_id: &str) -> Option<Peer> {
        self.supervisor.pid(short_id).map(Peer::from)
    }

    /// The last words of a process that ended by itself since it was started.
    pub fn trouble(&self, short_id: &str) -> Option<String> {
        self.supervisor.trouble(short_id)
    }

    /// What the driver itself puts around a process; the runtime adds what it does to itself.
    pub fn isolation(&self, short_id: &str) -> Vec<Measure> {
        let in_force = self.running(short_id);
        let measure = |name, detail: &str| Measure { name, in_force, detail: detail.to_owned() };
        vec![
            measure("environment", "cleared"),
            measure("resource limits", "core dumps, open files, memory and file size"),
            measure("no new privileges", "no program it starts can gain rights"),
        ]
    }
}
