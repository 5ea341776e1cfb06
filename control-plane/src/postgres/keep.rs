//! What has to be seen to while tenants use the server.

use std::sync::Arc;
use std::time::Duration;

use super::names::TENANTS;
use super::{Postgres, PostgresError};
use crate::app::App;

/// How often it is looked.
const EVERY: Duration = Duration::from_secs(60);

/// How long a tenant's transaction may be open, in seconds. What a tenant asks for itself ends within one minute;
/// migrations, which run as another role, take as long as they take.
const LONGEST_TRANSACTION: u32 = 5 * 60;

/// Runs until it is dropped. Failures are logged and tried again.
pub async fn keep(app: Arc<App>) {
    let Some(postgres) = &app.postgres else { return };
    if let Err(error) = postgres.remove_old_templates().await {
        tracing::warn!(%error, "templates of an earlier version were not removed; the next start tries again");
    }
    loop {
        tokio::time::sleep(EVERY).await;
        match postgres.end_overlong().await {
            Ok(0) => {}
            Ok(ended) => tracing::warn!(ended, "transactions of tenants were open for too long and have been ended"),
            Err(error) => tracing::warn!(%error, "it was not looked for transactions that are open for too long"),
        }
    }
}

impl Postgres {
    async fn end_overlong(&self) -> Result<usize, PostgresError> {
        let tenants = TENANTS.parse().map_err(|_| PostgresError::Name)?;
        Ok(self.server.end_overlong(&tenants, LONGEST_TRANSACTION).await?)
    }
}
