//! `/portal/sign-in`: to the identity provider, with the invited address as a hint.

use std::collections::HashMap;
use std::sync::Arc;

use axum::extract::{Query, State};
use axum::response::Response;

use crate::app::App;
use crate::error::Fault;
use crate::model::Side;
use crate::{signed_in, store};

pub(crate) async fn begin(
    State(app): State<Arc<App>>,
    Query(query): Query<HashMap<String, String>>,
) -> Result<Response, Fault> {
    let mut hint = None;
    if let Some(token) = query.get("invitation") {
        let mut tx = app.db.read().await?;
        let invited = store::engagements::by_token(&mut tx, &app.keys, token).await?;
        hint = invited.and_then(|(_, email)| email.parse().ok());
    }
    signed_in::begin(State(app), Side::Portal, hint).await
}
