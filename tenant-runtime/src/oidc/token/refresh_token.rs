//! A refresh token becomes its successor (RFC 6749, 6).
//!
//! The token is derived from its grant and generation, so nothing of it is stored and the same
//! successor can be given again. Using one is one compare-and-set ([`store::grants::rotate`]); only
//! when that finds nothing is it asked why (`refresh::decide`).

use std::sync::Arc;

use polder_audit::{Actor, Event};
use polder_crypto::Keyring;
use polder_db::Tx;
use polder_kernel::{Day, Secret};
use polder_protocol::refresh::{self, Decision, Family, refused};
use polder_protocol::token::Response;
use polder_protocol::{Scope, resource};
use polder_service::RequestContext;
use polder_tenant_api::{Access, UserId};

use super::mint::{self, Order, Resources};
use crate::App;
use crate::error::{Internal, OAuthError};
use crate::model::{Application, Assurance, Grant};
use crate::oidc::dpop::Proof;
use crate::oidc::verify;
use crate::signin::demand;
use crate::store;
use crate::store::grants::Rotation;
use crate::usage::{Counted, Here};

/// What the application sent.
pub(super) struct Presented {
    pub token: Secret<String>,
    pub scope: Option<Scope>,
    pub resources: Vec<String>,
    pub proof: Option<Proof>,
}

/// Checks, rotates, mints.
pub(super) async fn redeem(
    app: &App,
    ctx: &RequestContext,
    application: &Arc<Application>,
    presented: Presented,
) -> Result<Response, OAuthError> {
    let Presented { token, scope, resources, proof } = presented;
    let wanted = (scope.as_ref(), resources.as_slice());
    let presented = refresh::Presented::parse(token.expose());
    let presented = presented.ok_or_else(|| refused().detail("not a refresh token"))?;
    let id = verify::refresh_token(app, &presented).ok_or_else(|| refused().detail("not one of ours"))?;
    if let Some(proof) = &proof {
        proof.take(app).await??;
    }
    let jkt = proof.map(|proof| proof.jkt);
    let (now, lifetimes) = (app.clock.now(), application.lifetimes(&app.lifetimes));
    let rotation = Rotation {
        id,
        application_id: application.id,
        generation: presented.generation,
        now,
        idle_expires_at: now + lifetimes.refresh_idle,
        ends_at: now + lifetimes.access_token,
        rotates: application.client.profile.demands().rotation,
        jkt: jkt.clone(),
    };
    let grant = match rotate(app, ctx, application, rotation, wanted).await? {
        Outcome::Given(grant) => {
            app.counted.keep(Some((Day::of(now), grant.user_id)));
            *grant
        }
        Outcome::Refused(why) => return Err(refused().detail(why).into()),
        Outcome::TooMuch(error) => return Err(error.into()),
    };
    let (requested, named) = wanted;
    let scope = refresh::scope(&grant.scope, requested)?;
    let all = resource::narrowed(&grant.resources, named, &application.client)?;
    let resources = Resources { all, named: !named.is_empty() };
    let refresh = Some(grant.generation);
    let jkt = jkt.as_deref();
    let order = Order { application, grant: &grant, scope, resources, nonce: None, refresh, jkt };
    Ok(mint::for_person(app, order).await?)
}

