//! What a tenant asks of people who sign in.

use std::sync::Arc;

use axum::extract::{Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use http::StatusCode;
use polder_hosted_pages::console::{FieldProblem, Policies, Shell};
use polder_tenant_api::{Settings, SettingsChanges};
use serde::Deserialize;

use super::fields::Fields;
use super::in_tenant::InTenant;
use super::problems::Problems;
use super::tenants::head;
use super::{Console, Fault, SignedIn, show};
use crate::administer::{On, settings};

/// The fields of the form that can be wrong, the first being where everything else is said.
const FIELDS: [&str; 4] =
    ["sign_up_domains", "session_idle_seconds", "session_absolute_seconds", "recovery_wait_hours"];

/// What the page may be asked for.
#[derive(Debug, Default, Deserialize)]
pub struct Asked {
    notice: Option<String>,
}

/// `GET /tenants/{slug}/sign-in`.
pub async fn page(
    State(console): State<Arc<Console>>,
    InTenant { member, on }: InTenant,
    Query(asked): Query<Asked>,
) -> Result<Response, Fault> {
    let chosen = settings::show(&on).await?;
    let shell = member.shell_saying(asked.notice.as_deref());
    Ok(shown(&console, (&member, &on, shell), &chosen, &[]))
}

/// `POST /tenants/{slug}/sign-in`.
pub async fn change(
    State(console): State<Arc<Console>>,
    InTenant { member, on }: InTenant,
    fields: Fields,
) -> Result<Response, Fault> {
    let changes = changes(&fields);
    let refused = match settings::change(&on, &changes).await {
        Ok(_) => {
            let to = format!("/tenants/{}/sign-in?notice=saved", on.tenant.slug);
            return Ok(Redirect::to(&to).into_response());
        }
        Err(refused) => Problems::of(refused, &FIELDS)?,
    };
    let chosen = with(settings::show(&on).await?, changes);
    let page = shown(&console, (&member, &on, member.shell()), &chosen, &refused.shown());
    Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
}

/// What was chosen; a word that is no choice changes nothing.
fn changes(fields: &Fields) -> SettingsChanges {
    SettingsChanges {
        passkeys: fields.get("passkeys").parse().ok(),
        second_factor: fields.get("second_factor").parse().ok(),
        sign_up: fields.get("sign_up").parse().ok(),
        sign_up_domains: Some(fields.lines("sign_up_domains")),
        session_idle_seconds: fields.get("session_idle_seconds").parse().ok(),
        session_absolute_seconds: fields.get("session_absolute_seconds").parse().ok(),
        recovery_wait_hours: fields.get("recovery_wait_hours").parse().ok(),
        ..SettingsChanges::default()
    }
}

/// The form as it was filled in.
fn with(now: Settings, changes: SettingsChanges) -> Settings {
    Settings {
        passkeys: changes.passkeys.unwrap_or(now.passkeys),
        second_factor: changes.second_factor.unwrap_or(now.second_factor),
        sign_up: changes.sign_up.unwrap_or(now.sign_up),
        sign_up_domains: changes.sign_up_domains.unwrap_or_default(),
        session_idle_seconds: changes.session_idle_seconds.unwrap_or(now.session_idle_seconds),
        session_absolute_seconds: changes.session_absolute_seconds.unwrap_or(now.session_absolute_seconds),
        recovery_wait_hours: changes.recovery_wait_hours.unwrap_or(now.recovery_wait_hours),
        ..now
    }
}

fn shown(
    console: &Console,
    (member, on, shell): (&SignedIn, &On, Shell<'_>),
    chosen: &Settings,
    problems: &[FieldProblem<'_>],
) -> Response {
    let domains = chosen.sign_up_domains.join("\n");
    let page = Policies { shell, tenant: head(&on.tenant), chosen, domains: &domains, problems };
    show::page(&member.visit, &page, &[console.provider.issuer()])
}
