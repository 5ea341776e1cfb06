//! `golang.org/x/oauth2` with `github.com/coreos/go-oidc`.

use reqwest::Method;

use super::*;

#[tokio::test]
async fn go_signs_in_refreshes_and_runs_on_a_television() -> Result<()> {
    if !Library::Go.is_here("go_signs_in_refreshes_and_runs_on_a_television") {
        return Ok(());
    }
    let (polder, mut foreign) = (Polder::start()?, ForeignClient::start(Library::Go)?);
    machine(&mut foreign, &polder, "client_secret_basic").await?;
    web(&mut foreign, &polder).await?;
    device(&mut foreign, &polder).await.map(|_| ())
}

#[tokio::test]
async fn go_hears_of_an_end_and_finds_keys_that_came_after_it_started() -> Result<()> {
    if !Library::Go.is_here("go_hears_of_an_end_and_finds_keys_that_came_after_it_started") {
        return Ok(());
    }
    let (polder, mut foreign) = (Polder::start()?, ForeignClient::start(Library::Go)?);
    hears_of_an_end(&mut foreign, &polder).await?;
    // The keys it knows are dropped: it learns the new ones from the address that it knows (A06).
    let before = web(&mut foreign, &polder).await?;
    let emergency = Some(json!({ "emergency": true }));
    let (status, keys) = polder.api().call(Method::POST, "/tenants/practice/keys/rotate", emergency).await?;
    ensure!(status == 200, "{status} {keys}");
    let after = web(&mut foreign, &polder).await?;
    ensure!(before["kid"].is_string() && after["kid"].is_string() && before["kid"] != after["kid"], "{before} {after}");
    Ok(())
}
