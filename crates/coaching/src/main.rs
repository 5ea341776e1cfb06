//! `polder-coaching`: thin, everything is in the library.

use std::process::ExitCode;

use clap::Parser;
use polder_coaching::app::App;
use polder_coaching::settings::{CommandLine, Config};
use polder_kernel::{Clock, Entropy};
use polder_service::listen::{self, Limits, Listener};
use polder_service::{Shutdown, log};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let line = CommandLine::parse();
    log::init(log::Format::Json);
    match run(line).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("polder-coaching: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(line: CommandLine) -> Result<(), Box<dyn std::error::Error>> {
    let config = Config::read(&line.config)?;
    let app = App::open(&line.data, &line.config.with_extension("key"), config, Clock::System, Entropy::System).await?;
    let mut stop = Shutdown::on_signals()?;
    if line.lifeline {
        stop = stop.and_lifeline()?;
    }
    let listener = Listener::bind(&line.listen.parse()?).await?;
    let sweeper = tokio::spawn(app.clone().sweep());
    listen::serve(listener, app.service(), Limits::default(), stop).await;
    sweeper.abort();
    Ok(())
}
