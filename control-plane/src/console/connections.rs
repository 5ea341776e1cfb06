//! A tenant's connections to outside identity providers.

use std::sync::Arc;

use axum::extract::{Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use http::StatusCode;
use polder_hosted_pages::console::{
    Connection as ConnectionPage, ConnectionForm, ConnectionNew, Connections, Done, FieldProblem, Problem, Undo,
};
use polder_tenant_api::connections::{
    ClaimNames, ConnectionChanges, ConnectionCheck, ConnectionConfiguration, ConnectionId, ConnectionKind, Endpoints,
    NewConnection, Provider, WriteOnly,
};
use serde::Deserialize;

use super::fields::Fields;
use super::in_tenant::{AtId, InTenant};
use super::problems::Problems;
use super::tenants::head;
use super::{Console, Fault, SignedIn, show};
use crate::administer::connections::{self, NotConnected};
use crate::administer::{On, Part};
use crate::model::Permission;

/// The notice of one that was switched off.
const OFF: &str = "connection-off";

/// The fields of the form, the first being where everything else is said.
const FIELDS: [&str; 12] = [
    "name",
    "issuer",
    "directory",
    "authorization",
    "token",
    "userinfo",
    "subject",
    "scopes",
    "client_id",
    "team_id",
    "key_id",
    "client_secret",
];

/// What a page may be asked for.
#[derive(Debug, Default, Deserialize)]
pub struct Asked {
    cursor: Option<String>,
    notice: Option<String>,
    provider: Option<String>,
}

/// `GET /tenants/{slug}/connections`.
pub async fn list(
    State(console): State<Arc<Console>>,
    InTenant { member, on }: InTenant,
    Query(asked): Query<Asked>,
) -> Result<Response, Fault> {
    let found = connections::list(&on, &Part { cursor: asked.cursor, limit: None }).await?;
    let page = Connections {
        shell: member.shell_saying(asked.notice.as_deref()),
        tenant: head(&on.tenant),
        connections: &found.items,
        next: found.next.as_deref(),
    };
    Ok(show::page(&member.visit, &page, &[console.provider.issuer()]))
}

/// `GET /tenants/{slug}/connections/new`: which provider, then the form for it.
pub async fn new(
    State(console): State<Arc<Console>>,
    InTenant { member, on }: InTenant,
    Query(asked): Query<Asked>,
) -> Response {
    let provider = asked.provider.as_deref().and_then(provider);
    form(&console, &member, &on, (provider, &Fields::default(), &[]))
}

/// `POST /tenants/{slug}/connections`.
pub async fn create(
    State(console): State<Arc<Console>>,
    InTenant { member, on }: InTenant,
    fields: Fields,
) -> Result<Response, Fault> {
    let Some(provider) = provider(fields.get("provider")) else {
        return Ok(Redirect::to(&format!("/tenants/{}/connections/new", on.tenant.slug)).into_response());
    };
    let refuse = |problems: &[FieldProblem<'_>]| {
        let page = form(&console, &member, &on, (Some(provider), &fields, problems));
        Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
    };
    let needed = needed(provider).iter().filter(|field| fields.get(field).is_empty());
    let missing: Vec<_> = needed.map(|field| FieldProblem { field, problem: Problem::Required }).collect();
    if !missing.is_empty() {
        return refuse(&missing);
    }
    let given = |name: &str| Some(fields.get(name)).filter(|text| !text.is_empty()).map(str::to_owned);
    let asked = NewConnection {
        provider,
        name: given("name"),
        client_id: fields.get("client_id").to_owned(),
        client_secret: given("client_secret").map(WriteOnly::from),
        configuration: configuration(provider, &fields),
    };
    match connections::create(&on, &asked).await {
        Ok(made) => Ok(back(&on, made.connection.id)),
        Err(NotConnected::Host(..)) => {
            let field = if provider == Provider::Oauth2 { "authorization" } else { "issuer" };
            refuse(&[FieldProblem { field, problem: Problem::HostNotPublic }])
        }
        Err(NotConnected::Refused(refused)) => refuse(&Problems::of(refused, &FIELDS)?.shown()),
    }
}

/// `GET /tenants/{slug}/connections/{id}`.
pub async fn one(
    State(console): State<Arc<Console>>,
    InTenant { member, on }: InTenant,
    AtId(id): AtId<ConnectionKind>,
    Query(asked): Query<Asked>,
) -> Result<Response, Fault> {
    page(&console, (&member, &on), id, (asked.notice.as_deref(), None, &[])).await
}

/// `POST /tenants/{slug}/connections/{id}/check`: the page, with what was found.
pub async fn check(
    State(console): State<Arc<Console>>,
    InTenant { member, on }: InTenant,
    AtId(id): AtId<ConnectionKind>,
) -> Result<Response, Fault> {
    let found = connections::try_out(&on, id).await?;
    page(&console, (&member, &on), id, (None, Some(&found), &[])).await
}

/// `POST /tenants/{slug}/connections/{id}/hosts`: lets the tenant reach what somebody saw and agreed to.
pub async fn allow_hosts(
    State(console): State<Arc<Console>>,
    InTenant { member, on }: InTenant,
    AtId(id): AtId<ConnectionKind>,
    fields: Fields,
) -> Result<Response, Fault> {
    let mut configuration = connections::show(&on, id).await?.configuration;
    configuration.hosts.extend(fields.words("hosts"));
    configuration.hosts.sort_unstable();
    configuration.hosts.dedup();
    let changes = ConnectionChanges { configuration: Some(configuration), ..ConnectionChanges::default() };
    change(&console, (&member, &on), id, ("connection", &changes)).await
}

/// `POST /tenants/{slug}/connections/{id}/secret`.
pub async fn replace_secret(
    State(console): State<Arc<Console>>,
    InTenant { member, on }: InTenant,
    AtId(id): AtId<ConnectionKind>,
    fields: Fields,
) -> Result<Response, Fault> {
    let secret = fields.get("client_secret");
    if secret.is_empty() {
        let problems = [FieldProblem { field: "client_secret", problem: Problem::Required }];
        let page = page(&console, (&member, &on), id, (None, None, &problems)).await?;
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response());
    }
    let client_secret = Some(WriteOnly::from(secret.to_owned()));
    let changes = ConnectionChanges { client_secret, ..ConnectionChanges::default() };
    change(&console, (&member, &on), id, ("client_secret", &changes)).await
}

