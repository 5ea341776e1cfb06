//! Leave for one of the operator's people to look at the people of a tenant.

use polder_crypto::{Category, Keyring, SealError};
use polder_db::{Error, Row, Tx, args};
use polder_kernel::{Slug, Timestamp};

use super::members;
use crate::model::{MemberId, OrganisationId, StaffGrantId, TenantId};

/// A grant to keep.
#[derive(Clone, Debug)]
pub struct NewGrant {
    /// Names it.
    pub id: StaffGrantId,
    /// To which tenant.
    pub tenant_id: TenantId,
    /// Who.
    pub member_id: MemberId,
    /// Why.
    pub reason: String,
    /// From when, and until when.
    pub times: (Timestamp, Timestamp),
}

/// A grant as a list shows it.
#[derive(Clone)]
pub struct Listed {
    /// Names it.
    pub id: StaffGrantId,
    /// To which tenant.
    pub tenant: Slug,
    /// When it was given.
    pub created_at: Timestamp,
    /// When it ends by itself.
    pub expires_at: Timestamp,
    /// When it was ended before.
    pub ended_at: Option<Timestamp>,
    member_id: MemberId,
    reason_sealed: String,
    name_sealed: Option<String>,
    email_sealed: Option<String>,
}

impl Listed {
    /// Whether it holds at this moment.
    pub fn holds(&self, now: Timestamp) -> bool {
        self.ended_at.is_none() && self.expires_at > now
    }

    /// When it is over, or was.
    pub fn over_at(&self) -> Timestamp {
        self.ended_at.unwrap_or(self.expires_at)
    }

    /// Who, by name and address, and why.
    ///
    /// # Errors
    /// When that was sealed under another key.
    pub fn words(&self, keyring: &Keyring) -> Result<(String, String), SealError> {
        let (name, email) = members::identity(keyring, self.member_id, (&self.name_sealed, &self.email_sealed))?;
        let reason = keyring.unseal_text(Category::Identifiers, &context(self.id), &self.reason_sealed)?;
        Ok((if name.is_empty() { email } else { format!("{name} ({email})") }, reason))
    }
}

/// Adds a grant.
pub async fn insert(tx: &mut Tx, keyring: &Keyring, new: &NewGrant) -> Result<(), Error> {
    let (from, until) = new.times;
    let sealed = keyring.seal_text(Category::Identifiers, &context(new.id), &new.reason);
    tx.execute(
        "INSERT INTO staff_grant (id, tenant_id, member_id, reason_sealed, created_at, expires_at, tell_at)
         VALUES ($1, $2, $3, $4, $5, $6, $6)",
        &args![new.id, new.tenant_id, new.member_id, sealed, from, until],
    )
    .await?;
    Ok(())
}

/// The grant, if there is one, that lets somebody look at a tenant's people now.
pub async fn holding(
    tx: &mut Tx,
    (tenant, member): (TenantId, MemberId),
    now: Timestamp,
) -> Result<Option<StaffGrantId>, Error> {
    tx.optional(
        "SELECT id FROM staff_grant
         WHERE member_id = $1 AND tenant_id = $2 AND expires_at > $3 AND ended_at IS NULL LIMIT 1",
        &args![member, tenant, now],
        |row| row.id("id"),
    )
    .await
}

/// At most `limit` grants to tenants of an organisation, newest first, before the one with the id `before`.
pub async fn page(
    tx: &mut Tx,
    organisation: OrganisationId,
    before: Option<StaffGrantId>,
    limit: i64,
) -> Result<Vec<Listed>, Error> {
    let before = before.map_or_else(|| "~".to_owned(), |id| id.to_string());
    tx.all(
        "SELECT staff_grant.id, tenant.slug, staff_grant.created_at, expires_at, ended_at, member_id, reason_sealed,
             name_sealed, email_sealed
         FROM staff_grant
         JOIN tenant ON tenant.id = staff_grant.tenant_id
         JOIN member ON member.id = staff_grant.member_id
         WHERE tenant.organisation_id = $1 AND staff_grant.id < $2 ORDER BY staff_grant.id DESC LIMIT $3",
        &args![organisation, before, limit],
        from_row,
    )
    .await
}

