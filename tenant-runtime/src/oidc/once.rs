//! What counts once, kept so that a restart forgets nothing: client assertions, DPoP proofs, pushed requests.

use polder_db::Tx;
use polder_kernel::Timestamp;
use polder_kernel::encoding::base64url;

use crate::App;
use crate::error::Internal;
use crate::store::used_jtis;

/// Something that counts once, by the keyed hash of its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Once {
    hash: String,
    until: Timestamp,
}

impl Once {
    /// What `who` called `name`; `purpose` keeps one kind of thing apart from another.
    pub fn new(app: &App, purpose: &str, (who, name): (&str, &str), until: Timestamp) -> Self {
        Self { hash: base64url(&app.keyring.mac(purpose, &[who.as_bytes(), name.as_bytes()])), until }
    }

    /// Uses it within a unit of work. `false` when it was used before.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn take_in(&self, tx: &mut Tx, now: Timestamp) -> Result<bool, Internal> {
        Ok(used_jtis::take(tx, &self.hash, now, self.until).await?)
    }

    /// Uses it: durable before this answers. `false` when it was used before.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn take(&self, app: &App) -> Result<bool, Internal> {
        let (once, now) = (self.clone(), app.clock.now());
        app.db.write(move |tx| Box::pin(async move { once.take_in(tx, now).await })).await
    }
}
