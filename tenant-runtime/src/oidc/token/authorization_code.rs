//! A code becomes tokens (RFC 6749, 4.1.3).
//!
//! What a code is bound to never changes, so a reader checks it first. Then one batch of two
//! statements uses the code and stores the grant: of many parallel uses one is first (B14).

use polder_kernel::{Secret, Timestamp};
use polder_protocol::pkce::CodeChallenge;
use polder_protocol::token::Response;
use polder_protocol::token::authorization_code::{Bound, Presented as With, check, refused};
use polder_protocol::{Error, resource};
use polder_service::RequestContext;
use polder_tenant_api::Access;

use super::grant;
use super::mint::{self, Order, Resources};
use crate::App;
use crate::error::{Internal, OAuthError};
use crate::model::{Application, Approved, Assurance, AuthorizationCode, Grant};
use crate::oidc::dpop::Proof;
use crate::signin::demand;
use crate::store;
use crate::store::codes::{FoundCode, Redeemed};

/// What the application sent.
pub(super) struct Presented {
    pub code: Secret<String>,
    pub redirect_uri: Option<String>,
    pub code_verifier: Option<Secret<String>>,
    pub resources: Vec<String>,
    pub proof: Option<Proof>,
}

/// Checks, uses, mints.
pub(super) async fn redeem(
    app: &App,
    ctx: &RequestContext,
    application: &Application,
    presented: Presented,
) -> Result<Response, OAuthError> {
    let hash = app.keyring.index("authorization-code", presented.code.expose().as_bytes());
    let found = store::codes::find(&mut app.db.read().await?, &hash).await?;
    // The code of a try-out is the control plane's alone.
    let found = found.filter(|found| !found.code.bound.try_out);
    let FoundCode { code, used_at } = found.ok_or_else(|| refused().detail("unknown code"))?;
    if used_at.is_some() && code.application_id == application.id {
        return Err(used_again(app, ctx, &code).await?);
    }
    let jkt = presented.proof.as_ref().map(|proof| proof.jkt.as_str());
    let with_it = With {
        redirect_uri: presented.redirect_uri.as_deref(),
        code_verifier: presented.code_verifier.as_ref().map(|verifier| verifier.expose().as_str()),
        jkt,
    };
    check(&bound(&code), &application.client, with_it, app.clock.now())?;
    still_admitted(app, application, &code).await??;
    let all = resource::narrowed(&code.bound.resources, &presented.resources, &application.client)?;
    let resources = Resources { all, named: !presented.resources.is_empty() };
    if let Some(proof) = &presented.proof {
        proof.take(app).await??;
    }
    let approved = Approved {
        grant_id: code.grant_id,
        user_id: code.user_id,
        session_id: code.session_id,
        scope: code.scope.clone(),
        bound: code.bound.clone(),
    };
    let (grant, ends_at) = grant::begun(app, application, approved, jkt);
    match store_grant(app, ctx, hash, (grant.clone(), ends_at)).await? {
        Redeemed::First => {}
        Redeemed::Ended => return Err(refused().detail("the person or the session has ended").into()),
        Redeemed::Again => return Err(used_again(app, ctx, &code).await?),
    }
    let scope = grant.scope.clone();
    let refresh = grant.refresh_expires_at.map(|_| grant.generation);
    let order = Order { application, grant: &grant, scope, resources, nonce: code.nonce.as_deref(), refresh, jkt };
    Ok(mint::for_person(app, order).await?)
}

pub(super) fn bound(code: &AuthorizationCode) -> Bound {
    Bound {
        client_id: code.application_id.to_string(),
        redirect_uri: code.redirect_uri.clone(),
        code_challenge: CodeChallenge::from_stored(&code.code_challenge),
        dpop_jkt: code.bound.dpop_jkt.clone(),
        expires_at: code.expires_at,
    }
}

/// That what let the person in still does.
///
/// # Errors
/// When the database fails. What is refused is inside.
pub(super) async fn still_admitted(
    app: &App,
    application: &Application,
    code: &AuthorizationCode,
) -> Result<Result<(), Error>, Internal> {
    if !admits(app, application, code).await? {
        return Ok(Err(refused().detail("the application no longer admits the person")));
    }
    if Assurance::of_amr(&code.bound.amr) < demand::least(&app.tenant.current(), application) {
        return Ok(Err(refused().detail("the sign-in is no longer strong enough")));
    }
    Ok(Ok(()))
}

/// Whether the application is still for this person (P19). One for everyone asks the database nothing.
async fn admits(app: &App, application: &Application, code: &AuthorizationCode) -> Result<bool, Internal> {
    if application.access == Access::Everyone {
        return Ok(true);
    }
    let mut tx = app.db.read().await?;
    Ok(store::users::is_admitted(&mut tx, &application.access, application.id, code.user_id).await?)
}

async fn store_grant(
    app: &App,
    ctx: &RequestContext,
    hash: String,
    (grant, ends_at): (Grant, Timestamp),
) -> Result<Redeemed, Internal> {
    let request_id = ctx.request_id.to_string();
    app.db
        .write(move |tx| {
            Box::pin(async move {
                let redeemed = store::codes::redeem(tx, &hash, &grant, ends_at).await?;
                if redeemed == Redeemed::First {
                    polder_audit::record(tx, grant::event("grant.created", &grant).request(request_id));
                }
                Ok(redeemed)
            })
        })
        .await
}

/// A code that comes twice was stolen, or an application is broken: what the first use gave is
/// revoked, and that is durable before the answer goes out (A21).
async fn used_again(app: &App, ctx: &RequestContext, code: &AuthorizationCode) -> Result<OAuthError, Internal> {
    let (id, now, request_id) = (code.grant_id, app.clock.now(), ctx.request_id.to_string());
    app.db
        .write(move |tx| {
            Box::pin(async move {
                let Some(grant) = store::grants::find(tx, id).await? else { return Ok(()) };
                if store::grants::revoke(tx, id, "code_reused", now).await? {
                    polder_audit::record(tx, grant::event("grant.reuse_detected", &grant).request(request_id));
                }
                Ok::<_, Internal>(())
            })
        })
        .await?;
    Ok(refused().detail("used before").into())
}
