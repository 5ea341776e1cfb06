//! Keys of the public API: made, narrowed or widened, revoked.
//!
//! What a key made does not outlive it: with it go the keys that it made, and theirs, and the invitations that they
//! left open. Changes of an organisation's keys come one after the other, each on what the one before left.

use std::sync::Arc;
use std::time::Duration;

use polder_db::Tx;
use polder_kernel::{Secret, Timestamp};

use super::{By, Refusal};
use crate::app::App;
use crate::audit;
use crate::credentials::{hash_api_key, new_api_key};
use crate::model::{Actor, ApiKeyId, Area, KeyAccess, MemberId, Networks, OrganisationId, Scopes};
use crate::store::api_keys::{self, KeyOrder, Listed, NewApiKey, Rights};
use crate::store::{invitations, members};

/// The longest name, in characters.
pub const NAME: usize = 64;
/// How long a key lives unless something else is said, in days.
pub const USUAL_DAYS: u32 = 90;
/// The longest that one lives which does not live for ever, in days.
pub const MOST_DAYS: u32 = 3650;
/// The most living keys of an organisation.
pub const MOST: i64 = 200;

/// What is wished for.
#[derive(Clone, Debug)]
pub struct Wish {
    /// What it is called.
    pub name: String,
    /// What it may do.
    pub rights: Rights,
}

/// What is to change of a key; what is `None` stays.
#[derive(Clone, Debug, Default)]
pub struct Changes {
    /// What it is called.
    pub name: Option<String>,
    /// What it may do.
    pub scopes: Option<Scopes>,
    /// From where; `Some(None)` for everywhere.
    pub addresses: Option<Option<Networks>>,
    /// Until when; `Some(None)` for ever.
    pub expires_at: Option<Option<Timestamp>>,
}

/// Who made a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Maker {
    /// Somebody who is, or was, a member, and what they are called.
    Member(MemberId, String),
    /// Another key, and its name.
    Key(ApiKeyId, String),
    /// The installation, or somebody it does not remember.
    Other,
}

/// When a key ends that lives for so many days; 0 is for ever.
pub fn after(now: Timestamp, days: u32) -> Option<Timestamp> {
    (days > 0).then(|| now + Duration::from_secs(u64::from(days) * 24 * 60 * 60))
}

impl Changes {
    fn of(self, key: &Listed) -> Wish {
        let Rights { scopes, addresses, expires_at } = key.rights.clone();
        let rights = Rights {
            scopes: self.scopes.unwrap_or(scopes),
            addresses: self.addresses.unwrap_or(addresses),
            expires_at: self.expires_at.unwrap_or(expires_at),
        };
        Wish { name: self.name.unwrap_or_else(|| key.name.clone()), rights }
    }
}

impl Wish {
    /// # Errors
    /// [`Refusal::Name`] or [`Refusal::Rights`].
    fn check(&self) -> Result<(), Refusal> {
        let length = self.name.chars().count();
        if length == 0 || length > NAME || self.name.contains(char::is_control) {
            return Err(Refusal::Name(NAME));
        }
        if self.rights.scopes.is_empty() {
            return Err(Refusal::Rights("/scopes".to_owned()));
        }
        Ok(())
    }

