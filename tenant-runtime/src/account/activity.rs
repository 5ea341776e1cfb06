//! `/account/activity`: what the audit log holds about a person, for that person.

use std::sync::Arc;

use axum::extract::{Query, State};
use axum::response::Response;
use polder_audit::{Cursor, Entry, Filter};
use polder_db::Tx;
use polder_hosted_pages::account::{Activity, Happened, Section};
use polder_hosted_pages::{Device, when};
use serde::Deserialize;
use serde_json::Value;

use super::door::{Away, Here};
use super::sheet::Sheet;
use crate::App;
use crate::error::{Internal, Kind, PageError};
use crate::model::User;

/// Events on a page.
const PER_PAGE: u32 = 25;

/// Which page.
#[derive(Debug, Deserialize)]
pub struct Which {
    before: Option<String>,
}

/// An event about a person, its details open.
#[derive(Debug)]
pub struct Opened {
    /// As it stands in the log.
    pub entry: Entry,
    /// What was sealed for the person; `None` where that does not open.
    pub details: Option<Value>,
}

/// Events about a person, newest first, from before `cursor`.
pub async fn of_user(
    app: &App,
    tx: &mut Tx,
    user: &User,
    (cursor, limit): (Option<Cursor>, u32),
) -> Result<Vec<Opened>, Internal> {
    let wrapped = user.audit_key_wrapped.as_deref();
    let key = wrapped.map(|wrapped| app.keyring.person_key(&user.id.to_string(), wrapped)).transpose()?;
    let filter = Filter { user_id: Some(user.id.to_string()), ..Filter::default() };
    let entries = polder_audit::list(tx, &filter, cursor, limit).await?;
    let open = |entry: Entry| {
        let details = entry.details(&app.keyring, key.as_ref()).ok().flatten();
        Opened { entry, details }
    };
    Ok(entries.into_iter().map(open).collect())
}

/// Shows a page of them.
pub async fn show(
    State(app): State<Arc<App>>,
    which: Result<Query<Which>, axum::extract::rejection::QueryRejection>,
    here: Here,
) -> Result<Response, Away> {
    let Ok(Query(which)) = which else { return Err(PageError::new(Kind::BadRequest).into()) };
    let cursor = match which.before.as_deref() {
        Some(text) => Some(Cursor::parse(text).ok_or_else(|| PageError::new(Kind::BadRequest))?),
        None => None,
    };
    let mut tx = app.db.read().await?;
    let mut opened = of_user(&app, &mut tx, &here.signed.user, (cursor, PER_PAGE + 1)).await?;
    let more = opened.len() > PER_PAGE as usize;
    opened.truncate(PER_PAGE as usize);
    let next = opened.last().filter(|_| more).map(|last| Cursor::after(&last.entry).to_text());
    let sheet = Sheet::new(&app, &here, Section::Activity);
    let words: Vec<Words> = opened.iter().map(|event| Words::of(&app, &sheet, event)).collect();
    let events: Vec<Happened<'_>> =
        opened.iter().zip(&words).map(|(event, words)| words.happened(&event.entry)).collect();
    Ok(sheet.print(&Activity { shell: sheet.shell(None), events: &events, next: next.as_deref() }))
}

/// An event in words.
struct Words {
    at: String,
    at_rfc3339: String,
    application: Option<String>,
    address: Option<String>,
    device: Option<Device>,
}

impl Words {
    fn of(app: &App, sheet: &Sheet, event: &Opened) -> Self {
        let detail = |name: &str| event.details.as_ref().and_then(|details| details[name].as_str());
        let application = event.entry.application_id.as_deref().and_then(|id| app.applications.find(id));
        Self {
            at: when::moment(sheet.locale(), event.entry.at),
            at_rfc3339: event.entry.at.rfc3339(),
            application: application.map(|application| application.name.clone()),
            address: detail("ip").map(str::to_owned),
            device: detail("user_agent").map(Device::from_user_agent),
        }
    }

    fn happened<'a>(&'a self, entry: &'a Entry) -> Happened<'a> {
        Happened {
            action: &entry.action,
            at: &self.at,
            at_rfc3339: &self.at_rfc3339,
            actor_kind: &entry.actor_kind,
            application: self.application.as_deref(),
            address: self.address.as_deref(),
            device: self.device,
        }
    }
}
