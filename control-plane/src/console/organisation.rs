//! The organisation itself: its name, and leaving it.

use std::sync::Arc;

use axum::extract::{Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use http::StatusCode;
use polder_hosted_pages::console::{FieldProblem, GrantRow, Organisation, Problem, Shell};
use serde::Deserialize;

use super::fields::Fields;
use super::in_tenant::AtId;
use super::{Console, Fault, SignedIn, show, signed_in};
use crate::model::{Permission, StaffGrantKind};
use crate::organisation::{Refusal, access, members, name};

/// How many grants are shown; the log has them all.
const GRANTS: u32 = 20;

/// What the page may be asked for.
#[derive(Debug, Default, Deserialize)]
pub struct Asked {
    notice: Option<String>,
}

/// What a form brought and what came of it.
#[derive(Default)]
struct Outcome<'a> {
    name: Option<&'a str>,
    refused: bool,
    problems: &'a [FieldProblem<'a>],
}

/// `GET /organisation`.
pub async fn page(
    State(console): State<Arc<Console>>,
    member: SignedIn,
    Query(asked): Query<Asked>,
) -> Result<Response, Fault> {
    shown(&console, &member, member.shell_saying(asked.notice.as_deref()), &Outcome::default()).await
}

/// `POST /organisation`.
pub async fn rename(State(console): State<Arc<Console>>, member: SignedIn, fields: Fields) -> Result<Response, Fault> {
    let name = fields.get("name");
    match name::change(&console.app, &member.by(), name).await {
        Ok(()) => Ok(Redirect::to("/organisation?notice=saved").into_response()),
        Err(Refusal::Name(_)) => {
            let problem = if name.is_empty() { Problem::Required } else { Problem::Invalid };
            let problems = [FieldProblem { field: "name", problem }];
            let outcome = Outcome { name: Some(name), problems: &problems, ..Outcome::default() };
            let page = shown(&console, &member, member.shell(), &outcome).await?;
            Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
        }
        Err(refusal) => Err(refusal.into()),
    }
}

/// `POST /organisation/leave`.
pub async fn leave(State(console): State<Arc<Console>>, member: SignedIn) -> Result<Response, Fault> {
    match members::leave(&console.app, &member.by(), member.session.member_id).await {
        Ok(()) => {
            Ok(([console.cookies.remove(signed_in::COOKIE).header()], Redirect::to("/?state=ended")).into_response())
        }
        Err(Refusal::LastOwner) => {
            let outcome = Outcome { refused: true, ..Outcome::default() };
            let page = shown(&console, &member, member.shell(), &outcome).await?;
            Ok((StatusCode::CONFLICT, page).into_response())
        }
        Err(refusal) => Err(refusal.into()),
    }
}

/// `POST /organisation/staff-access/{id}/end`.
pub async fn end_access(
    State(console): State<Arc<Console>>,
    member: SignedIn,
    AtId(id): AtId<StaffGrantKind>,
) -> Result<Response, Fault> {
    access::end(&console.app, &member.by(), id).await?;
    Ok(Redirect::to("/organisation?notice=access-ended").into_response())
}

async fn shown(
    console: &Arc<Console>,
    member: &SignedIn,
    shell: Shell<'_>,
    outcome: &Outcome<'_>,
) -> Result<Response, Fault> {
    let given = if member.may(Permission::SeeAudit) {
        access::page(&console.app, member.session.organisation_id, None, GRANTS).await?.0
    } else {
        Vec::new()
    };
    let texts: Vec<_> =
        given.iter().map(|it| (it.id.to_string(), it.created_at.rfc3339(), it.until.rfc3339())).collect();
    let grants: Vec<GrantRow<'_>> = given
        .iter()
        .zip(&texts)
        .map(|(grant, (id, created_at, until))| GrantRow {
            id,
            tenant: &grant.tenant,
            person: &grant.person,
            reason: &grant.reason,
            created_at,
            until,
            holds: grant.holds,
        })
        .collect();
    let page = Organisation {
        shell,
        role: member.session.role.as_str(),
        name: outcome.name.unwrap_or(&member.session.organisation),
        grants: &grants,
        refused: outcome.refused,
        problems: outcome.problems,
    };
    Ok(show::page(&member.visit, &page, &[console.provider.issuer()]))
}
