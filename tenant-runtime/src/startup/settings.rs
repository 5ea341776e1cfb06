//! The tenant's settings: stored at the first start, read at each.

use polder_db::Db;
use polder_kernel::{Clock, Locale};
use polder_tenant_api::{Settings, SignUp};

use super::Refused;
use crate::passkeys::RelyingParty;
use crate::settings::Issuer;
use crate::store::settings::{all, choices, put};

/// Reads the settings. At the first start they are stored, with the issuer: changing the issuer
/// later would break every application, so another one is refused.
///
/// # Errors
/// When the database fails or was made for another issuer.
pub async fn settings(db: &Db, issuer: &Issuer, name: &str, clock: &Clock) -> Result<Settings, Refused> {
    let mut tx = db.read().await?;
    let stored = all(&mut tx).await?;
    drop(tx);
    match stored.iter().find(|(name, _)| name == "issuer") {
        Some((_, other)) if other != issuer.as_str() => Err(Refused::OtherIssuer { stored: other.clone() }),
        Some(_) => Ok(choices(&stored)),
        None => first(db, issuer, name, clock).await,
    }
}

async fn first(db: &Db, issuer: &Issuer, name: &str, clock: &Clock) -> Result<Settings, Refused> {
    let (issuer, name, now) = (issuer.as_str().to_owned(), name.to_owned(), clock.now());
    let stored = db
        .write(move |tx| {
            Box::pin(async move {
                put(tx, "issuer", &issuer, now).await?;
                put(tx, "name", &name, now).await?;
                put(tx, "sign_up", SignUp::Open.as_str(), now).await?;
                put(tx, "default_locale", Locale::default().tag(), now).await?;
                all(tx).await
            })
        })
        .await?;
    Ok(choices(&stored))
}

/// Who we are to authenticators. The id is the issuer's host as it was when the tenant was made: every
/// passkey is bound to it. Further origins are those of addresses that came later.
///
/// # Errors
/// When the database fails.
pub async fn relying_party(db: &Db, issuer: &Issuer, clock: &Clock) -> Result<RelyingParty, Refused> {
    let stored = all(&mut db.read().await?).await?;
    let find = |name: &str| stored.iter().find(|(stored, _)| stored == name).map(|(_, value)| value.clone());
    let related = find("passkey.related_origins").and_then(|json| serde_json::from_str(&json).ok()).unwrap_or_default();
    let id = match find("passkey.rp_id") {
        Some(id) => id,
        None => {
            let (host, now) = (issuer.host().to_owned(), clock.now());
            let id = host.clone();
            db.write(move |tx| Box::pin(async move { put(tx, "passkey.rp_id", &host, now).await })).await?;
            id
        }
    };
    Ok(RelyingParty::new(&id, issuer.as_str(), related))
}
