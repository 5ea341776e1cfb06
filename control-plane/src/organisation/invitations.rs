//! Invitations by mail: bound to an address, used once, good for a week.

use std::sync::Arc;
use std::time::Duration;

use polder_db::Tx;
use polder_kernel::{Email, Locale, Secret, Timestamp};

use super::{By, Refusal, members as own_members};
use crate::app::App;
use crate::audit;
use crate::credentials::hash_invitation;
use crate::model::{InvitationId, OrganisationId, Role};
use crate::store::invitations::{self, Link, NewInvitation, Pending};
use crate::store::members;

/// How long an invitation can be used, and how long again after it was sent again.
pub const LIFETIME: Duration = Duration::from_secs(7 * DAY);
/// How long somebody waits before an invitation is sent again.
pub const PAUSE: Duration = Duration::from_secs(60);
/// How many times one is sent.
pub const SENDINGS: i64 = 5;
/// How many mails an organisation may have sent in a day.
pub const MAILS: i64 = 100;

const DAY: u64 = 24 * 60 * 60;

/// An invitation that is neither used nor revoked, in words.
#[derive(Clone, Debug)]
pub struct Invitation {
    /// Names it.
    pub id: InvitationId,
    /// Whom it invites.
    pub email: String,
    /// As what.
    pub role: Role,
    /// When it was made.
    pub created_at: Timestamp,
    /// Until when it can be used.
    pub expires_at: Timestamp,
    /// When its mail was handed on.
    pub mailed_at: Option<Timestamp>,
}

impl Invitation {
    fn of(app: &App, pending: &Pending) -> Result<Self, Refusal> {
        let email = pending.email(&app.keyring)?;
        let Pending { id, role, created_at, expires_at, mailed_at, .. } = *pending;
        Ok(Self { id, email, role, created_at, expires_at, mailed_at })
    }
}

/// A page of them, oldest first, and whether there are more.
///
/// # Errors
/// The database's.
pub async fn page(
    app: &App,
    organisation: OrganisationId,
    after: Option<InvitationId>,
    limit: u32,
) -> Result<(Vec<Invitation>, bool), Refusal> {
    let found = invitations::pending(&mut app.db.read().await?, organisation, after, i64::from(limit) + 1).await?;
    let wanted = usize::try_from(limit).unwrap_or(usize::MAX);
    let page = found.iter().take(wanted).map(|pending| Invitation::of(app, pending)).collect::<Result<_, _>>()?;
    Ok((page, found.len() > wanted))
}

/// Invites somebody. What comes back with it is the link, for whoever invites to hand on: it is kept nowhere.
///
/// # Errors
/// [`Refusal`].
pub async fn invite(
    app: &Arc<App>,
    by: &By,
    (email, role, locale): (Email, Role, Locale),
) -> Result<(Invitation, Secret<String>), Refusal> {
    let (unit, by, now) = (Arc::clone(app), by.clone(), app.clock.now());
    let (token, id) = (app.entropy.token(), InvitationId::new(&app.clock, &app.entropy));
    let hash = hash_invitation(&app.keyring, token.expose());
    let (sealed_token, shown) = (token.expose().clone(), email.clone());
    let made = app
        .db
        .write(move |tx| {
            Box::pin(async move {
                members::hold(tx, by.organisation_id, now).await?;
                by.reaches(tx, role).await?;
                let found = members::email_hash(&unit.keyring, &email);
                if members::by_email(tx, by.organisation_id, &found).await?.is_some() {
                    return Err(Refusal::AlreadyMember);
                }
                if members::count(tx, by.organisation_id, own_members::MOST).await? >= own_members::MOST {
                    return Err(Refusal::Full);
                }
                // Revoking one and making another is no way around the pause.
                if invitations::was_sent_since(tx, by.organisation_id, (&found, before(now, PAUSE))).await? {
                    return Err(Refusal::TooManyMails(PAUSE));
                }
                has_share(tx, by.organisation_id, now).await?;
                let times = (now, now + LIFETIME);
                let (organisation_id, actor) = (by.organisation_id, by.acting.actor);
                let new = NewInvitation { id, organisation_id, role, email, locale, by: actor, times };
                let link = Link { hash: &hash, token: &sealed_token };
                if !invitations::insert(tx, &unit.keyring, &new, link).await? {
                    return Err(Refusal::AlreadyInvited);
                }
                let (named, masked) = (id.to_string(), new.email.masked());
                let facts = [("invitation", named.as_str()), ("role", role.as_str()), ("email", masked.as_str())];
                polder_audit::record(tx, audit::event("member.invited", &by.acting, None, &facts));
                Ok(times)
            })
        })
        .await?;
    app.mail_bell.notify_one();
    let (created_at, expires_at) = made;
    let email = shown.as_str().to_owned();
    let invitation = Invitation { id, email, role, created_at, expires_at, mailed_at: None };
    Ok((invitation, link(app, &token)))
}

