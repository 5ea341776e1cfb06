//! The tenant `platform`, spoken to through the `openidconnect` crate and our own gateway.

use std::sync::Arc;

use openidconnect::OAuth2TokenResponse;
use openidconnect::core::{
    CoreAuthPrompt, CoreAuthenticationFlow, CoreClient, CoreGenderClaim, CoreIdToken, CoreProviderMetadata,
};
use openidconnect::{
    AuthorizationCode, ClientId, ClientSecret, CsrfToken, EmptyAdditionalClaims, EndpointMaybeSet, EndpointNotSet,
    EndpointSet, IssuerUrl, LoginHint, Nonce, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, RefreshToken,
    RequestTokenError, Scope, SubjectIdentifier, TokenResponse, UserInfoClaims,
};
use polder_kernel::{Email, Locale, Slug};
use polder_outbound::IssuerHttp;
use tokio::sync::{OnceCell, RwLock};
use url::Url;

use super::error::unusable;
use super::{Attempt, OidcError, Tokens};
use crate::app::App;
use crate::provision::desired::{CONSOLE_CALLBACK, Purpose};
use crate::provision::{OwnApplication, own_application};
use crate::store::tenants;

/// The tenant `platform`.
pub struct Provider {
    issuer: String,
    console: String,
    http: OnceCell<IssuerHttp>,
    /// Discovery and keys, read at first use and again when a key is not known.
    metadata: RwLock<Option<Arc<CoreProviderMetadata>>>,
}

/// Who signed in, as `platform` vouches.
#[derive(Debug)]
pub struct Identity {
    /// The subject at `platform`.
    pub subject: String,
    /// The verified address.
    pub email: Email,
    /// Their name; the address's local part when they gave none.
    pub name: String,
}

/// What the browser is to be asked for at `platform`.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wish<'a> {
    /// Who is expected.
    pub hint: Option<&'a Email>,
    /// The language of the pages.
    pub locale: Option<Locale>,
    /// Whether to ask which account, even where one is signed in.
    pub choose: bool,
}

type Client =
    CoreClient<EndpointSet, EndpointNotSet, EndpointNotSet, EndpointNotSet, EndpointMaybeSet, EndpointMaybeSet>;

impl Provider {
    /// The provider of this control plane; nothing is fetched yet.
    pub fn new(app: &App) -> Self {
        let issuer = app.settings.issuer(&Slug::platform());
        Self { issuer, console: app.settings.console(), http: OnceCell::new(), metadata: RwLock::new(None) }
    }

    /// Its issuer.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// Where to send the browser.
    ///
    /// # Errors
    /// [`OidcError`].
    pub async fn authorize(&self, app: &App, attempt: &Attempt, wish: Wish<'_>) -> Result<Url, OidcError> {
        let client = self.client(&own(app).await?).await?;
        let (state, nonce) = (attempt.state.clone(), attempt.nonce.clone());
        let verifier = PkceCodeVerifier::new(attempt.verifier.clone());
        let mut request = client
            .authorize_url(CoreAuthenticationFlow::AuthorizationCode, || CsrfToken::new(state), || Nonce::new(nonce))
            .add_scopes(["profile", "email"].map(|scope| Scope::new(scope.to_owned())))
            .set_pkce_challenge(PkceCodeChallenge::from_code_verifier_sha256(&verifier));
        if let Some(email) = wish.hint {
            request = request.set_login_hint(LoginHint::new(email.as_str().to_owned()));
        }
        if wish.choose {
            request = request.add_prompt(CoreAuthPrompt::SelectAccount);
        }
        if let Some(locale) = wish.locale {
            request = request.add_extra_param("ui_locales", locale.tag());
        }
        Ok(request.url().0)
    }

    /// Redeems a code, verifies the ID token and asks who it is.
    ///
    /// # Errors
    /// [`OidcError`].
    pub async fn redeem(&self, app: &App, attempt: &Attempt, code: &str) -> Result<(Tokens, Identity), OidcError> {
        let own = own(app).await?;
        let client = self.client(&own).await?;
        let answer = client
            .exchange_code(AuthorizationCode::new(code.to_owned()))
            .map_err(unusable("no token endpoint"))?
            .set_pkce_verifier(PkceCodeVerifier::new(attempt.verifier.clone()))
            .request_async(self.http().await?)
            .await
            .map_err(of_token_endpoint)?;
        let id_token = answer.id_token().ok_or(OidcError::Untrusted("no ID token"))?;
        let subject = self.verify(&own, id_token, &Nonce::new(attempt.nonce.clone())).await?;
        let info: UserInfoClaims<EmptyAdditionalClaims, CoreGenderClaim> = client
            .user_info(answer.access_token().clone(), Some(SubjectIdentifier::new(subject.clone())))
            .map_err(unusable("no userinfo endpoint"))?
            .request_async(self.http().await?)
            .await
            .map_err(unusable("userinfo failed"))?;
        let email: Email = info
            .email()
            .filter(|_| info.email_verified() == Some(true))
            .and_then(|email| email.as_str().parse().ok())
            .ok_or(OidcError::Untrusted("no verified address"))?;
        let name = info.name().and_then(|name| name.get(None)).map(|name| name.as_str().to_owned());
        let name = name.unwrap_or_else(|| email.as_str().split('@').next().unwrap_or_default().to_owned());
        let tokens = Tokens::of(&answer, id_token.to_string(), &app.clock)?;
        Ok((tokens, Identity { subject, email, name }))
    }

