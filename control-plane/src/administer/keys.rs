//! Custody of a tenant's keys: signing keys and data keys, which the tenant makes and keeps itself, and the
//! seal key, which the control plane keeps as a file and the tenant reads there.
//!
//! ```text
//! seal key: FILE.next made, on disk ─> tenant told (or restarted) ─> its data keys are under it ─> FILE.next takes
//!           FILE's place, the old one is overwritten
//! ```
//!
//! Killed anywhere in between, [`rotate_seal`] goes on where it was: [`crate::custody`] calls it again.

use http::{Method, StatusCode};
use polder_crypto::SealKey;
use polder_tenant_api::{DataKey, Key, Page, RotateDataKeys, RotateKeys, SealKeyInUse};
use serde_json::Value;

use super::{On, Refused};
use crate::provision::{self, Action, ChangeError};
use crate::secrets::Name;
use crate::tenant_client::CallError;

/// How long a restart with the new seal key is waited for.
const RESTART: std::time::Duration = std::time::Duration::from_secs(30);

/// The signing keys, newest first; no private part.
pub async fn list(on: &On) -> Result<Page<Key>, Refused> {
    on.ask("/keys").await
}

/// Rotates signing keys: new ones are published and sign in a while; in an emergency the old ones are gone
/// at once. The keys as they are then.
pub async fn rotate(on: &On, wish: &RotateKeys) -> Result<Page<Key>, Refused> {
    let keys = on.change((Method::POST, "/keys/rotate"), Some(wish)).await?;
    let algorithm = wish.algorithm.map_or("all", |algorithm| algorithm.as_str());
    let action = if wish.emergency { "keys.dropped" } else { "keys.rotated" };
    on.record(on.event_with(action, &[("algorithm", algorithm)])).await?;
    Ok(keys)
}

/// The data keys by category and version, of which only the names are known.
pub async fn list_data(on: &On) -> Result<Page<DataKey>, Refused> {
    on.ask("/data-keys").await
}

/// Rotates data keys: new versions seal at once, rows are resealed in the background.
pub async fn rotate_data(on: &On, wish: &RotateDataKeys) -> Result<Page<DataKey>, Refused> {
    let keys = on.change((Method::POST, "/data-keys/rotate"), Some(wish)).await?;
    let category = wish.category.as_deref().unwrap_or("all");
    on.record(on.event_with("data_keys.rotated", &[("category", category)])).await?;
    Ok(keys)
}

/// The seal key that the tenant uses.
pub async fn seal(on: &On) -> Result<SealKeyInUse, Refused> {
    on.ask("/seal-key").await
}

/// Gives the tenant a new seal key, or goes on with one that it was about to get. The old one is destroyed
/// once nothing needs it.
pub async fn rotate_seal(on: &On) -> Result<SealKeyInUse, Refused> {
    let _turn = on.app.rotations.turn(on.tenant.id).await;
    let next = next_seal(on)?.id();
    if take_up(on).await?.id != next {
        // It does not see the file: what it sees was put there when it was started.
        let restarted = provision::change(&on.app, &on.acting, on.tenant.id, Action::Restart).await;
        restarted.map_err(|error| match error {
            ChangeError::Database(error) => Refused::Database(error),
            // Somebody put it to sleep meanwhile, or is about to: worth trying again.
            _ => CallError::NotRunning.into(),
        })?;
        provision::settled(&on.app, on.tenant.id, RESTART).await;
        if take_up(on).await?.id != next {
            return Err(CallError::Unsendable("the tenant did not take up its next seal key".to_owned()).into());
        }
    }
    on.record(on.event_with("seal_key.rotated", &[("seal_key", &next)])).await?;
    on.app.secrets.promote_seal(&on.tenant.short_id).map_err(files)?;
    Ok(SealKeyInUse { id: next })
}

/// The seal key that is to follow: made where there is none, and on the disk before anybody uses it.
fn next_seal(on: &On) -> Result<SealKey, Refused> {
    let (secrets, name) = (&on.app.secrets, Name::TenantSealNext(&on.tenant.short_id));
    if !secrets.has(&name) {
        secrets.keep(&name, &SealKey::generate(&on.app.entropy).to_text()).map_err(files)?;
    }
    let text = secrets.read(&name).map_err(files)?;
    let key = text.and_then(|text| SealKey::parse(text.expose()).ok());
    key.ok_or_else(|| CallError::Unsendable("the next seal key cannot be read".to_owned()).into())
}

/// Asks the tenant to take up the key beside the one it uses; the one it uses then, whichever that is.
async fn take_up(on: &On) -> Result<SealKeyInUse, Refused> {
    match on.change((Method::POST, "/seal-key/rotate"), None::<&Value>).await {
        Err(Refused::Said(StatusCode::CONFLICT, _)) => on.ask("/seal-key").await,
        answer => answer,
    }
}

