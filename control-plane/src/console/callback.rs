//! The end of a sign-in: `platform`'s answer, checked against what was asked; then a session, for
//! members and for whoever came by an invitation or a link of their own to sign up.

use std::sync::Arc;

use axum::extract::{Query, State};
use axum::response::{AppendHeaders, IntoResponse, Redirect, Response};
use polder_audit::{Actor as AuditActor, Event};
use polder_db::{Error, Tx};
use polder_kernel::{Secret, Timestamp};
use serde::Deserialize;

use super::oidc::{Attempt, Claim, Identity, OidcError, Tokens};
use super::signed_in::{IDLE, LONGEST};
use super::{Console, Fault, Visit, signed_in, signin};
use crate::app::App;
use crate::audit::{self, ActingFor};
use crate::model::{Actor, ConsoleSessionId, InvitationId, MemberId, Role};
use crate::organisation::members::MOST;
use crate::organisation::sign_up;
use crate::store::console_sessions::{self, NewSession};
use crate::store::invitations;
use crate::store::members::{self, NewMember, Standing};

/// `platform`'s answer.
#[derive(Default, Deserialize)]
pub struct Answer {
    state: Option<String>,
    iss: Option<String>,
    code: Option<String>,
    error: Option<String>,
}

/// `GET /signin/callback`.
pub async fn take(
    State(console): State<Arc<Console>>,
    visit: Visit,
    Query(answer): Query<Answer>,
) -> Result<Response, Fault> {
    let app = &console.app;
    console.limits.check("signin", visit.context.client_ip).map_err(Fault::TooMany)?;
    let attempt = visit.jar.get(signin::COOKIE).and_then(|cookie| Attempt::open(&app.keyring, cookie, &app.clock));
    let attempt = attempt.ok_or(Fault::NoAttempt)?;
    let state = answer.state.unwrap_or_default();
    if !polder_crypto::constant_time_eq(state.as_bytes(), attempt.state.as_bytes()) {
        return Err(Fault::NoAttempt);
    }
    // Mix-up: an answer of another provider is not looked at further (RFC 9207).
    if answer.iss.as_deref() != Some(console.provider.issuer()) {
        return Err(OidcError::Untrusted("the answer is another issuer's").into());
    }
    let over = console.cookies.remove(signin::COOKIE).header();
    if answer.error.is_some() {
        return Ok(([over], Redirect::to("/")).into_response());
    }
    let code = answer.code.ok_or(OidcError::Untrusted("no code"))?;
    let (tokens, identity) = console.provider.redeem(app, &attempt, &code).await?;
    let address = identity.email.masked();
    let Some(cookie) = begin_session(&console, &visit, (identity, attempt.claim.clone()), &tokens).await? else {
        return Err(Fault::NoMember(address));
    };
    if let Some(earlier) = signed_in::find(&console, &visit).await? {
        signed_in::end(&console, &earlier.session, earlier.acting(), "console.session_ended").await?;
    }
    let cookie = console.cookies.set(signed_in::COOKIE, cookie.expose()).max_age(LONGEST).header();
    Ok((AppendHeaders([cookie, over]), Redirect::to(&attempt.to)).into_response())
}

/// A session with a new cookie (E04); `None` for whoever is no member and was not invited.
async fn begin_session(
    console: &Arc<Console>,
    visit: &Visit,
    (identity, claim): (Identity, Option<Claim>),
    tokens: &Tokens,
) -> Result<Option<Secret<String>>, Fault> {
    let app = &console.app;
    let (cookie, now) = (app.entropy.token(), app.clock.now());
    let metadata = serde_json::json!({ "ip": visit.context.client_ip, "user_agent": visit.context.user_agent });
    let id = ConsoleSessionId::new(&app.clock, &app.entropy);
    let draft = NewSession {
        id,
        cookie_hash: console_sessions::cookie_hash(&app.keyring, cookie.expose()),
        member_id: MemberId::new(&app.clock, &app.entropy),
        tokens: serde_json::to_string(tokens)?,
        metadata: metadata.to_string(),
        idle_expires_at: now + IDLE,
        expires_at: now + LONGEST,
    };
    let (unit, who) = (Arc::clone(app), Who::of(visit));
    let begun = app
        .db
        .write(move |tx| {
            Box::pin(async move {
                let Some(member) = member(tx, &unit, (&identity, claim.as_ref()), &who).await? else {
                    polder_audit::record(tx, who.refused(&identity.subject));
                    return Ok(false);
                };
                let called = (identity.name.as_str(), &identity.email);
                members::set_identity(tx, &unit.keyring, member.id, called, now).await?;
                let session = NewSession { member_id: member.id, ..draft };
                console_sessions::insert(tx, &unit.keyring, &session, now).await?;
                polder_audit::record(
                    tx,
                    audit::event("console.signed_in", &who.acting(&member), None, &[]).session(id),
                );
                Ok::<_, Error>(true)
            })
        })
        .await?;
    Ok(begun.then_some(cookie))
}

