//! What the program can be told to do: serve, or one small task on a tenant that is not running.

mod application_add;
mod seal_key;
mod serve;

use clap::CommandFactory;

use crate::settings::{ApplicationCommand, Cli, Command};
use crate::startup::Refused;

/// Does what the command line says.
///
/// # Errors
/// In one line what is wrong and what to do about it.
pub async fn run(cli: Cli) -> Result<(), Refused> {
    match (cli.command, cli.serve) {
        (Some(Command::SealKey { file }), _) => seal_key::write(&file),
        (Some(Command::Application(ApplicationCommand::Add(add))), _) => application_add::run(*add).await,
        (None, Some(serve)) => serve::run(serve).await,
        (None, None) => {
            let usage = Cli::command().render_usage();
            Err(Refused::Other(format!("nothing to do: give at least --data, --seal-key, --issuer and --listen. {usage}")))
        }
    }
}
