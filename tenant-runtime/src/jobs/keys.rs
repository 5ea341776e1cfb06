//! Rotates keys when it is time, and reseals what older data keys sealed.

use std::sync::Arc;
use std::time::Duration;

use crate::App;
use crate::keys::{data, signing};

/// How often signing keys are looked at: one small query.
const EVERY: Duration = Duration::from_secs(60);

/// Runs for ever: signing keys.
pub async fn signing(app: Arc<App>) {
    loop {
        if let Err(error) = signing::round(&app).await {
            tracing::error!(%error, "the signing keys could not be looked after");
        }
        tokio::time::sleep(EVERY).await;
    }
}

/// Runs for ever: data keys.
pub async fn data(app: Arc<App>) {
    loop {
        let pause = match data::round(&app).await {
            Ok(_) => data::pause(&app).await,
            Err(error) => Err(error),
        };
        let pause = pause.unwrap_or_else(|error| {
            tracing::error!(%error, "the data keys could not be looked after");
            EVERY
        });
        tokio::select! {
            () = app.reseal.notified() => {}
            () = tokio::time::sleep(pause) => {}
        }
    }
}