/// The member with this subject: whoever signs in for an invitation becomes one, and it is used up.
async fn member(
    tx: &mut Tx,
    app: &App,
    (identity, claim): (&Identity, Option<&Claim>),
    who: &Who,
) -> Result<Option<Standing>, Error> {
    let subject = identity.subject.as_str();
    let standing = members::by_subject(tx, subject).await?;
    let proved = members::email_hash(&app.keyring, &identity.email);
    match (claim, standing) {
        (Some(Claim::Invitation(id)), standing) => guest(tx, app, *id, ((subject, &proved), standing), who).await,
        (Some(Claim::SignUp(token)), None) => founder(tx, app, (token, subject, &proved), who).await,
        (None | Some(Claim::SignUp(_)), standing) => Ok(standing),
    }
}

/// Whoever an invitation is for, which is used up. One who is a member already stays that where it cannot be used.
async fn guest(
    tx: &mut Tx,
    app: &App,
    id: InvitationId,
    ((subject, proved), standing): ((&str, &str), Option<Standing>),
    who: &Who,
) -> Result<Option<Standing>, Error> {
    let now = app.clock.now();
    if standing.is_none() && !has_room(tx, id, now).await? {
        return Ok(None);
    }
    let own = standing.map(|standing| standing.organisation_id);
    let Some(given) = invitations::consume(tx, id, (subject, proved), own, now).await? else { return Ok(standing) };
    let new = NewMember {
        id: MemberId::new(&app.clock, &app.entropy),
        organisation_id: given.organisation_id,
        subject: subject.to_owned(),
        role: given.role,
    };
    let Some(standing) = members::put(tx, &new, now).await? else {
        return Ok(standing);
    };
    let invitation = given.id.to_string();
    let facts = [("invitation", invitation.as_str()), ("role", given.role.as_str())];
    polder_audit::record(tx, audit::event("member.joined", &who.acting(&standing), None, &facts));
    Ok(Some(standing))
}

/// Whether another member may join where this invitation leads.
async fn has_room(tx: &mut Tx, id: InvitationId, now: Timestamp) -> Result<bool, Error> {
    let Some(organisation) = invitations::into(tx, id).await? else { return Ok(false) };
    members::hold(tx, organisation, now).await?;
    Ok(members::count(tx, organisation, MOST).await? < MOST)
}

/// Whoever asked for an organisation of their own, and has now proved their address, owns it.
async fn founder(
    tx: &mut Tx,
    app: &App,
    (token, subject, email): (&str, &str, &str),
    who: &Who,
) -> Result<Option<Standing>, Error> {
    let Some((organisation_id, name)) = sign_up::take(tx, app, (token, subject, email)).await? else {
        return Ok(None);
    };
    let id = MemberId::new(&app.clock, &app.entropy);
    let new = NewMember { id, organisation_id, subject: subject.to_owned(), role: Role::Owner };
    let Some(standing) = members::put(tx, &new, app.clock.now()).await? else { return Ok(None) };
    let acting = who.acting(&standing);
    let facts = [("name", name.as_str()), ("by", "sign-up")];
    polder_audit::record(tx, audit::event("organisation.created", &acting, None, &facts));
    polder_audit::record(tx, audit::event("member.joined", &acting, None, &[("role", Role::Owner.as_str())]));
    Ok(Some(standing))
}

/// From where somebody signs in, before it is known as whom.
struct Who {
    client_ip: Option<std::net::IpAddr>,
    request_id: String,
}

impl Who {
    fn of(visit: &Visit) -> Self {
        Self { client_ip: visit.context.client_ip, request_id: visit.context.request_id.to_string() }
    }

    fn acting(&self, member: &Standing) -> ActingFor {
        ActingFor {
            actor: Actor::Member(member.id),
            client_ip: self.client_ip,
            request_id: Some(self.request_id.clone()),
            organisation_id: Some(member.organisation_id),
        }
    }

    fn refused(&self, subject: &str) -> Event {
        let details = serde_json::json!({ "ip": self.client_ip });
        Event::new("console.refused", AuditActor::user(subject)).request(&self.request_id).details(details)
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// What somebody becomes who proved this identity, in a sign-in for that.
    pub(in crate::console) async fn arrive(app: &Arc<App>, identity: Identity, claim: Option<Claim>) -> Option<Role> {
        let unit = Arc::clone(app);
        let who = Who { client_ip: None, request_id: "r".to_owned() };
        let standing = app.db.write(move |tx| {
            Box::pin(async move {
                let standing = member(tx, &unit, (&identity, claim.as_ref()), &who).await?;
                if let Some(standing) = &standing {
                    let called = (identity.name.as_str(), &identity.email);
                    members::set_identity(tx, &unit.keyring, standing.id, called, unit.clock.now()).await?;
                }
                Ok::<_, Error>(standing)
            })
        });
        standing.await.unwrap().map(|standing| standing.role)
    }
}
