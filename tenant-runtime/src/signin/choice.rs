//! `POST /signin/continue`, `/signin/switch` and `/signin/cancel`: going on as who is signed in, as
//! somebody else, or not at all.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use polder_hosted_pages::tenant::SignInEmail;
use polder_protocol::{Error, ErrorCode};

use super::answer;
use super::form::FlowForm;
use super::own_page;
use super::page::Paper;
use super::session::{self, Signed};
use crate::App;
use crate::error::PageError;
use crate::oidc::authorize;

/// Goes on as the person who is signed in. The word counts for this request alone and is stored
/// nowhere; without a session that the request accepts, or for another person than the page showed, it
/// changes nothing.
pub async fn go_on(State(app): State<Arc<App>>, form: FlowForm) -> Result<Response, PageError> {
    let signed = session::current(&app, &mut app.db.read().await?, &form.visit.jar).await?;
    let meant = |signed: &Signed| form.waiting.person(&app, signed.user.id) == form.field("person");
    let confirmed = signed.as_ref().is_some_and(meant);
    answer::proceed(&app, &form.visit, &form.waiting, signed.as_ref(), confirmed).await
}

/// Shows the form for an address. Whoever is signed in stays so until another proof is given.
pub async fn switch(State(app): State<Arc<App>>, form: FlowForm) -> Result<Response, PageError> {
    let application = answer::application(&app, &form.waiting.request)?;
    let paper = Paper::of_flow(&app, &form.visit, &form.waiting, &application).with_script();
    let page = SignInEmail {
        frame: paper.frame(),
        application: Some(&application.name),
        email: "",
        error: None,
        passkey_problem: None,
    };
    Ok(paper.print(StatusCode::OK, &page))
}

/// Tells the application that the person would rather not.
pub async fn cancel(State(app): State<Arc<App>>, form: FlowForm) -> Result<Response, PageError> {
    let mut response = if own_page::is_for(&form.waiting.request) {
        own_page::leave(&app)
    } else {
        let error = Error::new(ErrorCode::AccessDenied, "the person cancelled the sign-in");
        authorize::refuse(&app, &form.waiting.request, error)
    };
    form.waiting.forget(&app).append_to(response.headers_mut());
    Ok(response)
}
