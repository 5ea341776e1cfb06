//! Coaches working with clients: invited, then linked.

use polder_crypto::{Category, Keyring};
use polder_db::{Error, Tx, args};
use polder_kernel::{Email, Secret, Timestamp};

use crate::error::Fault;
use crate::model::{Engagement, EngagementId, MemberId};
use crate::store::members::email_index;

/// An invitation to store.
pub struct Invitation<'a> {
    /// Names the tie.
    pub id: EngagementId,
    /// Who invites.
    pub coach: MemberId,
    /// Who is invited.
    pub email: &'a Email,
    /// The name the coach knows them by.
    pub name: &'a str,
    /// The secret in the mailed link.
    pub token: &'a Secret<String>,
}

/// The stored form of a mailed link's secret.
pub fn token_hash(keys: &Keyring, token: &str) -> String {
    keys.index("engagement.invitation", token.as_bytes())
}

/// Invites somebody, or again: the newest link counts. False when they are linked already.
///
/// # Errors
/// Storage.
pub async fn invite(tx: &mut Tx, keys: &Keyring, invitation: &Invitation<'_>, now: Timestamp) -> Result<bool, Error> {
    let index = email_index(keys, invitation.email);
    let known = tx
        .optional(
            "SELECT id, linked_at FROM engagement WHERE coach_id = $1 AND email_index = $2",
            &args![invitation.coach, index.as_str()],
            |row| Ok((row.id("id")?, row.opt_time("linked_at")?)),
        )
        .await?;
    if matches!(known, Some((_, Some(_)))) {
        return Ok(false);
    }
    let id: EngagementId = known.map_or(invitation.id, |(id, _)| id);
    let seal =
        |column: &str, text: &str| keys.seal_text(Category::Identifiers, &format!("engagement.{column}:{id}"), text);
    tx.execute(
        "INSERT INTO engagement (id, coach_id, email_index, email_sealed, name_sealed, invitation_hash, invited_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7)
         ON CONFLICT (id) DO UPDATE SET name_sealed = $5, invitation_hash = $6, invited_at = $7",
        &args![
            id,
            invitation.coach,
            index,
            seal("email_sealed", invitation.email.as_str()),
            seal("name_sealed", invitation.name),
            token_hash(keys, invitation.token.expose()),
            now
        ],
    )
    .await?;
    Ok(true)
}

/// Links every open invitation of a verified address to a portal member: one account, several
/// coaches (P2). Gives how many.
///
/// # Errors
/// Storage.
pub async fn link(tx: &mut Tx, keys: &Keyring, client: MemberId, email: &Email, now: Timestamp) -> Result<u64, Error> {
    tx.execute(
        "UPDATE engagement SET client_id = $1, linked_at = $2 WHERE email_index = $3 AND client_id IS NULL",
        &args![client, now, email_index(keys, email)],
    )
    .await
}

/// A coach's clients, newest invitation first; at most a thousand.
///
/// # Errors
/// Storage, or a row that was not sealed here.
pub async fn of_coach(tx: &mut Tx, keys: &Keyring, coach: MemberId) -> Result<Vec<Engagement>, Fault> {
    let rows = tx
        .all(
            "SELECT id, email_sealed, name_sealed, invited_at, linked_at FROM engagement
             WHERE coach_id = $1 ORDER BY invited_at DESC, id DESC LIMIT 1000",
            &args![coach],
            |row| {
                let id: EngagementId = row.id("id")?;
                Ok((
                    id,
                    row.text("email_sealed")?,
                    row.text("name_sealed")?,
                    row.time("invited_at")?,
                    row.opt_time("linked_at")?,
                ))
            },
        )
        .await?;
    let open = |id, column: &str, text: &str| {
        keys.unseal_text(Category::Identifiers, &format!("engagement.{column}:{id}"), text)
    };
    rows.into_iter()
        .map(|(id, email, name, invited_at, linked_at)| {
            let (email, name) = (open(id, "email_sealed", &email)?, open(id, "name_sealed", &name)?);
            Ok(Engagement { email, name, invited_at, linked_at })
        })
        .collect()
}

/// A coach as a client sees them.
pub struct CoachOfClient {
    /// The coach's name.
    pub name: String,
    /// The coach's address.
    pub email: String,
    /// Since when they work together.
    pub since: Timestamp,
}

/// The coaches of a portal member.
///
/// # Errors
/// Storage, or a row that was not sealed here.
pub async fn of_client(tx: &mut Tx, keys: &Keyring, client: MemberId) -> Result<Vec<CoachOfClient>, Fault> {
    let rows = tx
        .all(
            "SELECT member.id AS member_id, member.side, member.email_sealed, member.name_sealed, engagement.linked_at
             FROM engagement JOIN member ON member.id = engagement.coach_id
             WHERE engagement.client_id = $1 ORDER BY engagement.linked_at, engagement.id LIMIT 1000",
            &args![client],
            |row| Ok((super::members::Sealed::from_row(row)?, row.time("linked_at")?)),
        )
        .await?;
    rows.into_iter()
        .map(|(sealed, since)| {
            let coach = sealed.open(keys)?;
            Ok(CoachOfClient { name: coach.name, email: coach.email.as_str().to_owned(), since })
        })
        .collect()
}

/// Whose invitation a mailed link is, and for which address: `None` once it is linked or replaced.
///
/// # Errors
/// Storage, or a row that was not sealed here.
pub async fn by_token(tx: &mut Tx, keys: &Keyring, token: &str) -> Result<Option<(String, String)>, Fault> {
    let row = tx
        .optional(
            "SELECT engagement.id, engagement.email_sealed AS invited_sealed, member.id AS member_id, member.side,
                    member.email_sealed, member.name_sealed
             FROM engagement JOIN member ON member.id = engagement.coach_id
             WHERE engagement.invitation_hash = $1 AND engagement.client_id IS NULL",
            &args![token_hash(keys, token)],
            |row| {
                let id: EngagementId = row.id("id")?;
                Ok((id, row.text("invited_sealed")?, super::members::Sealed::from_row(row)?))
            },
        )
        .await?;
    let Some((id, invited, coach)) = row else { return Ok(None) };
    let invited = keys.unseal_text(Category::Identifiers, &format!("engagement.email_sealed:{id}"), &invited)?;
    Ok(Some((coach.open(keys)?.name, invited)))
}
