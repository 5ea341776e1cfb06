//! Client libraries that know nothing of us but the issuer's address: `openid-client`, certified for OpenID Connect
//! and FAPI 2.0 (J01), and Authlib (J04). They check everything they get.

use anyhow::{Context, Result, bail, ensure};
use polder_tests::api::Application;
use polder_tests::foreign_client::{ForeignClient, Library, Said};
use polder_tests::relying_party::{AFTER_LOGOUT, REDIRECT};
use polder_tests::{Browser, Polder};
use serde_json::{Value, json};
use url::Url;

const ANN: &str = "ann@example.test";

/// A party's work, with a browser where it asks for one.
async fn play(foreign: &mut ForeignClient, polder: &Polder, party: &str, told: Value) -> Result<Value> {
    let (browser, mailbox) = (Browser::new(), polder.mailbox());
    let mut said = foreign.play(party, told)?;
    for _ in 0..3 {
        said = match said {
            Said::Found(found) => return Ok(found),
            Said::Open(url) => foreign.landed(&browser.sign_in(&url, &mailbox, ANN).await?)?,
        };
    }
    bail!("{party} asks for a browser too often: {said:?}")
}

fn told(polder: &Polder, application: &Application) -> Value {
    json!({
        "issuer": polder.issuer("practice"), "client_id": application.client_id,
        "client_secret": application.client_secret, "redirect_uri": REDIRECT, "after_logout": AFTER_LOGOUT,
    })
}

/// What a library finds as a web application and as a service; the former comes back.
async fn web_and_machine(library: Library) -> Result<Value> {
    let (polder, mut foreign) = (Polder::start()?, ForeignClient::start(library)?);
    let machine = json!({ "name": "Nightly", "type": "machine", "token_endpoint_auth_method": "client_secret_post" });
    let machine = polder.api().create_application("practice", machine).await?;
    let found = play(&mut foreign, &polder, "machine", told(&polder, &machine)).await?;
    ensure!(found["token_type"] == "bearer" && found["expires_in"].as_i64().is_some_and(|left| left > 0), "{found}");
    let web = polder.api().create_web_application("practice").await?;
    let found = play(&mut foreign, &polder, "web", told(&polder, &web)).await?;
    ensure!(found["email"] == ANN && found["rotated"] == true && found["active"] == json!([true, false]), "{found}");
    Ok(found)
}

#[tokio::test]
async fn j04_authlib_signs_in_refreshes_and_revokes() -> Result<()> {
    if Library::Authlib.is_here("j04_authlib_signs_in_refreshes_and_revokes") {
        web_and_machine(Library::Authlib).await?;
    }
    Ok(())
}

#[tokio::test]
async fn j01_openid_client_signs_in_refreshes_revokes_and_signs_out() -> Result<()> {
    if !Library::OpenidClient.is_here("j01_openid_client_signs_in_refreshes_revokes_and_signs_out") {
        return Ok(());
    }
    let found = web_and_machine(Library::OpenidClient).await?;
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
    let grants = ["authorization_code", "refresh_token"];
    let bank = json!({ "name": "Bank", "type": "web", "profile": "fapi2", "redirect_uris": [REDIRECT],
        "grant_types": grants, "jwks": foreign.jwks });
    let bank = polder.api().create_application("practice", bank).await?;
    let found = play(&mut foreign, &polder, "strict", told(&polder, &bank)).await?;
    let wanted = json!({ "email": ANN, "token_type": "dpop", "stays": true, "stolen": 401 });
    ensure!(found == wanted, "{found}");
    let desk = json!({ "name": "Desk", "type": "web", "redirect_uris": [REDIRECT], "jwks": foreign.jwks,
        "token_endpoint_auth_method": "private_key_jwt" });
    let desk = polder.api().create_application("practice", desk).await?;
    let found = play(&mut foreign, &polder, "signed", told(&polder, &desk)).await?;
    ensure!(found["email"] == ANN, "{found}");
    Ok(())
}
