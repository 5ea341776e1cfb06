//! `GET` and `POST /end_session` (RP-Initiated Logout 1.0), and the form of our own pages.
//!
//! A session ends without a question only for a genuine hint about this very session. Everything else
//! asks the person, by a form that only our page for this browser can send (A46). Where several people are
//! signed in on it the one that the hint is about leaves, or the person says who does (E19).

use std::sync::Arc;

use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Redirect, Response};
use http::StatusCode;
use polder_audit::{Actor, Event};
use polder_crypto::Category;
use polder_hosted_pages::tenant::{Person, SignOutConfirm, SignedOut};
use polder_protocol::Params;
use polder_protocol::logout::{self, Afterwards, Decision, Hinted};
use polder_protocol::metadata::path;
use polder_service::csrf::{self, Token};
use polder_service::form::{BodyError, FormBody};

use super::continuation::continuation;
use super::{authorize, verify};
use crate::error::{Internal, Kind, PageError};
use crate::model::{Application, Session, User};
use crate::signin::accounts::{self, Account};
use crate::signin::page::Paper;
use crate::signin::session::{self, Signed};
use crate::signin::visit::Visit;
use crate::{App, store};

/// The context in which where-to-go-afterwards is sealed into the form.
const AFTERWARDS: &str = "end_session.afterwards";
/// What `account` says where everybody leaves.
const EVERYBODY: &str = "all";

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
    let mut here = here(app, visit).await?;
    let mut sessions: Vec<logout::Session> = here
        .iter()
        .map(|Account { signed: Signed { session, .. }, .. }| logout::Session {
            subject: session.user_id.to_string(),
            sid: application.as_ref().map(|application| authorize::sid(app, session.id, application.id)),
        })
        .collect();
    // Whom it is about comes first: to leave, or to be asked about.
    if let Some(at) = logout::about(&hinted, &sessions) {
        here[..=at].rotate_right(1);
        sessions[..=at].rotate_right(1);
    }
    let client = application.as_deref().map(|application| &application.client);
    match logout::decide(&request, &hinted, client, sessions.first()) {
        Decision::End(afterwards) => {
            let leaving = here.drain(..1.min(here.len())).collect();
            leave(app, visit, leaving, here, afterwards.as_ref()).await
        }
        Decision::Ask(afterwards) => ask(app, visit, &here, application.as_deref(), afterwards.as_ref()),
        Decision::Already(afterwards) => leave(app, visit, Vec::new(), here, afterwards.as_ref()).await,
        Decision::Refuse(error) => Err(bad(error)),
    }
}

/// The person agreed on our page.
async fn agreed(app: &App, visit: &Visit, params: &Params) -> Result<Response, PageError> {
    csrf::origin_check(visit.headers(), app.issuer.as_str())?;
    let afterwards = params.get("afterwards").map(|sealed| opened(app, sealed)).transpose()?;
    let here = here(app, visit).await?;
    if here.is_empty() {
        return leave(app, visit, here, Vec::new(), afterwards.as_ref()).await;
    }
    let Some(page_of) = page_of(app, &here, params.get("csrf")) else {
        return Err(PageError::new(Kind::Refused));
    };
    let page_of = here[page_of].signed.session.id.to_string();
    // A form that names nobody is about whose page it stands on.
    let named = params.get("account").unwrap_or(&page_of);
    let (leaving, staying) =
        here.into_iter().partition(|account| named == EVERYBODY || account.signed.session.id.to_string() == named);
    leave(app, visit, leaving, staying, afterwards.as_ref()).await
}

/// Whose page of this browser a form with this token is on: which of the accounts. `None` when it is on
/// nobody's.
pub fn page_of(app: &App, accounts: &[Account], csrf: Option<&str>) -> Option<usize> {
    accounts.iter().position(|account| form_token(app, &account.signed.session).verify(csrf).is_ok())
}

/// The token of this session's sign-out forms, here and on `/`.
pub fn form_token(app: &App, session: &Session) -> Token {
    Token::from_mac(app.keyring.mac("csrf", &[b"end_session", session.id.as_bytes()]))
}

/// Who is signed in on this browser.
async fn here(app: &App, visit: &Visit) -> Result<Vec<Account>, Internal> {
    accounts::live(app, &mut app.db.read().await?, &visit.jar).await
}

/// Ends the sessions of whoever leaves, and goes on.
async fn leave(
    app: &App,
    visit: &Visit,
    leaving: Vec<Account>,
    staying: Vec<Account>,
    afterwards: Option<&Afterwards>,
) -> Result<Response, PageError> {
    for account in &leaving {
        end(app, visit, &account.signed.session).await?;
    }
    Ok(left(app, visit, &staying, afterwards))
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
    here: &[Account],
    application: Option<&Application>,
    afterwards: Option<&Afterwards>,
) -> Result<Response, PageError> {
    let sealed = match afterwards {
        Some(afterwards) => app.keyring.seal_text(Category::Flow, AFTERWARDS, &serde_json::to_string(afterwards)?),
        None => String::new(),
    };
    let fields = [("afterwards", sealed.as_str())];
    let csrf = here.first().map(|first| form_token(app, &first.signed.session).to_text()).unwrap_or_default();
    let paper = Paper::new(app, visit, path::END_SESSION, &csrf).leading_to(afterwards.map(Afterwards::location));
    // Of two people the masked addresses may look the same.
    let address = |user: &User| if here.len() == 1 { user.email.masked() } else { user.email.as_str().to_owned() };
    let words: Vec<(String, String)> =
        here.iter().map(|account| (address(&account.signed.user), account.signed.session.id.to_string())).collect();
    let people: Vec<Person<'_>> = here
        .iter()
        .zip(&words)
        .map(|(account, (address, session))| Person {
            name: account.signed.user.name.as_deref().unwrap_or_default(),
            address,
            session,
        })
        .collect();
    let page = SignOutConfirm {
        frame: paper.frame(),
        application: application.map(|application| application.name.as_str()),
        people: &people,
        fields: if sealed.is_empty() { &[] } else { &fields },
    };
    Ok(paper.print(StatusCode::OK, &page))
}

fn opened(app: &App, sealed: &str) -> Result<Afterwards, PageError> {
    let text =
        app.keyring.unseal_text(Category::Flow, AFTERWARDS, sealed).map_err(|_| PageError::new(Kind::Refused))?;
    Ok(serde_json::from_str(&text)?)
}

/// Away from here: to the application, or to our own page. The cookie holds only who stays, and is gone with
/// the last (E17). Where no cookie came along there may be a live one that another site's request left at
/// home: it stays (A46).
fn left(app: &App, visit: &Visit, staying: &[Account], afterwards: Option<&Afterwards>) -> Response {
    let mut response = match afterwards {
        Some(afterwards) => Redirect::to(&afterwards.location()).into_response(),
        None => {
            let paper = Paper::new(app, visit, "/", "");
            paper.print(StatusCode::OK, &SignedOut { frame: paper.frame(), back_to: None, others: !staying.is_empty() })
        }
    };
    if visit.jar.get(session::COOKIE).is_some() {
        accounts::cookie(app, staying).append_to(response.headers_mut());
    }
    response
}