/// Sends an open invitation again, with another link: the one before opens nothing any more.
///
/// # Errors
/// [`Refusal`].
pub async fn resend(app: &Arc<App>, by: &By, id: InvitationId) -> Result<(Invitation, Secret<String>), Refusal> {
    let (unit, by, now) = (Arc::clone(app), by.clone(), app.clock.now());
    let token = app.entropy.token();
    let (hash, sealed_token) = (hash_invitation(&app.keyring, token.expose()), token.expose().clone());
    let organisation = by.organisation_id;
    app.db
        .write(move |tx| {
            Box::pin(async move {
                members::hold(tx, by.organisation_id, now).await?;
                let found = invitations::by_id(tx, by.organisation_id, id).await?.ok_or(Refusal::Unknown)?;
                by.reaches(tx, found.role).await?;
                if found.sent >= SENDINGS {
                    return Err(Refusal::TooManyMails(Duration::from_secs(DAY)));
                }
                if found.sent_at + PAUSE > now {
                    return Err(Refusal::TooManyMails(PAUSE));
                }
                has_share(tx, by.organisation_id, now).await?;
                let link = Link { hash: &hash, token: &sealed_token };
                let times = (now, now + LIFETIME);
                if !invitations::renew(tx, &unit.keyring, (id, found.sent), link, times).await? {
                    return Err(Refusal::TooManyMails(PAUSE));
                }
                let named = id.to_string();
                let facts = [("invitation", named.as_str())];
                polder_audit::record(tx, audit::event("member.invited_again", &by.acting, None, &facts));
                Ok(())
            })
        })
        .await?;
    app.mail_bell.notify_one();
    let found = invitations::by_id(&mut app.db.read().await?, organisation, id).await?;
    Ok((Invitation::of(app, &found.ok_or(Refusal::Unknown)?)?, link(app, &token)))
}

/// Revokes an open invitation.
///
/// # Errors
/// [`Refusal`].
pub async fn revoke(app: &Arc<App>, by: &By, id: InvitationId) -> Result<(), Refusal> {
    let (by, now) = (by.clone(), app.clock.now());
    app.db
        .write(move |tx| {
            Box::pin(async move {
                let found = invitations::by_id(tx, by.organisation_id, id).await?.ok_or(Refusal::Unknown)?;
                by.reaches(tx, found.role).await?;
                if !invitations::revoke(tx, by.organisation_id, id, now).await? {
                    return Err(Refusal::Unknown);
                }
                let named = id.to_string();
                let facts = [("invitation", named.as_str())];
                polder_audit::record(tx, audit::event("member.invitation_revoked", &by.acting, None, &facts));
                Ok(())
            })
        })
        .await
}

/// Checks that an organisation has some of its share of mail left.
async fn has_share(tx: &mut Tx, organisation: OrganisationId, now: Timestamp) -> Result<(), Refusal> {
    let since = before(now, Duration::from_secs(DAY));
    if invitations::mails_since(tx, organisation, (since, MAILS)).await? >= MAILS {
        return Err(Refusal::TooManyMails(Duration::from_secs(60 * 60)));
    }
    Ok(())
}

fn before(now: Timestamp, time: Duration) -> Timestamp {
    Timestamp::from_millis(now.millis() - i64::try_from(time.as_millis()).unwrap_or(0))
}

/// The address that opens an invitation.
pub fn link(app: &App, token: &Secret<String>) -> Secret<String> {
    Secret::new(format!("{}/invitation/{}", app.settings.console(), token.expose()))
}
