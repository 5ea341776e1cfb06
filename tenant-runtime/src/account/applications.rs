//! `/account/applications`: which applications have access, and taking it away.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Redirect, Response};
use polder_audit::{Actor, Event};
use polder_db::Tx;
use polder_hosted_pages::account::{Applications, Granted, Outcome, Section};
use polder_hosted_pages::when;
use polder_kernel::Timestamp;
use polder_protocol::Scope;
use polder_tenant_api::{ApplicationId, UserId};

use super::door::{AccountForm, Away, Here};
use super::sheet::Sheet;
use crate::App;
use crate::error::{Internal, Kind, PageError};
use crate::oidc::person;
use crate::store::{consents, grants};

/// What one application was granted, over all its grants that stand.
#[derive(Clone, Debug)]
pub struct Standing {
    /// The application.
    pub id: ApplicationId,
    /// Its name; its id where it is gone.
    pub name: String,
    /// Since when.
    pub since: Timestamp,
    /// The scopes, each once.
    pub scopes: Vec<String>,
}

/// The applications with access to a person's account.
pub async fn granted(app: &App, tx: &mut Tx, user: UserId) -> Result<Vec<Standing>, Internal> {
    let mut all: BTreeMap<String, Standing> = BTreeMap::new();
    for grant in grants::standing_of_user(tx, user, app.clock.now()).await? {
        let id = grant.application_id;
        let name = || app.applications.find(&id.to_string()).map_or_else(|| id.to_string(), |one| one.name.clone());
        let entry = all.entry(id.to_string()).or_insert_with(|| Standing {
            id,
            name: name(),
            since: grant.created_at,
            scopes: Vec::new(),
        });
        entry.since = entry.since.min(grant.created_at);
        let behind = app.applications.find(&id.to_string());
        let behind = behind.map(|application| person::scopes_behind(app, &application, &grant.claims));
        for scope in grant.scope.iter().chain(behind.iter().flat_map(Scope::iter)) {
            if entry.scopes.iter().all(|known| known != scope) {
                entry.scopes.push(scope.to_owned());
            }
        }
    }
    Ok(all.into_values().collect())
}

/// Shows them.
pub async fn show(State(app): State<Arc<App>>, RawQuery(query): RawQuery, here: Here) -> Result<Response, Away> {
    let mut tx = app.db.read().await?;
    let standing = granted(&app, &mut tx, here.signed.user.id).await?;
    let sheet = Sheet::new(&app, &here, Section::Applications);
    let words: Vec<(String, String)> =
        standing.iter().map(|one| (one.id.to_string(), when::moment(sheet.locale(), one.since))).collect();
    let shown: Vec<Granted<'_>> = standing
        .iter()
        .zip(&words)
        .map(|(one, (id, since))| Granted { id, name: &one.name, since, scopes: &one.scopes })
        .collect();
    let gone = query.as_deref().and_then(|query| query.strip_prefix("withdrawn="));
    let gone = gone.and_then(|id| app.applications.find(id));
    let said = gone.as_ref().map(|application| Outcome::Withdrawn(&application.name));
    Ok(sheet.print(&Applications { shell: sheet.shell(said), applications: &shown }))
}

/// Takes back what the person agreed to and revokes everything the application was granted, at once.
pub async fn withdraw(State(app): State<Arc<App>>, form: AccountForm) -> Result<Response, Away> {
    let id: Result<ApplicationId, _> = form.field("application").parse();
    let id = id.map_err(|_| PageError::new(Kind::BadRequest))?;
    let (unit, user, request_id) = (Arc::clone(&app), form.here.signed.user.id, form.here.visit.context.request_id);
    app.db
        .write(move |tx| {
            Box::pin(async move {
                let now = unit.clock.now();
                if consents::withdraw(tx, user, id, now).await? {
                    let event = Event::new("consent.withdrawn", Actor::user(user)).user(user).application(id);
                    polder_audit::record(tx, event.request(request_id));
                }
                Ok::<_, Internal>(())
            })
        })
        .await?;
    Ok(Redirect::to(&format!("/account/applications?withdrawn={id}")).into_response())
}
