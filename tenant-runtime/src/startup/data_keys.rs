//! The tenant's data keys: unwrapped at each start, made at the first.

use polder_crypto::{Keyring, SealKey};
use polder_db::Db;
use polder_kernel::{Clock, Entropy};

use super::Refused;
use crate::store;

/// Opens the keyring, making its keys where there are none.
pub(super) async fn open(db: &Db, seal: &SealKey, clock: &Clock, entropy: &Entropy) -> Result<Keyring, Refused> {
    let mut tx = db.read().await?;
    let mut rows = store::data_keys::all(&mut tx).await?;
    drop(tx);
    if rows.is_empty() {
        rows = Keyring::generate(seal, entropy);
        let (keys, now) = (rows.clone(), clock.now());
        db.write(move |tx| Box::pin(async move { store::data_keys::add(tx, &keys, now).await })).await?;
    }
    Keyring::open(seal, &rows, entropy.clone()).map_err(|_| Refused::SealKey)
}