#[expect(clippy::needless_pass_by_value, reason = "map_err gives it away")]
fn files(error: std::io::Error) -> Refused {
    CallError::Unsendable(format!("the seal key's files: {error}")).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::ActingFor;
    use crate::custody;
    use crate::store::tenants;
    use crate::testing::World;
    use polder_kernel::Secret;
    use serde_json::json;

    async fn on(world: &World) -> On {
        let slug = "acme".parse().unwrap();
        let tenant = tenants::by_slug(&mut world.app.db.read().await.unwrap(), &slug).await.unwrap().unwrap();
        On { app: world.app.clone(), tenant, acting: ActingFor::system() }
    }

    fn keep(on: &On, name: &Name<'_>, key: &SealKey) {
        on.app.secrets.keep(name, &key.to_text()).unwrap();
    }

    fn kept(on: &On) -> (String, bool) {
        let short = &on.tenant.short_id;
        let text = on.app.secrets.read(&Name::TenantSeal(short)).unwrap().unwrap();
        (SealKey::parse(text.expose()).unwrap().id(), on.app.secrets.has(&Name::TenantSealNext(short)))
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn g17_a_seal_key_is_destroyed_only_once_the_tenant_uses_the_next_one() {
        let world = World::new().await;
        let on = on(&world).await;
        let (old, next) = (SealKey::generate(&world.app.entropy), SealKey::generate(&world.app.entropy));
        keep(&on, &Name::TenantSeal(&on.tenant.short_id), &old);
        keep(&on, &Name::TenantSealNext(&on.tenant.short_id), &next);
        // It has not answered yet: both stay.
        *world.stub.answer.lock().unwrap() = Some((StatusCode::SERVICE_UNAVAILABLE, json!({})));
        assert!(rotate_seal(&on).await.is_err());
        assert_eq!(kept(&on), (old.id(), true));
        // It had taken it up when the control plane was killed: that is completed by itself.
        *world.stub.answer.lock().unwrap() = Some((StatusCode::OK, json!({"id": next.id()})));
        custody::round(&world.app).await.unwrap();
        assert_eq!(kept(&on), (next.id(), false));
        let log = world.log().await;
        assert_eq!(log.iter().filter(|(action, ..)| action == "seal_key.rotated").count(), 1, "{log:?}");
        custody::round(&world.app).await.unwrap();
        assert_eq!(kept(&on), (next.id(), false), "nothing is due");
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn g17_one_rotation_of_a_seal_key_comes_after_the_other() {
        let world = World::new().await;
        let on = on(&world).await;
        let (old, next) = (SealKey::generate(&world.app.entropy), SealKey::generate(&world.app.entropy));
        keep(&on, &Name::TenantSeal(&on.tenant.short_id), &old);
        // One that has heard that the tenant uses its next key, and has not yet put that in its place.
        let first = world.app.rotations.turn(on.tenant.id).await;
        let waited = tokio::time::timeout(std::time::Duration::from_millis(200), rotate_seal(&on)).await;
        assert!(waited.is_err() && world.stub.seen().is_empty());
        assert_eq!(kept(&on), (old.id(), false), "no key is made that it would take for its own");
        drop(first);
        keep(&on, &Name::TenantSealNext(&on.tenant.short_id), &next);
        *world.stub.answer.lock().unwrap() = Some((StatusCode::OK, json!({"id": next.id()})));
        rotate_seal(&on).await.unwrap();
        assert_eq!(kept(&on), (next.id(), false));
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn g17_a_tenant_that_goes_on_with_its_old_seal_key_keeps_it() {
        let world = World::new().await;
        let on = on(&world).await;
        let (old, next) = (SealKey::generate(&world.app.entropy), SealKey::generate(&world.app.entropy));
        keep(&on, &Name::TenantSeal(&on.tenant.short_id), &old);
        keep(&on, &Name::TenantSealNext(&on.tenant.short_id), &next);
        *world.stub.answer.lock().unwrap() = Some((StatusCode::OK, json!({"id": old.id()})));
        assert!(rotate_seal(&on).await.is_err(), "not even a restart helps");
        assert_eq!(kept(&on), (old.id(), true), "both are there for the next try");
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn g17_a_next_seal_key_that_cannot_be_read_changes_nothing() {
        let world = World::new().await;
        let on = on(&world).await;
        let old = SealKey::generate(&world.app.entropy);
        keep(&on, &Name::TenantSeal(&on.tenant.short_id), &old);
        let name = Name::TenantSealNext(&on.tenant.short_id);
        world.app.secrets.keep(&name, &Secret::new("half".to_owned())).unwrap();
        assert!(rotate_seal(&on).await.is_err());
        assert_eq!(kept(&on), (old.id(), true));
        assert!(world.stub.seen().is_empty(), "the tenant was not asked");
    }
}
