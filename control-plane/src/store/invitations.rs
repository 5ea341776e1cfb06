//! Invitations to become a member. Single use; the token's keyed hash is the only trace of the link.

use polder_db::{Error, Tx, args};
use polder_kernel::Timestamp;

use crate::model::{InvitationId, OrganisationId};

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
