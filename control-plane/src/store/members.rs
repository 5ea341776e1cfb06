//! Members: people of an organisation, known by their subject at the tenant `platform`.

use polder_crypto::{Category, Keyring, SealError};
use polder_db::{Error, Row, Tx, Value, args, list};
use polder_kernel::{Email, Timestamp};
use polder_tenant_api::orders;

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

/// A member as a list shows them.
#[derive(Clone)]
pub struct Listed {
    /// Names them.
    pub id: MemberId,
    /// As what.
    pub role: Role,
    /// Since when.
    pub created_at: Timestamp,
    /// When they last used the console, to the minute.
    pub last_seen_at: Option<Timestamp>,
    name_sealed: Option<String>,
    email_sealed: Option<String>,
}

impl Listed {
    /// The member's name and address; empty until their first sign-in.
    ///
    /// # Errors
    /// When they were sealed under another key.
    pub fn identity(&self, keyring: &Keyring) -> Result<(String, String), SealError> {
        identity(keyring, self.id, (&self.name_sealed, &self.email_sealed))
    }
}

/// What sealed columns of a member say: name and address.
pub(super) fn identity(
    keyring: &Keyring,
    id: MemberId,
    (name, email): (&Option<String>, &Option<String>),
) -> Result<(String, String), SealError> {
    let open = |column: &str, sealed: &Option<String>| match sealed {
        Some(sealed) => keyring.unseal_text(Category::Identifiers, &context(column, id), sealed),
        None => Ok(String::new()),
    };
    Ok((open("name_sealed", name)?, open("email_sealed", email)?))
}

/// How an address is found among members and invitations.
pub fn email_hash(keyring: &Keyring, email: &Email) -> String {
    keyring.index("member-email", email.as_str().as_bytes())
}

/// The member with this subject at `platform`.
pub async fn by_subject(tx: &mut Tx, subject: &str) -> Result<Option<Standing>, Error> {
    tx.optional(
        "SELECT id, organisation_id, COALESCE(further_role, role) AS role FROM member
         WHERE subject = $1 AND removed_at IS NULL",
        &args![subject],
        standing,
    )
    .await
}

/// A member of this organisation.
pub async fn by_id(tx: &mut Tx, organisation: OrganisationId, id: MemberId) -> Result<Option<Listed>, Error> {
    tx.optional(
        "SELECT id, COALESCE(further_role, role) AS role, created_at, last_seen_at, name_sealed, email_sealed
         FROM member WHERE id = $1 AND organisation_id = $2 AND removed_at IS NULL",
        &args![id, organisation],
        listed,
    )
    .await
}

/// Somebody who is or was a member of this organisation, for whoever reads its log.
pub async fn ever(tx: &mut Tx, organisation: OrganisationId, id: MemberId) -> Result<Option<Listed>, Error> {
    tx.optional(
        "SELECT id, COALESCE(further_role, role) AS role, created_at, last_seen_at, name_sealed, email_sealed
         FROM member WHERE id = $1 AND organisation_id = $2",
        &args![id, organisation],
        listed,
    )
    .await
}

/// Those of these who are or were members of this organisation.
pub async fn ever_of(tx: &mut Tx, organisation: OrganisationId, ids: Vec<MemberId>) -> Result<Vec<Listed>, Error> {
    let mut found = Vec::new();
    for group in list::groups::<16, _>(ids) {
        let mut args = vec![Value::from(organisation)];
        args.extend(group);
        let rows = tx.all(
            "SELECT id, COALESCE(further_role, role) AS role, created_at, last_seen_at, name_sealed, email_sealed
             FROM member WHERE organisation_id = $1 AND id IN (
                 $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)",
            &args,
            listed,
        );
        found.extend(rows.await?);
    }
    Ok(found)
}

orders!(
    /// The order of members.
    MemberOrder {
        /// Who was there first comes first.
        Oldest = "created_at",
        /// Who came last comes first.
        Newest = "-created_at",
        /// Who was seen last comes first; those never seen are the last.
        LastSeen = "-last_seen_at",
        /// Those never seen come first, then who was away for longest.
        LongestAway = "last_seen_at",
    }
);

