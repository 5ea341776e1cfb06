//! `/account/profile`: the name.

use std::sync::Arc;

use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Redirect, Response};
use polder_audit::{Actor, Event};
use polder_hosted_pages::account::{Outcome, Profile, Section};
use polder_hosted_pages::tenant::NameError;

use super::door::{AccountForm, Away, Here};
use super::name::{self, NameProblem};
use super::sheet::Sheet;
use crate::App;
use crate::error::Internal;
use crate::store::users;

/// The longest name that is shown again, in characters.
const LONGEST_SHOWN: usize = 200;

/// Shows the page.
pub async fn show(State(app): State<Arc<App>>, RawQuery(query): RawQuery, here: Here) -> Result<Response, Away> {
    let said = (query.as_deref() == Some("done=saved")).then_some(Outcome::Saved);
    let sheet = Sheet::new(&app, &here, Section::Profile);
    let user = &here.signed.user;
    Ok(sheet.print(&Profile {
        shell: sheet.shell(said),
        name: user.name.as_deref().unwrap_or_default(),
        address: user.email.as_str(),
        error: None,
    }))
}

/// Stores the name.
pub async fn save(State(app): State<Arc<App>>, form: AccountForm) -> Result<Response, Away> {
    let user = &form.here.signed.user;
    let name = match name::checked(form.field("name")) {
        Ok(name) => name,
        Err(problem) => {
            let typed: String = form.field("name").chars().take(LONGEST_SHOWN).collect();
            let error = Some(match problem {
                NameProblem::Empty => NameError::Empty,
                NameProblem::TooLong => NameError::TooLong,
                NameProblem::Invalid => NameError::Invalid,
            });
            let sheet = Sheet::new(&app, &form.here, Section::Profile);
            let page = Profile { shell: sheet.shell(None), name: &typed, address: user.email.as_str(), error };
            return Ok(sheet.print_again(&page));
        }
    };
    let (unit, id, request_id) = (Arc::clone(&app), user.id, form.here.visit.context.request_id);
    app.db
        .write(move |tx| {
            Box::pin(async move {
                users::set_name(tx, &unit.keyring, id, &name, unit.clock.now()).await?;
                let event = Event::new("user.changed", Actor::user(id)).user(id).request(request_id);
                polder_audit::record(tx, event.details(serde_json::json!({ "fields": ["name"] })));
                Ok::<_, Internal>(())
            })
        })
        .await?;
    Ok(Redirect::to("/account/profile?done=saved").into_response())
}
