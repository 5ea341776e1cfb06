//! The end of a try-out: what the token endpoint would have given for the code, as claims to look at.
//!
//! The code is held to all that the token endpoint holds one to, but for the application's own proof, and is used up.
//! The ID token is made and signed as ever, read back with the published keys, and goes no further. No access token is
//! made and nothing is granted, so there is nothing to revoke.

use polder_crypto::{Algorithm, Verified};
use polder_kernel::Secret;
use polder_protocol::claims::ID_TOKEN_TYPE;
use polder_protocol::scope::OPENID;
use polder_protocol::token::authorization_code::{Presented as With, check, refused};
use polder_protocol::{Error, Scope};
use polder_tenant_api::TryOutOutcome;
use serde_json::{Map, Value};

use super::{authorization_code, grant, mint};
use crate::App;
use crate::admin::Caller;
use crate::error::Internal;
use crate::model::{Application, Approved, AuthorizationCode, Grant, User};
use crate::oidc::userinfo;
use crate::store;
use crate::store::codes::FoundCode;

/// What the person came back with.
pub struct Presented {
    /// The authorization code.
    pub code: Secret<String>,
    /// The verifier of its challenge.
    pub code_verifier: Secret<String>,
}

/// Checks, uses, looks.
///
/// # Errors
/// When the database or a key fails. What the application would be refused with is inside.
pub async fn end(
    app: &App,
    caller: Caller,
    application: &Application,
    presented: Presented,
) -> Result<Result<TryOutOutcome, Error>, Internal> {
    let hash = app.keyring.index("authorization-code", presented.code.expose().as_bytes());
    let found = store::codes::find(&mut app.db.read().await?, &hash).await?;
    // What is the application's own is not the control plane's to look into.
    let own = |found: &FoundCode| found.code.bound.try_out && found.code.application_id == application.id;
    let Some(FoundCode { code, used_at }) = found.filter(own) else {
        return Ok(Err(refused().detail("unknown code")));
    };
    if used_at.is_some() {
        return Ok(Err(refused().detail("used before")));
    }
    let verifier = Some(presented.code_verifier.expose().as_str());
    let with_it = With { redirect_uri: Some(&code.redirect_uri), code_verifier: verifier, jkt: None };
    if let Err(error) = check(&authorization_code::bound(&code), &application.client, with_it, app.clock.now()) {
        return Ok(Err(error));
    }
    if let Err(error) = authorization_code::still_admitted(app, application, &code).await? {
        return Ok(Err(error));
    }
    if !use_up(app, caller, hash, &code).await? {
        return Ok(Err(refused().detail("used before, or the person or the session has ended")));
    }
    let user = store::users::by_id(&mut app.db.read().await?, &app.keyring, code.user_id).await?;
    let Some(user) = user else { return Ok(Err(refused().detail("the person or the session has ended"))) };
    Ok(Ok(outcome(app, application, code, user).await?))
}

async fn use_up(app: &App, caller: Caller, hash: String, code: &AuthorizationCode) -> Result<bool, Internal> {
    let (now, application, user, session) = (app.clock.now(), code.application_id, code.user_id, code.session_id);
    app.db
        .write(move |tx| {
            Box::pin(async move {
                let first = store::codes::use_up(tx, &hash, now).await?;
                if first {
                    let event = caller.event("application.tried_out").application(application).user(user);
                    polder_audit::record(tx, event.session(session));
                }
                Ok::<_, Internal>(first)
            })
        })
        .await
}

async fn outcome(
    app: &App,
    application: &Application,
    code: AuthorizationCode,
    user: User,
) -> Result<TryOutOutcome, Internal> {
    let nonce = code.nonce.clone();
    let approved = Approved {
        grant_id: code.grant_id,
        user_id: code.user_id,
        session_id: code.session_id,
        scope: code.scope,
        bound: code.bound,
    };
    let (grant, _) = grant::begun(app, application, approved, None);
    let scope = application.client.still(grant.scope.clone());
    let (mut id_token, mut said) = (None, None);
    if grant.scope.contains(OPENID) {
        id_token = Some(read_back(app, application, &grant, nonce.as_deref()).await?);
        said = Some(about(app, application, user, (&scope, &grant)).await?);
    }
    let (alg, id_token) = id_token.map_or((None, None), |(alg, claims)| (Some(alg), Some(claims)));
    Ok(TryOutOutcome {
        id_token,
        id_token_alg: alg.map(|alg: Algorithm| alg.as_str().to_owned()),
        userinfo: said,
        scope: scope.to_string(),
        acr: grant.acr,
        amr: grant.amr,
        authenticated_at: grant.authenticated_at.rfc3339(),
        access_token_seconds: application.lifetimes(&app.lifetimes).access_token.as_secs(),
        refresh_token: grant.refresh_expires_at.is_some(),
    })
}

/// The ID token as a library would read it.
async fn read_back(
    app: &App,
    application: &Application,
    grant: &Grant,
    nonce: Option<&str>,
) -> Result<(Algorithm, Map<String, Value>), Internal> {
    let token = mint::id_token(app, application, grant, nonce).await?;
    let verified = app.keys.current().verifier.verify(&token, &[ID_TOKEN_TYPE], &[application.id_token_alg]);
    match verified {
        Ok(Verified { header, claims: Value::Object(claims) }) => Ok((header.alg, claims)),
        // Keys were changed in between.
        _ => Err(Internal::NotReady("the published keys do not fit the ID token")),
    }
}

async fn about(
    app: &App,
    application: &Application,
    user: User,
    (scope, grant): (&Scope, &Grant),
) -> Result<Map<String, Value>, Internal> {
    userinfo::about(app, application, user, (scope, &grant.claims.userinfo)).await
}
