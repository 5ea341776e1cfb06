//! An organisation of one's own, where the operator allows it: an address asks, its link is followed, a name is given,
//! and signing in with that address makes it ([`super::callback`]). Where it is closed, none of this is there.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode};
use polder_hosted_pages::console::{FieldProblem, Problem, SignUp, SignUpStep};
use polder_kernel::Email;
use polder_service::csrf::origin_check;
use polder_service::form::{BodyError, FormBody};

use super::fields::Fields;
use super::invitation::{VISITOR, person, token_of};
use super::oidc::Claim;
use super::{Console, Fault, Visit, show, signin};
use crate::organisation::{name, sign_up};
use crate::store::sign_ups;

/// The longest name of a person, in characters: what `platform` takes.
const NAME: usize = 100;

/// `GET /signup`.
pub async fn ask(State(console): State<Arc<Console>>, visit: Visit) -> Result<Response, Fault> {
    open(&console).await?;
    Ok(page(&console, &visit, SignUpStep::Ask { email: "" }, &[]))
}

/// `POST /signup`: whatever the address is, it says the same.
pub async fn send(
    State(console): State<Arc<Console>>,
    visit: Visit,
    headers: HeaderMap,
    body: Result<FormBody, BodyError>,
) -> Result<Response, Fault> {
    open(&console).await?;
    let fields = own_form(&console, &visit, (&headers, body))?;
    let email = fields.get("email");
    let Ok(address) = email.parse::<Email>() else {
        let problem = if email.is_empty() { Problem::Required } else { Problem::Invalid };
        let problems = [FieldProblem { field: "email", problem }];
        let page = page(&console, &visit, SignUpStep::Ask { email }, &problems);
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response());
    };
    console.limits.check("signup", visit.context.client_ip).map_err(Fault::TooMany)?;
    sign_up::ask(&console.app, address, visit.locale).await?;
    Ok(page(&console, &visit, SignUpStep::Sent { email }, &[]))
}

/// `GET /signup/{token}`: looking at it changes nothing.
pub async fn show_link(
    State(console): State<Arc<Console>>,
    visit: Visit,
    Path(token): Path<String>,
) -> Result<Response, Fault> {
    open(&console).await?;
    let Some(email) = address(&console, &visit, &token).await? else {
        return Ok(page(&console, &visit, SignUpStep::Over, &[]));
    };
    let step = SignUpStep::Confirm { token: &token, email: email.as_str(), name: "", organisation: "" };
    Ok(page(&console, &visit, step, &[]))
}

/// `POST /signup/confirm`.
pub async fn confirm(
    State(console): State<Arc<Console>>,
    visit: Visit,
    headers: HeaderMap,
    body: Result<FormBody, BodyError>,
) -> Result<Response, Fault> {
    open(&console).await?;
    let fields = own_form(&console, &visit, (&headers, body))?;
    let (token, own, organisation) = (fields.get("token"), fields.get("name"), fields.get("organisation"));
    let Some(email) = address(&console, &visit, token).await? else {
        let page = page(&console, &visit, SignUpStep::Over, &[]);
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response());
    };
    let mut problems = Vec::new();
    let mut wrong = |field, problem| problems.push(FieldProblem { field, problem });
    if own.is_empty() {
        wrong("name", Problem::Required);
    } else if own.chars().count() > NAME || own.contains(char::is_control) {
        wrong("name", Problem::Invalid);
    }
    if organisation.is_empty() {
        wrong("organisation", Problem::Required);
    } else if name::checked(organisation).is_err() {
        wrong("organisation", Problem::Invalid);
    }
    if !problems.is_empty() {
        let step = SignUpStep::Confirm { token, email: email.as_str(), name: own, organisation };
        let page = page(&console, &visit, step, &problems);
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response());
    }
    let person = person(&console, &visit, own, &email).await?;
    let app = &console.app;
    let (hash, subject, now) = (sign_up::hash(&app.keyring, token), person.id.to_string(), app.clock.now());
    let (called, claim) = (organisation.to_owned(), Claim::SignUp(hash.clone()));
    let bound =
        app.db.write(move |tx| Box::pin(async move { sign_ups::bind(tx, &hash, (&subject, &called), now).await }));
    let bound: Result<bool, polder_db::Error> = bound.await;
    if !bound? {
        let page = page(&console, &visit, SignUpStep::Over, &[]);
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response());
    }
    let for_it = ("/?notice=organisation-made".to_owned(), Some(claim));
    signin::go(&console, &visit, for_it, (Some(&email), true)).await
}

async fn open(console: &Console) -> Result<(), Fault> {
    let open = sign_up::is_open(&mut console.app.db.read().await?).await?;
    if open { Ok(()) } else { Err(Fault::NotFound) }
}

async fn address(console: &Console, visit: &Visit, token: &str) -> Result<Option<Email>, Fault> {
    console.limits.check("invitation", visit.context.client_ip).map_err(Fault::TooMany)?;
    let app = &console.app;
    let hash = sign_up::hash(&app.keyring, token);
    Ok(sign_ups::open(&mut app.db.read().await?, &app.keyring, &hash, app.clock.now()).await?)
}

fn own_form(
    console: &Console,
    visit: &Visit,
    (headers, body): (&HeaderMap, Result<FormBody, BodyError>),
) -> Result<Fields, Fault> {
    origin_check(headers, &console.base).map_err(|_| Fault::Forged("it comes from elsewhere"))?;
    let fields = Fields::parse(&body?.0);
    let visitor = visit.jar.get(VISITOR).ok_or(Fault::NoAttempt)?;
    let known = token_of(console, visitor).verify(Some(fields.get("csrf")));
    known.map_err(|_| Fault::Forged("its token is wrong"))?;
    Ok(fields)
}

fn page(console: &Console, visit: &Visit, step: SignUpStep<'_>, problems: &[FieldProblem<'_>]) -> Response {
    let known = visit.jar.get(VISITOR).map(str::to_owned);
    let fresh = known.is_none();
    let visitor = known.unwrap_or_else(|| console.app.entropy.token().expose().clone());
    let csrf = token_of(console, &visitor).to_text();
    let mut response =
        show::page(visit, &SignUp { frame: visit.frame(&csrf), step, problems }, &[console.provider.issuer()]);
    if fresh {
        console.cookies.set(VISITOR, &visitor).append_to(response.headers_mut());
    }
    response
}
