//! Tells applications of ended sessions: at once when that was committed, again with growing pauses.
//!
//! Each application has a worker of its own while something is due for it, so that one that hangs keeps nobody
//! else waiting (A51).

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::stream::{self, TryStreamExt};
use polder_tenant_api::ApplicationId;
use tokio::task::{AbortHandle, JoinSet};

use crate::App;
use crate::back_channel::deliver;
use crate::error::Internal;
use crate::store::logout_deliveries::{applications_due, due, next_after};

/// The longest sleep: clocks may be set, and machines wake up.
const LONGEST_SLEEP: Duration = Duration::from_secs(30);
/// How long is waited where the database fails.
const AFTER_FAILURE: Duration = Duration::from_secs(1);
/// How many a worker reads in one go.
const BATCH: i64 = 16;
/// How many of one application are under way at once.
const AT_ONCE: usize = 2;
/// How many applications are told at once.
const WORKERS: usize = 32;

/// Runs for ever.
pub async fn run(app: Arc<App>) {
    let (mut tasks, mut workers) = (JoinSet::new(), HashMap::new());
    loop {
        let sleep = match begin(&app, &mut tasks, &mut workers).await {
            Ok(sleep) => sleep,
            Err(error) => {
                tracing::error!(%error, "the queue of logouts could not be worked through");
                AFTER_FAILURE
            }
        };
        tokio::select! {
            () = app.logouts.rung() => {}
            Some(_) = tasks.join_next(), if !tasks.is_empty() => {}
            () = tokio::time::sleep(sleep) => {}
        }
    }
}

/// Begins a worker for each application that something is due for and that has none, and says how long until
/// more is due.
async fn begin(
    app: &Arc<App>,
    tasks: &mut JoinSet<()>,
    workers: &mut HashMap<ApplicationId, AbortHandle>,
) -> Result<Duration, Internal> {
    workers.retain(|_, worker| !worker.is_finished());
    let now = app.clock.now();
    let mut tx = app.db.read().await?;
    for application in applications_due(&mut tx, now).await? {
        if workers.len() < WORKERS && !workers.contains_key(&application) {
            workers.insert(application, tasks.spawn(work(Arc::clone(app), application)));
        }
    }
    let next = next_after(&mut tx, now).await?;
    let until = next.map_or(LONGEST_SLEEP, |next| next.since(now));
    Ok(until.clamp(Duration::from_millis(10), LONGEST_SLEEP))
}

async fn work(app: Arc<App>, application: ApplicationId) {
    if let Err(error) = all_of(&app, application).await {
        tracing::error!(%error, "an application could not be told of ended sessions");
        // What was sent and could not be noted is sent again, though not in one breath.
        tokio::time::sleep(AFTER_FAILURE).await;
    }
}

/// Tries everything that is due for one application.
async fn all_of(app: &Arc<App>, application: ApplicationId) -> Result<(), Internal> {
    loop {
        let due = due(&mut app.db.read().await?, application, app.clock.now(), BATCH).await?;
        if due.is_empty() {
            return Ok(());
        }
        let due = stream::iter(due.into_iter().map(Ok::<_, Internal>));
        due.try_for_each_concurrent(AT_ONCE, |due| deliver(app, due)).await?;
    }
}

/// Tries everything that is due, once.
///
/// # Errors
/// When the database fails. What was not told is still due.
pub async fn round(app: &Arc<App>) -> Result<(), Internal> {
    for application in applications_due(&mut app.db.read().await?, app.clock.now()).await? {
        all_of(app, application).await?;
    }
    Ok(())
}
