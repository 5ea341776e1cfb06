//! Keys of the public API.

use std::sync::Arc;

use axum::extract::{Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use http::StatusCode;
use polder_db::Error;
use polder_hosted_pages::console::{ApiKey, ApiKeys, FieldProblem, Problem, Shell};
use serde::Deserialize;

use super::fields::Fields;
use super::in_tenant::AtId;
use super::{Console, Fault, SignedIn, show};
use crate::audit;
use crate::credentials::{hash_api_key, new_api_key};
use crate::model::{ApiKeyId, ApiKeyKind, KeyAccess};
use crate::store::api_keys::{self, NewApiKey};

/// The longest name, in characters.
const NAME: usize = 64;

/// What the list may be asked for.
#[derive(Debug, Default, Deserialize)]
pub struct Asked {
    notice: Option<String>,
}

/// What a form brought and what came of it.
#[derive(Default)]
struct Outcome<'a> {
    created: Option<&'a str>,
    name: &'a str,
    access: &'a str,
    problems: &'a [FieldProblem<'a>],
}

/// `GET /api-keys`.
pub async fn list(
    State(console): State<Arc<Console>>,
    member: SignedIn,
    Query(asked): Query<Asked>,
) -> Result<Response, Fault> {
    let shell = member.shell_saying(asked.notice.as_deref());
    page(&console, &member, shell, &Outcome::default()).await
}

/// `POST /api-keys`: answers with the key, this once.
pub async fn create(State(console): State<Arc<Console>>, member: SignedIn, fields: Fields) -> Result<Response, Fault> {
    let app = &console.app;
    let name = fields.get("name");
    let problem = match name.chars().count() {
        0 => Some(Problem::Required),
        length if length > NAME => Some(Problem::TooLong),
        _ if name.contains(char::is_control) => Some(Problem::Invalid),
        _ => None,
    };
    if let Some(problem) = problem {
        let problems = [FieldProblem { field: "name", problem }];
        let outcome = Outcome { created: None, name, access: fields.get("access"), problems: &problems };
        let page = page(&console, &member, member.shell(), &outcome).await?;
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response());
    }
    let key = new_api_key(&app.entropy);
    let row = NewApiKey {
        id: ApiKeyId::new(&app.clock, &app.entropy),
        organisation_id: member.session.organisation_id,
        name: name.to_owned(),
        key_hash: hash_api_key(&app.keyring, key.expose()),
        access: if fields.get("access") == "read" { KeyAccess::Read } else { KeyAccess::Write },
        created_by: member.session.member_id.to_string(),
    };
    let id = row.id.to_string();
    let facts = [("api_key", id.as_str()), ("name", name), ("access", row.access.as_str())];
    let (event, now) = (audit::event("api_key.created", &member.acting(), None, &facts), app.clock.now());
    app.db
        .write(move |tx| {
            Box::pin(async move {
                api_keys::insert(tx, &row, now).await?;
                polder_audit::record(tx, event);
                Ok::<_, Error>(())
            })
        })
        .await?;
    let shell = Shell { language_path: None, ..member.shell() };
    page(&console, &member, shell, &Outcome { created: Some(key.expose()), ..Outcome::default() }).await
}

/// `POST /api-keys/{id}/revoke`.
pub async fn revoke(
    State(console): State<Arc<Console>>,
    member: SignedIn,
    AtId(id): AtId<ApiKeyKind>,
) -> Result<Response, Fault> {
    let (organisation, now) = (member.session.organisation_id, console.app.clock.now());
    let text = id.to_string();
    let event = audit::event("api_key.revoked", &member.acting(), None, &[("api_key", &text)]);
    let revoked = console
        .app
        .db
        .write(move |tx| {
            Box::pin(async move {
                let revoked = api_keys::revoke(tx, organisation, id, now).await?;
                if revoked {
                    polder_audit::record(tx, event);
                }
                Ok::<_, Error>(revoked)
            })
        })
        .await?;
    if revoked { Ok(Redirect::to("/api-keys?notice=key-revoked").into_response()) } else { Err(Fault::NotFound) }
}

async fn page(
    console: &Arc<Console>,
    member: &SignedIn,
    shell: Shell<'_>,
    outcome: &Outcome<'_>,
) -> Result<Response, Fault> {
    let found = api_keys::list(&mut console.app.db.read().await?, member.session.organisation_id).await?;
    let texts: Vec<_> = found
        .iter()
        .map(|key| {
            let time = |at: Option<polder_kernel::Timestamp>| at.map(polder_kernel::Timestamp::rfc3339);
            (key.id.to_string(), key.created_at.rfc3339(), time(key.last_used_at), time(key.revoked_at))
        })
        .collect();
    let keys: Vec<ApiKey<'_>> = found
        .iter()
        .zip(&texts)
        .map(|(key, (id, created_at, last_used_at, revoked_at))| ApiKey {
            id,
            name: &key.name,
            may_write: key.access == KeyAccess::Write,
            created_at,
            last_used_at: last_used_at.as_deref(),
            revoked_at: revoked_at.as_deref(),
        })
        .collect();
    let api = console.app.settings.api();
    let page = ApiKeys {
        shell,
        keys: &keys,
        api: &api,
        created: outcome.created,
        name: outcome.name,
        access: outcome.access,
        problems: outcome.problems,
    };
    Ok(show::page(&member.visit, &page, &[console.provider.issuer()]))
}
