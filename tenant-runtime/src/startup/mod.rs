//! From nothing, or from an existing database, to a program that can answer.
//!
//! ```text
//! open database ─> migrate ─> data keys ─> audit tail ─> settings ─> ES256 + EdDSA ─> serve
//!                             (unwrap or make)           (issuer)         └─ RSA-3072 in the background
//! ```

mod data_keys;
mod refused;
mod settings;
pub mod signing_keys;
mod store;

use polder_audit::AuditTail;
use polder_crypto::{Keyring, SealKey};
use polder_db::{Db, Migration};
use polder_kernel::{Clock, Entropy};

pub use refused::Refused;
pub use settings::settings;
pub use signing_keys::{complete_keys, signing_keys};
pub use store::{Opened, open};

/// Every migration of a tenant's database, oldest first. A merged one is never edited.
pub const MIGRATIONS: &[Migration] =
    &[Migration { version: 1, name: "first", sql: include_str!("../../../migrations/tenant/0001_first.sql") }];

/// Brings the database to this version's schema, opens its data keys and starts its audit log.
///
/// # Errors
/// When the database is not usable or the seal key is not the one it was made with.
pub async fn open_database(db: &Db, seal: &SealKey, clock: &Clock, entropy: &Entropy) -> Result<Keyring, Refused> {
    db.migrate(MIGRATIONS, clock.now()).await?;
    let keyring = data_keys::open(db, seal, clock, entropy).await?;
    db.set_tail(AuditTail::open(db, &keyring, clock.clone()).await?);
    Ok(keyring)
}
