//! `POST /signin/passkey`: signing in with a passkey, no address typed. `POST /signin/passkey/options`
//! gives the page's script what to ask the browser for.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use polder_hosted_pages::tenant::{PasskeyProblem, ProvePasskey};

use super::answer::{self, At};
use super::ask::{self, Asking};
use super::flow::Step;
use super::form::FlowForm;
use super::page::Paper;
use super::passkey_proof::{Tried, prove};
use super::visit::Visit;
use super::waiting::Waiting;
use super::{enrol, session};
use crate::App;
use crate::error::PageError;
use crate::guard::pace::in_step_where;
use crate::model::Application;
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
    let hash = form.waiting.hash(&app);
    let at = At { request: &form.waiting.request, flow_hash: Some(&hash), signed: None, confirmed: false };
    let look = answer::look(&app, &form.visit, at).await?;
    let problem = match &gone {
        Some(credential_id) => PasskeyProblem::Removed { rp_id: &app.passkeys.id, credential_id },
        None => PasskeyProblem::Refused,
    };
    // Who is signed in decides which page it is, and never whose passkey failed (C22).
    if look.step == Step::ProvePasskey {
        let another = look.signed.as_ref().is_some_and(|signed| enrol::may_add(&app, signed, &form.waiting));
        return Ok(prove_page(&app, &form.visit, (&form.waiting, &look.application), (another, Some(problem))));
    }
    let paper = Paper::of_flow(&app, &form.visit, &form.waiting, &look.application).with_script();
    let asking = Asking { passkey_problem: Some(problem), ..Asking::default() };
    let status = StatusCode::UNAUTHORIZED;
    Ok(ask::page(&app, &paper, &form.waiting, (&look.application.name, status), asking).await?)
}

/// The page that asks for the passkey of who is signed in with less than is asked for.
pub fn prove_page(
    app: &App,
    visit: &Visit,
    (waiting, application): (&Waiting, &Application),
    (another, problem): (bool, Option<PasskeyProblem<'_>>),
) -> Response {
    let paper = Paper::of_flow(app, visit, waiting, application).with_script();
    let page = ProvePasskey { frame: paper.frame(), application: &application.name, another, problem };
    paper.print(if problem.is_some() { StatusCode::UNAUTHORIZED } else { StatusCode::OK }, &page)
}
