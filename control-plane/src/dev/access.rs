//! Who may use a fresh installation: the first owner by invitation, programs by the key in `dev.json`.

use std::sync::Arc;
use std::time::Duration;

use polder_crypto::Category;
use polder_db::Error;
use polder_kernel::Secret;

use super::problem::Problem;
use crate::app::App;
use crate::audit::{self, ActingFor};
use crate::credentials::{hash_api_key, hash_invitation, new_api_key};
use crate::model::{ApiKeyId, InvitationId, KeyAccess, OrganisationId, Scopes};
use crate::store::api_keys::{self, NewApiKey, Rights};
use crate::store::{invitations, organisations, settings};

/// The name of the key in `dev.json`.
const KEY_NAME: &str = "dev.json";

/// What the sealed key is bound to.
const KEY_CONTEXT: &str = "setting.value:dev.api_key";

/// How long the first owner's invitation can be used.
const INVITATION: Duration = Duration::from_secs(24 * 60 * 60);

/// The one organisation of a `polder dev`, made at the first start.
///
/// # Errors
/// The database's.
pub async fn organisation(app: &Arc<App>) -> Result<OrganisationId, Problem> {
    let (fresh, now) = (OrganisationId::new(&app.clock, &app.entropy), app.clock.now());
    let event = audit::event("organisation.created", &ActingFor::system_within(Some(fresh)), None, &[]);
    let organisation = app
        .db
        .write(move |tx| {
            Box::pin(async move {
                if let Some(there) = organisations::first(tx).await? {
                    return Ok::<_, Error>(there);
                }
                organisations::insert(tx, fresh, "Development", now).await?;
                polder_audit::record(tx, event);
                Ok(fresh)
            })
        })
        .await?;
    Ok(organisation)
}

/// The key of the public API for `dev.json`: made once, then the same on every start. It is kept
/// sealed, so that the file can come and go with what it describes.
///
/// # Errors
/// The database's.
pub async fn api_key(app: &Arc<App>, organisation: OrganisationId) -> Result<Secret<String>, Problem> {
    let now = app.clock.now();
    if let Some(sealed) = settings::get(&mut app.db.read().await?, settings::DEV_API_KEY).await?
        && let Ok(key) = app.keyring.unseal_text(Category::ProviderTokens, KEY_CONTEXT, &sealed)
        && let Some(there) = api_keys::by_hash(&mut app.db.read().await?, &hash_api_key(&app.keyring, &key), now).await?
        // One of before there were scopes is replaced: this one may do everything.
        && there.rights.scopes.include(Scopes::all(KeyAccess::Write))
    {
        return Ok(Secret::new(key));
    }
    let key = new_api_key(&app.entropy);
    let sealed = app.keyring.seal_text(Category::ProviderTokens, KEY_CONTEXT, key.expose());
    let row = NewApiKey {
        id: ApiKeyId::new(&app.clock, &app.entropy),
        organisation_id: organisation,
        name: KEY_NAME.to_owned(),
        key_hash: hash_api_key(&app.keyring, key.expose()),
        rights: Rights::all(KeyAccess::Write),
        created_by: ActingFor::system().actor.id(),
    };
    let id = row.id.to_string();
    let event = audit::event(
        "api_key.created",
        &ActingFor::system_within(Some(organisation)),
        None,
        &[("api_key", &id), ("name", KEY_NAME)],
    );
    app.db
        .write(move |tx| {
            Box::pin(async move {
                api_keys::revoke_named(tx, &row.created_by, KEY_NAME, now).await?;
                api_keys::insert(tx, &row, now).await?;
                settings::set(tx, settings::DEV_API_KEY, &sealed, now).await?;
                polder_audit::record(tx, event);
                Ok::<_, Error>(())
            })
        })
        .await?;
    Ok(key)
}

/// A one-time invitation for the first owner, while there is none. It ends those of earlier starts.
///
/// # Errors
/// The database's.
pub async fn owner_invitation(app: &Arc<App>, organisation: OrganisationId) -> Result<Option<Secret<String>>, Problem> {
    if invitations::has_owner(&mut app.db.read().await?, organisation).await? {
        return Ok(None);
    }
    let token = app.entropy.token();
    let hash = hash_invitation(&app.keyring, token.expose());
    let (id, now) = (InvitationId::new(&app.clock, &app.entropy), app.clock.now());
    let shown = id.to_string();
    let facts = [("invitation", shown.as_str()), ("role", "owner")];
    let event = audit::event("member.invited", &ActingFor::system_within(Some(organisation)), None, &facts);
    app.db
        .write(move |tx| {
            Box::pin(async move {
                invitations::revoke_own(tx, now).await?;
                invitations::insert_owner(tx, id, organisation, &hash, (now, now + INVITATION)).await?;
                polder_audit::record(tx, event);
                Ok::<_, Error>(())
            })
        })
        .await?;
    Ok(Some(token))
}
