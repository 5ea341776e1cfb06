//! Closes months that are over (K12).

use std::sync::Arc;
use std::time::Duration;

use crate::App;
use crate::usage;

/// How often it is looked.
const EVERY: Duration = Duration::from_secs(15 * 60);

/// Runs for ever.
pub async fn run(app: Arc<App>) {
    loop {
        if let Err(error) = usage::close_due(&app).await {
            tracing::error!(%error, "months of usage were not closed");
        }
        tokio::time::sleep(EVERY).await;
    }
}
