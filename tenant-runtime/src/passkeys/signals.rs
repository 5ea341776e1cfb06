//! What a browser may be told about the passkeys of who is signed in (Web Authentication 5.1.10): which
//! ones we take, and what the person is called. It takes others off its list. Never on a page that
//! anybody can see (C29).

use polder_db::Tx;
use polder_kernel::encoding::base64url;
use serde_json::json;

use crate::App;
use crate::error::Internal;
use crate::signin::session::Signed;
use crate::store::{passkey_owners, passkeys};

/// As JSON for the page's script; `None` for people who never had a passkey.
///
/// # Errors
/// When the database fails.
pub async fn of(app: &App, tx: &mut Tx, signed: &Signed) -> Result<Option<String>, Internal> {
    let Some(handle) = passkey_owners::handle_of(tx, &app.keyring, signed.user.id).await? else { return Ok(None) };
    let passkeys = passkeys::of_user(tx, &app.keyring, signed.user.id, None).await?;
    let ids: Vec<&str> = passkeys.iter().map(|passkey| passkey.credential.id.as_str()).collect();
    let address = signed.user.email.as_str();
    let told = json!({
        "rpId": app.passkeys.id,
        "userId": base64url(&handle),
        "allAcceptedCredentialIds": ids,
        "name": address,
        "displayName": signed.user.name.as_deref().unwrap_or(address),
    });
    Ok(Some(told.to_string()))
}
