//! `/portal/invitation/{token}`: where a mailed invitation leads. Opening it changes nothing, since
//! mail scanners open links too; the sign-in that follows proves the address and links.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};

use crate::app::App;
use crate::error::Fault;
use crate::pages::{self, Page};
use crate::store;

pub(crate) async fn show(State(app): State<Arc<App>>, Path(token): Path<String>) -> Result<Response, Fault> {
    let mut tx = app.db.read().await?;
    match store::engagements::by_token(&mut tx, &app.keys, &token).await? {
        Some((coach, email)) => {
            Ok(Page(pages::Invitation { coach: &coach, email: &email, token: &token }).into_response())
        }
        // Linked already, replaced, or never ours: the portal itself says what there is.
        None => Ok(Redirect::to("/portal").into_response()),
    }
}
