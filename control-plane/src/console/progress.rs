//! A tenant in the making.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use polder_hosted_pages::console::{Outcome, Step as Shown, StepStatus as ShownStatus, TenantProgress};
use serde::Deserialize;

use super::in_tenant::AtTenant;
use super::{Console, Fault, show};
use crate::api;
use crate::model::{StepEvent, StepStatus, TenantState};
use crate::provision;
use crate::provision::plan::Step;
use crate::store::operations;

/// What every tenant goes through; shown as waiting until it happens.
const EXPECTED: [Step; 4] = [Step::MakeFolders, Step::MakeKeys, Step::StartRuntime, Step::OpenRoute];

/// What the page may be asked for.
#[derive(Debug, Default, Deserialize)]
pub struct Asked {
    again: Option<String>,
}

/// `GET /tenants/{slug}/progress`. With `again`, of a tenant that was there and is changed: its page is next.
pub async fn page(
    State(console): State<Arc<Console>>,
    AtTenant { member, on }: AtTenant,
    Query(asked): Query<Asked>,
) -> Result<Response, Fault> {
    let again = asked.again.is_some() && on.tenant.state != TenantState::Provisioning;
    let underway = again && !provision::settled(&on.app, on.tenant.id, Duration::ZERO).await;
    if again && !underway && on.tenant.state != TenantState::Failed {
        return Ok(Redirect::to(&format!("/tenants/{}", on.tenant.slug)).into_response());
    }
    let history = operations::history(&mut console.app.db.read().await?, on.tenant.id).await?;
    let outcome = match on.tenant.state {
        TenantState::Provisioning => Outcome::Underway,
        _ if underway => Outcome::Underway,
        TenantState::Failed => Outcome::Failed(on.tenant.failure.as_deref().unwrap_or_default()),
        _ => Outcome::Done,
    };
    let steps = steps(&history, outcome == Outcome::Underway && !again);
    let steps: Vec<Shown<'_>> = steps.iter().map(|(step, status)| Shown { step, status: *status }).collect();
    let page = TenantProgress {
        shell: member.shell(),
        slug: on.tenant.slug.as_str(),
        name: &on.tenant.name,
        steps: &steps,
        again,
        outcome,
    };
    Ok(show::page(&member.visit, &page, &[console.provider.issuer()]))
}

/// `GET /tenants/{slug}/events`: what the page listens to.
pub async fn events(AtTenant { on, .. }: AtTenant) -> Result<Response, Fault> {
    Ok(api::events::stream(&on.app, on.tenant.id).await?)
}

/// Each step once, as it stands: one that was tried again shows how the last try went.
fn steps(history: &[StepEvent], underway: bool) -> Vec<(String, ShownStatus)> {
    let mut steps: Vec<(String, ShownStatus)> = Vec::new();
    let mut put = |name: &str, status| match steps.iter_mut().find(|(known, _)| known == name) {
        Some((_, known)) => *known = status,
        None => steps.push((name.to_owned(), status)),
    };
    for event in history.iter().filter(|event| !event.is_last()) {
        put(
            &event.step,
            match event.status {
                StepStatus::Started => ShownStatus::Started,
                StepStatus::Finished => ShownStatus::Finished,
                StepStatus::Failed => ShownStatus::Failed,
            },
        );
    }
    if underway {
        for step in EXPECTED.map(|step| step.to_string()) {
            if !steps.iter().any(|(known, _)| *known == step) {
                steps.push((step, ShownStatus::Waiting));
            }
        }
    }
    steps
}
