//! Writes down which secrets of applications were used.

use std::sync::Arc;
use std::time::Duration;

use crate::App;
use crate::secret_uses;

/// How often: what was used since is lost when the process is killed, and written down when it ends in good order.
const EVERY: Duration = Duration::from_secs(60);

/// Runs for ever.
pub async fn run(app: Arc<App>) {
    loop {
        tokio::time::sleep(EVERY).await;
        if let Err(error) = secret_uses::flush(&app).await {
            tracing::error!(%error, "uses of secrets were not written down");
        }
    }
}
