//! `GET`, `PUT` and `DELETE /register/{client_id}` (RFC 7592, 2): an application looks after its registration, with
//! the token it was given for that.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, RawQuery, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode};
use polder_audit::{Actor, Event};
use polder_crypto::constant_time_eq;
use polder_db::Tx;
use polder_kernel::Secret;
use polder_protocol::registration::metadata;
use polder_protocol::{Error, ErrorCode, RedirectUri};
use polder_service::RequestContext;
use polder_tenant_api::ApplicationId;
use serde_json::json;

use super::{MANAGING_TOKEN, access, asked, body, brief, told};
use crate::App;
use crate::admin::{registration, to_the_end};
use crate::error::OAuthError;
use crate::model::Application;
use crate::store::{applications, consents, registrations};

/// Says what is registered. The secret is not known any more.
///
/// # Errors
/// 401 for a token that is not this application's own, 403 where it was switched off.
pub async fn get(
    State(app): State<Arc<App>>,
    ctx: RequestContext,
    Path(id): Path<String>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Result<Response, OAuthError> {
    let (token, held) = Held::presented(&app, &ctx, (&headers, query.as_deref()), &id).await?;
    let application = held.application(&mut app.db.read().await?, &app).await?;
    Ok(told::answer(&app, StatusCode::OK, &application, (&token, None)))
}

/// Puts what is sent in place of all that was registered.
///
/// # Errors
/// As [`get`], `invalid_request` where it says what is ours to say, and the codes of RFC 7591, 3.2.2.
pub async fn put(
    State(app): State<Arc<App>>,
    ctx: RequestContext,
    Path(id): Path<String>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
    sent: Body,
) -> Result<Response, OAuthError> {
    let (token, held) = Held::presented(&app, &ctx, (&headers, query.as_deref()), &id).await?;
    let sent = body::read(&headers, sent).await?;
    let named = metadata::check_update(&sent, &id)?;
    let named = named.map(|secret| app.keyring.index("client-secret", secret.as_bytes()));
    let metadata = metadata::read(&sent)?;
    let unit = Arc::clone(&app);
    let work = async move {
        let (app, now) = (Arc::clone(&unit), unit.clock.now());
        let done = app.db.write(move |tx| {
            Box::pin(async move {
                let current = held.application(tx, &unit).await?;
                if named.is_some_and(|named| !is_secret_of(&current, &named)) {
                    let why = "client_secret is not that of this application";
                    return Err(Error::new(ErrorCode::InvalidRequest, why).into());
                }
                let changed = asked::accept_again(&unit, &current, metadata)?;
                applications::update(tx, &changed).await?;
                if changed.name != current.name || hosts(&changed) != hosts(&current) {
                    // People agreed to what it was called and where it led them.
                    consents::end_all(tx, changed.id, now).await?;
                }
                // Who proved itself with a key until now has no secret yet.
                let needs_one = changed.client.auth_method.has_secret() && changed.secrets.is_empty();
                let secret = needs_one.then(|| registration::secret(&unit));
                if let Some((_, stored)) = &secret {
                    applications::add_secret(tx, changed.id, stored, now).await?;
                }
                let what = json!({ "by": "registration", "before": brief(&current), "after": brief(&changed) });
                polder_audit::record(tx, held.event("application.changed").details(what));
                Ok::<_, OAuthError>((changed, secret.map(|(secret, _)| secret)))
            })
        });
        let done = done.await?;
        app.refresh_applications().await?;
        Ok::<_, OAuthError>(done)
    };
    let (changed, secret) = to_the_end(work).await?;
    Ok(told::answer(&app, StatusCode::OK, &changed, (&token, secret)))
}

/// Removes the application, with everything it was granted.
///
/// # Errors
/// As [`get`].
pub async fn delete(
    State(app): State<Arc<App>>,
    ctx: RequestContext,
    Path(id): Path<String>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Result<Response, OAuthError> {
    let (_, held) = Held::presented(&app, &ctx, (&headers, query.as_deref()), &id).await?;
    let work = async move {
        let unit = Arc::clone(&app);
        let done = app.db.write(move |tx| {
            Box::pin(async move {
                held.application(tx, &unit).await?;
                applications::remove(tx, held.id).await?;
                polder_audit::record(tx, held.event("application.removed"));
                Ok::<_, OAuthError>(())
            })
        });
        done.await?;
        Ok::<_, OAuthError>(app.refresh_applications().await?)
    };
    to_the_end(work).await?;
    Ok((StatusCode::NO_CONTENT, [(http::header::CACHE_CONTROL, "no-store")]).into_response())
}

/// A token that manages the application that a path names.
struct Held {
    id: ApplicationId,
    hash: String,
    request_id: polder_service::RequestId,
}

impl Held {
    /// The token of a request, and what it holds.
    async fn presented(
        app: &App,
        ctx: &RequestContext,
        (headers, query): (&HeaderMap, Option<&str>),
        id: &str,
    ) -> Result<(Secret<String>, Self), OAuthError> {
        let token = access::presented(app, ctx.client_ip, headers, query)?;
        let held = Self::by(app, ctx, &token, id).await?;
        Ok((token, held))
    }

    /// A token that was brought elsewhere is in wrong hands, or its application is mistaken about who it is: it
    /// works nowhere any more (2.1).
    async fn by(app: &App, ctx: &RequestContext, token: &Secret<String>, id: &str) -> Result<Self, OAuthError> {
        let hash = app.keyring.index(MANAGING_TOKEN, token.expose().as_bytes());
        let managed = registrations::managed(&mut app.db.read().await?, &hash).await?;
        let managed = managed.ok_or_else(|| access::unknown(app))?;
        let held = Self { id: managed, hash, request_id: ctx.request_id };
        if managed.to_string() == id {
            return Ok(held);
        }
        let revoke = app.db.write(move |tx| {
            Box::pin(async move {
                if registrations::revoke(tx, &held.hash).await?.is_some() {
                    polder_audit::record(tx, held.event("application.registration_token_revoked"));
                }
                Ok::<_, OAuthError>(())
            })
        });
        revoke.await?;
        Err(access::unknown(app))
    }

    /// The application as it is stored now, if the token is still its own.
    async fn application(&self, tx: &mut Tx, app: &App) -> Result<Application, OAuthError> {
        if registrations::managed(tx, &self.hash).await? != Some(self.id) {
            return Err(access::unknown(app));
        }
        let found = applications::find(tx, app.issuer.as_str(), self.id).await?;
        let found = found.ok_or_else(|| access::unknown(app))?;
        if !found.is_enabled() {
            let error = Error::new(ErrorCode::AccessDenied, "the application is switched off");
            return Err(OAuthError::new(error).with_status(StatusCode::FORBIDDEN));
        }
        Ok(found)
    }

    fn event(&self, action: &'static str) -> Event {
        let event = Event::new(action, Actor::application(self.id)).application(self.id);
        event.request(self.request_id).details(json!({ "by": "registration" }))
    }
}

/// Where it leads people.
fn hosts(application: &Application) -> BTreeSet<String> {
    let host = |uri: &RedirectUri| uri.origin().unwrap_or_else(|| uri.as_str().to_owned());
    application.client.redirect_uris.iter().map(host).collect()
}

fn is_secret_of(application: &Application, hash: &str) -> bool {
    application.secrets.iter().fold(false, |fits, own| fits | constant_time_eq(own.hash.as_bytes(), hash.as_bytes()))
}
