//! A tenant's APIs, which its applications may ask tokens for.

use std::sync::Arc;

use axum::extract::{Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use http::StatusCode;
use polder_hosted_pages::console::{ApiForm, Apis, FieldProblem, Problem, Shell};
use polder_tenant_api::ApiDefinition;
use serde::Deserialize;

use super::fields::Fields;
use super::in_tenant::{AtWord, InTenant};
use super::problems::Problems;
use super::tenants::head;
use super::{Console, Fault, SignedIn, show};
use crate::administer::{On, apis};
use crate::api::within::is_word;

/// The fields of the form, the first being where everything else is said.
const FIELDS: [&str; 2] = ["identifier", "title"];

/// What the page may be asked for.
#[derive(Debug, Default, Deserialize)]
pub struct Asked {
    notice: Option<String>,
}

/// `GET /tenants/{slug}/apis`.
pub async fn list(
    State(console): State<Arc<Console>>,
    InTenant { member, on }: InTenant,
    Query(asked): Query<Asked>,
) -> Result<Response, Fault> {
    let shell = member.shell_saying(asked.notice.as_deref());
    shown(&console, (&member, &on, shell), (ApiForm::default(), &[])).await
}

/// `POST /tenants/{slug}/apis`.
pub async fn add(
    State(console): State<Arc<Console>>,
    InTenant { member, on }: InTenant,
    fields: Fields,
) -> Result<Response, Fault> {
    let form = ApiForm { word: fields.get("word"), identifier: fields.get("identifier"), title: fields.get("title") };
    let problem = match (form.word, form.identifier) {
        ("", _) => Some(("word", Problem::Required)),
        (word, _) if !is_word(word) => Some(("word", Problem::Invalid)),
        (_, "") => Some(("identifier", Problem::Required)),
        // What is there is changed by its own form: a new one must not take its place.
        (word, _) if apis::list(&on).await?.items.iter().any(|api| api.name == word) => Some(("word", Problem::Taken)),
        _ => None,
    };
    if let Some((field, problem)) = problem {
        return refused(&console, (&member, &on), (form, &[FieldProblem { field, problem }])).await;
    }
    match apis::put(&on, form.word, &definition(&fields)).await {
        Ok(_) => Ok(back(&on, "saved")),
        Err(why) => refused(&console, (&member, &on), (form, &Problems::of(why, &FIELDS)?.shown())).await,
    }
}

/// `POST /tenants/{slug}/apis/{name}`: what people call it.
pub async fn change(
    State(console): State<Arc<Console>>,
    InTenant { member, on }: InTenant,
    AtWord(word): AtWord,
    fields: Fields,
) -> Result<Response, Fault> {
    let there = apis::show(&on, known(&word)?).await?;
    let definition = ApiDefinition { identifier: there.identifier, ..definition(&fields) };
    match apis::put(&on, &word, &definition).await {
        Ok(_) => Ok(back(&on, "saved")),
        Err(why) => {
            let problems = Problems::of(why, &["title"])?;
            refused(&console, (&member, &on), (ApiForm::default(), &problems.shown())).await
        }
    }
}

/// `POST /tenants/{slug}/apis/{name}/remove`.
pub async fn remove(
    State(console): State<Arc<Console>>,
    InTenant { member, on }: InTenant,
    AtWord(word): AtWord,
) -> Result<Response, Fault> {
    match apis::remove(&on, known(&word)?).await {
        Ok(()) => Ok(back(&on, "removed")),
        // An application may still ask for it: the page says so.
        Err(why) => {
            let problems = Problems::of(why, &["word"])?;
            refused(&console, (&member, &on), (ApiForm::default(), &problems.shown())).await
        }
    }
}

fn known(word: &str) -> Result<&str, Fault> {
    if is_word(word) { Ok(word) } else { Err(Fault::NotFound) }
}

fn definition(fields: &Fields) -> ApiDefinition {
    let title = Some(fields.get("title")).filter(|title| !title.is_empty());
    ApiDefinition { identifier: fields.get("identifier").to_owned(), title: title.map(str::to_owned) }
}

fn back(on: &On, notice: &str) -> Response {
    Redirect::to(&format!("/tenants/{}/apis?notice={notice}", on.tenant.slug)).into_response()
}

async fn refused(
    console: &Console,
    (member, on): (&SignedIn, &On),
    said: (ApiForm<'_>, &[FieldProblem<'_>]),
) -> Result<Response, Fault> {
    // A page that a form left has an address that shows nothing by itself.
    let shell = Shell { language_path: None, ..member.shell() };
    let page = shown(console, (member, on, shell), said).await?;
    Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
}

async fn shown(
    console: &Console,
    (member, on, shell): (&SignedIn, &On, Shell<'_>),
    (form, problems): (ApiForm<'_>, &[FieldProblem<'_>]),
) -> Result<Response, Fault> {
    let found = apis::list(on).await?;
    let page = Apis { shell, tenant: head(&on.tenant), apis: &found.items, form, problems };
    Ok(show::page(&member.visit, &page, &[console.provider.issuer()]))
}