/// `POST /tenants/{slug}/connections/{id}/disable`.
pub async fn disable(
    State(console): State<Arc<Console>>,
    InTenant { member, on }: InTenant,
    AtId(id): AtId<ConnectionKind>,
) -> Result<Response, Fault> {
    let changes = ConnectionChanges { disabled: Some(true), ..ConnectionChanges::default() };
    let done = change(&console, (&member, &on), id, ("connection", &changes)).await?;
    let off = format!("/tenants/{}/connections/{id}?notice={OFF}", on.tenant.slug);
    Ok(if done.status().is_redirection() { Redirect::to(&off).into_response() } else { done })
}

/// `POST /tenants/{slug}/connections/{id}/enable`.
pub async fn enable(
    State(console): State<Arc<Console>>,
    InTenant { member, on }: InTenant,
    AtId(id): AtId<ConnectionKind>,
) -> Result<Response, Fault> {
    let changes = ConnectionChanges { disabled: Some(false), ..ConnectionChanges::default() };
    change(&console, (&member, &on), id, ("connection", &changes)).await
}

/// `POST /tenants/{slug}/connections/{id}/remove`.
pub async fn remove(InTenant { on, .. }: InTenant, AtId(id): AtId<ConnectionKind>) -> Result<Response, Fault> {
    connections::remove(&on, id).await?;
    Ok(Redirect::to(&format!("/tenants/{}/connections?notice=connection-removed", on.tenant.slug)).into_response())
}

