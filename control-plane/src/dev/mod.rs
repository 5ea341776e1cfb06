//! `polder dev`: everything on one machine.
//!
//! ```text
//! preflight (nothing written yet) ─> folder taken ─> app opened ─> orphans ended ─> listening
//!   ─> tenants brought up ─> coaching platform ─> everything answers ─> dev.json ─> banner
//!   ─> SIGINT or SIGTERM ─> requests finished ─> children ended
//! ```

pub mod access;
pub mod banner;
pub mod coaching;
pub mod dev_json;
pub mod folder;
pub mod preflight;
pub mod problem;
pub mod ready;
pub mod tenants;

use std::sync::Arc;
use std::time::Duration;

use polder_audit::keeper;
use polder_kernel::{Clock, Entropy, Secret};
use polder_service::listen::Limits;
use polder_service::{Shutdown, serve};

use crate::app::App;
use crate::cli::Dev;
use crate::driver::note;
use crate::retention::SCHEDULE;
use crate::router::Front;

pub use problem::Problem;

/// Runs until it is told to stop.
///
/// # Errors
/// One line that says what is wrong and what to do.
pub async fn run(options: Dev) -> Result<(), Problem> {
    let shutdown = Shutdown::on_signals().map_err(|error| Problem::Runtime(error.to_string()))?;
    let checked = preflight::check(options).await?;
    let settings = checked.settings.clone();
    let _taken = folder::take(&settings)?;
    // The key stays the same from start to start; the file itself means "everything answers".
    let earlier = dev_json::withdraw(&settings.layout)?;
    let app = App::open(settings, (Clock::System, Entropy::System), shutdown.clone()).await?;
    let layout = &app.settings.layout;
    let orphans = note::end_orphans(&layout.children(), app.settings.patience.stop).await;
    if orphans.map_err(|error| Problem::Orphans(error.to_string()))? > 0 {
        tracing::warn!("children of an earlier start were still there and have been ended");
    }

    let limits = Limits { drain: Duration::from_secs(3), ..Limits::default() };
    let serving = tokio::spawn(serve(checked.listener, Front::new(&app), limits, shutdown.clone()));
    let keeping =
        tokio::spawn(keeper::keep(app.db.clone(), SCHEDULE, app.checkpoint_key.clone(), app.clock.clone()));

    let outcome = tokio::select! {
        outcome = come_up(&app, earlier.as_ref()) => outcome,
        () = shutdown.wait() => Ok(()),
    };
    if outcome.is_ok() {
        shutdown.wait().await;
    }
    shutdown.trigger();
    if let Err(error) = serving.await {
        tracing::error!(%error, "the listener failed");
    }
    app.supervisor.stop_all().await;
    keeping.abort();
    app.db.close().await;
    outcome
}

/// Brings everything up, and says so once all of it answers.
async fn come_up(app: &Arc<App>, earlier_key: Option<&Secret<String>>) -> Result<(), Problem> {
    let organisation = access::organisation(app).await?;
    let (platform, practice) = tenants::bring_up(app, organisation).await?;
    coaching::start(app, &practice).await?;
    ready::wait(app, &[&platform, &practice]).await?;
    let key = access::api_key(app, organisation, earlier_key).await?;
    let invitation = access::owner_invitation(app, organisation).await?;
    dev_json::write(app, &key)?;
    banner::print(app, invitation.as_ref());
    Ok(())
}
