//! What people are to authenticators: `passkey_owner` (C24).

use polder_crypto::{Category, Keyring};
use polder_db::{Error, Tx, args};
use polder_kernel::encoding::{base64url, from_base64url};
use polder_kernel::{Entropy, Timestamp};
use polder_tenant_api::UserId;

use crate::error::Internal;

/// The length of a handle, in bytes: all that there is room for.
const HANDLE: usize = 64;

/// The handle of a person, made now if they have none: random, so that it says nothing.
///
/// # Errors
/// When the database fails.
pub async fn ensure(
    tx: &mut Tx,
    (keyring, entropy): (&Keyring, &Entropy),
    user: UserId,
    now: Timestamp,
) -> Result<Vec<u8>, Internal> {
    let handle = entropy.bytes::<HANDLE>();
    tx.execute(
        "INSERT INTO passkey_owner (user_id, handle_index, handle_sealed, created_at) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (user_id) DO NOTHING",
        &args![
            user,
            keyring.index("passkey-handle", &handle),
            keyring.seal_text(Category::Factors, &context(user), &base64url(&handle)),
            now
        ],
    )
    .await?;
    let missing = Internal::Impossible { table: "passkey_owner", column: "user_id" };
    handle_of(tx, keyring, user).await?.ok_or(missing)
}

/// The handle of a person, if they have one.
///
/// # Errors
/// When the database fails.
pub async fn handle_of(tx: &mut Tx, keyring: &Keyring, user: UserId) -> Result<Option<Vec<u8>>, Internal> {
    let sealed = tx
        .optional("SELECT handle_sealed FROM passkey_owner WHERE user_id = $1", &args![user], |row| {
            row.text("handle_sealed")
        })
        .await?;
    let Some(sealed) = sealed else { return Ok(None) };
    let text = keyring.unseal_text(Category::Factors, &context(user), &sealed)?;
    let handle = from_base64url(&text);
    Ok(Some(handle.ok_or(Internal::Impossible { table: "passkey_owner", column: "handle_sealed" })?))
}

/// Until when a person is not to be asked whether they want a passkey.
///
/// # Errors
/// When the database fails.
pub async fn offer_after(tx: &mut Tx, user: UserId) -> Result<Option<Timestamp>, Error> {
    let found = tx
        .optional("SELECT offer_after FROM passkey_owner WHERE user_id = $1", &args![user], |row| {
            row.opt_time("offer_after")
        })
        .await?;
    Ok(found.flatten())
}

/// Notes that a person is not to be asked again before `until`. They have a handle already.
///
/// # Errors
/// When the database fails.
pub async fn postpone(tx: &mut Tx, user: UserId, until: Timestamp) -> Result<(), Error> {
    tx.execute("UPDATE passkey_owner SET offer_after = $2 WHERE user_id = $1", &args![user, until]).await?;
    Ok(())
}

fn context(user: UserId) -> String {
    format!("passkey_owner.handle_sealed:{user}")
}