/// The newest grants to a tenant, `limit` at most.
pub async fn of_tenant(tx: &mut Tx, tenant: TenantId, limit: i64) -> Result<Vec<Listed>, Error> {
    tx.all(
        "SELECT staff_grant.id, tenant.slug, staff_grant.created_at, expires_at, ended_at, member_id, reason_sealed,
             name_sealed, email_sealed
         FROM staff_grant
         JOIN tenant ON tenant.id = staff_grant.tenant_id
         JOIN member ON member.id = staff_grant.member_id
         WHERE staff_grant.tenant_id = $1 ORDER BY staff_grant.id DESC LIMIT $2",
        &args![tenant, limit],
        from_row,
    )
    .await
}

/// One of an organisation's.
pub async fn by_id(tx: &mut Tx, organisation: OrganisationId, id: StaffGrantId) -> Result<Option<Listed>, Error> {
    tx.optional(
        "SELECT staff_grant.id, tenant.slug, staff_grant.created_at, expires_at, ended_at, member_id, reason_sealed,
             name_sealed, email_sealed
         FROM staff_grant
         JOIN tenant ON tenant.id = staff_grant.tenant_id
         JOIN member ON member.id = staff_grant.member_id
         WHERE tenant.organisation_id = $1 AND staff_grant.id = $2",
        &args![organisation, id],
        from_row,
    )
    .await
}

/// Grants that are over of which the tenant has not heard it, and should by now.
pub async fn to_tell(tx: &mut Tx, now: Timestamp, limit: i64) -> Result<Vec<Listed>, Error> {
    tx.all(
        "SELECT staff_grant.id, tenant.slug, staff_grant.created_at, expires_at, ended_at, member_id, reason_sealed,
             name_sealed, email_sealed
         FROM staff_grant
         JOIN tenant ON tenant.id = staff_grant.tenant_id
         JOIN member ON member.id = staff_grant.member_id
         WHERE tell_at IS NOT NULL AND tell_at <= $1 AND destroyed_at IS NULL ORDER BY tell_at LIMIT $2",
        &args![now, limit],
        from_row,
    )
    .await
}

/// The tenant heard that a grant is over; `false` when that was known.
pub async fn told(tx: &mut Tx, id: StaffGrantId, now: Timestamp) -> Result<bool, Error> {
    let told = tx
        .execute(
            "UPDATE staff_grant SET told_at = $2, tell_at = NULL WHERE id = $1 AND told_at IS NULL",
            &args![id, now],
        )
        .await?;
    Ok(told == 1)
}

/// The tenant did not hear it: the next try is then.
pub async fn tell_again(tx: &mut Tx, id: StaffGrantId, at: Timestamp) -> Result<(), Error> {
    tx.execute("UPDATE staff_grant SET tell_at = $2 WHERE id = $1 AND told_at IS NULL", &args![id, at]).await?;
    Ok(())
}

/// Ends a grant before its time; `false` when it is over. The tenant is told at once, and where that fails at `tell_at`.
pub async fn end(tx: &mut Tx, id: StaffGrantId, (now, tell_at): (Timestamp, Timestamp)) -> Result<bool, Error> {
    let ended = tx
        .execute(
            "UPDATE staff_grant SET ended_at = $2, tell_at = $3 WHERE id = $1 AND ended_at IS NULL AND expires_at > $2",
            &args![id, now, tell_at],
        )
        .await?;
    Ok(ended == 1)
}

fn context(id: StaffGrantId) -> String {
    format!("staff_grant.reason_sealed:{id}")
}

fn from_row(row: &Row) -> Result<Listed, Error> {
    Ok(Listed {
        id: row.id("id")?,
        tenant: row.parse("slug")?,
        created_at: row.time("created_at")?,
        expires_at: row.time("expires_at")?,
        ended_at: row.opt_time("ended_at")?,
        member_id: row.id("member_id")?,
        reason_sealed: row.text("reason_sealed")?,
        name_sealed: row.opt_text("name_sealed")?,
        email_sealed: row.opt_text("email_sealed")?,
    })
}
