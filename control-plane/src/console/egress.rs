//! Which hosts a tenant may reach.

use std::sync::Arc;

use axum::extract::{Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use http::StatusCode;
use polder_hosted_pages::console::{Egress, EgressRule, FieldProblem, Problem, Shell};
use serde::Deserialize;

use super::fields::Fields;
use super::in_tenant::{AtId, AtTenant};
use super::tenants::head;
use super::{Console, Fault, SignedIn, show};
use crate::administer::On;
use crate::egress::allow_list::{self, AllowError};
use crate::egress::rule::RuleError;
use crate::model::EgressRuleKind;

/// What the list may be asked for.
#[derive(Debug, Default, Deserialize)]
pub struct Asked {
    notice: Option<String>,
}

/// `GET /tenants/{slug}/egress`.
pub async fn list(
    State(console): State<Arc<Console>>,
    AtTenant { member, on }: AtTenant,
    Query(asked): Query<Asked>,
) -> Result<Response, Fault> {
    page(&console, (&member, &on), member.shell_saying(asked.notice.as_deref()), ("", &[])).await
}

/// `POST /tenants/{slug}/egress`.
pub async fn allow(
    State(console): State<Arc<Console>>,
    AtTenant { member, on }: AtTenant,
    fields: Fields,
) -> Result<Response, Fault> {
    let host = fields.get("host");
    let problem = match host {
        "" => Problem::Required,
        _ => match allow_list::allow(&on.app, &on.tenant, &on.acting, host).await {
            Ok(_) => return Ok(back(&on, "host-allowed")),
            Err(AllowError::Rule(RuleError::Shape)) => Problem::HostShape,
            Err(AllowError::Rule(RuleError::NotPublic)) => Problem::HostNotPublic,
            Err(AllowError::Rule(RuleError::TooWide)) => Problem::HostTooWide,
            Err(AllowError::There) => Problem::HostThere,
            Err(AllowError::TooMany) => Problem::HostsFull,
            Err(AllowError::Database(error)) => return Err(error.into()),
        },
    };
    let problems = [FieldProblem { field: "host", problem }];
    let page = page(&console, (&member, &on), member.shell(), (host, &problems)).await?;
    Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
}

/// `POST /tenants/{slug}/egress/{id}/remove`.
pub async fn remove(AtTenant { on, .. }: AtTenant, AtId(id): AtId<EgressRuleKind>) -> Result<Response, Fault> {
    let removed = allow_list::withdraw(&on.app, &on.tenant, &on.acting, id).await?;
    if removed { Ok(back(&on, "host-removed")) } else { Err(Fault::NotFound) }
}

fn back(on: &On, notice: &str) -> Response {
    Redirect::to(&format!("/tenants/{}/egress?notice={notice}", on.tenant.slug)).into_response()
}

async fn page(
    console: &Console,
    (member, on): (&SignedIn, &On),
    shell: Shell<'_>,
    (host, problems): (&str, &[FieldProblem<'_>]),
) -> Result<Response, Fault> {
    let found = allow_list::list(&on.app, &on.tenant).await?;
    let texts: Vec<_> = found.iter().map(|row| (row.id.to_string(), row.created_at.rfc3339())).collect();
    let rules: Vec<EgressRule<'_>> = found
        .iter()
        .zip(&texts)
        .map(|(row, (id, created_at))| EgressRule { id, host: &row.host, created_at })
        .collect();
    let page = Egress { shell, tenant: head(&on.tenant), rules: &rules, host, problems };
    Ok(show::page(&member.visit, &page, &[console.provider.issuer()]))
}
