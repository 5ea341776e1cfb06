//! The crates `oauth2` and `openidconnect` (J07).

use std::io;

use oauth2::basic::{BasicClient, BasicTokenType};
use oauth2::{
    AuthUrl, AuthorizationCode, ClientId, ClientSecret, CsrfToken, DeviceAuthorizationUrl, HttpRequest, HttpResponse,
    IntrospectionUrl, PkceCodeChallenge, RedirectUrl, RevocationUrl, Scope, StandardDeviceAuthorizationResponse,
    TokenIntrospectionResponse, TokenResponse, TokenUrl,
};
use openidconnect::core::{CoreAuthenticationFlow, CoreClient, CoreProviderMetadata, CoreUserInfoClaims};
use openidconnect::{IssuerUrl, Nonce, TokenResponse as _};
use polder_tests::{RelyingParty, names};
use url::Url;

use super::*;

/// The HTTP client that both crates are given. `oauth2` sends a token to be revoked to nothing but an address with
/// TLS; tenants here are on this machine without, so its `https` is `http`.
async fn send(mut request: HttpRequest) -> io::Result<HttpResponse> {
    let plain = request.uri().to_string().replacen("https://", "http://", 1);
    *request.uri_mut() = plain.parse().map_err(io::Error::other)?;
    let http = names::client().build().map_err(io::Error::other)?;
    let request = reqwest::Request::try_from(request).map_err(io::Error::other)?;
    let answer = http.execute(request).await.map_err(io::Error::other)?;
    let mut response = http::Response::builder().status(answer.status());
    for (name, value) in answer.headers() {
        response = response.header(name, value);
    }
    let body = answer.bytes().await.map_err(io::Error::other)?;
    response.body(body.to_vec()).map_err(io::Error::other)
}

/// The code in an answer with our state.
fn code_of(landed: &Url, state: &CsrfToken) -> Result<AuthorizationCode> {
    let value = |name: &str| landed.query_pairs().find(|(k, _)| k == name).map(|(_, v)| v.into_owned());
    ensure!(value("state").as_ref() == Some(state.secret()), "state is lost in {landed}");
    Ok(AuthorizationCode::new(value("code").with_context(|| format!("no code in {landed}"))?))
}

#[tokio::test]
async fn j07_oauth2_signs_in_refreshes_asks_about_tokens_and_revokes() -> Result<()> {
    let polder = Polder::start()?;
    let application = polder.api().create_web_application("practice").await?;
    let RelyingParty { metadata, .. } = RelyingParty::discover(&polder.issuer("practice"), &application).await?;
    let at = |name: &str| metadata[name].as_str().with_context(|| name.to_owned()).map(str::to_owned);
    let secret = ClientSecret::new(application.client_secret.context("a secret")?);
    let client = BasicClient::new(ClientId::new(application.client_id.clone()))
        .set_client_secret(secret)
        .set_auth_uri(AuthUrl::new(at("authorization_endpoint")?)?)
        .set_token_uri(TokenUrl::new(at("token_endpoint")?)?)
        .set_introspection_url(IntrospectionUrl::new(at("introspection_endpoint")?)?)
        .set_revocation_url(RevocationUrl::new(at("revocation_endpoint")?.replacen("http:", "https:", 1))?)
        .set_redirect_uri(RedirectUrl::new(REDIRECT.to_owned())?);

    let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
    let scope = Scope::new("offline_access".to_owned());
    let (url, state) = client.authorize_url(CsrfToken::new_random).add_scope(scope).set_pkce_challenge(challenge).url();
    let landed = Browser::new().sign_in(&url, &polder.mailbox(), ANN).await?;
    let tokens =
        client.exchange_code(code_of(&landed, &state)?).set_pkce_verifier(verifier).request_async(&send).await?;
    ensure!(*tokens.token_type() == BasicTokenType::Bearer && tokens.expires_in().is_some(), "{tokens:?}");

    let first = tokens.refresh_token().context("a refresh token")?;
    let renewed = client.exchange_refresh_token(first).request_async(&send).await?;
    let second = renewed.refresh_token().context("another refresh token")?;
    ensure!(second.secret() != first.secret() && renewed.access_token().secret() != tokens.access_token().secret());
    let said = client.introspect(renewed.access_token()).request_async(&send).await?;
    ensure!(said.active() && said.client_id().is_some_and(|id| id.as_str() == application.client_id), "{said:?}");
    ensure!(said.sub().is_some() && said.exp().is_some() && said.iss() == Some(&polder.issuer("practice")), "{said:?}");
    client.revoke_token(second.clone().into())?.request_async(&send).await?;
    let said = client.introspect(renewed.access_token()).request_async(&send).await?;
    ensure!(!said.active() && said.sub().is_none(), "{said:?}");
    let error = client.exchange_refresh_token(second).request_async(&send).await.expect_err("it was revoked");
    ensure!(error.to_string().contains("returned error response: invalid_grant"), "{error}");
    Ok(())
}

