//! `polder-tenant`: reads the command line and hands over.

use std::process::ExitCode;

use polder_tenant_runtime::command;
use polder_tenant_runtime::settings::Cli;

#[tokio::main]
async fn main() -> ExitCode {
    match command::run(Cli::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(refused) => {
            eprintln!("polder-tenant: {refused}");
            ExitCode::FAILURE
        }
    }
}
