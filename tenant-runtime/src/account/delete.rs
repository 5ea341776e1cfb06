//! `/account/delete`: leaving, for good.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use polder_audit::{Actor, Event};
use polder_hosted_pages::account::{Delete, Said, Section, What};

use super::door::{AccountForm, Away, Here};
use super::erase;
use super::sheet::Sheet;
use crate::App;
use crate::connections::revoke;
use crate::error::Internal;
use crate::signin::accounts;
use crate::signin::page::Paper;

const PAGE: &str = "/account/delete";

/// Asks, and says what goes and what stays.
pub async fn show(State(app): State<Arc<App>>, here: Here) -> Result<Response, Away> {
    here.fresh(&app, PAGE).await?;
    let sheet = Sheet::new(&app, &here, Section::Data);
    Ok(sheet.print(&Delete { shell: sheet.shell(None), wrong: false }))
}

/// Erases the person, once they typed the word. No mail follows: it would have to keep their address.
pub async fn delete(State(app): State<Arc<App>>, form: AccountForm) -> Result<Response, Away> {
    let here = &form.here;
    here.fresh(&app, PAGE).await?;
    if !Delete::is_confirmed_by(form.field("confirm")) {
        let sheet = Sheet::new(&app, here, Section::Data);
        return Ok(sheet.print_again(&Delete { shell: sheet.shell(None), wrong: true }));
    }
    let (unit, user, request_id) = (Arc::clone(&app), here.signed.user.clone(), here.visit.context.request_id);
    let erased = app
        .db
        .write(move |tx| {
            Box::pin(async move {
                let erased = erase::erase(&unit, tx, &user).await?;
                if erased.is_some() {
                    let event = Event::new("user.erased", Actor::user(user.id)).user(user.id);
                    polder_audit::record(tx, event.request(request_id));
                }
                Ok::<_, Internal>(erased)
            })
        })
        .await?;
    revoke::behind(&app, erased.unwrap_or_default());
    let paper = Paper::new(&app, &here.visit, "/", "");
    let frame = polder_hosted_pages::Frame { language_path: None, ..paper.frame() };
    let mut response = paper.print(StatusCode::OK, &Said { frame, what: What::Deleted });
    // Others who are signed in on this browser stay so.
    let others = accounts::live(&app, &mut app.db.read().await?, &here.visit.jar).await?;
    accounts::cookie(&app, &others).append_to(response.headers_mut());
    Ok(response)
}
