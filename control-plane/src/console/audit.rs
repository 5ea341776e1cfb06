//! A tenant's audit log: looked through, written out, and verified.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Query, State};
use axum::response::Response;
use polder_hosted_pages::console::{Audit, AuditAsked, AuditVerified, Sorting};
use polder_kernel::Day;
use polder_tenant_api::ByTime;
use serde::Deserialize;

use super::address::query_of;
use super::in_tenant::InTenant;
use super::tenants::head;
use super::{Console, Fault, show};
use crate::administer::Part;
use crate::administer::audit_events::{self, Format, Which};
use crate::sheet;

/// What the log may be asked for.
#[derive(Debug, Default, Deserialize)]
pub struct Asked {
    action: Option<String>,
    actor_kind: Option<String>,
    user_id: Option<String>,
    application_id: Option<String>,
    /// A day in UTC.
    from: Option<String>,
    /// A day in UTC, the last that is wanted.
    to: Option<String>,
    sort: Option<String>,
    cursor: Option<String>,
}

impl Asked {
    /// What it comes to; `None` where the days make no sense.
    fn which(&self) -> Option<Which> {
        let day = |text: &Option<String>| given(text).map(str::parse::<Day>).transpose();
        let (from, to) = (day(&self.from).ok()?, day(&self.to).ok()?);
        if from.zip(to).is_some_and(|(from, to)| to < from) {
            return None;
        }
        let text = |text: &Option<String>| given(text).map(str::to_owned);
        Some(Which {
            action: text(&self.action),
            actor_kind: text(&self.actor_kind),
            user_id: text(&self.user_id),
            application_id: text(&self.application_id),
            from: from.map(Day::begins),
            before: to.map(|to| to.plus(1).begins()),
            sort: self.order(),
        })
    }

    fn order(&self) -> ByTime {
        ByTime::named(given(&self.sort).unwrap_or_default())
    }

    /// The same as the query of an address, without order and place.
    fn query(&self) -> String {
        let pairs = [
            ("action", &self.action),
            ("actor_kind", &self.actor_kind),
            ("user_id", &self.user_id),
            ("application_id", &self.application_id),
            ("from", &self.from),
            ("to", &self.to),
        ];
        query_of(&pairs.map(|(name, value)| (name, given(value).unwrap_or_default())))
    }
}

/// `GET /tenants/{slug}/audit`.
pub async fn page(
    State(console): State<Arc<Console>>,
    InTenant { member, on }: InTenant,
    Query(asked): Query<Asked>,
) -> Result<Response, Fault> {
    let which = asked.which();
    let part = Part { cursor: given(&asked.cursor).map(str::to_owned), limit: None };
    let wanted = which.clone().unwrap_or_else(|| Which { sort: asked.order(), ..Which::default() });
    let found = audit_events::list(&on, &wanted, &part).await?;
    let shown = AuditAsked {
        action: given(&asked.action).unwrap_or_default(),
        actor_kind: given(&asked.actor_kind).unwrap_or_default(),
        user_id: given(&asked.user_id).unwrap_or_default(),
        application_id: given(&asked.application_id).unwrap_or_default(),
        from: given(&asked.from).unwrap_or_default(),
        to: given(&asked.to).unwrap_or_default(),
        wrong: which.is_none(),
    };
    let query = asked.query();
    let path = format!("/tenants/{}/audit", on.tenant.slug);
    let page = Audit {
        shell: member.shell(),
        sorting: &Sorting { path, query: query.clone(), by: asked.order().as_str() },
        tenant: head(&on.tenant),
        events: &found.items,
        asked: shown,
        query: &query,
        next: found.next.as_deref(),
    };
    Ok(show::page(&member.visit, &page, &[console.provider.issuer()]))
}

/// `GET /tenants/{slug}/audit.csv`.
pub async fn csv(at: InTenant, asked: Query<Asked>) -> Result<Response, Fault> {
    export(at, asked, Format::Csv).await
}

/// `GET /tenants/{slug}/audit.ndjson`.
pub async fn ndjson(at: InTenant, asked: Query<Asked>) -> Result<Response, Fault> {
    export(at, asked, Format::Ndjson).await
}

/// `GET /tenants/{slug}/audit.chain.ndjson`: the whole log, whatever was looked for.
pub async fn chain(InTenant { on, .. }: InTenant) -> Result<Response, Fault> {
    Ok(audit_events::export(on, Which::default(), Format::Chain).await?)
}

/// `GET /tenants/{slug}/audit/checkpoint.json`: the end of the log, signed, to be kept elsewhere.
pub async fn checkpoint(InTenant { on, .. }: InTenant) -> Result<Response, Fault> {
    let signed = audit_events::checkpoint(&on).await?;
    let name = format!("{}-audit-checkpoint-{}.json", on.tenant.slug, signed.seq);
    // Text and numbers alone: it can be written.
    let body = Body::from(serde_json::to_vec_pretty(&signed).unwrap_or_default());
    Ok(sheet::download("application/json", &name, body))
}

async fn export(InTenant { on, .. }: InTenant, asked: Query<Asked>, format: Format) -> Result<Response, Fault> {
    let which = asked.which().ok_or(Fault::BadRequest("the days make no sense"))?;
    Ok(audit_events::export(on, which, format).await?)
}

/// `GET /tenants/{slug}/audit/verification`: verifies the whole log, or shows how far that is.
pub async fn verification(
    State(console): State<Arc<Console>>,
    InTenant { member, on }: InTenant,
) -> Result<Response, Fault> {
    let found = audit_events::verify(&on).await?;
    let page = AuditVerified { shell: member.shell(), tenant: head(&on.tenant), found: &found };
    Ok(show::page(&member.visit, &page, &[console.provider.issuer()]))
}

fn given(text: &Option<String>) -> Option<&str> {
    text.as_deref().map(str::trim).filter(|text| !text.is_empty())
}
