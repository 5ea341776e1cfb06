//! What tenants are used for (K12), as far as it can be told without waking anybody:
//!
//! ```text
//! gateway, public API ──one more──> Counters ──every half minute──> usage_day, usage_month
//! tenants that run <──GET /usage── collect, every few minutes, before they stop, and when a page asks
//! pages, public API  ────────────> read: what is stored here
//! ```

pub mod collect;
mod count;
pub mod read;
pub mod sheets;

pub use collect::{before_stop, fresh};
pub use count::Counters;

use std::sync::Arc;
use std::time::Duration;

use crate::app::App;

/// How often counts are written down: what was counted since is lost when the machine is.
const FLUSH_EVERY: Duration = Duration::from_secs(30);
/// How often tenants that run are asked.
const COLLECT_EVERY: Duration = Duration::from_secs(5 * 60);

/// Runs until it is dropped. Failures are logged and tried again.
pub async fn keep(app: Arc<App>) {
    let counted = async {
        loop {
            tokio::time::sleep(FLUSH_EVERY).await;
            flush(&app).await;
        }
    };
    // Beside it: tenants that keep us waiting do not keep what was counted from being written down.
    let collected = async {
        loop {
            tokio::time::sleep(COLLECT_EVERY).await;
            collect::all(&app).await;
        }
    };
    tokio::join!(counted, collected);
}

/// Writes down what was counted.
pub async fn flush(app: &Arc<App>) {
    let at_work = Arc::clone(app);
    // A task of its own: what is counted of everybody is not lost where who asked goes away.
    let written = tokio::spawn(async move { at_work.usage.flush(&at_work.db).await }).await;
    if let Ok(Err(error)) = written {
        tracing::error!(%error, "requests were not written down; it is tried again");
    }
}

#[cfg(test)]
mod tests;
