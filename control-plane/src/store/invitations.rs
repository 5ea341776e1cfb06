//! Invitations to become a member. Single use; the token's keyed hash is the only lasting trace of the link.
//! One by mail is bound to its address; one that the control plane itself makes, for an owner, is not.

use polder_crypto::{Category, Keyring, SealError};
use polder_db::{Error, Row, Tx, args};
use polder_kernel::{Email, Locale, Timestamp};

use super::members::email_hash;
use crate::model::{Actor, InvitationId, OrganisationId, Role};

/// An invitation by mail to keep.
#[derive(Clone)]
pub struct NewInvitation {
    /// Names it.
    pub id: InvitationId,
    /// Into which organisation.
    pub organisation_id: OrganisationId,
    /// As what.
    pub role: Role,
    /// Whom.
    pub email: Email,
    /// The language of the mail.
    pub locale: Locale,
    /// Who invites.
    pub by: Actor,
    /// When it was made, and until when it can be used.
    pub times: (Timestamp, Timestamp),
}

/// A link that opens an invitation: its keyed hash, and itself until the mail is handed on.
#[derive(Clone, Copy)]
pub struct Link<'a> {
    /// How it is found.
    pub hash: &'a str,
    /// The token.
    pub token: &'a str,
}

/// An invitation by mail, as a list shows it.
#[derive(Clone)]
pub struct Pending {
    /// Names it.
    pub id: InvitationId,
    /// As what.
    pub role: Role,
    /// When it was made.
    pub created_at: Timestamp,
    /// Until when it can be used.
    pub expires_at: Timestamp,
    /// When its mail was handed on.
    pub mailed_at: Option<Timestamp>,
    /// How many times it was sent.
    pub sent: i64,
    /// When it was sent last.
    pub sent_at: Timestamp,
    email_sealed: String,
}

impl Pending {
    /// Whom it invites.
    ///
    /// # Errors
    /// When it was sealed under another key.
    pub fn email(&self, keyring: &Keyring) -> Result<String, SealError> {
        keyring.unseal_text(Category::Identifiers, &context("email_sealed", self.id), &self.email_sealed)
    }
}

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

/// Adds an invitation by mail, in place of one that ran out. `false` while another is open for the address.
pub async fn insert(tx: &mut Tx, keyring: &Keyring, new: &NewInvitation, link: Link<'_>) -> Result<bool, Error> {
    let (now, expires_at) = new.times;
    let hash = email_hash(keyring, &new.email);
    tx.execute(
        "UPDATE member_invitation SET revoked_at = $3, token_sealed = NULL, mail_due_at = NULL
         WHERE organisation_id = $1 AND email_hash = $2 AND used_at IS NULL AND revoked_at IS NULL AND expires_at <= $3",
        &args![new.organisation_id, hash.as_str(), now],
    )
    .await?;
    let seal = |column: &str, text: &str| keyring.seal_text(Category::Identifiers, &context(column, new.id), text);
    let (role, further) = new.role.columns();
    let added = tx
        .execute(
            "INSERT INTO member_invitation
                 (id, token_hash, organisation_id, role, further_role, invited_by, invited_by_kind, email_hash,
                  email_sealed, locale, token_sealed, mail_due_at, mail_tries, sent, sent_at, created_at, expires_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 0, 1, $12, $12, $13)
             ON CONFLICT DO NOTHING",
            &args![
                new.id,
                link.hash,
                new.organisation_id,
                role,
                further,
                new.by.id(),
                new.by.kind().as_str(),
                hash,
                seal("email_sealed", new.email.as_str()),
                new.locale.tag(),
                seal("token_sealed", link.token),
                now,
                expires_at
            ],
        )
        .await?;
    Ok(added == 1)
}

