//! What tenants are used for (K12), as far as it can be told without waking anybody:
//!
//! ```text
//! gateway, public API ──one more──> Counters ──every half minute──> usage_day, usage_month
//! tenants that run <──GET /usage── collect, every few minutes, before they sleep, and when a page asks
//! pages, public API  ────────────> read: what is stored here
//! ```

pub mod collect;
mod count;
pub mod read;
pub mod sheets;

pub use collect::{before_sleep, fresh};
pub use count::Counters;

use std::sync::Arc;
use std::time::Duration;

use crate::app::App;

/// How often counts are written down: what was counted since is lost when the machine is.
const FLUSH_EVERY: Duration = Duration::from_secs(30);
/// How often tenants that run are asked.
const COLLECT_EVERY: u32 = 10;

/// Runs until it is dropped. Failures are logged and tried again.
pub async fn keep(app: Arc<App>) {
    let mut rounds = 0_u32;
    loop {
        tokio::time::sleep(FLUSH_EVERY).await;
        flush(&app).await;
        rounds = rounds.wrapping_add(1);
        if rounds.is_multiple_of(COLLECT_EVERY) {
            collect::all(&app).await;
        }
    }
}

/// Writes down what was counted.
pub async fn flush(app: &App) {
    if let Err(error) = app.usage.flush(&app.db).await {
        tracing::error!(%error, "requests were not written down; it is tried again");
    }
}

#[cfg(test)]
mod tests;
