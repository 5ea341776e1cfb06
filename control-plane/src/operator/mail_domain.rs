//! `/tenants/{slug}/mail-domain`: the domain that a tenant's mail comes from.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use polder_db::Error;
use polder_kernel::{Email, Slug};
use polder_outbound::destination::is_public_name;
use polder_service::problem::Problem;
use serde::{Deserialize, Serialize};

use crate::app::App;
use crate::audit::{self, ActingFor};
use crate::model::Tenant;
use crate::store::mail_domains::{self, Row};
use crate::store::tenants;

/// What is recorded.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct MailDomain {
    /// The domain; without one, the tenant's mail comes from the installation's address.
    pub domain: Option<String>,
    /// Since when it is known to be the tenant's, RFC 3339; until then nothing comes from it.
    pub verified_at: Option<String>,
}

/// What is to be recorded.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// The domain.
    pub domain: String,
    /// Whether the operator made sure that it is the tenant's.
    #[serde(default)]
    pub verified: bool,
}

pub(super) async fn show(State(app): State<Arc<App>>, Path(slug): Path<String>) -> Result<Response, Problem> {
    let tenant = tenant(&app, &slug).await?;
    answer(&app, &tenant).await
}

pub(super) async fn set(
    State(app): State<Arc<App>>,
    Path(slug): Path<String>,
    Json(input): Json<Input>,
) -> Result<Response, Problem> {
    let tenant = tenant(&app, &slug).await?;
    let address: Result<Email, _> = format!("no-reply@{}", input.domain).parse();
    let domain = address.ok().map(|address| address.domain().to_owned()).filter(|domain| is_public_name(domain));
    let Some(domain) = domain.filter(|_| !input.domain.contains('@')) else {
        return Err(Problem::invalid(Vec::new()).error("/domain", "a domain such as mail.example.org"));
    };
    let now = app.clock.now();
    let row = Row { domain, verified_at: input.verified.then_some(now) };
    let verified = if input.verified { "yes" } else { "no" };
    let facts = [("domain", row.domain.as_str()), ("verified", verified), ("by", "operator")];
    let event =
        audit::event("mail_domain.set", &ActingFor::system_within(tenant.organisation_id), Some(&tenant.slug), &facts);
    let id = tenant.id;
    app.db
        .write(move |tx| {
            Box::pin(async move {
                mail_domains::put(tx, id, &row, now).await?;
                polder_audit::record(tx, event);
                Ok::<_, Error>(())
            })
        })
        .await
        .map_err(|error| Problem::internal(&error))?;
    in_force(&app, &tenant).await
}

pub(super) async fn clear(State(app): State<Arc<App>>, Path(slug): Path<String>) -> Result<Response, Problem> {
    let tenant = tenant(&app, &slug).await?;
    let event = audit::event(
        "mail_domain.cleared",
        &ActingFor::system_within(tenant.organisation_id),
        Some(&tenant.slug),
        &[("by", "operator")],
    );
    let id = tenant.id;
    app.db
        .write(move |tx| {
            Box::pin(async move {
                if mail_domains::remove(tx, id).await? {
                    polder_audit::record(tx, event);
                }
                Ok::<_, Error>(())
            })
        })
        .await
        .map_err(|error| Problem::internal(&error))?;
    in_force(&app, &tenant).await
}

async fn in_force(app: &App, tenant: &Tenant) -> Result<Response, Problem> {
    app.courier.reload(app, tenant).await.map_err(|error| Problem::internal(&error))?;
    answer(app, tenant).await
}

async fn answer(app: &App, tenant: &Tenant) -> Result<Response, Problem> {
    let read = async { mail_domains::of(&mut app.db.read().await?, tenant.id).await };
    let row = read.await.map_err(|error: Error| Problem::internal(&error))?;
    let shown = row.map_or_else(MailDomain::default, |row| MailDomain {
        domain: Some(row.domain),
        verified_at: row.verified_at.map(|at| at.rfc3339()),
    });
    Ok(Json(shown).into_response())
}

pub(super) async fn tenant(app: &App, slug: &str) -> Result<Tenant, Problem> {
    let slug: Slug = slug.parse().map_err(|_| Problem::not_found())?;
    let read = async { tenants::by_slug(&mut app.db.read().await?, &slug).await };
    let found = read.await.map_err(|error: Error| Problem::internal(&error))?;
    found.filter(|tenant| tenant.plans.destroyed_at.is_none()).ok_or_else(Problem::not_found)
}
