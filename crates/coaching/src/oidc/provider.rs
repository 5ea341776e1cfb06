//! The identity provider, spoken to through the `openidconnect` crate.

use std::sync::Arc;

use openidconnect::core::{
    CoreAuthDisplay, CoreAuthPrompt, CoreAuthenticationFlow, CoreClient, CoreGenderClaim, CoreIdToken,
    CoreProviderMetadata,
};
use openidconnect::{
    AdditionalClaims, AuthorizationCode, ClientId, ClientSecret, CsrfToken, IssuerUrl, LoginHint, Nonce,
    OAuth2TokenResponse, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, RefreshToken, Scope, TokenResponse,
    UserInfoClaims,
};
use polder_kernel::{Clock, Email};
use polder_outbound::IssuerHttp;
use serde::{Deserialize, Serialize};
use tokio::sync::RwLock;
use url::Url;

use super::attempt::Attempt;
use crate::settings::Application;

/// The identity provider.
pub struct Provider {
    issuer: String,
    http: IssuerHttp,
    /// Discovery and keys, read at first use and again when a key is not known.
    metadata: RwLock<Option<Arc<CoreProviderMetadata>>>,
}

/// Tokens of a session.
#[derive(Clone, Serialize, Deserialize)]
pub struct Tokens {
    /// For calls in the person's name.
    pub access: String,
    /// For the next access token.
    pub refresh: Option<String>,
    /// A hint for signing out.
    pub id: String,
    /// Seconds the access token lives.
    pub expires_in: u64,
}

/// Who signed in, as the identity provider vouches.
#[derive(Debug)]
pub struct Identity {
    /// The subject at the issuer.
    pub subject: String,
    /// The verified address.
    pub email: Email,
    /// Their name; the address's local part when they gave none.
    pub name: String,
    /// Roles in the tenant.
    pub roles: Vec<String>,
    /// The session at the provider.
    pub sid: Option<String>,
}

