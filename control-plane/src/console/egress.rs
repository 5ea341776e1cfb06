//! Which hosts a tenant may reach.

use std::sync::Arc;

use axum::extract::{Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use http::StatusCode;
use polder_hosted_pages::console::{Done, Egress, EgressRule, FieldProblem, Problem, Shell, Undo};
use serde::Deserialize;

use super::address::query_of;
use super::fields::Fields;
use super::in_tenant::{AtId, AtTenant};
use super::tenants::head;
use super::undo::{self, Change};
use super::{Console, Fault, SignedIn, show};
use crate::administer::On;
use crate::egress::allow_list::{self, AllowError};
use crate::egress::rule::RuleError;
use crate::model::{EgressRuleKind, Permission};

/// What the list may be asked for.
#[derive(Debug, Default, Deserialize)]
pub struct Asked {
    notice: Option<String>,
    undo: Option<String>,
}

/// `GET /tenants/{slug}/egress`.
pub async fn list(
    State(console): State<Arc<Console>>,
    AtTenant { member, on }: AtTenant,
    Query(asked): Query<Asked>,
) -> Result<Response, Fault> {
    let kept = asked.undo.as_deref().filter(|_| member.may(Permission::ChangeTenants));
    let kept = kept.and_then(|sealed| Some((sealed, removed((&member, &on), sealed)?)));
    let path = format!("/tenants/{}/egress/undo", on.tenant.slug);
    let undo = kept.as_ref().map(|(sealed, what)| Undo { done: Done::HostRemoved, what, path: &path, sealed });
    page(&console, (&member, &on, undo), member.shell_saying(asked.notice.as_deref()), ("", &[])).await
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
    let page = page(&console, (&member, &on, None), member.shell(), (host, &problems)).await?;
    Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
}

/// `POST /tenants/{slug}/egress/{id}/remove`.
pub async fn remove(AtTenant { member, on }: AtTenant, AtId(id): AtId<EgressRuleKind>) -> Result<Response, Fault> {
    let there = allow_list::list(&on.app, &on.tenant).await?;
    let Some(rule) = there.into_iter().find(|rule| rule.id == id) else { return Err(Fault::NotFound) };
    if !allow_list::withdraw(&on.app, &on.tenant, &on.acting, id).await? {
        return Err(Fault::NotFound);
    }
    let change = Change { before: Some(rule.host), after: None };
    let sealed = undo::keep((&member, &on), "egress", change).unwrap_or_default();
    let query = query_of(&[("notice", "host-removed"), ("undo", &sealed)]);
    Ok(Redirect::to(&format!("/tenants/{}/egress?{query}", on.tenant.slug)).into_response())
}

/// `POST /tenants/{slug}/egress/undo`: lets the tenant reach the host again that was just taken away.
pub async fn take_back(AtTenant { member, on }: AtTenant, fields: Fields) -> Result<Response, Fault> {
    let Some(host) = removed((&member, &on), fields.get("undo")) else { return Ok(back(&on, "too-late-to-undo")) };
    match allow_list::allow(&on.app, &on.tenant, &on.acting, &host).await {
        Ok(_) | Err(AllowError::There) => Ok(back(&on, "undone")),
        Err(AllowError::Database(error)) => Err(error.into()),
        Err(AllowError::Rule(_) | AllowError::TooMany) => Ok(back(&on, "too-late-to-undo")),
    }
}

/// The host that was just taken away.
fn removed(by: (&SignedIn, &On), sealed: &str) -> Option<String> {
    undo::kept::<Option<String>>(by, "egress", sealed)?.before
}

fn back(on: &On, notice: &str) -> Response {
    Redirect::to(&format!("/tenants/{}/egress?notice={notice}", on.tenant.slug)).into_response()
}

async fn page(
    console: &Console,
    (member, on, undo): (&SignedIn, &On, Option<Undo<'_>>),
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
    let page = Egress { shell, tenant: head(&on.tenant), undo, rules: &rules, host, problems };
    Ok(show::page(&member.visit, &page, &[console.provider.issuer()]))
}
