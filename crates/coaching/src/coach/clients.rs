//! `/coach`: the coach's clients, and the form that invites one.

use std::collections::HashMap;
use std::sync::Arc;

use axum::extract::{Query, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Redirect, Response};

use crate::app::App;
use crate::error::Fault;
use crate::model::Side;
use crate::pages::{self, Page};
use crate::store::sessions::Session;
use crate::{signed_in, store};

/// What the invitation form showed or said last.
#[derive(Default)]
pub(crate) struct Told<'a> {
    pub notice: Option<&'a str>,
    pub error: Option<&'a str>,
    pub email: &'a str,
    pub name: &'a str,
}

pub(crate) async fn show(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    Query(query): Query<HashMap<String, String>>,
) -> Result<Response, Fault> {
    let Some(session) = signed_in::who(&app, Side::Coach, &headers).await? else {
        return Ok(Redirect::to("/coach/sign-in").into_response());
    };
    let notice = query.contains_key("invited").then_some("The invitation is on its way.");
    render(&app, &session, &Told { notice, ..Told::default() }).await
}

pub(crate) async fn render(app: &App, session: &Session, told: &Told<'_>) -> Result<Response, Fault> {
    let mut tx = app.db.read().await?;
    let clients = store::engagements::of_coach(&mut tx, &app.keys, session.member.id).await?;
    let csrf = signed_in::csrf_token(app, session).to_text();
    Ok(Page(pages::Clients {
        name: &session.member.name,
        email: session.member.email.as_str(),
        csrf: &csrf,
        clients: &clients,
        notice: told.notice,
        error: told.error,
        form_email: told.email,
        form_name: told.name,
    })
    .into_response())
}
