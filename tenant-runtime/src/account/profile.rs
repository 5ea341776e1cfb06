//! `/account/profile`: the name, and the fields that the tenant adds.

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
use crate::fields::form as own;
use crate::store::{profile, users};

/// The longest name that is shown again, in characters.
const LONGEST_SHOWN: usize = 200;

/// Shows the page.
pub async fn show(State(app): State<Arc<App>>, RawQuery(query): RawQuery, here: Here) -> Result<Response, Away> {
    let said = (query.as_deref() == Some("done=saved")).then_some(Outcome::Saved);
    let sheet = Sheet::new(&app, &here, Section::Profile);
    let user = &here.signed.user;
    let values = profile::values(&mut app.db.read().await?, &app.keyring, user.id).await?;
    let fields = app.fields.current();
    Ok(sheet.print(&Profile {
        shell: sheet.shell(said),
        name: user.name.as_deref().unwrap_or_default(),
        address: user.email.as_str(),
        error: None,
        fields: &own::show(fields.iter(), &values, sheet.locales(&app)),
    }))
}

/// Stores the name, and of the fields those that the person may change.
pub async fn save(State(app): State<Arc<App>>, form: AccountForm) -> Result<Response, Away> {
    let user = &form.here.signed.user;
    let sheet = Sheet::new(&app, &form.here, Section::Profile);
    let before = profile::values(&mut app.db.read().await?, &app.keyring, user.id).await?;
    let fields = app.fields.current();
    let filled = own::read(fields.iter(), |name| form.field(name).to_owned(), sheet.locales(&app));
    let name = name::checked(form.field("name"));
    let (name, values) = match name {
        Ok(name) if filled.is_right() => (name, filled.changes(&before)),
        name => {
            let typed: String = form.field("name").chars().take(LONGEST_SHOWN).collect();
            let error = name.err().map(shown);
            let fixed = own::show(fields.iter().filter(|field| !field.is_personal()), &before, sheet.locales(&app));
            let fields: Vec<_> = filled.inputs.into_iter().chain(fixed).collect();
            let shell = sheet.shell(None);
            let page = Profile { shell, name: &typed, address: user.email.as_str(), error, fields: &fields };
            return Ok(sheet.print_again(&page));
        }
    };
    let (unit, id, request_id) = (Arc::clone(&app), user.id, form.here.visit.context.request_id);
    app.db
        .write(move |tx| {
            Box::pin(async move {
                users::set_name(tx, &unit.keyring, id, &name, unit.clock.now()).await?;
                own::store(&unit, tx, id, &values).await?;
                let changed: Vec<_> = ["name".to_owned()].into_iter().chain(own::names(&values)).collect();
                let event = Event::new("user.changed", Actor::user(id)).user(id).request(request_id);
                polder_audit::record(tx, event.details(serde_json::json!({ "fields": changed })));
                Ok::<_, Internal>(())
            })
        })
        .await?;
    Ok(Redirect::to("/account/profile?done=saved").into_response())
}

/// What was wrong with a name, for the page.
pub const fn shown(problem: NameProblem) -> NameError {
    match problem {
        NameProblem::Empty => NameError::Empty,
        NameProblem::TooLong => NameError::TooLong,
        NameProblem::Invalid => NameError::Invalid,
    }
}
