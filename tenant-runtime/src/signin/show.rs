//! `GET /signin`: the page of a flow's step. It changes nothing, so that reloading and coming back do
//! no harm; a step that needs no page any more goes straight on.

use std::sync::Arc;

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::response::Response;
use http::StatusCode;
use polder_hosted_pages::tenant::{
    ConnectAccount, Consent, ContinueAs, FirstName, NotAllowed, SecondStep, SignInCode, WaitingAccount,
};
use serde::Deserialize;

use super::answer::{self, At, Look};
use super::ask::{self, Asking};
use super::consent;
use super::flow::Step;
use super::form::lost;
use super::mail::MINUTES;
use super::name as ask_name;
use super::page::Paper;
use super::session::Signed;
use super::visit::Visit;
use super::waiting::Waiting;
use super::{choice, enrol, lost as lost_factors, offer, passkey, room, send};
use crate::App;
use crate::account::name::suggested;
use crate::error::{Internal, Kind, PageError};

/// Which flow.
#[derive(Debug, Deserialize)]
pub struct Which {
    #[serde(default)]
    flow: String,
    /// `recovery`: the second step by a recovery code. `lost`: the way back without it. `new`: another
    /// passkey, for who proved two factors.
    #[serde(default)]
    with: String,
}

impl Which {
    /// What pages call it.
    pub fn flow(&self) -> &str {
        &self.flow
    }
}

/// Shows the step.
pub async fn show(
    State(app): State<Arc<App>>,
    visit: Visit,
    which: Result<Query<Which>, QueryRejection>,
) -> Result<Response, PageError> {
    let Ok(Query(which)) = which else { return Err(PageError::new(Kind::BadRequest)) };
    let waiting = Waiting::find(&app, &visit.jar, &which.flow).await?.ok_or_else(|| lost(&visit))?;
    let hash = waiting.hash(&app);
    let at = At { request: &waiting.request, flow_hash: Some(&hash), signed: None, confirmed: false };
    let look = answer::look(&app, &visit, at).await?;
    if let Some(mut response) = answer::finish(&app, &visit, &waiting.request, &look).await? {
        waiting.forget(&app).append_to(response.headers_mut());
        return Ok(response);
    }
    match which.with.as_str() {
        "lost" => lost_factors::show(&app, &visit, &waiting).await,
        "new" => enrol::show_another(&app, &visit, &waiting).await,
        with => page(&app, &visit, &waiting, (&look, with == "recovery")).await,
    }
}

