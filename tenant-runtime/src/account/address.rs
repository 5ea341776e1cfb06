//! `/account/email`: another address to sign in with (D19). The new one is proved by a code, the old one
//! is told and can undo it for a week, by a form behind the link.

use std::sync::Arc;

use axum::extract::{Query, RawQuery, Request, State};
use axum::response::{IntoResponse, Redirect, Response};
use http::StatusCode;
use polder_hosted_pages::account::{Address, AddressCode, AddressError, AddressUndo, Outcome, Said, Section, What};
use polder_hosted_pages::tenant::{CodeError, EmailError};
use polder_kernel::Email;
use polder_service::csrf::{self, Token};
use serde::Deserialize;

use super::address_change::{self, Asked, Changed, UNDO_DAYS};
use super::door::{self, AccountForm, Away, Here};
use super::sheet::Sheet;
use crate::App;
use crate::error::PageError;
use crate::limits;
use crate::signin::code::digits;
use crate::signin::page::Paper;
use crate::signin::session;
use crate::signin::visit::Visit;
use crate::store::address_changes;

const PAGE: &str = "/account/email";
/// The longest address that is shown again, in characters.
const LONGEST_SHOWN: usize = 254;

/// Shows the form for an address, or for the code that is under way.
pub async fn show(State(app): State<Arc<App>>, RawQuery(query): RawQuery, here: Here) -> Result<Response, Away> {
    let (user, session) = (&here.signed.user, here.signed.session.id);
    let mut tx = app.db.read().await?;
    let waiting = address_changes::code_of(&mut tx, &app.keyring, user.id, session).await?;
    let waiting = waiting.filter(|code| app.clock.now() < code.expires_at);
    let sheet = Sheet::new(&app, &here, Section::Email);
    if let Some(code) = waiting.filter(|_| query.as_deref() != Some("again=1")) {
        let page = AddressCode { shell: sheet.shell(None), new_address: code.email.as_str(), error: None };
        return Ok(sheet.print(&page));
    }
    let changed = query.as_deref() == Some("done=changed");
    let sheet = if changed { sheet.after_change(&app, &mut tx, &here).await? } else { sheet };
    let said = changed.then_some(Outcome::EmailChanged(UNDO_DAYS));
    let page = Address { shell: sheet.shell(said), address: user.email.as_str(), typed: "", error: None };
    Ok(sheet.print(&page))
}

/// Sends a code to the new address: the same whether or not somebody has it.
pub async fn ask(State(app): State<Arc<App>>, form: AccountForm) -> Result<Response, Away> {
    let here = &form.here;
    here.fresh(&app, PAGE).await?;
    let typed = form.field("email").trim();
    let Ok(email) = typed.parse::<Email>() else {
        let error = if typed.is_empty() { EmailError::Empty } else { EmailError::Invalid };
        return Ok(again(&app, &form, AddressError::Typed(error)));
    };
    if email == here.signed.user.email {
        return Ok(again(&app, &form, AddressError::Same));
    }
    match address_change::ask(&app, &here.visit, (&here.signed.user, here.signed.session.id), email).await? {
        Asked::UnderWay => Ok(Redirect::to(PAGE).into_response()),
        Asked::TooMany { retry_after } => {
            let retry_after_seconds = retry_after.as_secs().max(1);
            Ok(again(&app, &form, AddressError::Typed(EmailError::TooMany { retry_after_seconds })))
        }
    }
}

/// Takes the code, and changes the address.
pub async fn confirm(State(app): State<Arc<App>>, form: AccountForm) -> Result<Response, Away> {
    let here = &form.here;
    here.fresh(&app, PAGE).await?;
    let code = match digits(form.field("code")) {
        Ok(code) => code,
        Err(error) => return code_again(&app, here, error).await,
    };
    let who = (&here.signed.user, here.signed.session.id);
    let error = match address_change::confirm(&app, &here.visit, who, &code).await? {
        Changed::Done => return Ok(Redirect::to("/account/email?done=changed").into_response()),
        Changed::Taken => return Ok(again(&app, &form, AddressError::Taken)),
        Changed::Wrong { tries_left: 0 } => CodeError::NoTriesLeft,
        Changed::Wrong { tries_left } => CodeError::Wrong { tries_left },
        Changed::NoTriesLeft => CodeError::NoTriesLeft,
        Changed::Expired => CodeError::Expired,
    };
    code_again(&app, here, error).await
}

