//! This tenant as a client of a provider: where it answers, and what we prove ourselves with.

use std::sync::Arc;

use oauth2::basic::{
    BasicErrorResponse, BasicRevocationErrorResponse, BasicTokenIntrospectionResponse, BasicTokenType,
};
use oauth2::{
    AuthType, AuthUrl, ClientId, ClientSecret, EndpointNotSet, EndpointSet, ExtraTokenFields, RedirectUrl,
    StandardRevocableToken, StandardTokenResponse, TokenUrl,
};
use openidconnect::core::CoreClientAuthMethod;
use polder_tenant_api::connections::{ClaimNames, ClientAuthentication, Provider};
use serde::{Deserialize, Serialize};
use url::Url;

use super::discovery::Metadata;
use super::{Problem, apple};
use crate::App;
use crate::model::Connection;
use crate::model::connection::Language;
use crate::store::connections;

/// What a token endpoint adds in OpenID Connect.
#[derive(Debug, Serialize, Deserialize)]
pub struct IdTokenField {
    /// The ID token, unread.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id_token: Option<String>,
}

impl ExtraTokenFields for IdTokenField {}

/// What a token endpoint answers.
pub type TokenAnswer = StandardTokenResponse<IdTokenField, BasicTokenType>;

/// The client of a connection.
pub type Client = oauth2::Client<
    BasicErrorResponse,
    TokenAnswer,
    BasicTokenIntrospectionResponse,
    StandardRevocableToken,
    BasicRevocationErrorResponse,
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointSet,
>;

/// Where a provider answers, and what it calls things.
#[derive(Clone, Debug)]
pub struct Place {
    /// Who vouches: the issuer, or the origin of an OAuth 2 server.
    pub issuer: String,
    /// Where people are sent.
    pub authorization: String,
    /// Where a code becomes tokens.
    pub token: String,
    /// Where it says who signed in.
    pub userinfo: Option<String>,
    /// Where tokens are revoked.
    pub revocation: Option<String>,
    /// What it calls the facts about a person.
    pub claims: ClaimNames,
    /// What an OpenID Provider says of itself.
    pub openid: Option<Arc<Metadata>>,
}

/// Finds out where the provider of a connection answers.
///
/// # Errors
/// When it does not say, or says what cannot be.
pub async fn place(app: &App, connection: &Connection) -> Result<Place, Problem> {
    match connection.language().ok_or(Problem::Setup("it does not say who the provider is"))? {
        Language::OpenId { issuer } => {
            let metadata = app.connections.discovery.of(app, connection, &issuer).await?;
            let token = metadata.token_endpoint().ok_or(Problem::Untrusted("it names no token endpoint"))?;
            Ok(Place {
                authorization: metadata.authorization_endpoint().as_str().to_owned(),
                token: token.as_str().to_owned(),
                userinfo: metadata.userinfo_endpoint().map(|url| url.as_str().to_owned()),
                revocation: metadata.additional_metadata().revocation_endpoint.clone(),
                claims: ClaimNames::default(),
                issuer,
                openid: Some(metadata),
            })
        }
        Language::OAuth { endpoints, claims } => {
            let origin = Url::parse(&endpoints.authorization).map(|url| url.origin().ascii_serialization());
            Ok(Place {
                issuer: origin.map_err(|_| Problem::Setup("an endpoint is not an address"))?,
                authorization: endpoints.authorization,
                token: endpoints.token,
                userinfo: Some(endpoints.userinfo),
                revocation: endpoints.revocation,
                claims,
                openid: None,
            })
        }
    }
}

/// The client for one exchange with a provider.
///
/// # Errors
/// When an address is none, or the secret cannot be used.
pub async fn client(app: &App, connection: &Connection, place: &Place) -> Result<Client, Problem> {
    let unusable = |_| Problem::Setup("an endpoint is not an address");
    let authentication = authentication(connection, place);
    let client = oauth2::Client::new(ClientId::new(connection.client_id.clone()))
        .set_auth_uri(AuthUrl::new(place.authorization.clone()).map_err(unusable)?)
        .set_token_uri(TokenUrl::new(place.token.clone()).map_err(unusable)?)
        .set_redirect_uri(RedirectUrl::new(connection.redirect_uri(app.issuer.as_str())).map_err(unusable)?)
        .set_auth_type(match authentication {
            ClientAuthentication::ClientSecretPost => AuthType::RequestBody,
            ClientAuthentication::ClientSecretBasic | ClientAuthentication::None => AuthType::BasicAuth,
        });
    Ok(match secret(app, connection).await? {
        Some(secret) if authentication != ClientAuthentication::None => client.set_client_secret(secret),
        _ => client,
    })
}

/// How we prove ourselves, and what with.
///
/// # Errors
/// When the secret cannot be used.
pub async fn proof(
    app: &App,
    connection: &Connection,
    place: &Place,
) -> Result<(ClientAuthentication, Option<ClientSecret>), Problem> {
    Ok((authentication(connection, place), secret(app, connection).await?))
}

/// What we prove ourselves with: the stored secret, or what is made of it for this minute.
async fn secret(app: &App, connection: &Connection) -> Result<Option<ClientSecret>, Problem> {
    let stored = async { connections::secret(&mut app.db.read().await?, &app.keyring, connection.id).await };
    let stored = stored.await.map_err(|error| {
        tracing::error!(%error, "the secret of a connection cannot be read");
        Problem::Setup("its secret cannot be read")
    })?;
    let Some(secret) = stored else { return Ok(None) };
    Ok(Some(ClientSecret::new(match connection.provider {
        Provider::Apple => apple::assertion(connection, secret.expose(), &app.entropy, app.clock.now())?,
        _ => secret.expose().clone(),
    })))
}

/// As chosen, else as the provider says it can.
fn authentication(connection: &Connection, place: &Place) -> ClientAuthentication {
    if let Some(chosen) = connection.configuration.client_authentication {
        return chosen;
    }
    match connection.provider {
        Provider::Apple | Provider::Github => return ClientAuthentication::ClientSecretPost,
        _ => {}
    }
    let offered = place.openid.as_ref().and_then(|metadata| metadata.token_endpoint_auth_methods_supported());
    // Where it says nothing, Basic is what the standard means (Discovery, 3).
    match offered {
        Some(methods)
            if methods.contains(&CoreClientAuthMethod::ClientSecretPost)
                && !methods.contains(&CoreClientAuthMethod::ClientSecretBasic) =>
        {
            ClientAuthentication::ClientSecretPost
        }
        _ => ClientAuthentication::ClientSecretBasic,
    }
}