impl MemberOrder {
    /// An organisation has no more than a few hundred members: what decides is put in order where it is read.
    const fn sql(self) -> &'static str {
        match self {
            Self::Oldest => {
                "SELECT id, COALESCE(further_role, role) AS role, created_at, last_seen_at, name_sealed, email_sealed
                 FROM member WHERE organisation_id = $1 AND removed_at IS NULL AND (id > $2) ORDER BY id LIMIT $3"
            }
            Self::Newest => {
                "SELECT id, COALESCE(further_role, role) AS role, created_at, last_seen_at, name_sealed, email_sealed
                 FROM member WHERE organisation_id = $1 AND removed_at IS NULL AND ($2 = '' OR id < $2) ORDER BY id DESC LIMIT $3"
            }
            Self::LastSeen => {
                "SELECT id, COALESCE(further_role, role) AS role, created_at, last_seen_at, name_sealed, email_sealed
                 FROM member WHERE organisation_id = $1 AND removed_at IS NULL AND ($2 = '' OR COALESCE(last_seen_at, 0) < (SELECT COALESCE(s.last_seen_at, 0) FROM member s WHERE s.id = $2 AND s.organisation_id = $1)
                 OR (COALESCE(last_seen_at, 0) = (SELECT COALESCE(s.last_seen_at, 0) FROM member s WHERE s.id = $2 AND s.organisation_id = $1) AND id < $2)) ORDER BY COALESCE(last_seen_at, 0) DESC, id DESC LIMIT $3"
            }
            Self::LongestAway => {
                "SELECT id, COALESCE(further_role, role) AS role, created_at, last_seen_at, name_sealed, email_sealed
                 FROM member WHERE organisation_id = $1 AND removed_at IS NULL AND ($2 = '' OR COALESCE(last_seen_at, 0) > (SELECT COALESCE(s.last_seen_at, 0) FROM member s WHERE s.id = $2 AND s.organisation_id = $1)
                 OR (COALESCE(last_seen_at, 0) = (SELECT COALESCE(s.last_seen_at, 0) FROM member s WHERE s.id = $2 AND s.organisation_id = $1) AND id > $2)) ORDER BY COALESCE(last_seen_at, 0), id LIMIT $3"
            }
        }
    }
}

/// Members of an organisation in an order, from after the member `seen`.
pub async fn page(
    tx: &mut Tx,
    organisation: OrganisationId,
    (order, seen): (MemberOrder, Option<MemberId>),
    limit: i64,
) -> Result<Vec<Listed>, Error> {
    let seen = seen.map(|id| id.to_string()).unwrap_or_default();
    tx.all(order.sql(), &args![organisation, seen, limit], listed).await
}

/// The member of this organisation with this address, as of their last sign-in.
pub async fn by_email(tx: &mut Tx, organisation: OrganisationId, hash: &str) -> Result<Option<MemberId>, Error> {
    tx.optional(
        "SELECT id FROM member WHERE organisation_id = $1 AND email_hash = $2 AND removed_at IS NULL LIMIT 1",
        &args![organisation, hash],
        |row| row.id("id"),
    )
    .await
}

/// Makes somebody a member. One of the same organisation stays what they are, unless this makes them an owner.
/// `None` when they belong to another organisation.
pub async fn put(tx: &mut Tx, member: &NewMember, now: Timestamp) -> Result<Option<Standing>, Error> {
    let (role, further) = member.role.columns();
    tx.optional(
        "INSERT INTO member (id, organisation_id, subject, role, further_role, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $6)
         ON CONFLICT (subject) DO UPDATE
         SET role = CASE WHEN excluded.role = 'owner' THEN 'owner' ELSE member.role END,
             further_role = CASE WHEN excluded.role = 'owner' THEN NULL ELSE member.further_role END,
             updated_at = excluded.updated_at
         WHERE member.organisation_id = excluded.organisation_id
         RETURNING id, organisation_id, COALESCE(further_role, role) AS role",
        &args![member.id, member.organisation_id, member.subject.as_str(), role, further, now],
        standing,
    )
    .await
}

