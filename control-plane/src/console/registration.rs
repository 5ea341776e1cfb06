//! Applications that register themselves: whether they may, the tokens that let them, and which did.

use std::sync::Arc;

use axum::extract::{Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use http::StatusCode;
use polder_hosted_pages::console::{FieldProblem, Problem, Registration, Shell, TokenWish};
use polder_tenant_api::{ApplicationOrder, NewRegistrationToken, RegistrationTokenKind, SettingsChanges};
use serde::Deserialize;

use super::fields::Fields;
use super::in_tenant::{AtId, InTenant};
use super::problems::Problems;
use super::tenants::head;
use super::{Console, Fault, SignedIn, show};
use crate::administer::{On, Part, applications, registration_tokens, settings};

/// The fields of the form for a token, the first being where everything else is said.
const FIELDS: [&str; 4] = ["name", "uses", "expires_in_seconds", "scopes"];
/// How many applications are looked through for those that registered themselves.
const LOOKED_AT: u32 = 200;

/// What the page may be asked for.
#[derive(Debug, Default, Deserialize)]
pub struct Asked {
    cursor: Option<String>,
    notice: Option<String>,
}

/// What a form left on the page.
#[derive(Default)]
struct Said<'a> {
    created: Option<&'a str>,
    policy: Option<(bool, &'a str)>,
    wish: TokenWish<'a>,
    problems: &'a [FieldProblem<'a>],
    cursor: Option<String>,
}

/// `GET /tenants/{slug}/registration`.
pub async fn page(
    State(console): State<Arc<Console>>,
    InTenant { member, on }: InTenant,
    Query(asked): Query<Asked>,
) -> Result<Response, Fault> {
    let shell = member.shell_saying(asked.notice.as_deref());
    shown(&console, (&member, &on, shell), Said { cursor: asked.cursor, ..Said::default() }).await
}

/// `POST /tenants/{slug}/registration`: who may.
pub async fn change(
    State(console): State<Arc<Console>>,
    InTenant { member, on }: InTenant,
    fields: Fields,
) -> Result<Response, Fault> {
    let (open, limit) = (fields.get("registration") == "on", fields.get("registration_limit"));
    let refuse = async |problems: &[FieldProblem<'_>]| {
        let said = Said { policy: Some((open, limit)), problems, ..Said::default() };
        let page = shown(&console, (&member, &on, member.shell()), said).await?;
        Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
    };
    // A form without the field changes nothing about it; a text that is no number is said.
    let registration_limit = match (limit, limit.parse()) {
        ("", _) => None,
        (_, Ok(limit)) => Some(limit),
        (_, Err(_)) => {
            return refuse(&[FieldProblem { field: "registration_limit", problem: Problem::Invalid }]).await;
        }
    };
    let changes = SettingsChanges { registration: Some(open), registration_limit, ..SettingsChanges::default() };
    match settings::change(&on, &changes).await {
        Ok(_) => Ok(back(&on, "saved")),
        Err(refused) => refuse(&Problems::of(refused, &["registration_limit"])?.shown()).await,
    }
}

/// `POST /tenants/{slug}/registration/tokens`: answers with the token, this once.
pub async fn make(
    State(console): State<Arc<Console>>,
    InTenant { member, on }: InTenant,
    fields: Fields,
) -> Result<Response, Fault> {
    let wish = TokenWish {
        name: fields.get("name"),
        uses: fields.get("uses"),
        expires_in_seconds: fields.get("expires_in_seconds"),
        scopes: fields.get("scopes"),
    };
    let refuse = async |problems: &[FieldProblem<'_>]| {
        let shell = Shell { language_path: None, ..member.shell() };
        let page = shown(&console, (&member, &on, shell), Said { wish, problems, ..Said::default() }).await?;
        Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
    };
    let number = |text: &str, usual: u32| if text.is_empty() { Some(usual) } else { text.parse().ok() };
    let problem = |field, problem| [FieldProblem { field, problem }];
    if wish.name.is_empty() {
        return refuse(&problem("name", Problem::Required)).await;
    }
    let Some(uses) = number(wish.uses, 1) else { return refuse(&problem("uses", Problem::Invalid)).await };
    let Some(expires_in_seconds) = number(wish.expires_in_seconds, 24 * 3600) else {
        return refuse(&problem("expires_in_seconds", Problem::Invalid)).await;
    };
    let new =
        NewRegistrationToken { name: wish.name.to_owned(), expires_in_seconds, uses, scopes: fields.words("scopes") };
    let made = match registration_tokens::create(&on, &new).await {
        Ok(made) => made,
        Err(refused) => return refuse(&Problems::of(refused, &FIELDS)?.shown()).await,
    };
    let shell = Shell { language_path: None, ..member.shell() };
    shown(&console, (&member, &on, shell), Said { created: Some(&made.token), ..Said::default() }).await
}

/// `POST /tenants/{slug}/registration/tokens/{id}/remove`.
pub async fn revoke(InTenant { on, .. }: InTenant, AtId(id): AtId<RegistrationTokenKind>) -> Result<Response, Fault> {
    registration_tokens::remove(&on, id).await?;
    Ok(back(&on, "removed"))
}

fn back(on: &On, notice: &str) -> Response {
    Redirect::to(&format!("/tenants/{}/registration?notice={notice}", on.tenant.slug)).into_response()
}

async fn shown(
    console: &Console,
    (member, on, shell): (&SignedIn, &On, Shell<'_>),
    said: Said<'_>,
) -> Result<Response, Fault> {
    let chosen = settings::show(on).await?;
    let tokens = registration_tokens::list(on, &Part { cursor: said.cursor, limit: None }).await?;
    let mut registered =
        applications::list(on, ApplicationOrder::Newest, &Part { cursor: None, limit: Some(LOOKED_AT) }).await?.items;
    registered.retain(|application| application.registered_with.is_some());
    let limit = chosen.registration_limit.to_string();
    let (open, limit) = said.policy.unwrap_or((chosen.registration, limit.as_str()));
    let page = Registration {
        shell,
        tenant: head(&on.tenant),
        open,
        limit,
        tokens: &tokens.items,
        next: tokens.next.as_deref(),
        created: said.created,
        wish: said.wish,
        registered: &registered,
        problems: said.problems,
    };
    Ok(show::page(&member.visit, &page, &[console.provider.issuer()]))
}