/// Why somebody was not signed in. The text is for the log and holds no secret.
#[derive(Debug, thiserror::Error)]
pub enum OidcError {
    /// The provider cannot be reached or does not speak the protocol.
    #[error("the identity provider cannot be used: {0}")]
    Provider(String),
    /// The answer does not belong to this attempt.
    #[error("the answer is not to be trusted: {0}")]
    Untrusted(&'static str),
    /// The provider refused: the grant is gone.
    #[error("the identity provider refused the grant")]
    Refused,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct TenantClaims {
    #[serde(default)]
    roles: Vec<String>,
}

impl AdditionalClaims for TenantClaims {}

/// Turns the library's errors into one line without their payload, which may quote tokens.
fn provider<E: std::error::Error>(what: &'static str) -> impl Fn(E) -> OidcError {
    move |_| OidcError::Provider(what.to_owned())
}

impl Provider {
    /// The provider at `issuer`; nothing is fetched yet.
    ///
    /// # Errors
    /// When TLS cannot be set up.
    pub fn new(issuer: &str) -> Result<Self, OidcError> {
        let http = IssuerHttp::new().map_err(provider("no HTTP client"))?;
        Ok(Self { issuer: issuer.to_owned(), http, metadata: RwLock::new(None) })
    }

    async fn metadata(&self) -> Result<Arc<CoreProviderMetadata>, OidcError> {
        if let Some(known) = self.metadata.read().await.clone() {
            return Ok(known);
        }
        let issuer = IssuerUrl::new(self.issuer.clone()).map_err(provider("the issuer is not a URL"))?;
        let found =
            CoreProviderMetadata::discover_async(issuer, &self.http).await.map_err(provider("discovery failed"))?;
        let found = Arc::new(found);
        *self.metadata.write().await = Some(found.clone());
        Ok(found)
    }

    async fn forget_keys(&self) {
        *self.metadata.write().await = None;
    }

    /// Where to send the browser.
    ///
    /// # Errors
    /// [`OidcError::Provider`].
    pub async fn authorize(
        &self,
        application: &Application,
        redirect: &str,
        attempt: &Attempt,
        hint: Option<&Email>,
    ) -> Result<Url, OidcError> {
        let metadata = self.metadata().await?;
        let redirect = RedirectUrl::new(redirect.to_owned()).map_err(provider("the redirect URI is not a URL"))?;
        let client =
            CoreClient::from_provider_metadata((*metadata).clone(), ClientId::new(application.client_id.clone()), None)
                .set_redirect_uri(redirect);
        let (state, nonce) = (attempt.state.clone(), attempt.nonce.clone());
        let verifier = PkceCodeVerifier::new(attempt.verifier.clone());
        let mut request = client
            .authorize_url(CoreAuthenticationFlow::AuthorizationCode, || CsrfToken::new(state), || Nonce::new(nonce))
            .add_scopes(["profile", "email", "roles"].map(|s| Scope::new(s.to_owned())))
            .set_pkce_challenge(PkceCodeChallenge::from_code_verifier_sha256(&verifier))
            .set_display(CoreAuthDisplay::Page);
        if let Some(email) = hint {
            // Somebody else may be signed in on this computer: the invited person chooses.
            request = request
                .set_login_hint(LoginHint::new(email.as_str().to_owned()))
                .add_prompt(CoreAuthPrompt::SelectAccount);
        }
        Ok(request.url().0)
    }

    /// Redeems a code, verifies the ID token and asks who it is.
    ///
    /// # Errors
    /// [`OidcError`].
    pub async fn redeem(
        &self,
        application: &Application,
        redirect: &str,
        attempt: &Attempt,
        code: &str,
    ) -> Result<(Tokens, Identity), OidcError> {
        let metadata = self.metadata().await?;
        let redirect = RedirectUrl::new(redirect.to_owned()).map_err(provider("the redirect URI is not a URL"))?;
        let client = CoreClient::from_provider_metadata(
            (*metadata).clone(),
            ClientId::new(application.client_id.clone()),
            Some(ClientSecret::new(application.client_secret.expose().clone())),
        )
        .set_redirect_uri(redirect);
        let answer = client
            .exchange_code(AuthorizationCode::new(code.to_owned()))
            .map_err(provider("no token endpoint"))?
            .set_pkce_verifier(PkceCodeVerifier::new(attempt.verifier.clone()))
            .request_async(&self.http)
            .await
            .map_err(|_| OidcError::Refused)?;
        let id_token = answer.id_token().ok_or(OidcError::Untrusted("no ID token"))?;
        let subject = self.verify(application, id_token, &Nonce::new(attempt.nonce.clone())).await?;
        let sid = session_in(&id_token.to_string());
        let info: UserInfoClaims<TenantClaims, CoreGenderClaim> = client
            .user_info(answer.access_token().clone(), Some(openidconnect::SubjectIdentifier::new(subject.clone())))
            .map_err(provider("no userinfo endpoint"))?
            .request_async(&self.http)
            .await
            .map_err(provider("userinfo failed"))?;
        let verified = info.email_verified() == Some(true);
        let email: Email = info
            .email()
            .filter(|_| verified)
            .and_then(|e| e.as_str().parse().ok())
            .ok_or(OidcError::Untrusted("no verified address"))?;
        let name = info.name().and_then(|n| n.get(None)).map(|n| n.as_str().to_owned());
        let name = name.unwrap_or_else(|| email.as_str().split('@').next().unwrap_or_default().to_owned());
        let tokens = Tokens::from_answer(&answer, Some(id_token.to_string()))?;
        Ok((tokens, Identity { subject, email, name, roles: info.additional_claims().roles.clone(), sid }))
    }

    /// Checks signature, issuer, audience, life and nonce; a key that is not known yet is looked for
    /// once more.
    async fn verify(&self, application: &Application, token: &CoreIdToken, nonce: &Nonce) -> Result<String, OidcError> {
        for last in [false, true] {
            let metadata = self.metadata().await?;
            let client = CoreClient::from_provider_metadata(
                (*metadata).clone(),
                ClientId::new(application.client_id.clone()),
                Some(ClientSecret::new(application.client_secret.expose().clone())),
            );
            match token.claims(&client.id_token_verifier(), nonce) {
                Ok(claims) => return Ok(claims.subject().as_str().to_owned()),
                Err(_) if last => break,
                Err(_) => self.forget_keys().await,
            }
        }
        Err(OidcError::Untrusted("the ID token does not verify"))
    }

    /// Trades a refresh token for new tokens.
    ///
    /// # Errors
    /// [`OidcError::Refused`] when the grant is gone, [`OidcError::Provider`] when it may still be there.
    pub async fn refresh(&self, application: &Application, tokens: &Tokens) -> Result<Tokens, OidcError> {
        let refresh = tokens.refresh.clone().ok_or(OidcError::Refused)?;
        let metadata = self.metadata().await?;
        let client = CoreClient::from_provider_metadata(
            (*metadata).clone(),
            ClientId::new(application.client_id.clone()),
            Some(ClientSecret::new(application.client_secret.expose().clone())),
        );
        let answer = client
            .exchange_refresh_token(&RefreshToken::new(refresh))
            .map_err(provider("no token endpoint"))?
            .request_async(&self.http)
            .await
            .map_err(|error| match error {
                openidconnect::RequestTokenError::ServerResponse(_) => OidcError::Refused,
                _ => OidcError::Provider("refresh failed".to_owned()),
            })?;
        let mut fresh = Tokens::from_answer(&answer, None)?;
        fresh.id = tokens.id.clone();
        fresh.refresh = fresh.refresh.or_else(|| tokens.refresh.clone());
        Ok(fresh)
    }

    /// Where the browser goes to end the session at the provider (RP-Initiated Logout).
    ///
    /// # Errors
    /// [`OidcError::Provider`].
    pub async fn end_session(&self, application: &Application, id_token: &str, back: &str) -> Result<Url, OidcError> {
        // The core metadata type has no room for the endpoint: it is read from discovery by itself.
        let mut url = Url::parse(&format!("{}/.well-known/openid-configuration", self.issuer))
            .map_err(provider("the issuer is not a URL"))?;
        #[derive(Deserialize)]
        struct Endpoints {
            end_session_endpoint: Url,
        }
        let request = ::http::Request::get(url.as_str()).body(Vec::new()).map_err(provider("no request"))?;
        let answer =
            openidconnect::AsyncHttpClient::call(&self.http, request).await.map_err(provider("discovery failed"))?;
        let endpoints: Endpoints =
            serde_json::from_slice(answer.body()).map_err(provider("no end_session_endpoint"))?;
        url = endpoints.end_session_endpoint;
        url.query_pairs_mut()
            .append_pair("id_token_hint", id_token)
            .append_pair("client_id", &application.client_id)
            .append_pair("post_logout_redirect_uri", back);
        Ok(url)
    }
}

/// `sid` of an ID token that was verified: the core type has no room for it.
fn session_in(verified: &str) -> Option<String> {
    #[derive(Deserialize)]
    struct Session {
        sid: Option<String>,
    }
    let payload = polder_kernel::encoding::from_base64url(verified.split('.').nth(1)?)?;
    serde_json::from_slice::<Session>(&payload).ok()?.sid
}

impl Tokens {
    fn from_answer(answer: &openidconnect::core::CoreTokenResponse, id: Option<String>) -> Result<Self, OidcError> {
        let expires_in =
            answer.expires_in().ok_or(OidcError::Untrusted("the access token does not say when it ends"))?;
        Ok(Self {
            access: answer.access_token().secret().clone(),
            refresh: answer.refresh_token().map(|t| t.secret().clone()),
            id: id.unwrap_or_default(),
            expires_in: expires_in.as_secs(),
        })
    }

    /// When the access token ends, half a minute early so that it does not end on the way.
    pub fn access_expires_at(&self, clock: &Clock) -> polder_kernel::Timestamp {
        clock.now() + std::time::Duration::from_secs(self.expires_in.saturating_sub(30))
    }
}
