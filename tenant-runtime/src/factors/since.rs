//! Taking away every way of signing in that was added since a moment: whoever took an account over may have
//! left themselves a way back (D19).

use polder_db::{Error, Tx, args};
use polder_kernel::Timestamp;
use polder_tenant_api::UserId;
use serde::{Deserialize, Serialize};

/// What was taken away.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Removed {
    /// How many passkeys.
    pub passkeys: u64,
    /// Whether an authenticator app, with everything that stands in for it.
    pub app: bool,
    /// Whether recovery codes.
    pub recovery_codes: bool,
    /// How many connected accounts.
    pub accounts: u64,
}

/// Removes them. Passkeys go for good, unlike those that somebody removes from their own list: these are not
/// to be brought back by mistake. Browsers that were first used since are new again.
///
/// # Errors
/// When the database fails.
pub async fn remove(tx: &mut Tx, user: UserId, since: Timestamp) -> Result<Removed, Error> {
    let added = "DELETE FROM passkey WHERE user_id = $1 AND created_at >= $2";
    let passkeys = tx.execute(added, &args![user, since]).await?;
    let app = "SELECT created_at FROM totp_factor WHERE user_id = $1 AND created_at >= $2";
    let app = tx.optional(app, &args![user, since], |row| row.time("created_at")).await?.is_some();
    if app {
        crate::store::totp_factors::remove(tx, user).await?;
    }
    let accounts = "DELETE FROM connected_account WHERE user_id = $1 AND created_at >= $2";
    let accounts = tx.execute(accounts, &args![user, since]).await?;
    let others = tx
        .batch(
            &[
                "DELETE FROM recovery_set WHERE user_id = $1 AND created_at >= $2",
                "DELETE FROM totp_enrolment WHERE user_id = $1 AND created_at >= $2",
                "DELETE FROM awaited_factor WHERE user_id = $1 AND created_at >= $2",
                "DELETE FROM known_browser WHERE user_id = $1 AND first_seen_at >= $2",
            ],
            &args![user, since],
        )
        .await?;
    // Codes belong to their set.
    let codes = "DELETE FROM recovery_code WHERE user_id = $1 \
                 AND NOT EXISTS (SELECT 1 FROM recovery_set s WHERE s.user_id = recovery_code.user_id)";
    tx.execute(codes, &args![user]).await?;
    let recovery_codes = others.first().is_some_and(|sets| *sets > 0);
    Ok(Removed { passkeys, app, recovery_codes, accounts })
}
