//! What the program can be told to do: serve, or one small task on a tenant that is not running.

mod application_add;
mod migrate;
mod seal_key;
mod serve;

use crate::settings::{ApplicationTask, Cli, Task};
use crate::startup::Refused;

/// Does what the command line says.
///
/// # Errors
/// In one line what is wrong and what to do about it.
pub async fn run(cli: Cli) -> Result<(), Refused> {
    match cli {
        Cli::Serve(settings) => serve::run(*settings).await,
        Cli::Task(Task::SealKey { file }) => seal_key::write(&file),
        Cli::Task(Task::RotateSealKey(store)) => seal_key::rotate(&store).await,
        Cli::Task(Task::Migrate(settings)) => migrate::run(settings).await,
        Cli::Task(Task::Schema) => {
            migrate::print_schema();
            Ok(())
        }
        Cli::Task(Task::Application(ApplicationTask::Add(add))) => application_add::run(*add).await,
    }
}
