//! Access of the operator's people to the people of a tenant (G30): given by the operator for a reason and for a
//! time, told to the tenant before it holds, ended by itself or by the customer. Without one nothing of them is
//! reachable.

use std::sync::Arc;
use std::time::Duration;

use polder_kernel::{Email, Timestamp};
use polder_tenant_api::{StaffAccess, StaffAccessChange};

use super::{By, Refusal, access_over};
use crate::administer::{On, Refused, staff_access};
use crate::app::App;
use crate::audit::{self, ActingFor};
use crate::model::{MemberId, OrganisationId, StaffGrantId, Tenant};
use crate::store::staff_grants::{self, Listed, NewGrant};
use crate::store::{members, organisations, tenants};

/// The longest that access holds, in minutes: a working day.
pub const LONGEST: u32 = 480;
/// The shortest and the longest reason, in characters.
const REASON: std::ops::RangeInclusive<usize> = 5..=500;

/// Access that the operator gives.
#[derive(Clone, Debug)]
pub struct Wish {
    /// Who: the address of a member of the operator's own organisation.
    pub person: Email,
    /// Why.
    pub reason: String,
    /// For how long, in minutes.
    pub minutes: u32,
}

/// Access, in words.
#[derive(Clone, Debug)]
pub struct Grant {
    /// Names it.
    pub id: StaffGrantId,
    /// To which tenant.
    pub tenant: String,
    /// Who: name and address.
    pub person: String,
    /// Why.
    pub reason: String,
    /// When it was given.
    pub created_at: Timestamp,
    /// When it ends, or ended.
    pub until: Timestamp,
    /// Whether it holds now.
    pub holds: bool,
}

