//! Removes what ran out within the hour: codes, waiting requests, used assertions, counters at rest, and ends
//! sessions that ran out. Nothing depends on it being gone (every read compares times); it keeps the tables
//! small (P5), and a clock that is set back brings nothing back that was swept (E20).

use std::sync::Arc;
use std::time::Duration;

use polder_db::Tx;
use polder_kernel::Timestamp;

use crate::App;
use crate::error::Internal;
use crate::guard::budget;
use crate::signin::send::CODE_LIFETIME;
use crate::signin::waiting::LIFETIME;
use crate::store::{
    code_budgets, one_time_codes, outbox, sessions, unconnected_accounts, used_assertions, used_states,
};

/// How often.
const EVERY: Duration = Duration::from_secs(60);
/// How long counters with failures are kept (R3).
const FAILURES_KEPT: Duration = Duration::from_secs(30 * 24 * 3600);
/// Rows per table and round.
const BATCH: i64 = 1_000;

/// Runs for ever.
pub async fn run(app: Arc<App>) {
    loop {
        tokio::time::sleep(EVERY).await;
        if let Err(error) = round(&app).await {
            tracing::error!(%error, "sweeping failed");
        }
    }
}

/// Sweeps once.
///
/// # Errors
/// When the database fails; what was not removed is removed next time.
pub async fn round(app: &Arc<App>) -> Result<(), Internal> {
    let now = app.clock.now();
    app.people.drop_idle(now).await;
    app.db.write(move |tx| Box::pin(async move { sweep(tx, now).await })).await
}

async fn sweep(tx: &mut Tx, now: Timestamp) -> Result<(), Internal> {
    // A flow must remember that its code was used for as long as it can wait: it began before the code
    // was made, so this is long enough, and under an hour (P5).
    let remembered = LIFETIME.saturating_sub(CODE_LIFETIME);
    sessions::end_expired(tx, now, BATCH).await?;
    one_time_codes::sweep(tx, now - remembered, BATCH).await?;
    outbox::blank_expired(tx, now).await?;
    used_assertions::sweep(tx, now, BATCH).await?;
    unconnected_accounts::sweep(tx, now, BATCH).await?;
    used_states::sweep(tx, now, BATCH).await?;
    code_budgets::sweep(tx, now - budget::WINDOW, now - FAILURES_KEPT, BATCH).await?;
    Ok(())
}
