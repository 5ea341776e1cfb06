//! `GET` and `POST /end_session` (RP-Initiated Logout 1.0), and the form of our own pages.
//!
//! A session ends without a question only for a genuine hint about this very session. Everything else
//! asks the person, by a form that only our page for this session can send (A46).

use std::sync::Arc;

use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Redirect, Response};
use http::StatusCode;
use polder_audit::{Actor, Event};
use polder_crypto::Category;
use polder_hosted_pages::tenant::{SignOutConfirm, SignedOut};
use polder_protocol::Params;
use polder_protocol::logout::{self, Afterwards, Decision, Hinted};
use polder_protocol::metadata::path;
use polder_service::csrf::{self, Token};
use polder_service::form::{BodyError, FormBody};

use super::continuation::continuation;
use super::{authorize, verify};
use crate::error::{Internal, Kind, PageError};
use crate::model::{Application, Session};
use crate::signin::page::Paper;
use crate::signin::session::{self, Signed};
use crate::signin::visit::Visit;
use crate::{App, store};

/// The context in which where-to-go-afterwards is sealed into the form.
const AFTERWARDS: &str = "end_session.afterwards";

/// Somebody asks to end the session.
///
/// # Errors
/// A page.
pub async fn get(State(app): State<Arc<App>>, visit: Visit, RawQuery(query): RawQuery) -> Result<Response, PageError> {
    asked(&app, &visit, &Params::of_both(query.as_deref(), &[])).await
}

/// As [`get`], or the answer of our own form: that has our `csrf`. A form from another site comes without
/// our `SameSite=Lax` cookies, so it is sent on to the same request by GET, where they are back (A42).
///
/// # Errors
/// A page.
pub async fn post(
    State(app): State<Arc<App>>,
    visit: Visit,
    RawQuery(query): RawQuery,
    body: Result<FormBody, BodyError>,
) -> Result<Response, PageError> {
    let params = Params::of_both(query.as_deref(), &body?.0);
    if params.get("csrf").is_some() {
        return agreed(&app, &visit, &params).await;
    }
    match continuation(path::END_SESSION, &params).filter(|_| visit.jar.get(session::COOKIE).is_none()) {
        Some(again) => Ok(Redirect::to(&again).into_response()),
        None => asked(&app, &visit, &params).await,
    }
}

async fn asked(app: &App, visit: &Visit, params: &Params) -> Result<Response, PageError> {
    let bad = |error: polder_protocol::Error| PageError::new(Kind::BadRequest).detail(error.to_string());
    let request = logout::Request::parse(params).map_err(bad)?;
    let hinted = match &request.id_token_hint {
        None => Hinted::Absent,
        Some(token) => verify::hint(app, token).map_or(Hinted::Forged, Hinted::Genuine),
    };
    let application = request.client_id(&hinted).and_then(|id| app.applications.enabled(id));
    let here = here(app, visit).await?;
    let session = here.as_ref().map(|Signed { session, .. }| logout::Session {
        subject: session.user_id.to_string(),
        sid: application.as_ref().map(|application| authorize::sid(app, session.id, application.id)),
    });
    let client = application.as_deref().map(|application| &application.client);
    match (logout::decide(&request, &hinted, client, session.as_ref()), here) {
        (Decision::End(afterwards), Some(Signed { session, .. })) => {
            end(app, visit, &session).await?;
            Ok(left(app, visit, afterwards.as_ref()))
        }
        (Decision::Ask(afterwards), Some(here)) => ask(app, visit, &here, application.as_deref(), afterwards.as_ref()),
        (Decision::Refuse(error), _) => Err(bad(error)),
        (Decision::End(afterwards) | Decision::Ask(afterwards) | Decision::Already(afterwards), _) => {
            Ok(left(app, visit, afterwards.as_ref()))
        }
    }
}

/// The person agreed on our page.
async fn agreed(app: &App, visit: &Visit, params: &Params) -> Result<Response, PageError> {
    csrf::origin_check(visit.headers(), app.issuer.as_str())?;
    let afterwards = params.get("afterwards").map(|sealed| opened(app, sealed)).transpose()?;
    let Some(Signed { session, .. }) = here(app, visit).await? else {
        return Ok(left(app, visit, afterwards.as_ref()));
    };
    form_token(app, &session).verify(params.get("csrf"))?;
    end(app, visit, &session).await?;
    Ok(left(app, visit, afterwards.as_ref()))
}

/// The token of this session's sign-out forms, here and on `/`.
pub fn form_token(app: &App, session: &Session) -> Token {
    Token::from_mac(app.keyring.mac("csrf", &[b"end_session", session.id.as_bytes()]))
}

/// The live session of this browser.
async fn here(app: &App, visit: &Visit) -> Result<Option<Signed>, Internal> {
    session::current(app, &mut app.db.read().await?, &visit.jar).await
}

async fn end(app: &App, visit: &Visit, session: &Session) -> Result<(), Internal> {
    let (id, user, now, request_id) = (session.id, session.user_id, app.clock.now(), visit.context.request_id);
    app.db
        .write(move |tx| {
            Box::pin(async move {
                if store::sessions::end(tx, id, "signed_out", now).await? {
                    let event = Event::new("session.ended", Actor::user(user)).user(user).session(id);
                    polder_audit::record(tx, event.request(request_id));
                }
                Ok(())
            })
        })
        .await
}

fn ask(
    app: &App,
    visit: &Visit,
    Signed { session, user }: &Signed,
    application: Option<&Application>,
    afterwards: Option<&Afterwards>,
) -> Result<Response, PageError> {
    let sealed = match afterwards {
        Some(afterwards) => app.keyring.seal_text(Category::Flow, AFTERWARDS, &serde_json::to_string(afterwards)?),
        None => String::new(),
    };
    let fields = [("afterwards", sealed.as_str())];
    let paper = Paper::new(app, visit, path::END_SESSION, &form_token(app, session).to_text())
        .leading_to(afterwards.map(Afterwards::location));
    let page = SignOutConfirm {
        frame: paper.frame(),
        application: application.map(|application| application.name.as_str()),
        name: user.name.as_deref().unwrap_or_default(),
        masked_address: &user.email.masked(),
        fields: if sealed.is_empty() { &[] } else { &fields },
    };
    Ok(paper.print(StatusCode::OK, &page))
}

fn opened(app: &App, sealed: &str) -> Result<Afterwards, PageError> {
    let text =
        app.keyring.unseal_text(Category::Flow, AFTERWARDS, sealed).map_err(|_| PageError::new(Kind::Refused))?;
    Ok(serde_json::from_str(&text)?)
}

/// Away from here, with the cookie gone (E17): to the application, or to our own page. Where no cookie
/// came along there may be a live one that another site's request left at home: it stays (A46).
fn left(app: &App, visit: &Visit, afterwards: Option<&Afterwards>) -> Response {
    let mut response = match afterwards {
        Some(afterwards) => Redirect::to(&afterwards.location()).into_response(),
        None => {
            let paper = Paper::new(app, visit, "/", "");
            paper.print(StatusCode::OK, &SignedOut { frame: paper.frame(), back_to: None })
        }
    };
    if visit.jar.get(session::COOKIE).is_some() {
        session::forget(app).append_to(response.headers_mut());
    }
    response
}
