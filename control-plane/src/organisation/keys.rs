//! Keys of the public API: made, narrowed or widened, revoked.

use std::sync::Arc;
use std::time::Duration;

use polder_kernel::{Secret, Timestamp};

use super::{By, Refusal};
use crate::app::App;
use crate::audit;
use crate::credentials::{hash_api_key, new_api_key};
use crate::model::{ApiKeyId, OrganisationId};
use crate::store::api_keys::{self, Listed, NewApiKey, Rights};

/// The longest name, in characters.
pub const NAME: usize = 64;
/// How long a key lives unless something else is said, in days.
pub const USUAL_DAYS: u32 = 90;
/// The longest that one lives which does not live for ever, in days.
pub const MOST_DAYS: u32 = 3650;

/// What is wished for.
#[derive(Clone, Debug)]
pub struct Wish {
    /// What it is called.
    pub name: String,
    /// What it may do.
    pub rights: Rights,
}

/// When a key ends that lives for so many days; 0 is for ever.
pub fn after(now: Timestamp, days: u32) -> Option<Timestamp> {
    (days > 0).then(|| now + Duration::from_secs(u64::from(days) * 24 * 60 * 60))
}

impl Wish {
    /// # Errors
    /// [`Refusal::Name`] or [`Refusal::Rights`]; [`Refusal::RightsAboveOwn`] for more than `own`.
    fn check(&self, own: Option<&Rights>) -> Result<(), Refusal> {
        let length = self.name.chars().count();
        if length == 0 || length > NAME || self.name.contains(char::is_control) {
            return Err(Refusal::Name);
        }
        if self.rights.scopes.is_empty() {
            return Err(Refusal::Rights("/scopes".to_owned()));
        }
        if own.is_some_and(|own| !own.include(&self.rights)) {
            return Err(Refusal::RightsAboveOwn);
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
}

/// A page of an organisation's keys, newest first, revoked ones among them, and whether there are more.
///
/// # Errors
/// The database's.
pub async fn page(
    app: &App,
    organisation: OrganisationId,
    before: Option<ApiKeyId>,
    limit: u32,
) -> Result<(Vec<Listed>, bool), Refusal> {
    let mut found = api_keys::page(&mut app.db.read().await?, organisation, before, i64::from(limit) + 1).await?;
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

/// Makes a key, which is shown this once. `own` are the rights of the key that asks for it, if one does.
///
/// # Errors
/// [`Refusal`].
pub async fn create(
    app: &Arc<App>,
    by: &By,
    own: Option<&Rights>,
    wish: Wish,
) -> Result<(Listed, Secret<String>), Refusal> {
    wish.check(own)?;
    let (key, now) = (new_api_key(&app.entropy), app.clock.now());
    let row = NewApiKey {
        id: ApiKeyId::new(&app.clock, &app.entropy),
        organisation_id: by.organisation_id,
        name: wish.name.clone(),
        key_hash: hash_api_key(&app.keyring, key.expose()),
        rights: wish.rights.clone(),
        created_by: by.acting.actor.id(),
    };
    let facts = wish.facts(row.id);
    let facts: Vec<(&str, &str)> = facts.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let event = audit::event("api_key.created", &by.acting, None, &facts);
    let (id, organisation) = (row.id, by.organisation_id);
    app.db
        .write(move |tx| {
            Box::pin(async move {
                api_keys::insert(tx, &row, now).await?;
                polder_audit::record(tx, event);
                Ok::<_, Refusal>(())
            })
        })
        .await?;
    Ok((show(app, organisation, id).await?, key))
}

/// Gives a living key another name and other rights.
///
/// # Errors
/// [`Refusal`].
pub async fn change(
    app: &Arc<App>,
    by: &By,
    own: Option<&Rights>,
    (id, wish): (ApiKeyId, Wish),
) -> Result<Listed, Refusal> {
    wish.check(own)?;
    let facts = wish.facts(id);
    let facts: Vec<(&str, &str)> = facts.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let event = audit::event("api_key.changed", &by.acting, None, &facts);
    let organisation = by.organisation_id;
    app.db
        .write(move |tx| {
            Box::pin(async move {
                if !api_keys::change(tx, (organisation, id), (&wish.name, &wish.rights)).await? {
                    return Err(Refusal::Unknown);
                }
                polder_audit::record(tx, event);
                Ok(())
            })
        })
        .await?;
    show(app, organisation, id).await
}

/// Revokes a living key.
///
/// # Errors
/// [`Refusal::Unknown`].
pub async fn revoke(app: &Arc<App>, by: &By, id: ApiKeyId) -> Result<(), Refusal> {
    let (organisation, now, text) = (by.organisation_id, app.clock.now(), id.to_string());
    let event = audit::event("api_key.revoked", &by.acting, None, &[("api_key", &text)]);
    app.db
        .write(move |tx| {
            Box::pin(async move {
                if !api_keys::revoke(tx, organisation, id, now).await? {
                    return Err(Refusal::Unknown);
                }
                polder_audit::record(tx, event);
                Ok(())
            })
        })
        .await
}
