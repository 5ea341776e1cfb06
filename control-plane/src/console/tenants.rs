//! A new tenant, and one at a glance.

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use http::StatusCode;
use polder_hosted_pages::console::{FieldProblem, Glance, Problem, TenantHead, TenantNew, TenantOverview, TenantState};
use polder_kernel::{Day, Slug, Timestamp};
use polder_tenant_api::{ApplicationOrder, Page};

use super::fields::Fields;
use super::in_tenant::InTenant;
use super::{Console, Fault, SignedIn, show};
use crate::administer::audit_events::Which;
use crate::administer::{Part, applications, audit_events};
use crate::model::{self, Permission, Tenant};
use crate::provision::{self, CreateError, NewTenant};
use crate::usage::read;
use crate::{isolation, usage};

/// The longest name, in characters.
const NAME: usize = 80;
/// How many applications and events are shown at a glance.
const GLANCE: u32 = 6;

/// What pages say about a tenant.
pub fn head(tenant: &Tenant) -> TenantHead<'_> {
    TenantHead {
        slug: tenant.slug.as_str(),
        name: &tenant.name,
        state: match tenant.state {
            model::TenantState::Provisioning => TenantState::Provisioning,
            model::TenantState::Running => TenantState::Running,
            model::TenantState::Asleep => TenantState::Asleep,
            model::TenantState::Suspended => TenantState::Suspended,
            model::TenantState::Terminating => TenantState::Terminating,
            model::TenantState::Failed => TenantState::Failed,
        },
        issuer: &tenant.issuer,
    }
}

/// `GET /tenants/new`.
pub async fn new(State(console): State<Arc<Console>>, member: SignedIn) -> Response {
    form(&console, &member, &Fields::default(), &[])
}

/// `POST /tenants`.
pub async fn create(State(console): State<Arc<Console>>, member: SignedIn, fields: Fields) -> Result<Response, Fault> {
    let refuse = |problems: &[FieldProblem<'_>]| {
        let page = form(&console, &member, &fields, problems);
        Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
    };
    let at = |field, problem| FieldProblem { field, problem };
    let (name, slug) = (fields.get("name"), fields.get("slug").parse::<Slug>());
    let mut problems = Vec::new();
    if name.is_empty() {
        problems.push(at("name", Problem::Required));
    } else if name.chars().count() > NAME {
        problems.push(at("name", Problem::TooLong));
    }
    if fields.get("slug").is_empty() {
        problems.push(at("slug", Problem::Required));
    } else if slug.is_err() {
        problems.push(at("slug", Problem::Invalid));
    }
    let (Ok(slug), true) = (slug, problems.is_empty()) else { return refuse(&problems) };
    let new = NewTenant { slug, name: name.to_owned(), organisation_id: member.session.organisation_id };
    match provision::create(&console.app, &member.acting(), new).await {
        Ok(tenant) => Ok(Redirect::to(&format!("/tenants/{}/progress", tenant.slug)).into_response()),
        Err(CreateError::Reserved(_)) => refuse(&[at("slug", Problem::Reserved)]),
        Err(CreateError::Taken | CreateError::Lookalike(_)) => refuse(&[at("slug", Problem::Taken)]),
        Err(CreateError::Name) => refuse(&[at("name", Problem::Invalid)]),
        Err(CreateError::Database(error)) => Err(error.into()),
    }
}

fn form(console: &Console, member: &SignedIn, fields: &Fields, problems: &[FieldProblem<'_>]) -> Response {
    let host = console.app.settings.authority("");
    let page = TenantNew {
        shell: member.shell(),
        name: fields.get("name"),
        slug: fields.get("slug"),
        host_suffix: &host,
        problems,
    };
    show::page(&member.visit, &page, &[console.provider.issuer()])
}

/// `GET /tenants/{slug}`.
pub async fn overview(
    State(console): State<Arc<Console>>,
    InTenant { member, on }: InTenant,
) -> Result<Response, Fault> {
    let part = Part { cursor: None, limit: Some(GLANCE) };
    // One that is stopped for good cannot be asked, and need not be: it can be undone or destroyed.
    // One that sleeps is not woken by who looks.
    let there = !matches!(on.tenant.state, model::TenantState::Terminating | model::TenantState::Asleep);
    let nothing = Page { items: Vec::new(), next: None };
    let applications = if there { applications::list(&on, ApplicationOrder::Newest, &part).await? } else { nothing };
    let events = if there && member.may(Permission::SeePeople) {
        audit_events::list(&on, &Which::default(), &part).await?
    } else {
        Page { items: Vec::new(), next: None }
    };
    let (walls, version) = isolation::told(&console.app, &on.tenant).await.unwrap_or_default();
    usage::fresh(&console.app, &on.tenant).await;
    let today = Day::of(console.app.clock.now());
    let mut tx = console.app.db.read().await?;
    let days = read::days(&mut tx, &on.tenant, (today.plus(-29), today)).await?;
    let months = read::months(&mut tx, &on.tenant, (today.month(), today.month())).await?;
    let (attention, as_of) = read::attention(&console.app, &mut tx, &on.tenant).await?;
    drop(tx);
    let as_of = as_of.map(Timestamp::rfc3339);
    let glance = Glance { days: &days, months: &months, attention: &attention, as_of: as_of.as_deref() };
    let ends_at = on.tenant.plans.terminate_at.map(Timestamp::rfc3339);
    let page = TenantOverview {
        shell: member.shell(),
        tenant: head(&on.tenant),
        created_at: &on.tenant.created_at.rfc3339(),
        held_back: on.tenant.failure.as_deref(),
        ends_at: ends_at.as_deref(),
        has_server: on.app.postgres.is_some(),
        applications: &applications.items,
        events: &events.items,
        walls: &walls,
        version: version.as_deref(),
        glance,
    };
    Ok(show::page(&member.visit, &page, &[console.provider.issuer()]))
}
