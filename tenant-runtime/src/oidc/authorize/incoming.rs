//! From parameters to a request: as they stand, out of a signed request object, or as they were pushed.

use std::borrow::Cow;

use polder_crypto::{Category, foreign};
use polder_protocol::authorize::{self, Came, Refusal, Request};
use polder_protocol::{Client, Error, Insists, Params, RedirectUri, par, request_object};

use super::super::client_keys;
use super::super::once::Once;
use super::super::verify;
use super::wishes;
use crate::App;
use crate::error::Internal;
use crate::model::Application;
use crate::signin::waiting::LIFETIME;
use crate::store::pushed_requests;

/// The request that a browser brings, every value checked.
///
/// # Errors
/// When the database fails. What is wrong with the request is inside.
pub async fn by_browser(app: &App, params: &Params) -> Result<Result<Request, Refusal>, Internal> {
    match par::reference(params) {
        Some(name) => pushed(app, params, name).await,
        None => Ok(by_value(app, params, Came::ByBrowser).await),
    }
}

/// The request in these parameters, or in the request object among them; a hint is one of our ID tokens or a
/// refusal (A19).
///
/// # Errors
/// A [`Refusal`].
pub async fn by_value(app: &App, params: &Params, came: Came) -> Result<Request, Refusal> {
    let application = authorize::client_id(params).ok().and_then(|id| app.applications.enabled(id));
    let client = application.as_deref().map(|application| held_to(app, &application.client));
    let client = client.as_deref();
    let opened = match application.as_deref() {
        Some(application) => open(app, params, application).await,
        None => Ok(Cow::Borrowed(params)),
    };
    let params = opened.map_err(|error| authorize::refuse(params, client, error))?;
    let mut request = authorize::validate_as(came, &params, client, app.clock.now())?;
    if let Some(application) = &application {
        request.max_age = request.max_age.or(application.preferences.default_max_age);
        wishes::admit(app, application, &mut request);
    }
    let hint = request.id_token_hint.as_deref().and_then(|token| verify::hint(app, token));
    Ok(request.bind_hint(hint)?)
}

/// The request of a developer who tries this application out: what the application itself would ask, but that the
/// answer goes to an address of the control plane's.
///
/// # Errors
/// What the application itself would be refused with.
pub fn tried_out(
    app: &App,
    application: &Application,
    callback: RedirectUri,
    params: &Params,
) -> Result<Request, Error> {
    let client = Client { redirect_uris: vec![callback], ..application.client.clone() };
    let request = authorize::validate_as(Came::Pushed, params, Some(&client), app.clock.now());
    let mut request = request.map_err(|refused| refused.error().clone())?;
    request.max_age = request.max_age.or(application.preferences.default_max_age);
    request.try_out = true;
    Ok(request)
}

/// The application with what its tenant asks of all (B56).
fn held_to<'a>(app: &App, client: &'a Client) -> Cow<'a, Client> {
    if client.must_push() || !app.tenant.current().require_pushed_authorization_requests {
        return Cow::Borrowed(client);
    }
    let insists = Insists { pushed_requests: true, ..client.insists };
    Cow::Owned(Client { insists, ..client.clone() })
}

/// The parameters that count: those of a signed request object alone, where there is one (RFC 9101, 6.3).
async fn open<'a>(app: &App, params: &'a Params, application: &Application) -> Result<Cow<'a, Params>, Error> {
    let Some(object) = params.get("request") else { return Ok(Cow::Borrowed(params)) };
    if !application.has_keys() || foreign::is_unsigned(object) {
        return Err(request_object::not_supported());
    }
    let client = &application.client;
    let chosen = application.preferences.request_object_signing_alg.as_deref();
    let signed = client_keys::verify(app, application, object, chosen).await.map_err(|error| {
        request_object::refused("the request object is not signed by a registered key").detail(error.to_string())
    })?;
    let opened =
        request_object::open(signed.typ.as_deref(), &signed.claims, client, app.issuer.as_str(), app.clock.now())?;
    Ok(Cow::Owned(opened))
}

/// A request that this application pushed. What else the browser brings is ignored (RFC 9126, 4). It can be
/// opened as often as people reload the page; [`once`] is used when it is answered.
async fn pushed(app: &App, params: &Params, name: &str) -> Result<Result<Request, Refusal>, Internal> {
    let application = authorize::client_id(params).map(|id| app.applications.enabled(id));
    let application = match application {
        Ok(Some(application)) => application,
        Ok(None) => return Ok(Err(Refusal::NoRedirect(par::unknown()))),
        Err(refused) => return Ok(Err(refused.into())),
    };
    let (hash, now) = (uri_hash(app, name), app.clock.now());
    let found = pushed_requests::find(&mut app.db.read().await?, &hash, application.id, now).await?;
    let Some(sealed) = found else { return Ok(Err(Refusal::NoRedirect(par::unknown()))) };
    let json = app.keyring.unseal_text(Category::Flow, &sealed_context(&hash), &sealed)?;
    let request: Request = serde_json::from_str(&json)?;
    // A redirect URI that was withdrawn within the minute is not gone to (B33).
    if !application.is_answered_at(&request) {
        return Ok(Err(Refusal::NoRedirect(par::unknown())));
    }
    // What the person did before they came here was not done for this request (A17).
    Ok(Ok(Request { pushed: Some(hash), received_at: now, ..request }))
}

/// The one use of a pushed request. It outlives every sign-in that was begun with it.
pub fn once(app: &App, uri_hash: &str) -> Once {
    Once::new(app, "pushed-request", ("", uri_hash), app.clock.now() + LIFETIME + LIFETIME)
}

/// The keyed hash under which a pushed request is found: its name is stored nowhere.
pub fn uri_hash(app: &App, name: &str) -> String {
    app.keyring.index("pushed-request", name.as_bytes())
}

/// What the sealed request is bound to.
pub fn sealed_context(uri_hash: &str) -> String {
    format!("pushed_request.request_sealed:{uri_hash}")
}
