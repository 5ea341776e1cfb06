//! How a tenant's pages and mails look.

use http::Method;
use polder_tenant_api::{Branding, BrandingChoices, LogoFile, NewLogo};

use super::{On, Refused};

const PATH: &str = "/branding";
const LOGO: &str = "/branding/logo";

/// How they look.
pub async fn show(on: &On) -> Result<Branding, Refused> {
    on.ask(PATH).await
}

/// Replaces what was chosen.
pub async fn choose(on: &On, choices: &BrandingChoices) -> Result<Branding, Refused> {
    let changed = on.change((Method::PUT, PATH), Some(choices)).await?;
    on.record(on.event("branding.changed")).await?;
    Ok(changed)
}

/// The logo with its bytes; `None` where there is none.
pub async fn logo(on: &On) -> Result<Option<LogoFile>, Refused> {
    match on.ask(LOGO).await {
        Ok(file) => Ok(Some(file)),
        Err(Refused::Said(http::StatusCode::NOT_FOUND, _)) => Ok(None),
        Err(refused) => Err(refused),
    }
}

/// Takes a logo.
pub async fn set_logo(on: &On, new: &NewLogo) -> Result<Branding, Refused> {
    let changed = on.change((Method::PUT, LOGO), Some(new)).await?;
    on.record(on.event("branding.changed")).await?;
    Ok(changed)
}

/// Removes the logo.
pub async fn remove_logo(on: &On) -> Result<(), Refused> {
    on.delete(LOGO).await?;
    on.record(on.event("branding.changed")).await
}
