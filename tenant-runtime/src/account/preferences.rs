//! `/account/preferences`: language, light or dark (R7).

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use polder_audit::{Actor, Event};
use polder_hosted_pages::Look;
use polder_hosted_pages::account::{Preferences, Section};
use polder_kernel::Locale;

use super::door::{AccountForm, Away, Here};
use super::sheet::Sheet;
use crate::App;
use crate::error::{Internal, Kind, PageError};
use crate::signin::visit::{LANGUAGE_COOKIE, LOOK_COOKIE};
use crate::store::users;

/// How long a browser remembers.
const KEPT: Duration = Duration::from_secs(365 * 24 * 3600);

/// Shows what is chosen.
pub async fn show(State(app): State<Arc<App>>, here: Here) -> Result<Response, Away> {
    let sheet = Sheet::new(&app, &here, Section::Preferences);
    Ok(sheet.print(&Preferences { shell: sheet.shell(None) }))
}

/// Stores the language with the account, where mails ask for it, and both choices in this browser.
pub async fn save(State(app): State<Arc<App>>, form: AccountForm) -> Result<Response, Away> {
    let locale: Result<Locale, _> = form.field("language").parse();
    let locale = locale.map_err(|_| PageError::new(Kind::BadRequest))?;
    let user = form.here.signed.user.id;
    if form.here.signed.user.locale != Some(locale) {
        let (unit, request_id) = (Arc::clone(&app), form.here.visit.context.request_id);
        app.db
            .write(move |tx| {
                Box::pin(async move {
                    users::set_locale(tx, user, locale, unit.clock.now()).await?;
                    let event = Event::new("user.changed", Actor::user(user)).user(user).request(request_id);
                    polder_audit::record(tx, event.details(serde_json::json!({ "fields": ["locale"] })));
                    Ok::<_, Internal>(())
                })
            })
            .await?;
    }
    let cookies = app.cookies();
    let mut response = Redirect::to("/account/preferences").into_response();
    cookies.set(LANGUAGE_COOKIE, locale.tag()).max_age(KEPT).append_to(response.headers_mut());
    let look = match Look::parse(form.field("look")) {
        Some(look) => cookies.set(LOOK_COOKIE, look.as_str()).max_age(KEPT),
        None => cookies.remove(LOOK_COOKIE),
    };
    look.append_to(response.headers_mut());
    Ok(response)
}
