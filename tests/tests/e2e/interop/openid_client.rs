//! `openid-client`, certified for OpenID Connect and FAPI 2.0 (J01).

use url::Url;

use super::*;

#[tokio::test]
async fn j01_openid_client_signs_in_refreshes_revokes_and_signs_out() -> Result<()> {
    if !Library::OpenidClient.is_here("j01_openid_client_signs_in_refreshes_revokes_and_signs_out") {
        return Ok(());
    }
    let (polder, mut foreign) = (Polder::start()?, ForeignClient::start(Library::OpenidClient)?);
    machine(&mut foreign, &polder, "client_secret_post").await?;
    let found = web_until_revoked(&mut foreign, &polder).await?;
    let left: Url = found["left"].as_str().context("where it ended")?.parse()?;
    ensure!(left.as_str().starts_with(AFTER_LOGOUT) && left.query() == Some("state=left"), "{left}");
    Ok(())
}

#[tokio::test]
async fn j01_openid_client_pushes_signs_and_proves_possession() -> Result<()> {
    if !Library::OpenidClient.is_here("j01_openid_client_pushes_signs_and_proves_possession") {
        return Ok(());
    }
    let (polder, mut foreign) = (Polder::start()?, ForeignClient::start(Library::OpenidClient)?);
    strict(&mut foreign, &polder).await?;
    signed(&mut foreign, &polder).await
}