/// Changes one and goes back to its page; what the tenant finds wrong is said at this field.
async fn change(
    console: &Console,
    (member, on): (&SignedIn, &On),
    id: ConnectionId,
    (field, changes): (&'static str, &ConnectionChanges),
) -> Result<Response, Fault> {
    let problems = match connections::change(on, id, changes).await {
        Ok(_) => return Ok(back(on, id)),
        Err(NotConnected::Host(..)) => {
            let problems = [FieldProblem { field, problem: Problem::HostNotPublic }];
            let page = page(console, (member, on), id, (None, None, &problems)).await?;
            return Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response());
        }
        Err(NotConnected::Refused(refused)) => Problems::of(refused, &[field])?,
    };
    let page = page(console, (member, on), id, (None, None, &problems.shown())).await?;
    Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
}

fn back(on: &On, id: ConnectionId) -> Response {
    Redirect::to(&format!("/tenants/{}/connections/{id}?notice=saved", on.tenant.slug)).into_response()
}

async fn page(
    console: &Console,
    (member, on): (&SignedIn, &On),
    id: ConnectionId,
    (notice, check, problems): (Option<&str>, Option<&ConnectionCheck>, &[FieldProblem<'_>]),
) -> Result<Response, Fault> {
    let connection = connections::show(on, id).await?;
    let shell = member.shell_saying(notice);
    let path = format!("/tenants/{}/connections/{id}/enable", on.tenant.slug);
    let off = notice == Some(OFF) && connection.disabled && member.may(Permission::ChangeTenants);
    let undo = off.then_some(Undo { done: Done::ConnectionOff, what: "", path: &path, sealed: "" });
    let page = ConnectionPage { shell, tenant: head(&on.tenant), undo, connection: &connection, check, problems };
    Ok(show::page(&member.visit, &page, &[console.provider.issuer()]))
}

fn form(
    console: &Console,
    member: &SignedIn,
    on: &On,
    (provider, fields, problems): (Option<Provider>, &Fields, &[FieldProblem<'_>]),
) -> Response {
    // What was typed as a secret is not sent back.
    let form = ConnectionForm {
        name: fields.get("name"),
        client_id: fields.get("client_id"),
        issuer: fields.get("issuer"),
        directory: fields.get("directory"),
        team_id: fields.get("team_id"),
        key_id: fields.get("key_id"),
        authorization: fields.get("authorization"),
        token: fields.get("token"),
        userinfo: fields.get("userinfo"),
        scopes: fields.get("scopes"),
        subject: fields.get("subject"),
    };
    let page = ConnectionNew { shell: member.shell(), tenant: head(&on.tenant), provider, form, problems };
    show::page(&member.visit, &page, &[console.provider.issuer()])
}

fn provider(name: &str) -> Option<Provider> {
    Provider::ALL.into_iter().find(|provider| provider.as_str() == name)
}

const fn needed(provider: Provider) -> &'static [&'static str] {
    match provider {
        Provider::Google | Provider::Github => &["client_id", "client_secret"],
        Provider::Microsoft => &["directory", "client_id", "client_secret"],
        Provider::Apple => &["client_id", "team_id", "key_id", "client_secret"],
        Provider::Oidc => &["name", "issuer", "client_id", "client_secret"],
        Provider::Oauth2 => &["name", "authorization", "token", "userinfo", "client_id", "client_secret"],
    }
}

/// What of the fields is for this provider.
fn configuration(provider: Provider, fields: &Fields) -> ConnectionConfiguration {
    let given = |name: &str| Some(fields.get(name)).filter(|text| !text.is_empty()).map(str::to_owned);
    let none = ConnectionConfiguration::default();
    match provider {
        Provider::Google | Provider::Github => none,
        Provider::Microsoft => ConnectionConfiguration { directory: given("directory"), ..none },
        Provider::Apple => ConnectionConfiguration { team_id: given("team_id"), key_id: given("key_id"), ..none },
        Provider::Oidc => ConnectionConfiguration { issuer: given("issuer"), ..none },
        Provider::Oauth2 => ConnectionConfiguration {
            endpoints: Some(Endpoints {
                authorization: fields.get("authorization").to_owned(),
                token: fields.get("token").to_owned(),
                userinfo: fields.get("userinfo").to_owned(),
                revocation: None,
            }),
            claims: given("subject").map(|subject| ClaimNames { subject, ..ClaimNames::default() }),
            scopes: fields.words("scopes"),
            ..none
        },
    }
}
