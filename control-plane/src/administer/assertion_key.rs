//! The key that signs the control plane's word to a tenant, and how another one takes its place.
//!
//! ```text
//! KEY.next made, on disk ─> restart wished for ─> runtime stopped ─> KEY.next takes KEY's place ─> started with
//!                                                                     its public half
//! ```
//!
//! The old one is good until the tenant was stopped, the new one from its start on; requests wait in
//! between as at every restart. Killed anywhere, it goes on: the wish is written down, and a KEY.next
//! that is found is reason to wish again ([`crate::custody`]).

use polder_crypto::{Algorithm, KeyError, SigningKey};
use polder_kernel::encoding::{base64url, from_base64url};
use polder_kernel::{Entropy, Secret};

use super::{On, Refused};
use crate::provision::{self, Action};
use crate::secrets::{Name, Secrets};
use crate::tenant_client::CallError;

/// How long the restart is waited for.
const RESTART: std::time::Duration = std::time::Duration::from_secs(30);

/// Gives the control plane another key for its word to the tenant, or goes on with one it was about to get.
pub async fn rotate(on: &On) -> Result<(), Refused> {
    let (secrets, short) = (&on.app.secrets, on.tenant.short_id.as_str());
    if !secrets.has(&Name::TenantAdminNext(short)) {
        let next = generate(&on.app.entropy).map_err(|error| unsendable(&error))?;
        secrets.keep(&Name::TenantAdminNext(short), &next).map_err(|error| unsendable(&error))?;
        on.record(on.event("assertion_key.rotated")).await?;
    }
    let restarted = provision::change(&on.app, &on.acting, on.tenant.id, Action::Restart).await;
    restarted.map_err(|error| unsendable(&error))?;
    provision::settled(&on.app, on.tenant.id, RESTART).await;
    if secrets.has(&Name::TenantAdminNext(short)) {
        return Err(unsendable(&"the tenant was not restarted"));
    }
    Ok(())
}

/// A fresh private half, as its file holds it.
///
/// # Errors
/// When no key can be made.
pub fn generate(entropy: &Entropy) -> Result<Secret<String>, KeyError> {
    let (_, pkcs8) = SigningKey::generate(Algorithm::EdDsa, entropy)?;
    Ok(Secret::new(base64url(pkcs8.expose())))
}

/// Puts the public half where the tenant reads it. It follows from the private one, whichever that is.
///
/// # Errors
/// When the files cannot be read or written.
pub fn publish(secrets: &Secrets, short_id: &str) -> std::io::Result<()> {
    let malformed = || std::io::Error::other("the admin key is malformed");
    let kept = secrets.read(&Name::TenantAdmin(short_id))?;
    let kept = kept.and_then(|text| from_base64url(text.expose())).map(Secret::new).ok_or_else(malformed)?;
    let key = SigningKey::from_pkcs8(Algorithm::EdDsa, kept.expose()).map_err(|_| malformed())?;
    let public = serde_json::to_string(key.public_jwk()).map_err(std::io::Error::other)?;
    let name = Name::TenantAdminPublic(short_id);
    match secrets.read(&name)? {
        Some(there) if *there.expose() == public => Ok(()),
        _ => secrets.replace(&name, &Secret::new(public)),
    }
}

fn unsendable(error: &dyn std::fmt::Display) -> Refused {
    CallError::Unsendable(format!("the key of our word to the tenant: {error}")).into()
}
