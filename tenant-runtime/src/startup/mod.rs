//! From nothing, or from an existing database, to a program that can answer.
//!
//! ```text
//! open database ─> migrate ─> data keys ─> audit tail ─> settings ─> ES256 + EdDSA ─> serve
//!                             (unwrap or make)           (issuer)         └─ RSA-3072 in the background
//! ```

mod data_keys;
mod refused;
mod settings;
mod store;

use std::sync::Arc;
use std::time::Duration;

use polder_audit::AuditTail;
use polder_crypto::{Keyring, SealKey};
use polder_db::{AuditGuard, Db, Migration};
use polder_kernel::{Clock, Entropy};

use crate::App;
use crate::back_channel::Bell;
use crate::keys::{By, Seal, SealKeys, seal, signing};
use crate::people::Changed;

pub use refused::Refused;
pub use settings::{relying_party, settings};
pub use store::{Opened, locate, open};

/// Every migration of a tenant's database, oldest first. A merged one is never edited.
pub const MIGRATIONS: &[Migration] = &[
    Migration { version: 1, name: "first", sql: include_str!("../../../migrations/tenant/0001_first.sql") },
    Migration { version: 2, name: "passkeys", sql: include_str!("../../../migrations/tenant/0002_passkeys.sql") },
    Migration { version: 3, name: "consent", sql: include_str!("../../../migrations/tenant/0003_consent.sql") },
    Migration { version: 4, name: "factors", sql: include_str!("../../../migrations/tenant/0004_factors.sql") },
    Migration { version: 5, name: "account", sql: include_str!("../../../migrations/tenant/0005_account.sql") },
    Migration { version: 6, name: "accounts", sql: include_str!("../../../migrations/tenant/0006_accounts.sql") },
    Migration {
        version: 7,
        name: "session_limit",
        sql: include_str!("../../../migrations/tenant/0007_session_limit.sql"),
    },
    Migration { version: 8, name: "connections", sql: include_str!("../../../migrations/tenant/0008_connections.sql") },
    Migration { version: 9, name: "recovery", sql: include_str!("../../../migrations/tenant/0009_recovery.sql") },
    Migration { version: 10, name: "abuse", sql: include_str!("../../../migrations/tenant/0010_abuse.sql") },
    Migration {
        version: 11,
        name: "profile_fields",
        sql: include_str!("../../../migrations/tenant/0011_profile_fields.sql"),
    },
    Migration {
        version: 12,
        name: "client_keys",
        sql: include_str!("../../../migrations/tenant/0012_client_keys.sql"),
    },
    Migration {
        version: 13,
        name: "back_channel_logout",
        sql: include_str!("../../../migrations/tenant/0013_back_channel_logout.sql"),
    },
    Migration { version: 14, name: "device", sql: include_str!("../../../migrations/tenant/0014_device.sql") },
    Migration { version: 15, name: "apis", sql: include_str!("../../../migrations/tenant/0015_apis.sql") },
    Migration {
        version: 16,
        name: "registration",
        sql: include_str!("../../../migrations/tenant/0016_registration.sql"),
    },
    Migration { version: 17, name: "people", sql: include_str!("../../../migrations/tenant/0017_people.sql") },
    Migration { version: 18, name: "usage", sql: include_str!("../../../migrations/tenant/0018_usage.sql") },
    Migration {
        version: 19,
        name: "field_order",
        sql: include_str!("../../../migrations/tenant/0019_field_order.sql"),
    },
    Migration { version: 20, name: "secret_use", sql: include_str!("../../../migrations/tenant/0020_secret_use.sql") },
    Migration { version: 21, name: "forgotten", sql: include_str!("../../../migrations/tenant/0021_forgotten.sql") },
    Migration {
        version: 22,
        name: "waiting_messages",
        sql: include_str!("../../../migrations/tenant/0022_waiting_messages.sql"),
    },
];

/// How the audit log is guarded: nothing goes before its year, a day allowed for clocks that differ.
pub const AUDIT_GUARD: AuditGuard = AuditGuard {
    keep_at_least: Some(crate::jobs::retention::SCHEDULE.audit.saturating_sub(Duration::from_secs(86_400))),
};

/// Brings the database to this version's schema where this role may, guards its audit log, opens its data keys and starts its audit log.
///
/// # Errors
/// When the database is not usable or the seal key is not the one it was made with.
pub async fn open_database(db: &Db, seal: &SealKeys, clock: &Clock, entropy: &Entropy) -> Result<Keyring, Refused> {
    Ok(unlock(db, seal, clock, entropy).await?.keyring)
}

/// As [`open_database`], and goes on with a rotation of the seal key where one was begun: with a next key
/// beside the one in use, every data key is wrapped under that. The seal key in use comes along, the bell
/// that rings when an application is to be told of the end of a session, and who says which people changed.
///
/// # Errors
/// As [`open_database`].
pub async fn open_and_rewrap(
    db: &Db,
    keys: &SealKeys,
    clock: &Clock,
    entropy: &Entropy,
) -> Result<(Keyring, Seal, Bell, Changed), Refused> {
    let Unlocked { keyring, mut in_use, next, bell, changed } = unlock(db, keys, clock, entropy).await?;
    if let Some(next) = next {
        seal::rewrap(db, (&in_use, &next), entropy, &By::Schedule).await?;
        in_use = next;
    }
    Ok((keyring, Seal::new(in_use, keys.file.clone()), bell, changed))
}

/// An opened database: its keyring, the seal key that opened it, the one that is to follow, the bell of its queue and
/// who says which people changed.
struct Unlocked {
    keyring: Keyring,
    in_use: SealKey,
    next: Option<SealKey>,
    bell: Bell,
    changed: Changed,
}

async fn unlock(db: &Db, seal: &SealKeys, clock: &Clock, entropy: &Entropy) -> Result<Unlocked, Refused> {
    db.migrate(MIGRATIONS, clock.now()).await?;
    db.guard_audit(AUDIT_GUARD).await?;
    let unlocked = data_keys::open(db, seal, clock, entropy).await?;
    let audit = AuditTail::open(db, &unlocked.keyring, clock.clone()).await?;
    db.set_tail(unlocked.changed.around(unlocked.bell.around(audit)));
    Ok(unlocked)
}

/// Makes the RSA key in the background, if it is missing. Whoever needs it waits for it.
pub fn complete_keys(app: &Arc<App>) {
    if app.keys.are_complete() {
        return;
    }
    let app = Arc::clone(app);
    tokio::spawn(async move {
        if let Err(error) = signing::round(&app).await {
            tracing::error!(%error, "the RSA key could not be made");
        }
    });
}
