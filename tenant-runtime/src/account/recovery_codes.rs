//! `/account/recovery-codes`: making a set, shown once.

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use http::{HeaderValue, header};
use polder_hosted_pages::account::{RecoveryCodes, RecoveryCodesShown, RecoverySet, Section, recovery_file};
use polder_hosted_pages::when;

use super::door::{AccountForm, Away, Here};
use super::sheet::Sheet;
use crate::App;
use crate::error::{Kind, PageError};
use crate::factors::recovery::{self, CODES};
use crate::store::{recovery_codes, totp_factors};

const PAGE: &str = "/account/recovery-codes";

/// Shows how many are left.
pub async fn show(State(app): State<Arc<App>>, here: Here) -> Result<Response, Away> {
    let (user, mut tx) = (here.signed.user.id, app.db.read().await?);
    let set = recovery_codes::of_user(&mut tx, user).await?;
    let available = totp_factors::has(&mut tx, user).await?;
    let sheet = Sheet::new(&app, &here, Section::RecoveryCodes);
    let made = set.map(|set| when::moment(sheet.locale(), set.created_at)).unwrap_or_default();
    let set = set.map(|set| RecoverySet { left: usize::try_from(set.left).unwrap_or(0), made: &made });
    Ok(sheet.print(&RecoveryCodes { shell: sheet.shell(None), set, available }))
}

/// Makes a set and shows it, this once.
pub async fn make(State(app): State<Arc<App>>, form: AccountForm) -> Result<Response, Away> {
    let here = &form.here;
    here.fresh_with_passkey(&app, PAGE).await?;
    let who = (&here.signed.user, here.signed.session.id);
    let Some(codes) = recovery::make(&app, &here.visit, who).await? else {
        return Ok(Redirect::to(PAGE).into_response());
    };
    let sheet = Sheet::new(&app, here, Section::RecoveryCodes);
    let sheet = sheet.after_change(&app, &mut app.db.read().await?, here).await?;
    Ok(sheet.print(&RecoveryCodesShown { shell: sheet.shell(None), codes: &codes }))
}

/// Gives the codes that the page was just shown with as a file. They come from the page, since nobody
/// else has them; nothing but such codes goes into the file.
pub async fn file(State(app): State<Arc<App>>, form: AccountForm) -> Result<Response, Away> {
    let here = &form.here;
    let codes: Option<Vec<String>> = form.field("codes").split(' ').map(recovery::normal).collect();
    let codes = codes.filter(|codes| codes.len() == CODES).ok_or_else(|| PageError::new(Kind::BadRequest))?;
    let codes: Vec<String> = codes.iter().map(|code| recovery::shown(code)).collect();
    let (locale, tenant) = (here.visit.locale(&app, &[]), app.tenant.current());
    let text = recovery_file(locale, &tenant.name, here.signed.user.email.as_str(), &codes);
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8")),
        (header::CONTENT_DISPOSITION, HeaderValue::from_static("attachment; filename=\"recovery-codes.txt\"")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    Ok((headers, text).into_response())
}
