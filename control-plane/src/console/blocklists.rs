//! A tenant's lists of networks that abuse comes from.

use std::sync::Arc;

use axum::extract::{Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use http::StatusCode;
use polder_hosted_pages::console::{BlocklistForm, Blocklists, FieldProblem, Problem, Shell};
use polder_tenant_api::{BlocklistAction, BlocklistFormat, NewBlocklist};
use serde::Deserialize;

use super::fields::Fields;
use super::in_tenant::{AtWord, InTenant};
use super::problems::Problems;
use super::tenants::head;
use super::upload::Upload;
use super::{Console, Fault, SignedIn, show};
use crate::administer::On;
use crate::administer::blocklists::{self, Name};

/// The fields of the form, the first being where everything else is said.
const FIELDS: [&str; 2] = ["content", "list"];

/// What the page may be asked for.
#[derive(Debug, Default, Deserialize)]
pub struct Asked {
    notice: Option<String>,
}

/// `GET /tenants/{slug}/blocklists`.
pub async fn list(
    State(console): State<Arc<Console>>,
    InTenant { member, on }: InTenant,
    Query(asked): Query<Asked>,
) -> Result<Response, Fault> {
    let shell = member.shell_saying(asked.notice.as_deref());
    shown(&console, (&member, &on, shell), (BlocklistForm::default(), &[])).await
}

/// `POST /tenants/{slug}/blocklists`: puts a list in the place of the one with its name.
pub async fn put(
    State(console): State<Arc<Console>>,
    InTenant { member, on }: InTenant,
    Upload(file): Upload,
    fields: Fields,
) -> Result<Response, Fault> {
    let form = BlocklistForm {
        list: fields.get("list"),
        format: fields.get("format"),
        action: fields.get("action"),
        content: fields.get("content"),
    };
    let refuse = async |problems: &[FieldProblem<'_>]| {
        let page = shown(&console, (&member, &on, member.shell()), (form, problems)).await?;
        Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
    };
    let one = |field, problem| [FieldProblem { field, problem }];
    let Some(name) = Name::parse(form.list) else {
        let problem = if form.list.is_empty() { Problem::Required } else { Problem::Invalid };
        return refuse(&one("list", problem)).await;
    };
    let content = match file.map(|file| String::from_utf8(file.to_vec())) {
        Some(Ok(content)) => content,
        Some(Err(_)) => return refuse(&one("content", Problem::Invalid)).await,
        None if form.content.is_empty() => return refuse(&one("content", Problem::Required)).await,
        None => form.content.to_owned(),
    };
    let new = NewBlocklist {
        format: form.format.parse().unwrap_or(BlocklistFormat::Plain),
        action: form.action.parse().unwrap_or(BlocklistAction::Prove),
        content,
    };
    match blocklists::put(&on, &name, &new).await {
        Ok(_) => Ok(back(&on, "saved")),
        Err(refused) => refuse(&Problems::of(refused, &FIELDS)?.shown()).await,
    }
}

/// `POST /tenants/{slug}/blocklists/{name}/remove`.
pub async fn remove(InTenant { on, .. }: InTenant, AtWord(word): AtWord) -> Result<Response, Fault> {
    let name = Name::parse(&word).ok_or(Fault::NotFound)?;
    blocklists::remove(&on, &name).await?;
    Ok(back(&on, "removed"))
}

fn back(on: &On, notice: &str) -> Response {
    Redirect::to(&format!("/tenants/{}/blocklists?notice={notice}", on.tenant.slug)).into_response()
}

async fn shown(
    console: &Console,
    (member, on, shell): (&SignedIn, &On, Shell<'_>),
    (form, problems): (BlocklistForm<'_>, &[FieldProblem<'_>]),
) -> Result<Response, Fault> {
    let found = blocklists::list(on).await?;
    let page = Blocklists { shell, tenant: head(&on.tenant), lists: &found.items, form, problems };
    Ok(show::page(&member.visit, &page, &[console.provider.issuer()]))
}