/// Has whatever else changes the members of an organisation wait until this is over: on a server, two units
/// of work could otherwise each count on the other's owner.
pub async fn hold(tx: &mut Tx, organisation: OrganisationId, now: Timestamp) -> Result<(), Error> {
    tx.execute("UPDATE organisation SET updated_at = $2 WHERE id = $1", &args![organisation, now]).await?;
    Ok(())
}

/// Whether anybody but this member owns the organisation. Only sure after [`hold`].
pub async fn has_other_owner(tx: &mut Tx, organisation: OrganisationId, but: MemberId) -> Result<bool, Error> {
    let other = tx
        .optional(
            "SELECT id FROM member
             WHERE organisation_id = $1 AND role = 'owner' AND id <> $2 AND removed_at IS NULL LIMIT 1",
            &args![organisation, but],
            |row| row.text("id"),
        )
        .await?;
    Ok(other.is_some())
}

/// How many members there are, counted up to `most`.
pub async fn count(tx: &mut Tx, organisation: OrganisationId, most: i64) -> Result<i64, Error> {
    let counted = tx
        .optional(
            "SELECT COUNT(*) AS n FROM
                 (SELECT id FROM member WHERE organisation_id = $1 AND removed_at IS NULL LIMIT $2) AS some_members",
            &args![organisation, most],
            |row| row.int("n"),
        )
        .await?;
    Ok(counted.unwrap_or_default())
}

/// Gives a member another role.
pub async fn set_role(tx: &mut Tx, id: MemberId, role: Role, now: Timestamp) -> Result<(), Error> {
    let (role, further) = role.columns();
    tx.execute(
        "UPDATE member SET role = $2, further_role = $3, updated_at = $4 WHERE id = $1 AND removed_at IS NULL",
        &args![id, role, further, now],
    )
    .await?;
    Ok(())
}

/// Removes a member and ends their sessions. Their subject is free for another membership; their name stays for
/// whoever reads the log.
pub async fn remove(tx: &mut Tx, id: MemberId, now: Timestamp) -> Result<(), Error> {
    tx.execute(
        "UPDATE member SET removed_at = $2, updated_at = $2, subject = $3, email_hash = NULL
         WHERE id = $1 AND removed_at IS NULL",
        &args![id, now, format!("removed:{id}")],
    )
    .await?;
    tx.execute(
        "UPDATE console_session SET ended_at = $2, tokens_sealed = '' WHERE member_id = $1 AND ended_at IS NULL",
        &args![id, now],
    )
    .await?;
    Ok(())
}

/// Keeps what a member is called, as `platform` vouched for it at their last sign-in.
pub async fn set_identity(
    tx: &mut Tx,
    keyring: &Keyring,
    id: MemberId,
    (name, email): (&str, &Email),
    now: Timestamp,
) -> Result<(), Error> {
    let seal = |column: &str, text: &str| keyring.seal_text(Category::Identifiers, &context(column, id), text);
    tx.execute(
        "UPDATE member SET name_sealed = $2, email_sealed = $3, email_hash = $4, updated_at = $5, last_seen_at = $5
         WHERE id = $1",
        &args![id, seal("name_sealed", name), seal("email_sealed", email.as_str()), email_hash(keyring, email), now],
    )
    .await?;
    Ok(())
}

/// What a sealed column of a member is bound to.
fn context(column: &str, id: MemberId) -> String {
    format!("member.{column}:{id}")
}

fn standing(row: &Row) -> Result<Standing, Error> {
    Ok(Standing { id: row.id("id")?, organisation_id: row.id("organisation_id")?, role: row.parse("role")? })
}

fn listed(row: &Row) -> Result<Listed, Error> {
    Ok(Listed {
        id: row.id("id")?,
        role: row.parse("role")?,
        created_at: row.time("created_at")?,
        last_seen_at: row.opt_time("last_seen_at")?,
        name_sealed: row.opt_text("name_sealed")?,
        email_sealed: row.opt_text("email_sealed")?,
    })
}
