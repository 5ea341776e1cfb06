//! A tenant's applications.

use std::sync::Arc;

use axum::extract::{Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use http::StatusCode;
use polder_hosted_pages::console::{
    Application as ApplicationPage, ApplicationCreated, ApplicationForm, ApplicationNew, Applications, FieldProblem,
    Problem, Shell, Sorting,
};
use polder_tenant_api::{
    Application, ApplicationChanges, ApplicationId, ApplicationKind, ApplicationOrder, ApplicationSecret,
    NewApplication, Preferences, TokenEndpointAuthMethod,
};
use serde::Deserialize;

use super::address::query_of;
use super::fields::Fields;
use super::in_tenant::{AtId, InTenant};
use super::problems::Problems;
use super::tenants::head;
use super::{Console, Fault, SignedIn, show};
use crate::administer::{On, Part, applications};
use crate::model::Permission;

mod form;
mod undo;

pub use undo::take_back;

/// The fields of the form, the first being where everything else is said.
const FIELDS: [&str; 10] = [
    "name",
    "type",
    "redirect_uris",
    "post_logout_redirect_uris",
    "jwks",
    "role",
    "jwks_uri",
    "backchannel_logout_uri",
    "apis",
    "scopes",
];

/// What a page may be asked for.
#[derive(Debug, Default, Deserialize)]
pub struct Asked {
    sort: Option<String>,
    cursor: Option<String>,
    notice: Option<String>,
    undo: Option<String>,
}

/// `GET /tenants/{slug}/applications`.
pub async fn list(
    State(console): State<Arc<Console>>,
    InTenant { member, on }: InTenant,
    Query(asked): Query<Asked>,
) -> Result<Response, Fault> {
    let order = ApplicationOrder::named(asked.sort.as_deref().unwrap_or_default());
    let found = applications::list(&on, order, &Part { cursor: asked.cursor, limit: None }).await?;
    let path = format!("/tenants/{}/applications", on.tenant.slug);
    let page = Applications {
        shell: member.shell_saying(asked.notice.as_deref()),
        sorting: &Sorting { path, query: String::new(), by: order.as_str() },
        tenant: head(&on.tenant),
        applications: &found.items,
        next: found.next.as_deref(),
    };
    Ok(show::page(&member.visit, &page, &[console.provider.issuer()]))
}

/// `GET /tenants/{slug}/applications/new`.
pub async fn new(State(console): State<Arc<Console>>, InTenant { member, on }: InTenant) -> Response {
    new_form(&console, &member, &on, (&Fields::default(), &[]))
}

/// `POST /tenants/{slug}/applications`: answers with the secret, this once.
pub async fn create(
    State(console): State<Arc<Console>>,
    InTenant { member, on }: InTenant,
    fields: Fields,
) -> Result<Response, Fault> {
    let refuse = |problems: &[FieldProblem<'_>]| {
        let page = new_form(&console, &member, &on, (&fields, problems));
        Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
    };
    if fields.get("name").is_empty() {
        return refuse(&[FieldProblem { field: "name", problem: Problem::Required }]);
    }
    let Some(access) = form::access(&fields) else {
        return refuse(&[FieldProblem { field: "role", problem: Problem::Required }]);
    };
    let new = NewApplication {
        name: fields.get("name").to_owned(),
        profile: form::profile(&fields),
        kind: form::kind(&fields),
        redirect_uris: fields.lines("redirect_uris"),
        post_logout_redirect_uris: fields.lines("post_logout_redirect_uris"),
        grant_types: None,
        token_endpoint_auth_method: None,
        jwks: form::jwks(&fields),
        third_party: false,
        access,
        preferences: Preferences::default(),
    };
    let made = match applications::create(&on, &new).await {
        Ok(made) => made,
        Err(refused) => return refuse(&Problems::of(refused, &FIELDS)?.shown()),
    };
    let page = ApplicationCreated {
        shell: Shell { language_path: None, ..member.shell() },
        tenant: head(&on.tenant),
        application: &made.application,
        client_secret: made.client_secret.as_deref(),
        previous_expire_at: None,
    };
    Ok(show::page(&member.visit, &page, &[console.provider.issuer()]))
}

/// `GET /tenants/{slug}/applications/{id}`.
pub async fn one(
    State(console): State<Arc<Console>>,
    InTenant { member, on }: InTenant,
    AtId(id): AtId<ApplicationKind>,
    Query(asked): Query<Asked>,
) -> Result<Response, Fault> {
    let application = applications::show(&on, id).await?;
    let secrets = secrets(&on, &application).await?;
    let shell = member.shell_saying(asked.notice.as_deref());
    let undo = undo::offered((&member, &on), &application, (asked.notice.as_deref(), asked.undo.as_deref()));
    let undo = undo.as_ref().filter(|_| member.may(Permission::ChangeApplications)).map(undo::Offer::shown);
    let page = ApplicationPage { undo, ..application_page((&on, shell), (&application, &secrets), (None, &[])) };
    Ok(show_one(&console, (&member, &on), &page))
}

/// `POST /tenants/{slug}/applications/{id}`.
pub async fn change(
    State(console): State<Arc<Console>>,
    InTenant { member, on }: InTenant,
    AtId(id): AtId<ApplicationKind>,
    fields: Fields,
) -> Result<Response, Fault> {
    let application = applications::show(&on, id).await?;
    let secrets = secrets(&on, &application).await?;
    let refuse = |problems: &[FieldProblem<'_>]| {
        let said = (Some(form::form(&fields)), problems);
        let page = one_page(&console, (&member, &on, member.shell()), (&application, &secrets), said);
        Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
    };
    if fields.get("name").is_empty() {
        return refuse(&[FieldProblem { field: "name", problem: Problem::Required }]);
    }
    let Some(access) = form::access(&fields) else {
        return refuse(&[FieldProblem { field: "role", problem: Problem::Required }]);
    };
    let changes = ApplicationChanges {
        name: Some(fields.get("name").to_owned()),
        redirect_uris: Some(fields.lines("redirect_uris")),
        post_logout_redirect_uris: Some(fields.lines("post_logout_redirect_uris")),
        access: Some(access),
        preferences: Some(form::preferences(&fields, &application.preferences)),
        jwks: form::jwks(&fields),
        ..ApplicationChanges::default()
    };
    match applications::change(&on, id, &changes).await {
        Ok(changed) => Ok(match undo::keep((&member, &on), &application, &changed) {
            Some(sealed) => to_page(&on, id, &[("notice", "saved"), ("undo", &sealed)]),
            None => back(&on, id, "saved"),
        }),
        Err(refused) => refuse(&Problems::of(refused, &FIELDS)?.shown()),
    }
}

/// `POST /tenants/{slug}/applications/{id}/secrets`: answers with the secret, this once.
pub async fn add_secret(
    State(console): State<Arc<Console>>,
    InTenant { member, on }: InTenant,
    AtId(id): AtId<ApplicationKind>,
) -> Result<Response, Fault> {
    let application = applications::show(&on, id).await?;
    let made = applications::add_secret(&on, id).await?;
    let page = ApplicationCreated {
        shell: Shell { language_path: None, ..member.shell() },
        tenant: head(&on.tenant),
        application: &application,
        client_secret: Some(&made.client_secret),
        previous_expire_at: made.previous_expire_at.as_deref(),
    };
    Ok(show::page(&member.visit, &page, &[console.provider.issuer()]))
}

/// `POST /tenants/{slug}/applications/{id}/secrets/remove`: `secret` says which.
pub async fn remove_secret(
    State(console): State<Arc<Console>>,
    InTenant { member, on }: InTenant,
    AtId(id): AtId<ApplicationKind>,
    fields: Fields,
) -> Result<Response, Fault> {
    let application = applications::show(&on, id).await?;
    let Ok(secret) = fields.get("secret").parse() else { return Ok(back(&on, id, "")) };
    match applications::remove_secret(&on, id, secret).await {
        Ok(()) => Ok(back(&on, id, "removed")),
        // The page was old: it shows how things are now, and what the tenant said.
        Err(why) => {
            let (problems, left) = (Problems::of(why, &FIELDS)?, secrets(&on, &application).await?);
            let shell = Shell { language_path: None, ..member.shell() };
            let said = (None, &problems.shown()[..]);
            let page = one_page(&console, (&member, &on, shell), (&application, &left), said);
            Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
        }
    }
}

/// `POST /tenants/{slug}/applications/{id}/disable`.
pub async fn disable(InTenant { on, .. }: InTenant, AtId(id): AtId<ApplicationKind>) -> Result<Response, Fault> {
    set_disabled(&on, id, true).await?;
    Ok(back(&on, id, undo::OFF))
}

/// `POST /tenants/{slug}/applications/{id}/enable`.
pub async fn enable(InTenant { on, .. }: InTenant, AtId(id): AtId<ApplicationKind>) -> Result<Response, Fault> {
    set_disabled(&on, id, false).await?;
    Ok(back(&on, id, "saved"))
}

async fn set_disabled(on: &On, id: ApplicationId, disabled: bool) -> Result<(), Fault> {
    let changes = ApplicationChanges { disabled: Some(disabled), ..ApplicationChanges::default() };
    applications::change(on, id, &changes).await?;
    Ok(())
}

/// `POST /tenants/{slug}/applications/{id}/delete`.
pub async fn remove(InTenant { on, .. }: InTenant, AtId(id): AtId<ApplicationKind>) -> Result<Response, Fault> {
    applications::remove(&on, id).await?;
    let to = format!("/tenants/{}/applications?notice=application-deleted", on.tenant.slug);
    Ok(Redirect::to(&to).into_response())
}

fn new_form(
    console: &Console,
    member: &SignedIn,
    on: &On,
    (fields, problems): (&Fields, &[FieldProblem<'_>]),
) -> Response {
    let page = ApplicationNew {
        shell: member.shell(),
        tenant: head(&on.tenant),
        kind: form::kind(fields),
        form: form::form(fields),
        problems,
    };
    show::page(&member.visit, &page, &[console.provider.issuer()])
}

/// The secrets of an application that has any.
async fn secrets(on: &On, application: &Application) -> Result<Vec<ApplicationSecret>, Fault> {
    let method = application.token_endpoint_auth_method;
    let has = matches!(method, TokenEndpointAuthMethod::ClientSecretBasic | TokenEndpointAuthMethod::ClientSecretPost);
    if has { Ok(applications::secrets(on, application.client_id).await?.items) } else { Ok(Vec::new()) }
}

fn back(on: &On, id: ApplicationId, notice: &str) -> Response {
    to_page(on, id, &[("notice", notice)])
}

fn to_page(on: &On, id: ApplicationId, asked: &[(&str, &str)]) -> Response {
    let query = query_of(asked);
    let mark = if query.is_empty() { "" } else { "?" };
    Redirect::to(&format!("/tenants/{}/applications/{id}{mark}{query}", on.tenant.slug)).into_response()
}

fn one_page(
    console: &Console,
    (member, on, shell): (&SignedIn, &On, Shell<'_>),
    (application, secrets): (&Application, &[ApplicationSecret]),
    (form, problems): (Option<ApplicationForm<'_>>, &[FieldProblem<'_>]),
) -> Response {
    show_one(console, (member, on), &application_page((on, shell), (application, secrets), (form, problems)))
}

/// A sign-in that is tried leads to the tenant.
fn show_one(console: &Console, (member, on): (&SignedIn, &On), page: &ApplicationPage<'_>) -> Response {
    show::page(&member.visit, page, &[console.provider.issuer(), &on.tenant.issuer])
}

fn application_page<'a>(
    (on, shell): (&'a On, Shell<'a>),
    (application, secrets): (&'a Application, &'a [ApplicationSecret]),
    (form, problems): (Option<ApplicationForm<'a>>, &'a [FieldProblem<'a>]),
) -> ApplicationPage<'a> {
    ApplicationPage { shell, tenant: head(&on.tenant), undo: None, application, secrets, form, problems }
}
