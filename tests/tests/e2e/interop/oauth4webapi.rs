//! `oauth4webapi`, by the author of `openid-client` and beneath it: each answer is checked by itself (J01).

use super::*;

#[tokio::test]
async fn j01_oauth4webapi_signs_in_asks_about_tokens_and_revokes() -> Result<()> {
    if !Library::Oauth4webapi.is_here("j01_oauth4webapi_signs_in_asks_about_tokens_and_revokes") {
        return Ok(());
    }
    let (polder, mut foreign) = (Polder::start()?, ForeignClient::start(Library::Oauth4webapi)?);
    machine(&mut foreign, &polder, "client_secret_post").await?;
    let found = web_until_revoked(&mut foreign, &polder).await?;
    // Signed answers say the same (RFC 9701), and an API takes the access token (RFC 9068).
    ensure!(found["signed"] == json!([true, false]) && found["seen"] == true, "{found}");
    Ok(())
}

#[tokio::test]
async fn j01_oauth4webapi_pushes_proves_possession_and_runs_on_a_television() -> Result<()> {
    if !Library::Oauth4webapi.is_here("j01_oauth4webapi_pushes_proves_possession_and_runs_on_a_television") {
        return Ok(());
    }
    let (polder, mut foreign) = (Polder::start()?, ForeignClient::start(Library::Oauth4webapi)?);
    strict(&mut foreign, &polder).await?;
    let found = device(&mut foreign, &polder).await?;
    ensure!(found["early"] == "authorization_pending", "{found}");
    Ok(())
}