    fn facts(&self, id: ApiKeyId) -> [(&'static str, String); 5] {
        let addresses = self.rights.addresses.as_ref().map_or_else(|| "anywhere".to_owned(), ToString::to_string);
        let until = self.rights.expires_at.map_or_else(|| "never".to_owned(), Timestamp::rfc3339);
        [
            ("api_key", id.to_string()),
            ("name", self.name.clone()),
            ("scopes", self.rights.scopes.to_string()),
            ("addresses", addresses),
            ("expires_at", until),
        ]
    }

    fn record(&self, tx: &mut Tx, action: &'static str, by: &By, id: ApiKeyId) {
        let facts = self.facts(id);
        let facts: Vec<(&str, &str)> = facts.iter().map(|(name, value)| (*name, value.as_str())).collect();
        polder_audit::record(tx, audit::event(action, &by.acting, None, &facts));
    }
}

/// Checks that a key which asks for these rights lives and has them itself: as it is now, not as it was when it asked.
async fn within_own(tx: &mut Tx, by: &By, wanted: &Rights, now: Timestamp) -> Result<(), Refusal> {
    let Actor::ApiKey(id) = by.acting.actor else { return Ok(()) };
    let own = api_keys::by_id(tx, by.organisation_id, id).await?.filter(|own| own.lives(now));
    if own.is_some_and(|own| own.rights.include(wanted)) { Ok(()) } else { Err(Refusal::RightsAboveOwn) }
}

/// A page of an organisation's keys in an order, after one of them, revoked ones among them, and whether there are more.
///
/// # Errors
/// The database's.
pub async fn page(
    app: &App,
    organisation: OrganisationId,
    place: (KeyOrder, Option<ApiKeyId>),
    limit: u32,
) -> Result<(Vec<Listed>, bool), Refusal> {
    let mut found = api_keys::page(&mut app.db.read().await?, organisation, place, i64::from(limit) + 1).await?;
    let wanted = usize::try_from(limit).unwrap_or(usize::MAX);
    let more = found.len() > wanted;
    found.truncate(wanted);
    Ok((found, more))
}

/// One of them.
///
/// # Errors
/// [`Refusal::Unknown`].
pub async fn show(app: &App, organisation: OrganisationId, id: ApiKeyId) -> Result<Listed, Refusal> {
    api_keys::by_id(&mut app.db.read().await?, organisation, id).await?.ok_or(Refusal::Unknown)
}

/// Who made it.
///
/// # Errors
/// The database's.
pub async fn maker(app: &App, organisation: OrganisationId, key: &Listed) -> Result<Maker, Refusal> {
    let mut tx = app.db.read().await?;
    if let Ok(id) = key.created_by.parse::<ApiKeyId>()
        && let Some(other) = api_keys::by_id(&mut tx, organisation, id).await?
    {
        return Ok(Maker::Key(id, other.name));
    }
    if let Ok(id) = key.created_by.parse::<MemberId>()
        && let Some(member) = members::ever(&mut tx, organisation, id).await?
    {
        let (name, email) = member.identity(&app.keyring)?;
        return Ok(Maker::Member(id, if name.is_empty() { email } else { name }));
    }
    Ok(Maker::Other)
}

/// Makes a key, which is shown this once.
///
/// # Errors
/// [`Refusal`].
pub async fn create(app: &Arc<App>, by: &By, wish: Wish) -> Result<(Listed, Secret<String>), Refusal> {
    wish.check()?;
    let (key, now, by) = (new_api_key(&app.entropy), app.clock.now(), by.clone());
    let row = NewApiKey {
        id: ApiKeyId::new(&app.clock, &app.entropy),
        organisation_id: by.organisation_id,
        name: wish.name.clone(),
        key_hash: hash_api_key(&app.keyring, key.expose()),
        rights: wish.rights.clone(),
        created_by: by.acting.actor.id(),
    };
    let (id, organisation) = (row.id, by.organisation_id);
    app.db
        .write(move |tx| {
            Box::pin(async move {
                members::hold(tx, organisation, now).await?;
                within_own(tx, &by, &wish.rights, now).await?;
                if api_keys::count(tx, organisation, (now, MOST)).await? >= MOST {
                    return Err(Refusal::TooManyKeys);
                }
                api_keys::insert(tx, &row, now).await?;
                wish.record(tx, "api_key.created", &by, id);
                Ok(())
            })
        })
        .await?;
    Ok((show(app, organisation, id).await?, key))
}

/// Gives a living key another name and other rights. One that ended by itself stays ended.
///
/// # Errors
/// [`Refusal`].
pub async fn change(app: &Arc<App>, by: &By, id: ApiKeyId, changes: Changes) -> Result<Listed, Refusal> {
    let (organisation, now, by) = (by.organisation_id, app.clock.now(), by.clone());
    app.db
        .write(move |tx| {
            Box::pin(async move {
                members::hold(tx, organisation, now).await?;
                let before = api_keys::by_id(tx, organisation, id).await?.filter(|key| key.revoked_at.is_none());
                let before = before.ok_or(Refusal::Unknown)?;
                if !before.lives(now) {
                    return Err(Refusal::Expired);
                }
                let wish = changes.of(&before);
                wish.check()?;
                within_own(tx, &by, &wish.rights, now).await?;
                if !api_keys::change(tx, (organisation, id), (&wish.name, &wish.rights)).await? {
                    return Err(Refusal::Unknown);
                }
                let invites = |rights: &Rights| rights.scopes.allow(Area::Members, KeyAccess::Write);
                if invites(&before.rights) && !invites(&wish.rights) {
                    invitations::revoke_of(tx, organisation, &id.to_string(), now).await?;
                }
                wish.record(tx, "api_key.changed", &by, id);
                Ok(())
            })
        })
        .await?;
    show(app, organisation, id).await
}

/// Revokes a living key, the keys that it made and those that they made, with the invitations they left open.
///
/// # Errors
/// [`Refusal::Unknown`].
pub async fn revoke(app: &Arc<App>, by: &By, id: ApiKeyId) -> Result<(), Refusal> {
    let (organisation, now, by) = (by.organisation_id, app.clock.now(), by.clone());
    app.db
        .write(move |tx| {
            Box::pin(async move {
                members::hold(tx, organisation, now).await?;
                if !api_keys::revoke(tx, organisation, id, now).await? {
                    return Err(Refusal::Unknown);
                }
                let text = id.to_string();
                invitations::revoke_of(tx, organisation, &text, now).await?;
                polder_audit::record(tx, audit::event("api_key.revoked", &by.acting, None, &[("api_key", &text)]));
                for made in api_keys::made_by(tx, organisation, id).await? {
                    api_keys::revoke(tx, organisation, made, now).await?;
                    let made = made.to_string();
                    invitations::revoke_of(tx, organisation, &made, now).await?;
                    let facts = [("api_key", made.as_str()), ("with", text.as_str())];
                    polder_audit::record(tx, audit::event("api_key.revoked", &by.acting, None, &facts));
                }
                Ok(())
            })
        })
        .await
}
