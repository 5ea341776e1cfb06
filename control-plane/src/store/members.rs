//! Members: people of an organisation, known by their subject at the tenant `platform`.

use polder_crypto::{Category, Keyring};
use polder_db::{Error, Tx, args};
use polder_kernel::Timestamp;

use crate::model::{MemberId, OrganisationId, Role};

/// A person to keep as a member.
#[derive(Clone, Debug)]
pub struct NewMember {
    /// Names them, if they are not a member yet.
    pub id: MemberId,
    /// Of which organisation.
    pub organisation_id: OrganisationId,
    /// Their subject at `platform`.
    pub subject: String,
    /// As what.
    pub role: Role,
}

/// A member's standing.
#[derive(Clone, Copy, Debug)]
pub struct Standing {
    /// Names them.
    pub id: MemberId,
    /// Of which organisation.
    pub organisation_id: OrganisationId,
    /// As what.
    pub role: Role,
}

/// The member with this subject at `platform`.
pub async fn by_subject(tx: &mut Tx, subject: &str) -> Result<Option<Standing>, Error> {
    tx.optional(
        "SELECT id, organisation_id, role FROM member WHERE subject = $1 AND removed_at IS NULL",
        &args![subject],
        |row| Ok(Standing { id: row.id("id")?, organisation_id: row.id("organisation_id")?, role: row.parse("role")? }),
    )
    .await
}

/// Makes somebody a member, or gives a member of the same organisation another role. `None` when they
/// belong to another organisation.
pub async fn put(tx: &mut Tx, member: &NewMember, now: Timestamp) -> Result<Option<Standing>, Error> {
    tx.optional(
        "INSERT INTO member (id, organisation_id, subject, role, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $5)
         ON CONFLICT (subject) DO UPDATE
         SET role = excluded.role, updated_at = excluded.updated_at, removed_at = NULL
         WHERE member.organisation_id = excluded.organisation_id
         RETURNING id, organisation_id, role",
        &args![member.id, member.organisation_id, member.subject.as_str(), member.role.as_str(), now],
        |row| Ok(Standing { id: row.id("id")?, organisation_id: row.id("organisation_id")?, role: row.parse("role")? }),
    )
    .await
}

/// Keeps what a member is called, as `platform` vouched for it at their last sign-in.
pub async fn set_identity(
    tx: &mut Tx,
    keyring: &Keyring,
    id: MemberId,
    (name, email): (&str, &str),
    now: Timestamp,
) -> Result<(), Error> {
    let seal = |column: &str, text: &str| keyring.seal_text(Category::Identifiers, &context(column, id), text);
    tx.execute(
        "UPDATE member SET name_sealed = $2, email_sealed = $3, updated_at = $4 WHERE id = $1",
        &args![id, seal("name_sealed", name), seal("email_sealed", email), now],
    )
    .await?;
    Ok(())
}

/// What a sealed column of a member is bound to.
pub(super) fn context(column: &str, id: MemberId) -> String {
    format!("member.{column}:{id}")
}
