//! Authlib (J04).

use super::*;

#[tokio::test]
async fn j04_authlib_signs_in_refreshes_and_revokes() -> Result<()> {
    if !Library::Authlib.is_here("j04_authlib_signs_in_refreshes_and_revokes") {
        return Ok(());
    }
    let (polder, mut foreign) = (Polder::start()?, ForeignClient::start(Library::Authlib)?);
    machine(&mut foreign, &polder, "client_secret_post").await?;
    web_until_revoked(&mut foreign, &polder).await.map(|_| ())
}