/// Why no access was given.
#[derive(Debug, thiserror::Error)]
pub enum NotGiven {
    /// A member of the wish is wrong.
    #[error("{0}: {1}")]
    Wrong(&'static str, &'static str),
    /// The tenant could not be told.
    #[error(transparent)]
    NotTold(#[from] Refused),
    /// Something else.
    #[error(transparent)]
    Refusal(#[from] Refusal),
}

impl From<polder_db::Error> for NotGiven {
    fn from(error: polder_db::Error) -> Self {
        Self::Refusal(error.into())
    }
}

impl Grant {
    pub(super) fn of(app: &App, listed: &Listed) -> Result<Self, Refusal> {
        let (person, reason) = listed.words(&app.keyring)?;
        Ok(Self {
            id: listed.id,
            tenant: listed.tenant.to_string(),
            person,
            reason,
            created_at: listed.created_at,
            until: listed.over_at(),
            holds: listed.holds(app.clock.now()),
        })
    }

    pub(super) fn told(&self, what: StaffAccessChange) -> StaffAccess {
        let Self { id, person, reason, until, .. } = self;
        let (id, until) = (id.to_string(), until.rfc3339());
        StaffAccess { id, what, person: person.clone(), reason: reason.clone(), until }
    }
}

/// Gives one of the operator's people access. The tenant hears of it first: what its log does not say does not hold.
///
/// # Errors
/// [`NotGiven`].
pub async fn grant(app: &Arc<App>, tenant: &Tenant, wish: Wish) -> Result<Grant, NotGiven> {
    let Some(organisation) = tenant.organisation_id else { return Err(Refusal::Unknown.into()) };
    if !REASON.contains(&wish.reason.trim().chars().count()) || wish.reason.contains(char::is_control) {
        return Err(NotGiven::Wrong("/reason", "5 to 500 characters of plain text"));
    }
    if !(1..=LONGEST).contains(&wish.minutes) {
        return Err(NotGiven::Wrong("/minutes", "1 to 480"));
    }
    let person = staff(app, &wish.person).await?;
    let person =
        person.ok_or(NotGiven::Wrong("/person", "no member of the operator's organisation has this address"))?;
    let now = app.clock.now();
    let until = now + Duration::from_secs(u64::from(wish.minutes) * 60);
    let given = Grant {
        id: StaffGrantId::new(&app.clock, &app.entropy),
        tenant: tenant.slug.to_string(),
        person: person.1,
        reason: wish.reason.trim().to_owned(),
        created_at: now,
        until,
        holds: true,
    };
    let acting = ActingFor::system_within(Some(organisation));
    let on = On { app: Arc::clone(app), tenant: tenant.clone(), acting: acting.clone() };
    staff_access::tell(&on, &given.told(StaffAccessChange::Granted)).await?;
    let (id, member, minutes) = (given.id.to_string(), person.0.to_string(), wish.minutes.to_string());
    let facts = [
        ("grant", id.as_str()),
        ("member", member.as_str()),
        ("person", given.person.as_str()),
        ("reason", given.reason.as_str()),
        ("minutes", minutes.as_str()),
        ("by", "operator"),
    ];
    let event = audit::event("staff_access.granted", &acting, Some(&tenant.slug), &facts);
    let new = NewGrant {
        id: given.id,
        tenant_id: tenant.id,
        member_id: person.0,
        reason: given.reason.clone(),
        times: (now, until),
    };
    let unit = Arc::clone(app);
    app.db
        .write(move |tx| {
            Box::pin(async move {
                staff_grants::insert(tx, &unit.keyring, &new).await?;
                polder_audit::record(tx, event);
                Ok::<_, Refusal>(())
            })
        })
        .await?;
    Ok(given)
}

/// The member of the operator's organisation with this address, and what they are called.
async fn staff(app: &App, address: &Email) -> Result<Option<(MemberId, String)>, Refusal> {
    let mut tx = app.db.read().await?;
    let Some(operator) = organisations::first(&mut tx).await? else { return Ok(None) };
    let hash = members::email_hash(&app.keyring, address);
    let Some(id) = members::by_email(&mut tx, operator, &hash).await? else { return Ok(None) };
    let Some(listed) = members::by_id(&mut tx, operator, id).await? else { return Ok(None) };
    let (name, email) = listed.identity(&app.keyring)?;
    Ok(Some((id, if name.is_empty() { email } else { format!("{name} ({email})") })))
}

/// A page of the grants to an organisation's tenants, newest first, and whether there are more.
///
/// # Errors
/// The database's.
pub async fn page(
    app: &App,
    organisation: OrganisationId,
    before: Option<StaffGrantId>,
    limit: u32,
) -> Result<(Vec<Grant>, bool), Refusal> {
    let found = staff_grants::page(&mut app.db.read().await?, organisation, before, i64::from(limit) + 1).await?;
    let wanted = usize::try_from(limit).unwrap_or(usize::MAX);
    let page = found.iter().take(wanted).map(|listed| Grant::of(app, listed)).collect::<Result<_, _>>()?;
    Ok((page, found.len() > wanted))
}

/// The newest grants to a tenant.
///
/// # Errors
/// The database's.
pub async fn of_tenant(app: &App, tenant: &Tenant, limit: u32) -> Result<Vec<Grant>, Refusal> {
    let found = staff_grants::of_tenant(&mut app.db.read().await?, tenant.id, i64::from(limit)).await?;
    found.iter().map(|listed| Grant::of(app, listed)).collect()
}

/// Ends access before its time. It is over at once; the tenant's log says so as soon as the tenant hears it, which is
/// tried until it does ([`super::access_over`]).
///
/// # Errors
/// [`Refusal::Unknown`] when there is no such access to a tenant of this organisation, or it is over.
pub async fn end(app: &Arc<App>, by: &By, id: StaffGrantId) -> Result<(), Refusal> {
    let mut tx = app.db.read().await?;
    let listed = staff_grants::by_id(&mut tx, by.organisation_id, id).await?.ok_or(Refusal::Unknown)?;
    let tenant = tenants::by_slug(&mut tx, &listed.tenant).await?.ok_or(Refusal::Unknown)?;
    drop(tx);
    let (now, named) = (app.clock.now(), id.to_string());
    let grant = Grant { until: now, holds: false, ..Grant::of(app, &listed)? };
    let facts = [("grant", named.as_str()), ("person", grant.person.as_str())];
    let event = audit::event("staff_access.ended", &by.acting, Some(&tenant.slug), &facts);
    app.db
        .write(move |tx| {
            Box::pin(async move {
                if !staff_grants::end(tx, id, (now, now + access_over::AGAIN)).await? {
                    return Err(Refusal::Unknown);
                }
                polder_audit::record(tx, event);
                Ok(())
            })
        })
        .await?;
    let on = On { app: Arc::clone(app), tenant, acting: by.acting.clone() };
    Ok(access_over::tell(&on, &grant, StaffAccessChange::Ended).await?)
}

/// Whether somebody may look at a tenant that is not their organisation's; each look is written down.
///
/// # Errors
/// The database's.
pub async fn lets_in(
    app: &App,
    tenant: &Tenant,
    (member, acting): (MemberId, &ActingFor),
    what: &str,
) -> Result<bool, Refusal> {
    let now = app.clock.now();
    let grant = staff_grants::holding(&mut app.db.read().await?, (tenant.id, member), now).await?;
    let Some(grant) = grant else { return Ok(false) };
    let named = grant.to_string();
    let facts = [("grant", named.as_str()), ("what", what)];
    let event = audit::event("staff_access.used", acting, Some(&tenant.slug), &facts);
    app.db
        .write(move |tx| {
            Box::pin(async move {
                polder_audit::record(tx, event);
                Ok::<_, Refusal>(())
            })
        })
        .await?;
    Ok(true)
}
