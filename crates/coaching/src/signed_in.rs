//! Signing in and out, the same for both sides, and who is behind a cookie.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Query, State};
use axum::http::HeaderMap;
use axum::response::{AppendHeaders, IntoResponse, Redirect, Response};
use polder_db::BoxFuture;
use polder_kernel::{Email, Id, Secret};
use polder_service::cookies::Jar;
use polder_service::csrf;
use polder_service::form::FormBody;

use crate::app::App;
use crate::error::Fault;
use crate::model::{Member, Side};
use crate::oidc::{Attempt, Identity, OidcError, Tokens};
use crate::store;
use crate::store::sessions::{NewSession, Session};

/// A working day; the identity provider may end it sooner.
const SESSION: Duration = Duration::from_secs(12 * 3600);

type App_ = State<Arc<App>>;

fn session_cookie(side: Side) -> String {
    format!("{side}-session")
}

fn attempt_cookie(side: Side) -> String {
    format!("{side}-attempt")
}

/// Sends the browser to the identity provider.
pub(crate) async fn begin(State(app): App_, side: Side, hint: Option<Email>) -> Result<Response, Fault> {
    let attempt = Attempt::new(&app.clock, &app.entropy);
    let url = app.provider.authorize(app.application(side), &app.callback(side), &attempt, hint.as_ref()).await?;
    let sealed = attempt.seal(&app.keys, side).map_err(|_| Fault::Row("cookie.attempt"))?;
    let cookie = app.cookies.set(&attempt_cookie(side), &sealed).max_age(Duration::from_secs(1800));
    Ok(([cookie.header()], Redirect::to(url.as_str())).into_response())
}

/// The identity provider's answer: checked against the attempt, then a session with a new cookie.
pub(crate) async fn callback(
    State(app): App_,
    side: Side,
    headers: HeaderMap,
    Query(answer): Query<HashMap<String, String>>,
) -> Result<Response, Fault> {
    let jar = Jar::from_headers(&headers, app.cookies);
    let attempt = jar.get(&attempt_cookie(side)).and_then(|cookie| Attempt::open(&app.keys, side, cookie, &app.clock));
    let attempt = attempt.ok_or(Fault::NoAttempt)?;
    if answer
        .get("state")
        .is_none_or(|state| !polder_crypto::constant_time_eq(state.as_bytes(), attempt.state.as_bytes()))
    {
        return Err(Fault::NoAttempt);
    }
    // Mix-up: an answer of another provider is not looked at further (RFC 9207).
    if answer.get("iss") != Some(&app.config.issuer) {
        return Err(OidcError::Untrusted("the answer is another issuer's").into());
    }
    if let Some(error) = answer.get("error") {
        return Err(if error == "access_denied" { Fault::Denied("access_denied") } else { OidcError::Refused.into() });
    }
    let code = answer.get("code").ok_or(OidcError::Untrusted("no code"))?;
    let (tokens, identity) = app.provider.redeem(app.application(side), &app.callback(side), &attempt, code).await?;
    // The provider decides who may use which application; this is the second lock (P19).
    if side == Side::Coach && !identity.roles.iter().any(|role| role == "coach") {
        return Err(Fault::Denied("not a coach"));
    }
    let cookie = start_session(&app, side, identity, tokens).await?;
    let cookie = app.cookies.set(&session_cookie(side), cookie.expose()).max_age(SESSION);
    let done = app.cookies.remove(&attempt_cookie(side));
    Ok((AppendHeaders([cookie.header(), done.header()]), Redirect::to(&format!("/{side}"))).into_response())
}