/// Gives an open invitation another link, and a mail with it; the one before opens nothing any more. `false` when
/// there is none, or it was sent just now or too often already.
pub async fn renew(
    tx: &mut Tx,
    keyring: &Keyring,
    (id, sent): (InvitationId, i64),
    link: Link<'_>,
    (now, expires_at): (Timestamp, Timestamp),
) -> Result<bool, Error> {
    let sealed = keyring.seal_text(Category::Identifiers, &context("token_sealed", id), link.token);
    let renewed = tx
        .execute(
            "UPDATE member_invitation SET token_hash = $2, token_sealed = $3, mail_due_at = $4, mail_tries = 0,
                 mailed_at = NULL, sent = sent + 1, sent_at = $4, expires_at = $5, subject = NULL
             WHERE id = $1 AND sent = $6 AND used_at IS NULL AND revoked_at IS NULL",
            &args![id, link.hash, sealed, now, expires_at, sent],
        )
        .await?;
    Ok(renewed == 1)
}

/// At most `limit` invitations by mail of an organisation that were neither used nor revoked, oldest first.
/// Those that ran out are among them: they can be sent again.
pub async fn pending(
    tx: &mut Tx,
    organisation: OrganisationId,
    after: Option<InvitationId>,
    limit: i64,
) -> Result<Vec<Pending>, Error> {
    let after = after.map(|id| id.to_string()).unwrap_or_default();
    tx.all(
        "SELECT id, COALESCE(further_role, role) AS role, created_at, expires_at, mailed_at, sent, sent_at, email_sealed
         FROM member_invitation
         WHERE organisation_id = $1 AND id > $2 AND email_sealed IS NOT NULL AND used_at IS NULL AND revoked_at IS NULL
         ORDER BY id LIMIT $3",
        &args![organisation, after, limit],
        from_row,
    )
    .await
}

/// One of those.
pub async fn by_id(tx: &mut Tx, organisation: OrganisationId, id: InvitationId) -> Result<Option<Pending>, Error> {
    tx.optional(
        "SELECT id, COALESCE(further_role, role) AS role, created_at, expires_at, mailed_at, sent, sent_at, email_sealed
         FROM member_invitation
         WHERE id = $2 AND organisation_id = $1 AND email_sealed IS NOT NULL AND used_at IS NULL AND revoked_at IS NULL",
        &args![organisation, id],
        from_row,
    )
    .await
}

/// How many mails an organisation's invitations asked for since `since`, counted up to `most` invitations.
pub async fn mails_since(
    tx: &mut Tx,
    organisation: OrganisationId,
    (since, most): (Timestamp, i64),
) -> Result<i64, Error> {
    let counted = tx
        .optional(
            "SELECT COALESCE(CAST(SUM(sent) AS BIGINT), 0) AS n FROM
                 (SELECT sent FROM member_invitation WHERE organisation_id = $1 AND sent_at > $2 LIMIT $3) AS recent",
            &args![organisation, since, most],
            |row| row.int("n"),
        )
        .await?;
    Ok(counted.unwrap_or_default())
}

/// Whether an address was sent an invitation since `since` that is used or revoked by now.
pub async fn was_sent_since(
    tx: &mut Tx,
    organisation: OrganisationId,
    (email_hash, since): (&str, Timestamp),
) -> Result<bool, Error> {
    let sent = tx
        .optional(
            "SELECT id FROM member_invitation
             WHERE organisation_id = $1 AND sent_at > $3 AND email_hash = $2
                 AND (used_at IS NOT NULL OR revoked_at IS NOT NULL) LIMIT 1",
            &args![organisation, email_hash, since],
            |row| row.text("id"),
        )
        .await?;
    Ok(sent.is_some())
}

/// Ends an open invitation of an organisation; `false` when there is none.
pub async fn revoke(
    tx: &mut Tx,
    organisation: OrganisationId,
    id: InvitationId,
    now: Timestamp,
) -> Result<bool, Error> {
    let revoked = tx
        .execute(
            "UPDATE member_invitation SET revoked_at = $3, token_sealed = NULL, mail_due_at = NULL
             WHERE id = $1 AND organisation_id = $2 AND email_sealed IS NOT NULL
                 AND used_at IS NULL AND revoked_at IS NULL",
            &args![id, organisation, now],
        )
        .await?;
    Ok(revoked == 1)
}

