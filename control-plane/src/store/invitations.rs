//! Invitations to become a member. Single use; the token's keyed hash is the only trace of the link.

use polder_db::{Error, Tx, args};
use polder_kernel::Timestamp;

use crate::model::{InvitationId, OrganisationId, Role};

/// Adds an invitation for an owner that the control plane itself makes.
pub async fn insert_owner(
    tx: &mut Tx,
    id: InvitationId,
    organisation: OrganisationId,
    token_hash: &str,
    (now, expires_at): (Timestamp, Timestamp),
) -> Result<(), Error> {
    tx.execute(
        "INSERT INTO member_invitation (id, token_hash, organisation_id, role, created_at, expires_at)
         VALUES ($1, $2, $3, 'owner', $4, $5)",
        &args![id, token_hash, organisation, now, expires_at],
    )
    .await?;
    Ok(())
}

/// Ends the open invitations that the control plane itself made.
pub async fn revoke_own(tx: &mut Tx, now: Timestamp) -> Result<u64, Error> {
    tx.execute(
        "UPDATE member_invitation SET revoked_at = $1
         WHERE invited_by IS NULL AND used_at IS NULL AND revoked_at IS NULL",
        &args![now],
    )
    .await
}

/// Whether anybody owns this organisation.
pub async fn has_owner(tx: &mut Tx, organisation: OrganisationId) -> Result<bool, Error> {
    let owner = tx
        .optional(
            "SELECT id FROM member WHERE organisation_id = $1 AND role = 'owner' AND removed_at IS NULL LIMIT 1",
            &args![organisation],
            |row| row.text("id"),
        )
        .await?;
    Ok(owner.is_some())
}

/// Whether an invitation with this hash can still be used.
pub async fn is_open(tx: &mut Tx, token_hash: &str, now: Timestamp) -> Result<bool, Error> {
    let open = tx
        .optional(
            "SELECT id FROM member_invitation
             WHERE token_hash = $1 AND used_at IS NULL AND revoked_at IS NULL AND expires_at > $2",
            &args![token_hash, now],
            |row| row.text("id"),
        )
        .await?;
    Ok(open.is_some())
}

/// Binds an open invitation to a person at the tenant `platform`; whoever holds the link may correct
/// that until it is used. `None` when it cannot be used.
pub async fn bind(tx: &mut Tx, token_hash: &str, subject: &str, now: Timestamp) -> Result<Option<InvitationId>, Error> {
    tx.optional(
        "UPDATE member_invitation SET subject = $2
         WHERE token_hash = $1 AND used_at IS NULL AND revoked_at IS NULL AND expires_at > $3 RETURNING id",
        &args![token_hash, subject, now],
        |row| row.id("id"),
    )
    .await
}

/// What a used invitation gives.
#[derive(Clone, Copy, Debug)]
pub struct Given {
    /// The invitation.
    pub id: InvitationId,
    /// Into which organisation.
    pub organisation_id: OrganisationId,
    /// As what.
    pub role: Role,
}

/// Uses up the invitation bound to this person: one statement decides, so that it is used once.
pub async fn consume(tx: &mut Tx, subject: &str, now: Timestamp) -> Result<Option<Given>, Error> {
    tx.optional(
        "UPDATE member_invitation SET used_at = $2
         WHERE used_at IS NULL AND id = (
             SELECT id FROM member_invitation
             WHERE subject = $1 AND used_at IS NULL AND revoked_at IS NULL AND expires_at > $2
             ORDER BY created_at LIMIT 1)
         RETURNING id, organisation_id, role",
        &args![subject, now],
        |row| Ok(Given { id: row.id("id")?, organisation_id: row.id("organisation_id")?, role: row.parse("role")? }),
    )
    .await
}
