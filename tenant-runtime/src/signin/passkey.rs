//! `POST /signin/passkey`: signing in with a passkey, no address typed. `POST /signin/passkey/options`
//! gives the page's script what to ask the browser for.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use polder_hosted_pages::tenant::PasskeyProblem;

use super::ask::{self, Asking};
use super::form::FlowForm;
use super::page::Paper;
use super::passkey_proof::{Tried, prove};
use super::{answer, own_page, session};
use crate::App;
use crate::error::{Kind, PageError};
use crate::guard::pace::in_step_where;
use crate::oidc::json;
use crate::passkeys::{Ceremony, Challenge, options};

/// What to ask the browser for: any passkey of this tenant, whoever's (C23).
pub async fn ask(State(app): State<Arc<App>>, form: FlowForm) -> Response {
    let challenge = Challenge::issue(&app, Ceremony::SignIn, &form.waiting.hash(&app));
    json::no_store(StatusCode::OK, &options::to_sign_in(&app.passkeys, &challenge))
}

/// Tries what the browser answered. A failure says nothing about why, and takes as long whatever the
/// reason (C22).
pub async fn submit(State(app): State<Arc<App>>, form: FlowForm) -> Result<Response, PageError> {
    let failed = |tried: &Result<Tried, _>| !matches!(tried, Ok(Tried::Right { .. } | Tried::Waits));
    let tried = in_step_where(prove(&app, &form.visit, &form.waiting, form.field("credential")), failed).await;
    let gone = match tried? {
        Tried::Right { signed, cookie } => {
            let mut response = answer::proceed(&app, &form.visit, &form.waiting, Some(&signed), false).await?;
            session::cookie(&app, &cookie).append_to(response.headers_mut());
            return Ok(response);
        }
        Tried::Waits => return answer::proceed(&app, &form.visit, &form.waiting, None, false).await,
        Tried::Refused => None,
        Tried::Gone { credential_id } => Some(credential_id),
    };
    let application = own_page::application(&app, &form.waiting.request.client_id);
    let application = application.ok_or_else(|| PageError::new(Kind::UnknownApplication))?;
    let problem = match &gone {
        Some(credential_id) => PasskeyProblem::Removed { rp_id: &app.passkeys.id, credential_id },
        None => PasskeyProblem::Refused,
    };
    let paper = Paper::of_flow(&app, &form.visit, &form.waiting, &application).with_script();
    let asking = Asking { passkey_problem: Some(problem), ..Asking::default() };
    let status = StatusCode::UNAUTHORIZED;
    Ok(ask::page(&app, &paper, &form.waiting, (&application.name, status), asking).await?)
}
