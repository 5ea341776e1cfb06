//! `/account/second-factor`: setting up, replacing and removing the authenticator app.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Redirect, Response};
use polder_crypto::TotpSecret;
use polder_db::Tx;
use polder_hosted_pages::account::{
    AppSince, Outcome, SecondFactor, SecondFactorError, SecondFactorRemove, SecondFactorSetUp, Section,
};
use polder_hosted_pages::when;
use polder_tenant_api::{SecondFactorPolicy, UserId};

use super::door::{AccountForm, Away, Here};
use super::sheet::Sheet;
use crate::App;
use crate::error::Internal;
use crate::factors::totp::{self, Confirmed};
use crate::store::{passkeys, totp_factors};

const PAGE: &str = "/account/second-factor";

/// Shows whether it is on.
pub async fn show(State(app): State<Arc<App>>, RawQuery(query): RawQuery, here: Here) -> Result<Response, Away> {
    let mut tx = app.db.read().await?;
    let factor = totp_factors::of_user(&mut tx, &app.keyring, here.signed.user.id).await?;
    let mut sheet = Sheet::new(&app, &here, Section::SecondFactor);
    if matches!(query.as_deref(), Some("done=removed" | "done=replaced")) {
        sheet = sheet.after_change(&app, &mut tx, &here).await?;
    }
    let since = factor.as_ref().map(|factor| when::moment(sheet.locale(), factor.created_at));
    let used = factor.as_ref().and_then(|factor| factor.last_used_at).map(|at| when::moment(sheet.locale(), at));
    let said = match query.as_deref() {
        Some("done=removed") if factor.is_none() => Some(Outcome::SecondFactorRemoved),
        _ => None,
    };
    let on = since.as_deref().map(|since| AppSince { since, last_used: used.as_deref() });
    let (offered, removable) = (is_offered(&app), is_removable(&app, &mut tx, here.signed.user.id).await?);
    Ok(sheet.print(&SecondFactor { shell: sheet.shell(said), app: on, offered, removable }))
}

/// Whether the tenant lets people set up an app.
fn is_offered(app: &App) -> bool {
    app.tenant.current().second_factor > SecondFactorPolicy::Never
}

/// Whether the app can be removed: not where everybody needs a second factor and this is their only one
/// (C26). Another can take its place.
async fn is_removable(app: &App, tx: &mut Tx, user: UserId) -> Result<bool, Internal> {
    let needed = app.tenant.current().second_factor == SecondFactorPolicy::Required;
    Ok(!needed || passkeys::count(tx, user).await? > 0)
}

/// Somebody reloads the picture, or comes back to it: it is shown by a form alone.
pub async fn show_set_up() -> Redirect {
    Redirect::to(PAGE)
}

/// Shows a new picture.
pub async fn set_up(State(app): State<Arc<App>>, form: AccountForm) -> Result<Response, Away> {
    let here = &form.here;
    if !is_offered(&app) {
        return Ok(Redirect::to(PAGE).into_response());
    }
    here.fresh_with_passkey(&app, PAGE).await?;
    let secret = totp::begin(&app, &here.signed.user, here.signed.session.id).await?;
    Ok(picture(&app, here, &secret, None))
}

/// Puts the app in force by its first code.
pub async fn confirm(State(app): State<Arc<App>>, form: AccountForm) -> Result<Response, Away> {
    let here = &form.here;
    here.fresh_with_passkey(&app, PAGE).await?;
    let (user, session) = (&here.signed.user, here.signed.session.id);
    let code = totp::digits(form.field("code"));
    match totp::confirm(&app, &here.visit, (user, session), code).await? {
        // Codes on paper are the next thing to have, unless there are some.
        Confirmed::InForce { replaced: false } => Ok(Redirect::to("/account/recovery-codes").into_response()),
        Confirmed::InForce { replaced: true } => {
            Ok(Redirect::to("/account/second-factor?done=replaced").into_response())
        }
        Confirmed::Wrong { shown } => Ok(picture(&app, here, &shown, Some(SecondFactorError::Wrong))),
        Confirmed::Wait { shown, retry_after } => Ok(picture(&app, here, &shown, Some(wait(retry_after)))),
        Confirmed::Expired => {
            let secret = totp::begin(&app, user, session).await?;
            Ok(picture(&app, here, &secret, Some(SecondFactorError::Expired)))
        }
    }
}

/// Asks whether to remove it.
pub async fn show_remove(State(app): State<Arc<App>>, here: Here) -> Result<Response, Away> {
    if !is_removable(&app, &mut app.db.read().await?, here.signed.user.id).await? {
        return Ok(Redirect::to(PAGE).into_response());
    }
    here.fresh_with_passkey(&app, "/account/second-factor/remove").await?;
    let sheet = Sheet::new(&app, &here, Section::SecondFactor);
    Ok(sheet.print(&SecondFactorRemove { shell: sheet.shell(None) }))
}

/// Removes it.
pub async fn remove(State(app): State<Arc<App>>, form: AccountForm) -> Result<Response, Away> {
    let here = &form.here;
    if !is_removable(&app, &mut app.db.read().await?, here.signed.user.id).await? {
        return Ok(Redirect::to(PAGE).into_response());
    }
    here.fresh_with_passkey(&app, "/account/second-factor/remove").await?;
    totp::remove(&app, &here.visit, &here.signed.user, here.signed.session.id).await?;
    Ok(Redirect::to("/account/second-factor?done=removed").into_response())
}

fn wait(retry_after: Duration) -> SecondFactorError {
    SecondFactorError::Wait { retry_after_seconds: retry_after.as_secs().max(1) }
}

fn picture(app: &App, here: &Here, secret: &TotpSecret, error: Option<SecondFactorError>) -> Response {
    let sheet = Sheet::new(app, here, Section::SecondFactor);
    let uri = totp::uri(&app.tenant.current().name, &here.signed.user, secret);
    let by_hand = secret.to_base32();
    let page = SecondFactorSetUp { shell: sheet.shell(None), uri: &uri, secret: by_hand.expose(), error };
    match error {
        None => sheet.print(&page),
        Some(SecondFactorError::Wait { retry_after_seconds }) => sheet.print_too_many(retry_after_seconds, &page),
        Some(_) => sheet.print_again(&page),
    }
}
