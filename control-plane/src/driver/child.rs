//! What a child process is started with.

use std::ffi::OsString;
use std::io;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::Arc;

use tokio::process::Command;

/// What runs before each start of a child: it puts in place what the child reads.
pub type Preparation = Arc<dyn Fn() -> io::Result<()> + Send + Sync>;

/// What a child process is started with, now and after each time it died.
#[derive(Clone)]
pub struct Child {
    /// Names it: a tenant's short id, or `coaching`.
    pub key: String,
    /// What its lines are logged under: a tenant's slug, or `coaching`.
    pub label: String,
    /// The program.
    pub program: PathBuf,
    /// Its arguments. They can be seen by every local user: no secrets.
    pub arguments: Vec<OsString>,
    /// The folder it works in.
    pub folder: PathBuf,
    /// What is put in place before each start.
    pub prepare: Option<Preparation>,
}

impl Child {
    /// The command: cleared environment, lifeline on standard input, output piped, and a process
    /// group of its own, so that Ctrl-C in a terminal reaches only the control plane, which stops
    /// its children in order.
    pub fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command
            .args(&self.arguments)
            .env_clear()
            .current_dir(&self.folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .kill_on_drop(true);
        command
    }
}
