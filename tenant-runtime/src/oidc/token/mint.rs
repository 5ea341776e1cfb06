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
use polder_tenant_api::AccessTokenFormat;

use crate::App;
use crate::error::Internal;
use crate::fields::{self, claims::Place};
use crate::model::{Application, Grant, GrantId};
use crate::oidc::{opaque, person, standing, subject, verify};
use crate::store;

/// What one answer of the token endpoint is made from.
pub(super) struct Order<'a> {
    /// Who gets it.
    pub application: &'a Application,
    /// What it is for.
    pub grant: &'a Grant,
    /// The scope of the access token: the grant's, or less.
    pub scope: Scope,
    /// The APIs that the access token is for; empty for what is usual.
    pub resources: Resources,
    /// From the authorization request; only the first ID token carries it.
    pub nonce: Option<&'a str>,
    /// The generation of the refresh token to give, if any.
    pub refresh: Option<u32>,
    /// The key that the access token is bound to, as a thumbprint.
    pub jkt: Option<&'a str>,
}

/// The APIs that an access token is for.
pub(super) struct Resources {
    /// What was granted, or the part of it that was named; empty for what is usual for the application.
    pub all: Vec<String>,
    /// Whether they were named in this very request: then the token is for them and for nothing else.
    pub named: bool,
}

/// All tokens of an answer about a person.
pub(super) async fn for_person(app: &App, order: Order<'_>) -> Result<Response, Internal> {
    let Order { application, grant, scope, resources, nonce, refresh, jkt } = order;
    let scope = application.client.still(scope);
    let now = app.clock.now();
    let roles = if scope.contains(ROLES) { Some(roles(app, grant).await?) } else { None };
    let access = AccessToken {
        sub: Cow::Owned(subject::of(app, application, grant.user_id)),
        auth_time: Some(grant.authenticated_at.seconds()),
        acr: Some(Cow::Borrowed(&grant.acr)),
        amr: Cow::Borrowed(&grant.amr),
        sid: Some(Cow::Borrowed(&grant.sid)),
        roles: roles.map(Cow::Owned),
        aud: audience(app, application, &scope, resources),
        cnf: confirmation(jkt),
        ..bare(app, application, Some(grant.id), scope.clone(), now)
    };
    let access_token = access_token(app, application, &access).await?;
    let id_token =
        if grant.scope.contains(OPENID) { Some(id_token(app, application, grant, nonce).await?) } else { None };
    let refresh_token = refresh.map(|generation| refresh_token(app, grant.id, generation));
    Ok(Response { refresh_token, id_token, ..response(app, application, (access_token, scope), jkt) })
}

/// Who an access token about a person is for: what was granted or else the application's own audience, and
/// ourselves where it is for userinfo, too. Userinfo takes no token that is not for it (RFC 9068, 4). Whoever
/// names APIs for one token gets it for those alone (RFC 8707, 2.2).
fn audience<'a>(app: &'a App, application: &'a Application, scope: &Scope, resources: Resources) -> Audience<'a> {
    let (own, issuer) = (application.client.audience.as_str(), app.issuer.as_str());
    let Resources { all, named } = resources;
    let for_userinfo = scope.contains(OPENID) && !named;
    if all.is_empty() {
        if own == issuer || !for_userinfo {
            return own.into();
        }
        return Audience::Each(vec![own.to_owned(), issuer.to_owned()]);
    }
    let ours = (for_userinfo && !all.iter().any(|one| one == issuer)).then(|| issuer.to_owned());
    Audience::of(all.into_iter().chain(ours).collect())
}

/// An access token without a person (B17): `sub` is the application.
pub(super) async fn for_application(
    app: &App,
    application: &Application,
    (scope, resources): (Scope, Vec<String>),
    jkt: Option<&str>,
) -> Result<String, Internal> {
    let bare = bare(app, application, None, scope, app.clock.now());
    let mut claims = AccessToken { cnf: confirmation(jkt), ..bare };
    if !resources.is_empty() {
        claims.aud = Audience::of(resources);
    }
    access_token(app, application, &claims).await
}

fn confirmation(jkt: Option<&str>) -> Option<Confirmation<'_>> {
    jkt.map(|jkt| Confirmation { jkt: Cow::Borrowed(jkt) })
}

/// The answer around an access token.
pub(super) fn response(
    app: &App,
    application: &Application,
    (access_token, scope): (String, Scope),
    jkt: Option<&str>,
) -> Response {
    Response {
        access_token,
        token_type: if jkt.is_some() { TokenType::Dpop } else { TokenType::Bearer },
        expires_in: application.lifetimes(&app.lifetimes).access_token.as_secs(),
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
        exp: (now + application.lifetimes(&app.lifetimes).access_token).seconds(),
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

async fn access_token(app: &App, application: &Application, claims: &AccessToken<'_>) -> Result<String, Internal> {
    if application.preferences.access_token_format == Some(AccessTokenFormat::Opaque) {
        return opaque::seal(&app.keyring, claims);
    }
    Ok(app.keys.signer(application.access_token_alg).await?.sign_jwt(ACCESS_TOKEN_TYPE, claims)?)
}

pub(super) async fn id_token(
    app: &App,
    application: &Application,
    grant: &Grant,
    nonce: Option<&str>,
) -> Result<String, Internal> {
    let now = app.clock.now();
    let mut custom =
        fields::claims::about(app, application, grant.user_id, (&grant.scope, Place::IdToken, &[])).await?;
    if !grant.claims.id_token.is_empty() {
        custom.extend(person::asked_for(app, application, grant.user_id, &grant.claims.id_token).await?);
    }
    let claims = IdToken {
        iss: Cow::Borrowed(app.issuer.as_str()),
        sub: Cow::Owned(subject::of(app, application, grant.user_id)),
        aud: Cow::Borrowed(&application.client.id),
        exp: (now + app.lifetimes.id_token).seconds(),
        iat: now.seconds(),
        auth_time: grant.authenticated_at.seconds(),
        nonce: nonce.map(Cow::Borrowed),
        acr: Some(Cow::Borrowed(&grant.acr)),
        amr: Cow::Borrowed(&grant.amr),
        sid: Some(Cow::Borrowed(&grant.sid)),
        custom,
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
