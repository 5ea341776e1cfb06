//! What is set once for a tenant: its name, its language of last resort, its limits.

use std::sync::Arc;

use axum::extract::{Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use http::StatusCode;
use polder_hosted_pages::console::{FieldProblem, General, Problem, Shell};
use polder_tenant_api::{AtSessionLimit, Settings, SettingsChanges};
use serde::Deserialize;

use super::fields::Fields;
use super::in_tenant::InTenant;
use super::problems::Problems;
use super::tenants::head;
use super::{Console, Fault, SignedIn, show};
use crate::administer::{On, settings};

/// The fields of the form that can be wrong, the first being where everything else is said.
const FIELDS: [&str; 3] = ["name", "session_limit", "passkey_models"];

/// What the page may be asked for.
#[derive(Debug, Default, Deserialize)]
pub struct Asked {
    notice: Option<String>,
}

/// `GET /tenants/{slug}/settings`.
pub async fn page(
    State(console): State<Arc<Console>>,
    InTenant { member, on }: InTenant,
    Query(asked): Query<Asked>,
) -> Result<Response, Fault> {
    let chosen = settings::show(&on).await?;
    let shell = member.shell_saying(asked.notice.as_deref());
    let limit = chosen.session_limit.to_string();
    Ok(shown(&console, (&member, &on, shell), (&chosen, &limit), &[]))
}

/// `POST /tenants/{slug}/settings`.
pub async fn change(
    State(console): State<Arc<Console>>,
    InTenant { member, on }: InTenant,
    fields: Fields,
) -> Result<Response, Fault> {
    let changes = changes(&fields);
    let limit = fields.get("session_limit");
    let refused = |chosen: Settings, problems: &[FieldProblem<'_>]| {
        let page = shown(&console, (&member, &on, member.shell()), (&with(chosen, &changes), limit), problems);
        (StatusCode::UNPROCESSABLE_ENTITY, page).into_response()
    };
    if !limit.is_empty() && changes.session_limit.is_none() {
        let problems = [FieldProblem { field: "session_limit", problem: Problem::Invalid }];
        return Ok(refused(settings::show(&on).await?, &problems));
    }
    match settings::change(&on, &changes).await {
        Ok(_) => Ok(Redirect::to(&format!("/tenants/{}/settings?notice=saved", on.tenant.slug)).into_response()),
        Err(why) => {
            let problems = Problems::of(why, &FIELDS)?;
            Ok(refused(settings::show(&on).await?, &problems.shown()))
        }
    }
}

/// What was chosen; a field that is not in the form, and a word that is no choice, change nothing.
fn changes(fields: &Fields) -> SettingsChanges {
    SettingsChanges {
        name: fields.has("name").then(|| fields.get("name").to_owned()),
        default_locale: fields.get("default_locale").parse().ok(),
        session_limit: fields.get("session_limit").parse().ok(),
        at_session_limit: match fields.get("at_session_limit") {
            "end_oldest" => Some(AtSessionLimit::EndOldest),
            "refuse" => Some(AtSessionLimit::Refuse),
            _ => None,
        },
        passkey_models: fields.has("passkey_models").then(|| fields.lines("passkey_models")),
        proof_of_work: fields.get("proof_of_work").parse().ok(),
        require_pushed_authorization_requests: match fields.get("require_pushed_authorization_requests") {
            "yes" => Some(true),
            "no" => Some(false),
            _ => None,
        },
        ..SettingsChanges::default()
    }
}

/// The form as it was filled in.
fn with(now: Settings, changes: &SettingsChanges) -> Settings {
    let changes = changes.clone();
    let pushed = changes.require_pushed_authorization_requests;
    Settings {
        name: changes.name.unwrap_or(now.name),
        default_locale: changes.default_locale.unwrap_or(now.default_locale),
        session_limit: changes.session_limit.unwrap_or(now.session_limit),
        at_session_limit: changes.at_session_limit.unwrap_or(now.at_session_limit),
        passkey_models: changes.passkey_models.unwrap_or(now.passkey_models),
        proof_of_work: changes.proof_of_work.unwrap_or(now.proof_of_work),
        require_pushed_authorization_requests: pushed.unwrap_or(now.require_pushed_authorization_requests),
        ..now
    }
}

fn shown(
    console: &Console,
    (member, on, shell): (&SignedIn, &On, Shell<'_>),
    (chosen, session_limit): (&Settings, &str),
    problems: &[FieldProblem<'_>],
) -> Response {
    let models = chosen.passkey_models.join("\n");
    let page = General { shell, tenant: head(&on.tenant), chosen, session_limit, models: &models, problems };
    show::page(&member.visit, &page, &[console.provider.issuer()])
}
