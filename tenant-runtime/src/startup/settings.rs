//! The tenant's settings: stored at the first start, read at each.

use polder_db::{Db, Tx};
use polder_kernel::{Clock, Locale};
use polder_tenant_api::{Settings, SignUp};

use super::Refused;
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
    let settings = Settings { name: name.to_owned(), sign_up: SignUp::Open, default_locale: Locale::default() };
    let (issuer, now, to_store) = (issuer.as_str().to_owned(), clock.now(), settings.clone());
    db.write(move |tx| {
        Box::pin(async move {
            put(tx, "issuer", &issuer, now).await?;
            store(tx, &to_store, now).await
        })
    })
    .await?;
    Ok(settings)
}

/// Stores what an administrator may change.
///
/// # Errors
/// When the database fails.
pub async fn store(tx: &mut Tx, settings: &Settings, now: polder_kernel::Timestamp) -> Result<(), polder_db::Error> {
    put(tx, "name", &settings.name, now).await?;
    put(tx, "sign_up", if settings.sign_up == SignUp::Closed { "closed" } else { "open" }, now).await?;
    put(tx, "default_locale", settings.default_locale.tag(), now).await
}
