//! From what is known to an answer: looks at the stored state, asks [`flow::next`], and answers.

use std::sync::Arc;

use axum::response::{IntoResponse, Redirect, Response};
use polder_protocol::authorize::Request;
use polder_protocol::{Error, ErrorCode};

use super::accounts::{self, Selected};
use super::demand::Demand;
use super::flow::{self, Attempt, Code, Outside, Policy, Refusal, Second, Step, Undecided};
use super::session::{self, Signed};
use super::visit::Visit;
use super::waiting::Waiting;
use super::{offer, own_page};
use crate::App;
use crate::error::{Internal, Kind, PageError};
use crate::fields::sign_up;
use crate::model::{Application, Method};
use crate::oidc::authorize;
use crate::store::awaited_factors::{self, WaitsFor};
use crate::store::one_time_codes::{self, StoredCode};
use crate::store::unconnected_accounts::{self, Unconnected};

/// Everything stored that a step may show, and the step itself.
#[derive(Debug)]
pub struct Look {
    /// The application that waits.
    pub application: Arc<Application>,
    /// Whom of the people signed in on this browser the request is for.
    pub signed: Option<Signed>,
    /// The code of this flow.
    pub code: Option<StoredCode>,
    /// The account that waits in this flow to be connected.
    pub unconnected: Option<Unconnected>,
    /// What comes next.
    pub step: Step,
}

/// What is looked at.
#[derive(Clone, Copy, Debug)]
pub struct At<'a> {
    /// The request that is to be answered.
    pub request: &'a Request,
    /// The flow it waits in, unless it has just come.
    pub flow_hash: Option<&'a str>,
    /// The session this very request made or chose; its cookie is not in the jar yet.
    pub signed: Option<&'a Signed>,
    /// Whether the person pressed "continue" in this very request.
    pub confirmed: bool,
}

/// What a request is for: an application that is switched on, or a page of our own.
///
/// # Errors
/// A page, when there is no such application any more.
pub fn application(app: &App, request: &Request) -> Result<Arc<Application>, PageError> {
    own_page::application(app, &request.client_id).ok_or_else(|| PageError::new(Kind::UnknownApplication))
}

/// Looks at what is stored and decides.
pub async fn look(app: &App, visit: &Visit, at: At<'_>) -> Result<Look, PageError> {
    // Switched off while the request waited: to the person it is unknown now.
    let application = application(app, at.request)?;
    let demand = Demand::of(&app.tenant.current(), &application, at.request);
    let mut tx = app.db.read().await?;
    let code = match at.flow_hash {
        Some(hash) => one_time_codes::of_flow(&mut tx, hash).await?,
        None => None,
    };
    // Where there is no connection, nothing can wait.
    let unconnected = match at.flow_hash.filter(|_| !app.connections.all().is_empty()) {
        Some(hash) => unconnected_accounts::of_flow(&mut tx, hash, app.clock.now()).await?,
        None => None,
    };
    let selected = match at.signed {
        Some(signed) => Selected::One(Box::new(signed.clone())),
        None => {
            let accounts = accounts::live(app, &mut tx, &visit.jar).await?;
            let accounts = accounts.into_iter().map(|account| account.signed).collect();
            accounts::select(accounts, at.request, at.flow_hash)
        }
    };
    let (signed, undecided) = match selected {
        Selected::One(signed) => (Some(*signed), None),
        Selected::Nobody => (None, None),
        Selected::Several => (None, Some(Undecided::Several)),
        Selected::Others => (None, Some(Undecided::Others)),
    };
    let known = match &signed {
        Some(signed) => {
            let here = at.flow_hash.is_some() && signed.session.proved_in.as_deref() == at.flow_hash;
            let due = here && offer::is_due(app, &mut tx, (signed, &application)).await?;
            let asked = (at.request, application.as_ref(), &demand);
            let known = session::known(&mut tx, signed, asked, (here, due), app.clock.now()).await?;
            Some(sign_up::look(app, &mut tx, (signed, known), &application, at.request).await?)
        }
        None => None,
    };
    let second = match at.flow_hash {
        Some(hash) => awaited_factors::of_flow(&mut tx, hash).await?,
        None => None,
    };
    let second = second.map_or(Second::NotAsked, |awaited| match awaited.used_at {
        Some(_) => Second::Used,
        None if app.clock.now() >= awaited.expires_at => Second::RanOut,
        None if awaited.waits_for == WaitsFor::Room => Second::NoRoom,
        None => Second::Waiting,
    });
    let attempt = Attempt {
        second,
        silent: at.request.prompt.none,
        choose: at.request.prompt.select_account || at.request.prompt.consent,
        code: code.as_ref().map_or(Code::NotAsked, |c| if c.used_at.is_some() { Code::Used } else { Code::Waiting }),
        outside: outside(signed.as_ref(), unconnected.as_ref(), at.flow_hash),
        known,
        undecided,
        confirmed: at.confirmed || signed.as_ref().is_some_and(|signed| signed.is_chosen_in(at.flow_hash)),
    };
    let policy = Policy {
        sign_up: app.tenant.current().sign_up,
        silent_allowed: application.client.is_verifiable(at.request.return_to.redirect_uri()),
        impossible: demand.impossible,
    };
    Ok(Look { step: flow::next(&attempt, &policy), application, signed, code, unconnected })
}

