//! `POST /account/switch`: the account pages of somebody else who is signed in on this browser (E19).

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::{IntoResponse, Redirect, Response};
use polder_service::{RequestContext, csrf};

use super::door;
use crate::App;
use crate::error::{Kind, PageError};
use crate::oidc::end_session;
use crate::signin::visit::Visit;
use crate::signin::{accounts, choice, session};

/// Makes the account whose session the form names the one this browser goes on as. Who is not signed in
/// here any more is led to the sign-in by the page.
///
/// # Errors
/// A page, when the form is not of a page of this browser's own.
pub async fn to(State(app): State<Arc<App>>, request: Request) -> Result<Response, PageError> {
    let context = RequestContext::of(request.headers(), request.extensions());
    let visit = Visit::new(&app, context, request.headers().clone(), None);
    csrf::origin_check(visit.headers(), app.issuer.as_str())?;
    let fields = door::fields(request).await?;
    let accounts = accounts::live(&app, &mut app.db.read().await?, &visit.jar).await?;
    if end_session::page_of(&app, &accounts, fields.get("csrf")).is_none() {
        return Err(PageError::new(Kind::Refused));
    }
    let mut response = Redirect::to("/account").into_response();
    let wanted = fields.get("account").unwrap_or_default();
    let at = accounts.iter().position(|account| account.signed.session.id.to_string() == wanted);
    // The first already is who this browser goes on as.
    if let Some(at) = at.filter(|at| *at > 0)
        && let Some((_, cookie)) = choice::choose(&app, accounts, at, None).await?
    {
        session::cookie(&app, &cookie).append_to(response.headers_mut());
    }
    Ok(response)
}
