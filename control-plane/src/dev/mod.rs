//! `polder dev`: everything on one machine.
//!
//! ```text
//! preflight (nothing written yet, orphans ended) ─> folder taken ─> app opened ─> listening
//!   ─> tenants brought up ─> coaching platform ─> everything answers ─> dev.json ─> banner
//!   ─> SIGINT or SIGTERM ─> dev.json gone ─> requests finished ─> children ended
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
use polder_kernel::{Clock, Entropy};
use polder_service::listen::Limits;
use polder_service::{Shutdown, serve};

use crate::app::App;
use crate::cli::Dev;
use crate::custody;
use crate::gateway::fair;
use crate::operator;
use crate::organisation;
use crate::postgres;
use crate::provision::timers;
use crate::retention::SCHEDULE;
use crate::router::Front;
use crate::usage;

pub use problem::Problem;

/// Runs until it is told to stop.
///
/// # Errors
/// One line that says what is wrong and what to do.
pub async fn run(options: Dev) -> Result<(), Problem> {
    let shutdown = Shutdown::on_signals().map_err(|error| Problem::Runtime(error.to_string()))?;
    let preflight::Checked { settings, listener, held } = preflight::check(options).await?;
    let _taken = folder::take(&settings, held)?;
    dev_json::withdraw(&settings.layout)?;
    let app = App::open(settings, (Clock::System, Entropy::System), shutdown.clone()).await?;
    let at = app.settings.layout.root().join(operator::SOCKET);
    operator::open(&app).map_err(|error| Problem::Folder { path: at, error })?;

    let limits = Limits { drain: Duration::from_secs(3), ..Limits::default() };
    let serving = tokio::spawn(serve(listener, Front::new(&app), limits, shutdown.clone()));
    let keeping = tokio::spawn(keeper::keep(app.db.clone(), SCHEDULE, app.checkpoint_key.clone(), app.clock.clone()));

    let looking = tokio::spawn(timers::keep(Arc::clone(&app)));
    let custody = tokio::spawn(custody::keep(Arc::clone(&app)));
    let sharing = tokio::spawn(fair::keep(Arc::clone(&app)));
    let mailing = tokio::spawn(organisation::mail::keep(Arc::clone(&app)));
    let telling = tokio::spawn(organisation::access_over::keep(Arc::clone(&app)));
    let counting = tokio::spawn(usage::keep(Arc::clone(&app)));
    let server = tokio::spawn(postgres::keep(Arc::clone(&app)));

    let outcome = tokio::select! {
        outcome = come_up(&app) => outcome,
        () = shutdown.wait() => Ok(()),
    };
    if outcome.is_ok() {
        shutdown.wait().await;
    }
    shutdown.trigger();
    let withdrawn = dev_json::withdraw(&app.settings.layout);
    if let Err(error) = serving.await {
        tracing::error!(%error, "the listener failed");
    }
    looking.abort();
    custody.abort();
    sharing.abort();
    mailing.abort();
    telling.abort();
    server.abort();
    counting.abort();
    usage::flush(&app).await;
    app.driver.close().await;
    app.supervisor.stop_all().await;
    if let Some(postgres) = &app.postgres {
        postgres.close_all().await;
    }
    keeping.abort();
    app.db.close().await;
    outcome.and(withdrawn)
}

/// Brings everything up, and says so once all of it answers.
async fn come_up(app: &Arc<App>) -> Result<(), Problem> {
    let organisation = access::organisation(app).await?;
    let (platform, practice) = tenants::bring_up(app, organisation).await?;
    // Without its tenant there is nobody for the coaching platform to ask.
    if practice.desired.runs() {
        coaching::start(app, &practice).await?;
        ready::wait(app, &[&platform, &practice]).await?;
    }
    let key = access::api_key(app, organisation).await?;
    let invitation = access::owner_invitation(app, organisation).await?;
    dev_json::write(app, &key)?;
    banner::print(app, invitation.as_ref());
    Ok(())
}
