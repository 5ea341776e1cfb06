//! `/portal`: the client's coaches.

use std::sync::Arc;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Redirect, Response};

use crate::app::App;
use crate::error::Fault;
use crate::model::Side;
use crate::pages::{self, Page};
use crate::{signed_in, store};

pub(crate) async fn show(State(app): State<Arc<App>>, headers: HeaderMap) -> Result<Response, Fault> {
    let Some(session) = signed_in::who(&app, Side::Portal, &headers).await? else {
        return Ok(Redirect::to("/portal/sign-in").into_response());
    };
    let member = &session.member;
    let mut tx = app.db.read().await?;
    let coaches = store::engagements::of_client(&mut tx, &app.keys, member.id).await?;
    let csrf = signed_in::csrf_token(&app, &session).to_text();
    Ok(Page(pages::Portal { name: &member.name, email: member.email.as_str(), csrf: &csrf, coaches: &coaches })
        .into_response())
}