    /// Trades a refresh token for new tokens.
    ///
    /// # Errors
    /// [`OidcError::Refused`] when the session at `platform` is over, others when it may live.
    pub async fn renew(&self, app: &App, tokens: &Tokens) -> Result<Tokens, OidcError> {
        let refresh = tokens.refresh.clone().ok_or(OidcError::Refused)?;
        let client = self.client(&own(app).await?).await?;
        let answer = client
            .exchange_refresh_token(&RefreshToken::new(refresh))
            .map_err(unusable("no token endpoint"))?
            .request_async(self.http().await?)
            .await
            .map_err(of_token_endpoint)?;
        let mut fresh = Tokens::of(&answer, tokens.id.clone(), &app.clock)?;
        fresh.refresh = fresh.refresh.or_else(|| tokens.refresh.clone());
        Ok(fresh)
    }

    /// Where the browser goes to end the session at `platform` (RP-Initiated Logout), which sends it
    /// back to the console's front door.
    ///
    /// # Errors
    /// [`OidcError`].
    pub async fn end_session(&self, app: &App, id_token: &str) -> Result<Url, OidcError> {
        let own = own(app).await?;
        // The core metadata type has no room for the endpoint; it is ours, and where it always is.
        let mut url =
            Url::parse(&format!("{}/end_session", self.issuer)).map_err(unusable("the issuer is not a URL"))?;
        url.query_pairs_mut()
            .append_pair("id_token_hint", id_token)
            .append_pair("client_id", &own.client_id)
            .append_pair("post_logout_redirect_uri", &format!("{}/", self.console))
            .append_pair("state", "ended");
        Ok(url)
    }

    /// Checks signature, issuer, audience, life and nonce; a key that is not known yet is looked for
    /// once more.
    async fn verify(&self, own: &OwnApplication, token: &CoreIdToken, nonce: &Nonce) -> Result<String, OidcError> {
        for last in [false, true] {
            let client = self.client(own).await?;
            match token.claims(&client.id_token_verifier(), nonce) {
                Ok(claims) => return Ok(claims.subject().as_str().to_owned()),
                Err(_) if last => break,
                Err(_) => *self.metadata.write().await = None,
            }
        }
        Err(OidcError::Untrusted("the ID token does not verify"))
    }

    async fn client(&self, own: &OwnApplication) -> Result<Client, OidcError> {
        let metadata = self.metadata().await?;
        let redirect = RedirectUrl::new(format!("{}{CONSOLE_CALLBACK}", self.console));
        let secret = ClientSecret::new(own.client_secret.expose().clone());
        Ok(CoreClient::from_provider_metadata((*metadata).clone(), ClientId::new(own.client_id.clone()), Some(secret))
            .set_redirect_uri(redirect.map_err(unusable("the redirect URI is not a URL"))?))
    }

    async fn http(&self) -> Result<&IssuerHttp, OidcError> {
        self.http.get_or_try_init(async || IssuerHttp::new().map_err(unusable("no HTTP client"))).await
    }

    async fn metadata(&self) -> Result<Arc<CoreProviderMetadata>, OidcError> {
        if let Some(known) = self.metadata.read().await.clone() {
            return Ok(known);
        }
        let issuer = IssuerUrl::new(self.issuer.clone()).map_err(unusable("the issuer is not a URL"))?;
        let found = CoreProviderMetadata::discover_async(issuer, self.http().await?).await;
        let found = Arc::new(found.map_err(unusable("discovery failed"))?);
        *self.metadata.write().await = Some(Arc::clone(&found));
        Ok(found)
    }
}

/// The console's own application at `platform`.
async fn own(app: &App) -> Result<OwnApplication, OidcError> {
    let platform = tenants::by_slug(&mut app.db.read().await?, &Slug::platform()).await?;
    let platform = platform.ok_or(OidcError::Provider("it is not there"))?;
    Ok(own_application(app, &platform, Purpose::Console).await?)
}

/// What the endpoint answers is its last word; anything else may be otherwise next time.
#[expect(clippy::needless_pass_by_value, reason = "it is handed to map_err")]
fn of_token_endpoint<E, T>(error: RequestTokenError<E, T>) -> OidcError
where
    E: std::error::Error + 'static,
    T: openidconnect::ErrorResponse + 'static,
{
    match error {
        RequestTokenError::ServerResponse(_) => OidcError::Refused,
        _ => OidcError::Provider("the token endpoint does not answer"),
    }
}