/// Ends the open invitations of an organisation that this member or key made.
pub async fn revoke_of(tx: &mut Tx, organisation: OrganisationId, by: &str, now: Timestamp) -> Result<u64, Error> {
    tx.execute(
        "UPDATE member_invitation SET revoked_at = $3, token_sealed = NULL, mail_due_at = NULL
         WHERE organisation_id = $1 AND invited_by = $2 AND used_at IS NULL AND revoked_at IS NULL",
        &args![organisation, by, now],
    )
    .await
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

/// An invitation that can be used, as its holder sees it.
#[derive(Clone)]
pub struct Open {
    /// Names it.
    pub id: InvitationId,
    /// The organisation's name.
    pub organisation: String,
    /// The address it is bound to; none for one that the control plane itself made.
    pub email: Option<Email>,
}

/// The invitation with this hash, if it can still be used.
pub async fn open(tx: &mut Tx, keyring: &Keyring, token_hash: &str, now: Timestamp) -> Result<Option<Open>, Error> {
    let found = tx
        .optional(
            "SELECT member_invitation.id, organisation.name AS organisation, email_sealed FROM member_invitation
             JOIN organisation ON organisation.id = member_invitation.organisation_id
             WHERE token_hash = $1 AND used_at IS NULL AND revoked_at IS NULL AND expires_at > $2
                 AND closed_at IS NULL",
            &args![token_hash, now],
            |row| Ok((row.id("id")?, row.text("organisation")?, row.opt_text("email_sealed")?)),
        )
        .await?;
    let Some((id, organisation, sealed)) = found else { return Ok(None) };
    let unreadable =
        || Error::Column { column: "member_invitation.email_sealed".to_owned(), problem: "holds no address" };
    let email = sealed
        .map(|sealed| {
            let text = keyring.unseal_text(Category::Identifiers, &context("email_sealed", id), &sealed);
            text.ok().and_then(|text| text.parse().ok()).ok_or_else(unreadable)
        })
        .transpose()?;
    Ok(Some(Open { id, organisation, email }))
}

/// Binds an open invitation to a person at the tenant `platform`, whose address is the invited one where
/// there is one; whoever holds the link may correct that until it is used. `None` when it cannot be used.
pub async fn bind(
    tx: &mut Tx,
    token_hash: &str,
    (subject, email_hash): (&str, &str),
    now: Timestamp,
) -> Result<Option<(InvitationId, OrganisationId)>, Error> {
    tx.optional(
        "UPDATE member_invitation SET subject = $2
         WHERE token_hash = $1 AND used_at IS NULL AND revoked_at IS NULL AND expires_at > $3
             AND (email_hash IS NULL OR email_hash = $4)
         RETURNING id, organisation_id",
        &args![token_hash, subject, now, email_hash],
        |row| Ok((row.id("id")?, row.id("organisation_id")?)),
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

/// Where an invitation leads that is neither used nor revoked.
pub async fn into(tx: &mut Tx, id: InvitationId) -> Result<Option<OrganisationId>, Error> {
    tx.optional(
        "SELECT organisation_id FROM member_invitation WHERE id = $1 AND used_at IS NULL AND revoked_at IS NULL",
        &args![id],
        |row| row.id("organisation_id"),
    )
    .await
}

/// Uses up this invitation, which is bound to this person, who proved this address: one statement decides, so that it
/// is used once. For somebody who is a member, only one into their organisation counts.
pub async fn consume(
    tx: &mut Tx,
    id: InvitationId,
    (subject, email_hash): (&str, &str),
    own: Option<OrganisationId>,
    now: Timestamp,
) -> Result<Option<Given>, Error> {
    tx.optional(
        "UPDATE member_invitation SET used_at = $2, token_sealed = NULL, mail_due_at = NULL
         WHERE id = $5 AND subject = $1 AND used_at IS NULL AND revoked_at IS NULL AND expires_at > $2
             AND (email_hash IS NULL OR email_hash = $3) AND organisation_id = COALESCE($4, organisation_id)
         RETURNING id, organisation_id, COALESCE(further_role, role) AS role",
        &args![subject, now, email_hash, own, id],
        |row| Ok(Given { id: row.id("id")?, organisation_id: row.id("organisation_id")?, role: row.parse("role")? }),
    )
    .await
}

/// A mail that is to be sent.
#[derive(Clone)]
pub struct Due {
    /// The invitation.
    pub id: InvitationId,
    /// How many times that was tried.
    pub tries: i64,
    /// Which sending of it this is.
    pub sent: i64,
    /// The organisation's name.
    pub organisation: String,
    /// The language.
    pub locale: Locale,
    /// Until when the link can be used.
    pub expires_at: Timestamp,
    email_sealed: String,
    token_sealed: String,
}

impl Due {
    /// To whom, and the token of the link.
    ///
    /// # Errors
    /// When they were sealed under another key.
    pub fn letter(&self, keyring: &Keyring) -> Result<(String, String), SealError> {
        let open = |column, sealed: &str| keyring.unseal_text(Category::Identifiers, &context(column, self.id), sealed);
        Ok((open("email_sealed", &self.email_sealed)?, open("token_sealed", &self.token_sealed)?))
    }
}

/// At most ten mails that are due.
pub async fn due(tx: &mut Tx, now: Timestamp) -> Result<Vec<Due>, Error> {
    tx.all(
        "SELECT member_invitation.id, mail_tries, sent, organisation.name AS organisation, locale, expires_at, email_sealed,
             token_sealed
         FROM member_invitation JOIN organisation ON organisation.id = member_invitation.organisation_id
         WHERE mail_due_at IS NOT NULL AND mail_due_at <= $1 AND token_sealed IS NOT NULL
         ORDER BY mail_due_at LIMIT 10",
        &args![now],
        |row| {
            Ok(Due {
                id: row.id("id")?,
                tries: row.int("mail_tries")?,
                sent: row.int("sent")?,
                organisation: row.text("organisation")?,
                locale: row.parse("locale")?,
                expires_at: row.time("expires_at")?,
                email_sealed: row.text("email_sealed")?,
                token_sealed: row.text("token_sealed")?,
            })
        },
    )
    .await
}

/// The mail was handed on: the token is forgotten, unless there is another by now.
pub async fn mailed(tx: &mut Tx, due: &Due, now: Timestamp) -> Result<(), Error> {
    tx.execute(
        "UPDATE member_invitation SET mailed_at = $2, token_sealed = NULL, mail_due_at = NULL
         WHERE id = $1 AND sent = $3",
        &args![due.id, now, due.sent],
    )
    .await?;
    Ok(())
}

/// The mail was not taken: the next try is at `again`, or there is none and the token is forgotten.
pub async fn not_mailed(tx: &mut Tx, due: &Due, again: Option<Timestamp>) -> Result<(), Error> {
    tx.execute(
        "UPDATE member_invitation SET mail_tries = mail_tries + 1, mail_due_at = $2,
             token_sealed = CASE WHEN CAST($2 AS BIGINT) IS NULL THEN NULL ELSE token_sealed END
         WHERE id = $1 AND sent = $3",
        &args![due.id, again, due.sent],
    )
    .await?;
    Ok(())
}

fn context(column: &str, id: InvitationId) -> String {
    format!("member_invitation.{column}:{id}")
}

fn from_row(row: &Row) -> Result<Pending, Error> {
    Ok(Pending {
        id: row.id("id")?,
        role: row.parse("role")?,
        created_at: row.time("created_at")?,
        expires_at: row.time("expires_at")?,
        mailed_at: row.opt_time("mailed_at")?,
        sent: row.int("sent")?,
        sent_at: row.time("sent_at")?,
        email_sealed: row.text("email_sealed")?,
    })
}
