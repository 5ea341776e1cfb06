//! The tenant's data keys: unwrapped at each start, made at the first.

use polder_crypto::Keyring;
use polder_db::Db;
use polder_kernel::{Clock, Entropy};

use super::{Refused, Unlocked};
use crate::back_channel::Bell;
use crate::keys::SealKeys;
use crate::people::Changed;
use crate::store;

/// Opens the keyring with whichever seal key fits, making its keys where there are none.
pub(super) async fn open(db: &Db, seal: &SealKeys, clock: &Clock, entropy: &Entropy) -> Result<Unlocked, Refused> {
    let mut tx = db.read().await?;
    let mut rows = store::data_keys::all(&mut tx).await?;
    drop(tx);
    if rows.is_empty() {
        rows = Keyring::generate(&seal.current, entropy);
        let (keys, now) = (rows.clone(), clock.now());
        db.write(move |tx| Box::pin(async move { store::data_keys::add(tx, &keys, now).await })).await?;
    }
    let (keyring, in_use, next) = seal.opening(&rows, entropy).map_err(|_| Refused::SealKey)?;
    Ok(Unlocked { keyring, in_use, next, bell: Bell::default(), changed: Changed::default() })
}
