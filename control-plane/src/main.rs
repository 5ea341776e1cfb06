//! `polder`: the command line.

use std::process::ExitCode;

fn main() -> ExitCode {
    polder_control_plane::cli::run()
}
