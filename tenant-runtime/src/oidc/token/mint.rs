//! Making tokens: claims into signed text.

use std::borrow::Cow;

use polder_kernel::Timestamp;
use polder_kernel::encoding::base64url;
use polder_protocol::Scope;
use polder_protocol::claims::{ACCESS_TOKEN_TYPE, AccessToken, Audience, Confirmation, ID_TOKEN_TYPE, IdToken};
use polder_protocol::refresh::Presented;
use polder_protocol::scope::{OPENID, ROLES};
use polder_protocol::token::Response;
use polder_protocol::token::response::TokenType;

use crate::App;
use crate::error::Internal;
use crate::fields::{self, claims::Place};
use crate::model::{Application, Grant, GrantId};
use crate::oidc::{standing, verify};
use crate::store;

/// What one answer of the token endpoint is made from.
pub(super) struct Order<'a> {
    /// Who gets it.
    pub application: &'a Application,
    /// What it is for.
    pub grant: &'a Grant,
    /// The scope of the access token: the grant's, or less.
    pub scope: Scope,
    /// From the authorization request; only the first ID token carries it.
    pub nonce: Option<&'a str>,
    /// The generation of the refresh token to give, if any.
    pub refresh: Option<u32>,
    /// The key that the access token is bound to, as a thumbprint.
    pub jkt: Option<&'a str>,
}

/// All tokens of an answer about a person.
pub(super) async fn for_person(app: &App, order: Order<'_>) -> Result<Response, Internal> {
    let Order { application, grant, scope, nonce, refresh, jkt } = order;
    let now = app.clock.now();
    let roles = if scope.contains(ROLES) { Some(roles(app, grant).await?) } else { None };
    let access = AccessToken {
        sub: Cow::Owned(grant.user_id.to_string()),
        auth_time: Some(grant.authenticated_at.seconds()),
        acr: Some(Cow::Borrowed(&grant.acr)),
        amr: Cow::Borrowed(&grant.amr),
        sid: Some(Cow::Borrowed(&grant.sid)),
        roles: roles.map(Cow::Owned),
        aud: audience(app, application, &scope),
        cnf: confirmation(jkt),
        ..bare(app, application, Some(grant.id), scope.clone(), now)
    };
    let access_token = sign_access_token(app, application, &access).await?;
    let id_token =
        if grant.scope.contains(OPENID) { Some(id_token(app, application, grant, nonce).await?) } else { None };
    let refresh_token = refresh.map(|generation| refresh_token(app, grant.id, generation));
    Ok(Response { refresh_token, id_token, ..response(app, access_token, scope, jkt) })
}

/// Who an access token about a person is for: the application's own audience, and ourselves where it is
/// for userinfo, too. Userinfo takes no token that is not for it (RFC 9068, 4).
fn audience<'a>(app: &'a App, application: &'a Application, scope: &Scope) -> Audience<'a> {
    let (own, issuer) = (application.client.audience.as_str(), app.issuer.as_str());
    if own == issuer || !scope.contains(OPENID) {
        return own.into();
    }
    Audience::Each(vec![own.to_owned(), issuer.to_owned()])
}

/// An access token without a person (B17): `sub` is the application.
pub(super) async fn for_application(
    app: &App,
    application: &Application,
    scope: Scope,
    jkt: Option<&str>,
) -> Result<String, Internal> {
    let claims = AccessToken { cnf: confirmation(jkt), ..bare(app, application, None, scope, app.clock.now()) };
    sign_access_token(app, application, &claims).await
}

fn confirmation(jkt: Option<&str>) -> Option<Confirmation<'_>> {
    jkt.map(|jkt| Confirmation { jkt: Cow::Borrowed(jkt) })
}

/// The answer around an access token.
pub(super) fn response(app: &App, access_token: String, scope: Scope, jkt: Option<&str>) -> Response {
    Response {
        access_token,
        token_type: if jkt.is_some() { TokenType::Dpop } else { TokenType::Bearer },
        expires_in: app.lifetimes.access_token.as_secs(),
        refresh_token: None,
        id_token: None,
        scope,
    }
}

fn bare<'a>(
    app: &'a App,
    application: &'a Application,
    grant: Option<GrantId>,
    scope: Scope,
    now: Timestamp,
) -> AccessToken<'a> {
    let client = &application.client;
    AccessToken {
        iss: Cow::Borrowed(app.issuer.as_str()),
        aud: client.audience.as_str().into(),
        sub: Cow::Borrowed(&client.id),
        client_id: Cow::Borrowed(&client.id),
        iat: now.seconds(),
        exp: (now + app.lifetimes.access_token).seconds(),
        jti: Cow::Owned(standing::jti(grant, &base64url(&app.entropy.bytes::<16>()))),
        scope,
        auth_time: None,
        acr: None,
        amr: Cow::Borrowed(&[]),
        sid: None,
        roles: None,
        cnf: None,
    }
}

async fn sign_access_token(app: &App, application: &Application, claims: &AccessToken<'_>) -> Result<String, Internal> {
    Ok(app.keys.signer(application.access_token_alg).await?.sign_jwt(ACCESS_TOKEN_TYPE, claims)?)
}

async fn id_token(
    app: &App,
    application: &Application,
    grant: &Grant,
    nonce: Option<&str>,
) -> Result<String, Internal> {
    let now = app.clock.now();
    let claims = IdToken {
        iss: Cow::Borrowed(app.issuer.as_str()),
        sub: Cow::Owned(grant.user_id.to_string()),
        aud: Cow::Borrowed(&application.client.id),
        exp: (now + app.lifetimes.id_token).seconds(),
        iat: now.seconds(),
        auth_time: grant.authenticated_at.seconds(),
        nonce: nonce.map(Cow::Borrowed),
        acr: Some(Cow::Borrowed(&grant.acr)),
        amr: Cow::Borrowed(&grant.amr),
        sid: Some(Cow::Borrowed(&grant.sid)),
        custom: fields::claims::about(app, application, grant.user_id, (&grant.scope, Place::IdToken)).await?,
    };
    Ok(app.keys.signer(application.id_token_alg).await?.sign_jwt(ID_TOKEN_TYPE, &claims)?)
}

fn refresh_token(app: &App, grant_id: GrantId, generation: u32) -> String {
    let mac = verify::refresh_mac(app, grant_id, generation);
    Presented { grant_id: *grant_id.as_bytes(), generation, mac }.text().expose().clone()
}

async fn roles(app: &App, grant: &Grant) -> Result<Vec<String>, Internal> {
    Ok(store::users::roles(&mut app.db.read().await?, grant.user_id).await?)
}