/// What the link in the notice names.
#[derive(Debug, Deserialize)]
pub struct Named {
    #[serde(default)]
    change: String,
}

/// Where the link leads: a page with a form. Reading it, as scanners of mail do, changes nothing (D09).
pub async fn show_undo(
    State(app): State<Arc<App>>,
    visit: Visit,
    named: Result<Query<Named>, axum::extract::rejection::QueryRejection>,
) -> Result<Response, PageError> {
    app.limits.check(limits::SIGN_IN, visit.context.client_ip)?;
    let change = named.map(|Query(named)| named.change).unwrap_or_default();
    let hash = address_change::undo_hash(&app, &change);
    let possible = address_changes::can_undo(&mut app.db.read().await?, &hash, app.clock.now()).await?;
    if !possible {
        return Ok(said(&app, &visit, What::UndoGone));
    }
    let csrf = undo_token(&app, &change).to_text();
    let paper = Paper::new(&app, &visit, PAGE, &csrf);
    let frame = polder_hosted_pages::Frame { language_path: None, ..paper.frame() };
    Ok(paper.print(StatusCode::OK, &AddressUndo { frame, change: &change }))
}

/// Takes the change back, and ends every session.
pub async fn undo(State(app): State<Arc<App>>, visit: Visit, request: Request) -> Result<Response, PageError> {
    app.limits.check(limits::SIGN_IN, visit.context.client_ip)?;
    csrf::origin_check(visit.headers(), app.issuer.as_str())?;
    let fields = door::fields(request).await?;
    let change = fields.get("change").unwrap_or_default().to_owned();
    undo_token(&app, &change).verify(fields.get("csrf"))?;
    let what = match address_change::undo(&app, &visit, &change).await? {
        true => What::AddressUndone,
        false => What::UndoGone,
    };
    let mut response = said(&app, &visit, what);
    if what == What::AddressUndone && visit.jar.get(session::COOKIE).is_some() {
        session::forget(&app).append_to(response.headers_mut());
    }
    Ok(response)
}

fn undo_token(app: &App, change: &str) -> Token {
    Token::from_mac(app.keyring.mac("csrf", &[b"undo-address", change.as_bytes()]))
}

fn said(app: &App, visit: &Visit, what: What) -> Response {
    let paper = Paper::new(app, visit, "/", "");
    let frame = polder_hosted_pages::Frame { language_path: None, ..paper.frame() };
    paper.print(StatusCode::OK, &Said { frame, what })
}

fn again(app: &App, form: &AccountForm, error: AddressError) -> Response {
    let sheet = Sheet::new(app, &form.here, Section::Email);
    let typed: String = form.field("email").chars().take(LONGEST_SHOWN).collect();
    let address = form.here.signed.user.email.as_str();
    let page = Address { shell: sheet.shell(None), address, typed: &typed, error: Some(error) };
    match error {
        AddressError::Typed(EmailError::TooMany { retry_after_seconds }) => {
            sheet.print_too_many(retry_after_seconds, &page)
        }
        _ => sheet.print_again(&page),
    }
}

async fn code_again(app: &App, here: &Here, error: CodeError) -> Result<Response, Away> {
    let (user, session) = (here.signed.user.id, here.signed.session.id);
    let mut tx = app.db.read().await?;
    let Some(code) = address_changes::code_of(&mut tx, &app.keyring, user, session).await? else {
        return Ok(Redirect::to(PAGE).into_response());
    };
    let sheet = Sheet::new(app, here, Section::Email);
    let page = AddressCode { shell: sheet.shell(None), new_address: code.email.as_str(), error: Some(error) };
    Ok(sheet.print_again(&page))
}
