//! Access of the operator's people that is over, before its time or by itself: the tenant is told until it hears it, so
//! that its own log says when access ended as surely as it says that it was given (G30).

use std::sync::Arc;
use std::time::Duration;

use polder_db::Error;
use polder_kernel::Timestamp;
use polder_tenant_api::StaffAccessChange;

use super::Refusal;
use super::access::Grant;
use crate::administer::{On, Refused, staff_access};
use crate::app::App;
use crate::audit::{self, ActingFor};
use crate::model::StaffGrantId;
use crate::store::staff_grants::{self, Listed};
use crate::store::tenants;

/// How long between two looks.
const LOOK: Duration = Duration::from_secs(30);
/// How long after a tenant did not hear it the next try is, at first; then as long as it has been over.
pub(super) const AGAIN: Duration = Duration::from_secs(60);
/// The longest that a next try is away.
const LATEST: Duration = Duration::from_secs(6 * 60 * 60);
/// How many are told in one look: what is left is for the next.
const AT_A_TIME: i64 = 8;

/// Tells whom there is to tell, for as long as the control plane runs.
pub async fn keep(app: Arc<App>) {
    loop {
        tokio::time::sleep(LOOK).await;
        if let Err(error) = tell_due(&app).await {
            tracing::error!(%error, "tenants were not told that access is over");
        }
    }
}

/// Tells whom there is to tell now.
///
/// # Errors
/// The database's; who was not told is tried again.
pub async fn tell_due(app: &Arc<App>) -> Result<(), Error> {
    let now = app.clock.now();
    for listed in staff_grants::to_tell(&mut app.db.read().await?, now, AT_A_TIME).await? {
        if let Err(error) = tell_of(app, &listed).await {
            tracing::error!(grant = %listed.id, %error, "a tenant was not told that access is over");
            later(app, listed.id, listed.over_at()).await?;
        }
    }
    Ok(())
}

async fn tell_of(app: &Arc<App>, listed: &Listed) -> Result<(), Refusal> {
    let tenant = tenants::by_slug(&mut app.db.read().await?, &listed.tenant).await?.ok_or(Refusal::Unknown)?;
    let acting = ActingFor::system_within(tenant.organisation_id);
    let on = On { app: Arc::clone(app), tenant, acting };
    let what = if listed.ended_at.is_some() { StaffAccessChange::Ended } else { StaffAccessChange::Expired };
    Ok(tell(&on, &Grant::of(app, listed)?, what).await?)
}

/// Tells a tenant, and writes down that it heard; where it did not, the next try comes later.
pub(super) async fn tell(on: &On, grant: &Grant, what: StaffAccessChange) -> Result<(), Error> {
    let mut told = staff_access::tell(on, &grant.told(what)).await;
    if matches!((what, &told), (StaffAccessChange::Expired, Err(Refused::Said(..)))) {
        // A tenant of an earlier version knows one word for both.
        told = staff_access::tell(on, &grant.told(StaffAccessChange::Ended)).await;
    }
    if let Err(error) = told {
        tracing::warn!(tenant = %on.tenant.slug, %error, "the tenant could not be told that access is over");
        return later(&on.app, grant.id, grant.until).await;
    }
    let (id, now, named) = (grant.id, on.app.clock.now(), grant.id.to_string());
    let facts = [("grant", named.as_str()), ("person", grant.person.as_str())];
    let by_itself = what == StaffAccessChange::Expired;
    let event = audit::event("staff_access.expired", &on.acting, Some(&on.tenant.slug), &facts);
    on.app
        .db
        .write(move |tx| {
            Box::pin(async move {
                if staff_grants::told(tx, id, now).await? && by_itself {
                    polder_audit::record(tx, event);
                }
                Ok(())
            })
        })
        .await
}

async fn later(app: &App, id: StaffGrantId, over_at: Timestamp) -> Result<(), Error> {
    let now = app.clock.now();
    let again = now + now.since(over_at).clamp(AGAIN, LATEST);
    app.db.write(move |tx| Box::pin(async move { staff_grants::tell_again(tx, id, again).await })).await
}
