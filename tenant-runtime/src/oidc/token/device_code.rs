//! A device code becomes tokens once a person said yes (RFC 8628, 3.4).

use std::time::Duration;

use polder_kernel::{Secret, Timestamp};
use polder_protocol::Error;
use polder_protocol::device::{self, Answer, SLOWER};
use polder_protocol::resource;
use polder_protocol::token::Response;
use polder_protocol::token::authorization_code::refused;
use polder_service::RequestContext;

use super::grant;
use super::mint::{self, Order, Resources};
use crate::App;
use crate::error::{Internal, OAuthError};
use crate::model::{Application, Assurance, Grant};
use crate::oidc::device_authorization::device_hash;
use crate::oidc::dpop::Proof;
use crate::signin::demand;
use crate::store::device_authorizations;
use crate::store::users;

/// What the application sent.
pub(super) struct Presented {
    pub code: Secret<String>,
    pub resources: Vec<String>,
    pub proof: Option<Proof>,
}

/// Checks, uses, mints; or says what is waited for.
pub(super) async fn redeem(
    app: &App,
    ctx: &RequestContext,
    application: &Application,
    presented: Presented,
) -> Result<Response, OAuthError> {
    let Presented { code, resources, proof } = presented;
    let hash = device_hash(app, code.expose());
    let mut tx = app.db.read().await?;
    let found = device_authorizations::find(&mut tx, &hash).await?;
    let found = found.filter(|found| found.application_id == application.id);
    let found = found.ok_or_else(|| refused().detail("unknown device code"))?;
    let answer = device::decide(&found.state, app.clock.now());
    let (Answer::Redeem, Some(approved)) = (answer, found.approved) else {
        drop(tx);
        return Err(not_yet(app, hash, answer).await?.into());
    };
    if !users::is_admitted(&mut tx, &application.access, application.id, approved.user_id).await? {
        return Err(refused().detail("the application no longer admits the person").into());
    }
    drop(tx);
    if Assurance::of_amr(&approved.bound.amr) < demand::least(&app.tenant.current(), application) {
        return Err(refused().detail("the sign-in is no longer strong enough").into());
    }
    let all = resource::narrowed(&approved.bound.resources, &resources, &application.client)?;
    let resources = Resources { all, named: !resources.is_empty() };
    if let Some(proof) = &proof {
        proof.take(app).await??;
    }
    let jkt = proof.as_ref().map(|proof| proof.jkt.as_str());
    let (grant, ends_at) = grant::begun(app, application, approved, jkt);
    if !store(app, ctx, hash, (grant.clone(), ends_at)).await? {
        return Err(refused().detail("used before, or the person or the session has ended").into());
    }
    let (scope, refresh) = (grant.scope.clone(), grant.refresh_expires_at.map(|_| grant.generation));
    let order = Order { application, grant: &grant, scope, resources, nonce: None, refresh, jkt };
    Ok(mint::for_person(app, order).await?)
}

/// Notes that it asked, where it may ask again, and gives the error that says so.
async fn not_yet(app: &App, hash: String, answer: Answer) -> Result<Error, Internal> {
    let slower = match answer {
        Answer::Pending => Some(Duration::ZERO),
        Answer::SlowDown => Some(SLOWER),
        _ => None,
    };
    if let Some(slower) = slower {
        let now = app.clock.now();
        let noted = app.db.write(move |tx| {
            Box::pin(async move {
                device_authorizations::polled(tx, &hash, now, slower).await?;
                Ok::<_, Internal>(())
            })
        });
        noted.await?;
    }
    Ok(answer.error().unwrap_or_else(refused))
}

async fn store(
    app: &App,
    ctx: &RequestContext,
    hash: String,
    (grant, ends_at): (Grant, Timestamp),
) -> Result<bool, Internal> {
    let request_id = ctx.request_id.to_string();
    app.db
        .write(move |tx| {
            Box::pin(async move {
                let first = device_authorizations::redeem(tx, &hash, &grant, ends_at).await?;
                if first {
                    polder_audit::record(tx, grant::event("grant.created", &grant).request(request_id));
                }
                Ok(first)
            })
        })
        .await
}
