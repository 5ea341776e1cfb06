//! `polder-tenant`: reads the command line and hands over.

use std::process::ExitCode;

use polder_tenant_runtime::command;
use polder_tenant_runtime::settings::Cli;

/// There is one thread until the command begins: what a process takes from itself holds for threads that
/// are made afterwards.
fn main() -> ExitCode {
    match command::run(Cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(refused) => {
            eprintln!("polder-tenant: {refused}");
            ExitCode::FAILURE
        }
    }
}