/// What became of it. All of them are kept: a detected reuse is durable before it is answered.
enum Outcome {
    /// The family as it is now; its generation names the token to give.
    Given(Box<Grant>),
    /// `invalid_grant`, and why for the log.
    Refused(&'static str),
    /// The request asks for more than was granted.
    TooMuch(polder_protocol::Error),
}

async fn rotate(
    app: &App,
    ctx: &RequestContext,
    application: &Arc<Application>,
    rotation: Rotation,
    wanted: (Option<&Scope>, &[String]),
) -> Result<Outcome, OAuthError> {
    let (grace, request_id) = (app.lifetimes.refresh_grace, ctx.request_id.to_string());
    let (address, keyring) = (ctx.client_ip.map(|ip| ip.to_string()), app.keyring.clone());
    if let Some(refused) = refused_unused(app, application, &rotation, wanted).await? {
        return Ok(refused);
    }
    let (counted, today) = (Arc::clone(&app.counted), Day::of(rotation.now));
    let (application, none_named) = (Arc::clone(application), wanted.1.is_empty());
    app.db
        .write(move |tx| {
            Box::pin(async move {
                if let Some(grant) = store::grants::rotate(tx, &rotation).await? {
                    // Undone with the unit: the token is not used up by what its application cannot help.
                    if none_named {
                        resource::narrowed(&grant.resources, &[], &application.client)?;
                    }
                    here(tx, &counted, &keyring, (grant.user_id, today)).await?;
                    return Ok(Outcome::Given(Box::new(grant)));
                }
                let Some(grant) = store::grants::find(tx, rotation.id).await? else {
                    return Ok(Outcome::Refused("no such family"));
                };
                // A stranger's mistake must not end a family (A27).
                if grant.application_id != rotation.application_id {
                    return Ok(Outcome::Refused("issued to another client"));
                }
                // Nor a thief's, who lacks the key.
                if grant.refresh_jkt.is_some() && grant.refresh_jkt != rotation.jkt {
                    return Ok(Outcome::Refused("bound to another key"));
                }
                match decide(&grant, &rotation, grace) {
                    Decision::Repeat { .. } if store::grants::stands(tx, grant.id, rotation.now).await? => {
                        here(tx, &counted, &keyring, (grant.user_id, today)).await?;
                        Ok(Outcome::Given(Box::new(grant)))
                    }
                    Decision::Reuse => {
                        let details = serde_json::json!({ "grant_id": grant.id, "ip": address });
                        if store::grants::revoke(tx, grant.id, "refresh_reused", rotation.now).await? {
                            let event = reuse(tx, &keyring, &grant).await?;
                            polder_audit::record(tx, event.details(details).request(request_id));
                        }
                        Ok(Outcome::Refused("used before"))
                    }
                    // `Rotate` cannot come here but where the person or the session ended.
                    _ => Ok(Outcome::Refused("expired, revoked or ended")),
                }
            })
        })
        .await
}

/// Whose token is renewed is here today (K12).
async fn here(tx: &mut Tx, counted: &Counted, keyring: &Keyring, whom: (UserId, Day)) -> Result<(), Internal> {
    match Here::unless(counted, keyring, whom) {
        Some(here) => Ok(here.note(tx).await?),
        None => Ok(()),
    }
}

/// Refusals that must not use the token up, where there can be any: a request for more than was granted,
/// a sign-in that was weaker than what is asked of everybody by now, and a person whom the application no
/// longer admits (P19). Another application's token is none of them,
/// so that nothing can be learnt about it (A27).
async fn refused_unused(
    app: &App,
    application: &Application,
    rotation: &Rotation,
    (requested, named): (Option<&Scope>, &[String]),
) -> Result<Option<Outcome>, Internal> {
    let least = demand::least(&app.tenant.current(), application);
    if requested.is_none()
        && named.is_empty()
        && application.access == Access::Everyone
        && least == Assurance::Connection
    {
        return Ok(None);
    }
    let mut tx = app.db.read().await?;
    let grant = store::grants::find(&mut tx, rotation.id).await?;
    let Some(grant) = grant.filter(|grant| grant.application_id == application.id) else { return Ok(None) };
    if !store::users::is_admitted(&mut tx, &application.access, application.id, grant.user_id).await? {
        return Ok(Some(Outcome::Refused("the application no longer admits the person")));
    }
    if Assurance::of_amr(&grant.amr) < least {
        return Ok(Some(Outcome::Refused("the sign-in is no longer strong enough")));
    }
    let more = refresh::scope(&grant.scope, requested).err();
    let more = more.or_else(|| resource::narrowed(&grant.resources, named, &application.client).err());
    Ok(more.map(Outcome::TooMuch))
}

fn decide(grant: &Grant, rotation: &Rotation, grace: std::time::Duration) -> Decision {
    let (Some(idle_expires_at), Some(expires_at)) = (grant.refresh_idle_expires_at, grant.refresh_expires_at) else {
        return Decision::Expired;
    };
    let family = Family {
        generation: grant.generation,
        rotated_at: grant.rotated_at,
        idle_expires_at,
        expires_at,
        revoked: grant.revoked_at.is_some(),
    };
    refresh::decide(&family, rotation.generation, rotation.now, grace)
}

/// Two hold the same token, and one of them stole it: nobody can tell who, so both lose (B43, E15).
/// Where it came from is about the person, and goes when they do.
async fn reuse(tx: &mut Tx, keyring: &Keyring, grant: &Grant) -> Result<Event, Internal> {
    let event = Event::new("grant.reuse_detected", Actor::application(grant.application_id))
        .user(grant.user_id)
        .application(grant.application_id);
    let Some(wrapped) = store::users::audit_key(tx, grant.user_id).await? else { return Ok(event) };
    Ok(event.sealed_for(&keyring.person_key(&grant.user_id.to_string(), &wrapped)?))
}
