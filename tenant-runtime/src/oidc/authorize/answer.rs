//! How an authorization request ends: with a code, or with an error, always at the verified redirect
//! URI: by 303 (B41), or by a form that the browser posts there (A40).

use axum::response::{IntoResponse, Redirect, Response};
use http::StatusCode;
use polder_audit::{Actor, Event};
use polder_hosted_pages::tenant::FormPost;
use polder_kernel::encoding::base64url;
use polder_protocol::authorize::{self, Answer, Request};
use polder_protocol::{Error, ErrorCode, par};
use polder_service::RequestContext;
use polder_tenant_api::{ApplicationId, SessionId};

use super::{incoming, wishes};
use crate::App;
use crate::error::{Internal, Kind, PageError};
use crate::model::code::Bound;
use crate::model::{AuthorizationCode, GrantId, Session};
use crate::signin::demand;
use crate::signin::page::Paper;
use crate::signin::visit::Visit;
use crate::store;
use crate::usage::Here;

/// Answers with a code for this session (RFC 6749, 4.1.2); with a page when the application is gone
/// meanwhile or the database fails.
pub async fn issue_code(app: &App, visit: &Visit, request: &Request, session: &Session) -> Response {
    issue(app, visit, request, session).await.into_response()
}

async fn issue(app: &App, visit: &Visit, request: &Request, session: &Session) -> Result<Response, PageError> {
    let application = app.applications.enabled(&request.client_id);
    let application = application.ok_or_else(|| PageError::new(Kind::UnknownApplication))?;
    let challenge = request.code_challenge.as_ref().map(|challenge| challenge.as_str().to_owned());
    let now = app.clock.now();
    let code = AuthorizationCode {
        grant_id: GrantId::new(&app.clock, &app.entropy),
        application_id: application.id,
        user_id: session.user_id,
        session_id: session.id,
        redirect_uri: request.return_to.redirect_uri().to_owned(),
        scope: request.scope.clone(),
        code_challenge: challenge.unwrap_or_default(),
        nonce: request.nonce.clone(),
        bound: Bound {
            sid: sid(app, session.id, application.id),
            acr: demand::answered(request, session).to_owned(),
            amr: session.amr.clone(),
            authenticated_at: session.authenticated_at,
            dpop_jkt: request.dpop_jkt.clone(),
            try_out: request.try_out,
            session_expires_at: session.expires_at,
            claims: wishes::granted(app, &application, request, session.user_id).await?,
            resources: request.resources.clone(),
        },
        created_at: now,
        expires_at: now + app.lifetimes.code,
    };
    let text = app.entropy.token();
    let hash = app.keyring.index("authorization-code", text.expose().as_bytes());
    let here = Here::of(app, session.user_id);
    let counted = here.as_ref().map(Here::whom);
    match add(app, &visit.context, (hash, code, here), request.pushed.clone()).await? {
        Added::Yes => app.counted.keep(counted),
        Added::Ended => return ended_meanwhile(app, visit, request),
        Added::Answered => return Ok(refuse(app, visit, request, par::unknown())),
    }
    Ok(send(app, visit, &request.client_id, request.return_to.code(app.issuer.as_str(), text.expose())))
}

/// Somebody ended the session, erased the person or deleted the application since they were looked up.
fn ended_meanwhile(app: &App, visit: &Visit, request: &Request) -> Result<Response, PageError> {
    if app.applications.enabled(&request.client_id).is_none() {
        return Err(PageError::new(Kind::UnknownApplication));
    }
    let error = Error::new(ErrorCode::LoginRequired, "the session has ended");
    Ok(refuse(app, visit, request, error))
}

/// What became of a code that was to be stored.
enum Added {
    Yes,
    /// The session, the person or the application is no more.
    Ended,
    /// The request was pushed, and had its answer before (RFC 9126, 7.3).
    Answered,
}

async fn add(
    app: &App,
    ctx: &RequestContext,
    (hash, code, here): (String, AuthorizationCode, Option<Here>),
    pushed: Option<String>,
) -> Result<Added, Internal> {
    let bound = serde_json::to_string(&code.bound)?;
    let (request_id, now) = (ctx.request_id, app.clock.now());
    let pushed = pushed.map(|uri_hash| (incoming::once(app, &uri_hash), uri_hash));
    app.db
        .write(move |tx| {
            Box::pin(async move {
                if let Some((once, uri_hash)) = &pushed {
                    if !once.take_in(tx, now).await? {
                        return Ok(Added::Answered);
                    }
                    store::pushed_requests::remove(tx, uri_hash).await?;
                }
                if !store::codes::add(tx, &hash, &code, &bound).await? {
                    return Ok(Added::Ended);
                }
                if let Some(here) = &here {
                    here.note(tx).await?;
                }
                let event = Event::new("code.issued", Actor::user(code.user_id)).user(code.user_id);
                let event = event.application(code.application_id).session(code.session_id).request(request_id);
                polder_audit::record(tx, event);
                Ok(Added::Yes)
            })
        })
        .await
}

/// Answers that the person would rather not. A pushed request has had its answer then (B55).
///
/// # Errors
/// When the database fails.
pub async fn decline(app: &App, visit: &Visit, request: &Request, error: Error) -> Result<Response, Internal> {
    let error = match &request.pushed {
        Some(uri_hash) if !incoming::once(app, uri_hash).take(app).await? => par::unknown(),
        _ => error,
    };
    Ok(refuse(app, visit, request, error))
}

/// Answers with an error (RFC 6749, 4.1.2.1).
pub fn refuse(app: &App, visit: &Visit, request: &Request, error: Error) -> Response {
    redirect_error(app, visit, &request.client_id, &request.clone().refuse(error))
}

/// Answers with an error of a request that was never complete.
pub(super) fn redirect_error(app: &App, visit: &Visit, client_id: &str, refused: &authorize::Redirect) -> Response {
    send(app, visit, client_id, refused.answer(app.issuer.as_str()))
}

/// What this application knows this session by (E22): derived, so that it is the same each time and
/// needs no look-up.
pub fn sid(app: &App, session: SessionId, application: ApplicationId) -> String {
    base64url(&app.keyring.mac("sid", &[session.as_bytes(), application.as_bytes()])[..16])
}

/// Sends the browser off. The page that holds a form may lead to the application alone.
fn send(app: &App, visit: &Visit, client_id: &str, answer: Answer) -> Response {
    let form = match answer {
        Answer::Location(location) => return Redirect::to(&location).into_response(),
        Answer::Form(form) => form,
    };
    let application = app.applications.find(client_id);
    let mut paper = Paper::new(app, visit, "", "").with_script().leading_to(Some(form.action.clone()));
    for origin in application.iter().flat_map(|application| &application.preferences.form_action_origins) {
        paper = paper.leading_to(Some(origin.clone()));
    }
    let name = application.as_ref().map_or("", |application| application.name.as_str());
    let page = FormPost { frame: paper.frame(), application: name, action: &form.action, fields: &form.fields };
    paper.print(StatusCode::OK, &page)
}