#[tokio::test]
async fn j07_oauth2_is_a_service_and_runs_on_a_television() -> Result<()> {
    let polder = Polder::start()?;
    let nightly = json!({ "name": "Nightly", "type": "machine" });
    let nightly = polder.api().create_application("practice", nightly).await?;
    let party = RelyingParty::discover(&polder.issuer("practice"), &nightly).await?;
    let token = TokenUrl::new(party.endpoint("token_endpoint")?.to_string())?;
    let service = BasicClient::new(ClientId::new(nightly.client_id))
        .set_client_secret(ClientSecret::new(nightly.client_secret.context("a secret")?))
        .set_token_uri(token.clone());
    let tokens = service.exchange_client_credentials().request_async(&send).await?;
    ensure!(tokens.expires_in().is_some() && tokens.refresh_token().is_none(), "{tokens:?}");
    party.verify(tokens.access_token().secret(), &party.issuer, "at+jwt").await?;

    let television = BasicClient::new(ClientId::new(television(&polder).await?.client_id))
        .set_token_uri(token)
        .set_device_authorization_url(DeviceAuthorizationUrl::from_url(
            party.endpoint("device_authorization_endpoint")?,
        ));
    let given: StandardDeviceAuthorizationResponse =
        television.exchange_device_code().add_scope(Scope::new("email".to_owned())).request_async(&send).await?;
    let address = given.verification_uri_complete().context("a complete address")?.secret().parse()?;
    Browser::new().allow_device(&address, &polder.mailbox(), ANN).await?;
    let tokens = television.exchange_device_access_token(&given).request_async(&send, tokio::time::sleep, None).await?;
    let renewed = television
        .exchange_refresh_token(tokens.refresh_token().context("a refresh token")?)
        .request_async(&send)
        .await?;
    party.verify(renewed.access_token().secret(), &party.issuer, "at+jwt").await?;
    Ok(())
}

#[tokio::test]
async fn j07_openidconnect_signs_in_and_learns_who_it_is() -> Result<()> {
    let polder = Polder::start()?;
    let application = polder.api().create_web_application("practice").await?;
    let issuer = IssuerUrl::new(polder.issuer("practice"))?;
    let metadata = CoreProviderMetadata::discover_async(issuer, &send).await?;
    let id = openidconnect::ClientId::new(application.client_id);
    let client = CoreClient::from_provider_metadata(metadata, id, application.client_secret.map(ClientSecret::new))
        .set_redirect_uri(RedirectUrl::new(REDIRECT.to_owned())?);

    let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
    let flow = CoreAuthenticationFlow::AuthorizationCode;
    let (url, state, nonce) = client
        .authorize_url(flow, CsrfToken::new_random, Nonce::new_random)
        .add_scope(Scope::new("email".to_owned()))
        .set_pkce_challenge(challenge)
        .url();
    let landed = Browser::new().sign_in(&url, &polder.mailbox(), ANN).await?;
    let answer =
        client.exchange_code(code_of(&landed, &state)?)?.set_pkce_verifier(verifier).request_async(&send).await?;
    let id_token = answer.id_token().context("an ID token")?;
    let rules = client.id_token_verifier();
    let subject = id_token.claims(&rules, &nonce)?.subject().clone();
    ensure!(id_token.claims(&rules, &Nonce::new_random()).is_err(), "another nonce is nobody's");
    let token = answer.access_token().clone();
    let person: CoreUserInfoClaims = client.user_info(token, Some(subject))?.request_async(&send).await?;
    ensure!(person.email().is_some_and(|email| email.as_str() == ANN) && person.email_verified() == Some(true));
    Ok(())
}
