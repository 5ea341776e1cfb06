//! Client libraries that know nothing of us but the issuer's address (J01, J03, J04, J07). They check everything they
//! get. What each is, and who runs it, says [`Library`]; what is asked of them all is on this page.

mod authlib;
mod crates;
mod go;
mod nimbus;
mod oauth4webapi;
mod oidc_client_ts;
mod openid_client;
mod quickstart;
mod schemathesis;

use anyhow::{Context, Result, bail, ensure};
use polder_tests::api::Application;
use polder_tests::foreign_client::{ForeignClient, Library, Said};
use polder_tests::relying_party::{AFTER_LOGOUT, REDIRECT};
use polder_tests::{Browser, Polder};
use serde_json::{Value, json};

use crate::back_channel::{Receiver, end_newest, until};

const ANN: &str = "ann@example.test";
const DEVICE: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// A party's work, with a browser where it asks for one.
async fn play(foreign: &mut ForeignClient, polder: &Polder, party: &str, told: Value) -> Result<Value> {
    let (browser, mailbox) = (Browser::new(), polder.mailbox());
    let mut said = foreign.play(party, told)?;
    for _ in 0..3 {
        said = match said {
            Said::Found(found) => return Ok(found),
            Said::Open(url) if url.path() == "/device" => {
                foreign.landed(&browser.allow_device(&url, &mailbox, ANN).await?)?
            }
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

/// What a library finds as a service.
async fn machine(foreign: &mut ForeignClient, polder: &Polder, auth_method: &str) -> Result<()> {
    let machine = json!({ "name": "Nightly", "type": "machine", "token_endpoint_auth_method": auth_method });
    let machine = polder.api().create_application("practice", machine).await?;
    let found = play(foreign, polder, "machine", told(polder, &machine)).await?;
    ensure!(found["token_type"] == "bearer" && found["expires_in"].as_i64().is_some_and(|left| left > 0), "{found}");
    Ok(())
}

/// What a library finds as a web application: it signs in, learns who it is, and renews its tokens.
async fn web(foreign: &mut ForeignClient, polder: &Polder) -> Result<Value> {
    let web = polder.api().create_web_application("practice").await?;
    let found = play(foreign, polder, "web", told(polder, &web)).await?;
    ensure!(found["email"] == ANN && found["rotated"] == true, "{found}");
    Ok(found)
}

/// The same for a library that asks about tokens and revokes them as well: its token lives until its family is revoked.
async fn web_until_revoked(foreign: &mut ForeignClient, polder: &Polder) -> Result<Value> {
    let found = web(foreign, polder).await?;
    ensure!(found["active"] == json!([true, false]), "{found}");
    Ok(found)
}

/// A library as an application of the strict profile: pushed requests, a key instead of a secret, and tokens that are
/// worth nothing without another.
async fn strict(foreign: &mut ForeignClient, polder: &Polder) -> Result<()> {
    let grants = ["authorization_code", "refresh_token"];
    let bank = json!({ "name": "Bank", "type": "web", "profile": "fapi2", "redirect_uris": [REDIRECT],
        "grant_types": grants, "jwks": foreign.jwks });
    let bank = polder.api().create_application("practice", bank).await?;
    let found = play(foreign, polder, "strict", told(polder, &bank)).await?;
    let wanted = json!({ "email": ANN, "token_type": "dpop", "stays": true, "stolen": 401 });
    ensure!(found == wanted, "{found}");
    Ok(())
}

/// A library as an application that signs its requests.
async fn signed(foreign: &mut ForeignClient, polder: &Polder) -> Result<()> {
    let desk = json!({ "name": "Desk", "type": "web", "redirect_uris": [REDIRECT], "jwks": foreign.jwks,
        "token_endpoint_auth_method": "private_key_jwt" });
    let desk = polder.api().create_application("practice", desk).await?;
    let found = play(foreign, polder, "signed", told(polder, &desk)).await?;
    ensure!(found["email"] == ANN, "{found}");
    Ok(())
}

/// A public program on a device without a browser.
async fn television(polder: &Polder) -> Result<Application> {
    let television = json!({ "name": "Television", "type": "native", "grant_types": [DEVICE, "refresh_token"] });
    polder.api().create_application("practice", television).await
}

/// A library on a device without a browser.
async fn device(foreign: &mut ForeignClient, polder: &Polder) -> Result<Value> {
    let television = television(polder).await?;
    let found = play(foreign, polder, "device", told(polder, &television)).await?;
    ensure!(found["email"] == ANN && found["rotated"] == true, "{found}");
    Ok(found)
}

/// A library takes the token that says that the session ended which it signed in.
async fn hears_of_an_end(foreign: &mut ForeignClient, polder: &Polder) -> Result<()> {
    let server = Receiver::well().await?;
    let shop = json!({ "name": "Shop", "type": "web", "redirect_uris": [REDIRECT],
        "grant_types": ["authorization_code", "refresh_token"],
        "preferences": { "backchannel_logout_uri": server.uri } });
    let shop = polder.api().create_application("practice", shop).await?;
    let signed_in = play(foreign, polder, "web", told(polder, &shop)).await?;
    end_newest(polder, "practice").await?;
    until("the application hears it", async || Ok(!server.heard().is_empty())).await?;
    let token = server.heard().first().cloned().context("a token")?;
    let mut logout = told(polder, &shop);
    logout["logout_token"] = json!(token);
    let ended = play(foreign, polder, "logout", logout).await?;
    ensure!(signed_in["sid"].as_str().is_some_and(|sid| !sid.is_empty()), "{signed_in}");
    ensure!(ended["sid"] == signed_in["sid"] && ended["sub"] == signed_in["sub"], "{ended} is not {signed_in}");
    Ok(())
}
