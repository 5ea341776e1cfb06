//! Fields that a tenant adds to the profile of its people.

use std::sync::Arc;

use axum::extract::{Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use http::StatusCode;
use polder_hosted_pages::console::{FieldForm, FieldProblem, Problem, ProfileFieldPage, ProfileFields, Shell};
use polder_tenant_api::FieldOrder;
use serde::Deserialize;

use super::fields::Fields;
use super::in_tenant::{AtWord, InTenant};
use super::problems::Problems;
use super::tenants::head;
use super::{Console, Fault, SignedIn, show};
use crate::administer::{On, profile_fields};
use crate::api::within::is_word;

mod choices;
mod form;

/// The fields of the form, the first being where everything else is said.
const FIELDS: [&str; 9] =
    ["word", "labels", "choices", "max_length", "minimum", "maximum", "claim_name", "claim_scope", "at_sign_up"];

/// What the list may be asked for.
#[derive(Debug, Default, Deserialize)]
pub struct Asked {
    notice: Option<String>,
}

/// `GET /tenants/{slug}/profile-fields`.
pub async fn list(
    State(console): State<Arc<Console>>,
    InTenant { member, on }: InTenant,
    Query(asked): Query<Asked>,
) -> Result<Response, Fault> {
    let found = profile_fields::list(&on).await?;
    let shell = member.shell_saying(asked.notice.as_deref());
    let page = ProfileFields { shell, tenant: head(&on.tenant), fields: &found.items };
    Ok(show::page(&member.visit, &page, &[console.provider.issuer()]))
}

/// `GET /tenants/{slug}/profile-fields/new`.
pub async fn new(State(console): State<Arc<Console>>, InTenant { member, on }: InTenant) -> Response {
    page(&console, (&member, &on, member.shell()), None, (&form::empty(), &[]))
}

/// `POST /tenants/{slug}/profile-fields`.
pub async fn create(
    State(console): State<Arc<Console>>,
    InTenant { member, on }: InTenant,
    fields: Fields,
) -> Result<Response, Fault> {
    let form = form::read(&fields);
    let problem = match form.word.as_str() {
        "" => Some(Problem::Required),
        // A path of its own stands where its page would.
        word if !is_word(word) || word == "new" => Some(Problem::Invalid),
        word if profile_fields::list(&on).await?.items.iter().any(|field| field.name == word) => Some(Problem::Taken),
        _ => None,
    };
    if let Some(problem) = problem {
        let problems = [FieldProblem { field: "word", problem }];
        return Ok(refused(&console, (&member, &on), None, (&form, &problems)));
    }
    put(&console, (&member, &on), (form.word.clone(), false), form).await
}

/// `GET /tenants/{slug}/profile-fields/{name}`.
pub async fn one(
    State(console): State<Arc<Console>>,
    InTenant { member, on }: InTenant,
    AtWord(word): AtWord,
) -> Result<Response, Fault> {
    let field = profile_fields::show(&on, known(&word)?).await?;
    Ok(page(&console, (&member, &on, member.shell()), Some(&word), (&form::of(&field), &[])))
}

/// `POST /tenants/{slug}/profile-fields/{name}`.
pub async fn change(
    State(console): State<Arc<Console>>,
    InTenant { member, on }: InTenant,
    AtWord(word): AtWord,
    fields: Fields,
) -> Result<Response, Fault> {
    profile_fields::show(&on, known(&word)?).await?;
    put(&console, (&member, &on), (word, true), form::read(&fields)).await
}

/// `POST /tenants/{slug}/profile-fields/{name}/move`: `to`, which is `up` or `down`. One that is at the end stays there.
pub async fn put_elsewhere(
    InTenant { on, .. }: InTenant,
    AtWord(word): AtWord,
    fields: Fields,
) -> Result<Response, Fault> {
    known(&word)?;
    let mut names: Vec<String> = profile_fields::list(&on).await?.items.into_iter().map(|field| field.name).collect();
    let from = names.iter().position(|name| *name == word).ok_or(Fault::NotFound)?;
    let to = match fields.get("to") {
        "up" => from.checked_sub(1),
        "down" => Some(from + 1).filter(|to| *to < names.len()),
        _ => return Err(Fault::BadRequest("up or down")),
    };
    if let Some(to) = to {
        names.swap(from, to);
        profile_fields::put_in_order(&on, &FieldOrder { names }).await?;
    }
    let path = format!("/tenants/{}/profile-fields#field-{word}", on.tenant.slug);
    Ok(Redirect::to(&path).into_response())
}

/// `POST /tenants/{slug}/profile-fields/{name}/remove`.
pub async fn remove(InTenant { on, .. }: InTenant, AtWord(word): AtWord) -> Result<Response, Fault> {
    profile_fields::remove(&on, known(&word)?).await?;
    Ok(back(&on, "removed"))
}

async fn put(
    console: &Console,
    (member, on): (&SignedIn, &On),
    (word, exists): (String, bool),
    form: FieldForm,
) -> Result<Response, Fault> {
    let existing = exists.then_some(word.as_str());
    let definition = match form::definition(&form) {
        Ok(definition) => definition,
        Err(field) => {
            let problems = [FieldProblem { field, problem: Problem::Invalid }];
            return Ok(refused(console, (member, on), existing, (&form, &problems)));
        }
    };
    match profile_fields::put(on, &word, &definition).await {
        Ok(_) => Ok(back(on, "saved")),
        Err(why) => {
            let problems = Problems::of_renamed(why, &FIELDS, &[("name", "claim_name"), ("scope", "claim_scope")])?;
            Ok(refused(console, (member, on), existing, (&form, &problems.shown())))
        }
    }
}

fn known(word: &str) -> Result<&str, Fault> {
    if is_word(word) { Ok(word) } else { Err(Fault::NotFound) }
}

fn back(on: &On, notice: &str) -> Response {
    Redirect::to(&format!("/tenants/{}/profile-fields?notice={notice}", on.tenant.slug)).into_response()
}

fn refused(
    console: &Console,
    (member, on): (&SignedIn, &On),
    existing: Option<&str>,
    said: (&FieldForm, &[FieldProblem<'_>]),
) -> Response {
    let page = page(console, (member, on, member.shell()), existing, said);
    (StatusCode::UNPROCESSABLE_ENTITY, page).into_response()
}

fn page(
    console: &Console,
    (member, on, shell): (&SignedIn, &On, Shell<'_>),
    existing: Option<&str>,
    (form, problems): (&FieldForm, &[FieldProblem<'_>]),
) -> Response {
    let page = ProfileFieldPage { shell, tenant: head(&on.tenant), existing, form, problems };
    show::page(&member.visit, &page, &[console.provider.issuer()])
}