/// Whether who is signed in proved in this flow, and not by a provider's word, who they are.
fn outside(signed: Option<&Signed>, unconnected: Option<&Unconnected>, flow_hash: Option<&str>) -> Outside {
    if unconnected.is_none() {
        return Outside::Nothing;
    }
    let proved = |signed: &Signed| {
        flow_hash.is_some()
            && signed.session.proved_in.as_deref() == flow_hash
            && !signed.session.amr.iter().any(|method| method == Method::FEDERATED)
    };
    if signed.is_some_and(proved) { Outside::Proved } else { Outside::Unproved }
}

/// Answers the application, if the step is to. `None` when a page is due.
pub async fn finish(
    app: &Arc<App>,
    visit: &Visit,
    request: &Request,
    look: &Look,
) -> Result<Option<Response>, PageError> {
    match (look.step, &look.signed) {
        (Step::Issue, Some(signed)) => {
            session::touch(app, visit, &signed.session).await?;
            if own_page::is_for(request) {
                return Ok(Some(own_page::open(request)));
            }
            Ok(Some(authorize::issue_code(app, visit, request, &signed.session).await))
        }
        (Step::Issue, None) => Err(Internal::Impossible { table: "session", column: "id" }.into()),
        (Step::Refuse(refusal), _) => Ok(Some(authorize::refuse(app, visit, request, error(refusal)))),
        _ => Ok(None),
    }
}

/// Goes on after a form: to the application if that is the step, else to the page of the step. A
/// redirect in either case, so that going back or reloading sends no form again (B41).
pub async fn proceed(
    app: &Arc<App>,
    visit: &Visit,
    waiting: &Waiting,
    signed: Option<&Signed>,
    confirmed: bool,
) -> Result<Response, PageError> {
    let hash = waiting.hash(app);
    let at = At { request: &waiting.request, flow_hash: Some(&hash), signed, confirmed };
    let look = look(app, visit, at).await?;
    match finish(app, visit, &waiting.request, &look).await? {
        Some(mut response) => {
            waiting.forget(app).append_to(response.headers_mut());
            Ok(response)
        }
        None => Ok(Redirect::to(&waiting.path()).into_response()),
    }
}

fn error(refusal: Refusal) -> Error {
    match refusal {
        Refusal::LoginRequired => Error::new(ErrorCode::LoginRequired, "nobody is signed in as this request needs"),
        Refusal::AccountSelectionRequired => {
            Error::new(ErrorCode::AccountSelectionRequired, "several people are signed in; the person has to choose")
        }
        Refusal::Unmet => Error::new(
            ErrorCode::UnmetAuthenticationRequirements,
            "no sign-in here reaches the acr that this request insists on",
        ),
        Refusal::InteractionRequired => {
            Error::new(ErrorCode::InteractionRequired, "the person has to confirm this on a page")
        }
        Refusal::ConsentRequired => Error::new(ErrorCode::ConsentRequired, "the person has not agreed to this"),
        Refusal::AccessDenied => Error::new(ErrorCode::AccessDenied, "the person may not use this application"),
    }
}
