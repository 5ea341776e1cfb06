//! `GET /health`: whether it serves, for whoever started it (F21).

use std::sync::Arc;

use axum::extract::State;
use polder_service::json::Json;
use polder_tenant_api::Health;

use crate::App;
use crate::error::ProblemError;
use crate::store::{logout_deliveries, outbox, user_imports};

/// Answers once the database can be read.
pub async fn show(State(app): State<Arc<App>>) -> Result<Json<Health>, ProblemError> {
    let standing = super::standing::current(&app).await?;
    let mut tx = app.db.read().await?;
    // An import that is under way keeps it awake like mail that is due.
    let importing = user_imports::under_way(&mut tx).await?.map(|_| app.clock.now());
    let next_message_at = outbox::next_due(&mut tx).await?.into_iter().chain(importing).min();
    let next_logout_at = logout_deliveries::next_due(&mut tx).await?;
    Ok(Json(Health {
        issuer: app.issuer.as_str().to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        keys_complete: app.keys.are_complete(),
        standing,
        isolation: app.isolation.clone(),
        next_message_at,
        next_logout_at,
    }))
}