async fn start_session(
    app: &Arc<App>,
    side: Side,
    identity: Identity,
    tokens: Tokens,
) -> Result<Secret<String>, Fault> {
    let (cookie, app) = (app.entropy.token(), app.clone());
    let (now, cookie_hash) = (app.clock.now(), store::sessions::cookie_hash(&app.keys, cookie.expose()));
    let db = app.db.clone();
    let access_expires_at = tokens.access_expires_at(&app.clock);
    db.write(move |tx| -> BoxFuture<'_, Result<(), Fault>> {
        Box::pin(async move {
            let member =
                Member { id: Id::new(&app.clock, &app.entropy), side, email: identity.email, name: identity.name };
            let id = store::members::upsert(tx, &app.keys, &identity.subject, &member, now).await?;
            if side == Side::Portal {
                store::engagements::link(tx, &app.keys, id, &member.email, now).await?;
            }
            let session = Id::new(&app.clock, &app.entropy);
            let new = NewSession {
                id: session,
                cookie_hash,
                member: id,
                sid: identity.sid.as_deref(),
                tokens: &tokens,
                access_expires_at,
                expires_at: now + SESSION,
            };
            store::sessions::start(tx, &app.keys, &new, now).await
        })
    })
    .await?;
    Ok(cookie)
}

/// Who is signed in on a side, with tokens refreshed when they are due. `None` sends to sign-in.
///
/// # Errors
/// Storage, or an identity provider that does not answer.
pub(crate) async fn who(app: &Arc<App>, side: Side, headers: &HeaderMap) -> Result<Option<Session>, Fault> {
    let jar = Jar::from_headers(headers, app.cookies);
    let Some(cookie) = jar.get(&session_cookie(side)) else { return Ok(None) };
    let mut tx = app.db.read().await?;
    let found = store::sessions::by_cookie(&mut tx, &app.keys, cookie, side, app.clock.now()).await?;
    drop(tx);
    let Some(mut session) = found else { return Ok(None) };
    if session.access_expires_at > app.clock.now() {
        return Ok(Some(session));
    }
    let id = session.id;
    match app.provider.refresh(app.application(side), &session.tokens).await {
        Ok(tokens) => {
            session.access_expires_at = tokens.access_expires_at(&app.clock);
            session.tokens = tokens.clone();
            let (keep, until) = (app.clone(), session.access_expires_at);
            app.db
                .write(move |tx| -> BoxFuture<'_, Result<(), Fault>> {
                    Box::pin(async move { store::sessions::keep_tokens(tx, &keep.keys, id, &tokens, until).await })
                })
                .await?;
            Ok(Some(session))
        }
        // The session at the identity provider is over, so it is here.
        Err(OidcError::Refused) => {
            app.db.write(move |tx| Box::pin(async move { store::sessions::end(tx, id).await })).await?;
            Ok(None)
        }
        Err(error) => Err(error.into()),
    }
}

/// The token that forms of a session carry.
pub(crate) fn csrf_token(app: &App, session: &Session) -> csrf::Token {
    csrf::Token::from_mac(app.keys.mac("csrf", &[session.id.as_bytes()]))
}

/// A form of a signed-in person: its fields, after checking that our own page sent it.
///
/// # Errors
/// [`Fault::Forged`].
pub(crate) fn own_form(
    app: &App,
    session: &Session,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<HashMap<String, String>, Fault> {
    csrf::origin_check(headers, &app.config.base_url).map_err(|_| Fault::Forged)?;
    let fields: HashMap<String, String> = url::form_urlencoded::parse(body).into_owned().collect();
    csrf_token(app, session).verify(fields.get("csrf").map(String::as_str)).map_err(|_| Fault::Forged)?;
    Ok(fields)
}

/// Ends the session here and at the identity provider, which sends the browser back.
pub(crate) async fn sign_out(
    State(app): App_,
    side: Side,
    headers: HeaderMap,
    FormBody(body): FormBody,
) -> Result<Response, Fault> {
    let Some(session) = who(&app, side, &headers).await? else {
        return Ok(Redirect::to("/signed-out").into_response());
    };
    own_form(&app, &session, &headers, &body)?;
    let id = session.id;
    app.db.write(move |tx| Box::pin(async move { store::sessions::end(tx, id).await })).await?;
    let back = format!("{}/signed-out", app.config.base_url);
    let gone = app.cookies.remove(&session_cookie(side)).header();
    let onward = match app.provider.end_session(app.application(side), &session.tokens.id, &back).await {
        Ok(url) => url.to_string(),
        Err(error) => {
            tracing::warn!(%error, "signed out here, but the identity provider could not be told");
            "/signed-out".to_owned()
        }
    };
    Ok(([gone], Redirect::to(&onward)).into_response())
}
