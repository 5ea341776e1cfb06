//! Nimbus' `oauth2-oidc-sdk`, which Spring Security and others are built on.

use super::*;

#[tokio::test]
async fn nimbus_signs_in_refreshes_revokes_and_hears_of_an_end() -> Result<()> {
    if !Library::Nimbus.is_here("nimbus_signs_in_refreshes_revokes_and_hears_of_an_end") {
        return Ok(());
    }
    let (polder, mut foreign) = (Polder::start()?, ForeignClient::start(Library::Nimbus)?);
    machine(&mut foreign, &polder, "client_secret_post").await?;
    web_until_revoked(&mut foreign, &polder).await?;
    hears_of_an_end(&mut foreign, &polder).await
}

#[tokio::test]
async fn nimbus_pushes_signs_and_proves_possession() -> Result<()> {
    if !Library::Nimbus.is_here("nimbus_pushes_signs_and_proves_possession") {
        return Ok(());
    }
    let (polder, mut foreign) = (Polder::start()?, ForeignClient::start(Library::Nimbus)?);
    strict(&mut foreign, &polder).await?;
    signed(&mut foreign, &polder).await
}