async fn page(
    app: &App,
    visit: &Visit,
    waiting: &Waiting,
    (look, recovery): (&Look, bool),
) -> Result<Response, PageError> {
    match (look.step, &look.signed) {
        (Step::MakeRoom, _) => return room::show(app, visit, waiting, &look.application).await,
        (Step::Choose, _) => return choice::chooser(app, visit, waiting, &look.application).await,
        (Step::OfferPasskey, Some(signed)) => {
            return offer::show(app, visit, (waiting, &look.application, signed), (StatusCode::OK, false)).await;
        }
        (step @ (Step::MakePasskey | Step::MakeFactor), Some(signed)) => {
            return enrol::show(app, visit, (waiting, &look.application, signed), (step, false)).await;
        }
        (Step::ProvePasskey, Some(signed)) => {
            let another = enrol::may_add(app, signed, waiting);
            return Ok(passkey::prove_page(app, visit, (waiting, &look.application), (another, None)));
        }
        _ => {}
    }
    let paper = Paper::of_flow(app, visit, waiting, &look.application);
    let paper = if look.step == Step::AskEmail { paper.with_script() } else { paper };
    let (frame, name) = (paper.frame(), look.application.name.as_str());
    match (look.step, &look.signed, &look.code) {
        (Step::AskEmail, signed, _) => {
            // Whom the person chose must prove themselves anew: their address is known.
            let chosen = signed.as_ref().filter(|signed| signed.is_chosen_in(Some(&waiting.hash(app))));
            let chosen = chosen.map(|signed| signed.user.email.as_str());
            let email = chosen.or(waiting.request.login_hint.as_deref()).unwrap_or_default();
            let asking = Asking { email, ..Asking::default() };
            Ok(ask::page(app, &paper, waiting, (name, StatusCode::OK), asking).await?)
        }
        (Step::AskCode, _, Some(code)) => {
            let address = send::address(app, &waiting.hash(app), code)?;
            let page = SignInCode {
                frame,
                application: Some(name),
                masked_address: address.as_str(),
                minutes: MINUTES,
                resend_after_seconds: code.resend_after.since(app.clock.now()).as_secs(),
                resent: code.sends > 1,
                error: None,
            };
            Ok(paper.print(StatusCode::OK, &page))
        }
        (Step::AskSecondFactor, ..) => {
            let page = SecondStep { frame, application: Some(name), recovery, error: None };
            Ok(paper.print(StatusCode::OK, &page))
        }
        (Step::AskName, Some(signed), _) => {
            let suggested = signed.user.name.clone().unwrap_or_else(|| suggested(&signed.user.email));
            let fields = &ask_name::asked(app, &paper, &signed.user).await?;
            let page = FirstName { frame, application: Some(name), name: &suggested, error: None, fields };
            Ok(paper.print(StatusCode::OK, &page))
        }
        (Step::Connect, Some(signed), _) => connecting(app, waiting, look, (&paper, signed)),
        (Step::AskConsent, Some(signed), _) => {
            let scope = waiting.request.asked_scope();
            let details = consent::details(app, &scope, paper.locale);
            let asked = consent::lines(&scope, &details);
            let page = Consent {
                frame,
                application: name,
                destination: destination(waiting.request.return_to.redirect_uri()),
                name: signed.user.name.as_deref().unwrap_or_default(),
                masked_address: &signed.user.email.masked(),
                person: &waiting.person(app, signed.user.id),
                asked: &asked,
            };
            Ok(paper.print(StatusCode::OK, &page))
        }
        (Step::Continue, Some(signed), _) => {
            let page = ContinueAs {
                frame,
                application: name,
                destination: destination(waiting.request.return_to.redirect_uri()),
                name: signed.user.name.as_deref().unwrap_or_default(),
                masked_address: &signed.user.email.masked(),
                person: &waiting.person(app, signed.user.id),
            };
            Ok(paper.print(StatusCode::OK, &page))
        }
        (Step::NotAllowed, Some(signed), _) => {
            let page = NotAllowed { frame, application: name, masked_address: &signed.user.email.masked() };
            Ok(paper.print(StatusCode::FORBIDDEN, &page))
        }
        (Step::Expired, ..) => Err(PageError::new(Kind::Expired)),
        _ => Err(Internal::Impossible { table: "one_time_code", column: "flow_hash" }.into()),
    }
}

/// Whether the account that waits is to be connected.
fn connecting(
    app: &App,
    waiting: &Waiting,
    look: &Look,
    (paper, signed): (&Paper, &Signed),
) -> Result<Response, PageError> {
    let waits = look.unconnected.as_ref().ok_or_else(|| PageError::new(Kind::Expired))?;
    let connection = app.connections.find(waits.connection_id).ok_or_else(|| PageError::new(Kind::Expired))?;
    let vouched = waits.vouched(&app.keyring, &waiting.hash(app))?;
    let page = ConnectAccount {
        frame: paper.frame(),
        account: WaitingAccount { provider: &connection.name, account: vouched.profile.account() },
        name: signed.user.name.as_deref().unwrap_or_default(),
        address: signed.user.email.as_str(),
        token: &waiting.connecting(app, signed.user.id, &waits.subject_index),
    };
    Ok(paper.print(StatusCode::OK, &page))
}

/// Where a verified redirect on the web leads, for the person to compare; none for programs on a device.
pub fn destination(redirect_uri: &str) -> Option<&str> {
    let rest = redirect_uri.strip_prefix("https://").or_else(|| redirect_uri.strip_prefix("http://"))?;
    rest.split(['/', '?']).next()
}
