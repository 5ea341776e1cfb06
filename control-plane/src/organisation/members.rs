//! Members: another role, removed, leaving.

use std::sync::Arc;

use polder_kernel::Timestamp;

use super::{By, Refusal};
use crate::app::App;
use crate::audit;
use crate::model::{MemberId, OrganisationId, Role};
use crate::store::invitations;
use crate::store::members::{self, Listed, MemberOrder};

/// The most members of an organisation.
pub const MOST: i64 = 1000;

/// A member, in words.
#[derive(Clone, Debug)]
pub struct Member {
    /// Names them.
    pub id: MemberId,
    /// Their name, as `platform` vouched for it; empty until their first sign-in.
    pub name: String,
    /// Their address, likewise.
    pub email: String,
    /// As what.
    pub role: Role,
    /// Since when.
    pub created_at: Timestamp,
    /// When they last used the console, to the minute.
    pub last_seen_at: Option<Timestamp>,
}

impl Member {
    fn of(app: &App, listed: &Listed) -> Result<Self, Refusal> {
        let (name, email) = listed.identity(&app.keyring)?;
        let Listed { id, role, created_at, last_seen_at, .. } = *listed;
        Ok(Self { id, name, email, role, created_at, last_seen_at })
    }
}

/// A page of an organisation's members in an order, after one of them, and whether there are more.
///
/// # Errors
/// The database's.
pub async fn page(
    app: &App,
    organisation: OrganisationId,
    place: (MemberOrder, Option<MemberId>),
    limit: u32,
) -> Result<(Vec<Member>, bool), Refusal> {
    let found = members::page(&mut app.db.read().await?, organisation, place, i64::from(limit) + 1).await?;
    let wanted = usize::try_from(limit).unwrap_or(usize::MAX);
    let page = found.iter().take(wanted).map(|listed| Member::of(app, listed)).collect::<Result<_, _>>()?;
    Ok((page, found.len() > wanted))
}

/// One of them.
///
/// # Errors
/// [`Refusal::Unknown`] when there is none.
pub async fn show(app: &App, organisation: OrganisationId, id: MemberId) -> Result<Member, Refusal> {
    let found = members::by_id(&mut app.db.read().await?, organisation, id).await?;
    Member::of(app, &found.ok_or(Refusal::Unknown)?)
}

/// Gives a member another role.
///
/// # Errors
/// [`Refusal`]: above one's own, or of the last owner.
pub async fn change_role(app: &Arc<App>, by: &By, id: MemberId, role: Role) -> Result<(), Refusal> {
    let (by, now) = (by.clone(), app.clock.now());
    app.db
        .write(move |tx| {
            Box::pin(async move {
                members::hold(tx, by.organisation_id, now).await?;
                let member = members::by_id(tx, by.organisation_id, id).await?.ok_or(Refusal::Unknown)?;
                by.reaches(tx, member.role).await?;
                by.reaches(tx, role).await?;
                if member.role == role {
                    return Ok(());
                }
                if member.role == Role::Owner && !members::has_other_owner(tx, by.organisation_id, id).await? {
                    return Err(Refusal::LastOwner);
                }
                members::set_role(tx, id, role, now).await?;
                if !role.includes(member.role) {
                    // Nobody comes back to what they were by an invitation to themselves.
                    invitations::revoke_of(tx, by.organisation_id, &id.to_string(), now).await?;
                }
                let named = id.to_string();
                let facts = [("member", named.as_str()), ("from", member.role.as_str()), ("to", role.as_str())];
                polder_audit::record(tx, audit::event("member.role_changed", &by.acting, None, &facts));
                Ok(())
            })
        })
        .await
}

/// Removes a member: their sessions end in the same unit of work.
///
/// # Errors
/// [`Refusal`]: of a role above one's own, or of the last owner.
pub async fn remove(app: &Arc<App>, by: &By, id: MemberId) -> Result<(), Refusal> {
    end(app, by, id, false).await
}

/// Somebody leaves.
///
/// # Errors
/// [`Refusal::LastOwner`].
pub async fn leave(app: &Arc<App>, by: &By, own: MemberId) -> Result<(), Refusal> {
    end(app, by, own, true).await
}

async fn end(app: &Arc<App>, by: &By, id: MemberId, leaves: bool) -> Result<(), Refusal> {
    let (by, now) = (by.clone(), app.clock.now());
    app.db
        .write(move |tx| {
            Box::pin(async move {
                members::hold(tx, by.organisation_id, now).await?;
                let member = members::by_id(tx, by.organisation_id, id).await?.ok_or(Refusal::Unknown)?;
                if !leaves {
                    by.reaches(tx, member.role).await?;
                }
                if member.role == Role::Owner && !members::has_other_owner(tx, by.organisation_id, id).await? {
                    return Err(Refusal::LastOwner);
                }
                members::remove(tx, id, now).await?;
                // Nobody comes back by an invitation to themselves.
                invitations::revoke_of(tx, by.organisation_id, &id.to_string(), now).await?;
                let (named, action) = (id.to_string(), if leaves { "member.left" } else { "member.removed" });
                let facts = [("member", named.as_str()), ("role", member.role.as_str())];
                polder_audit::record(tx, audit::event(action, &by.acting, None, &facts));
                Ok(())
            })
        })
        .await
}
