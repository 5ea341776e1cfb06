//! What the program can be told to do: serve, or one small task on a tenant that is not running.

mod application_add;
mod migrate;
mod seal_key;
mod serve;

use std::future::Future;
use std::thread::available_parallelism;

use crate::confine::{self, Reach};
use crate::settings::{ApplicationTask, Cli, Task};
use crate::startup::Refused;

/// Does what the command line says. To be called while the process has one thread: a tenant that serves
/// is confined first. Tasks are the operator's, short, and done with the operator's rights.
///
/// # Errors
/// In one line what is wrong and what to do about it.
pub fn run(cli: Cli) -> Result<(), Refused> {
    match cli {
        Cli::Serve(settings) => {
            // Looked up now: the files that tell are out of reach afterwards.
            let threads = available_parallelism().map_or(1, usize::from);
            let isolation = confine::confine(&Reach::of(&settings)?)?;
            drive(threads, serve::run(*settings, isolation))
        }
        Cli::Task(Task::SealKey { file }) => seal_key::write(&file),
        Cli::Task(Task::RotateSealKey(store)) => drive(1, seal_key::rotate(&store)),
        Cli::Task(Task::Migrate(settings)) => drive(1, migrate::run(settings)),
        Cli::Task(Task::Schema) => {
            migrate::print_schema();
            Ok(())
        }
        Cli::Task(Task::Application(ApplicationTask::Add(add))) => drive(1, application_add::run(*add)),
    }
}

fn drive(threads: usize, work: impl Future<Output = Result<(), Refused>>) -> Result<(), Refused> {
    let mut tokio = tokio::runtime::Builder::new_multi_thread();
    let tokio = tokio.worker_threads(threads).enable_all().build();
    tokio.map_err(|error| Refused::Other(format!("cannot start its threads: {error}")))?.block_on(work)
}
