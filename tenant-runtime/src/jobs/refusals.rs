//! Writes down what applications were refused.

use std::sync::Arc;
use std::time::Duration;

use crate::App;
use crate::refusals;

/// How often: strangers cause no more writes than this, whatever they ask.
const EVERY: Duration = Duration::from_secs(10);

/// Runs for ever.
pub async fn run(app: Arc<App>) {
    loop {
        tokio::time::sleep(EVERY).await;
        if let Err(error) = refusals::flush(&app).await {
            tracing::error!(%error, "refusals were not written down");
        }
    }
}
