//! Signing in for a page of our own, such as the account: the same flow, for an application that is the
//! tenant itself. Its `client_id` is none that `/authorize` knows, and no code is ever made for it: the
//! person is led to the page.

use std::sync::Arc;

use axum::response::{IntoResponse, Redirect, Response};
use polder_protocol::authorize::Request;
use polder_protocol::{ApplicationType, AuthMethod, Client, Insists, Profile, Scope};
use polder_tenant_api::{Access, ApplicationId, Preferences};

use super::begin;
use super::visit::Visit;
use crate::App;
use crate::error::PageError;
use crate::model::Application;

/// What it is called where an application's id stands. No application has it: theirs are UUIDs.
pub const CLIENT_ID: &str = "account";

/// The application that waits: one that is registered and switched on, or the tenant itself.
pub fn application(app: &App, client_id: &str) -> Option<Arc<Application>> {
    if client_id == CLIENT_ID { Some(Arc::new(own(app))) } else { app.applications.enabled(client_id) }
}

/// Leads to the sign-in and then back to `path`. `again` where who is signed in must prove themselves
/// once more.
///
/// # Errors
/// When the database fails.
pub async fn lead_to(app: &Arc<App>, visit: &Visit, path: &str, again: bool) -> Result<Response, PageError> {
    let mut request = Request::for_own_page(CLIENT_ID, app.issuer.url(path), app.clock.now());
    request.prompt.login = again;
    begin(app, visit, request).await
}

/// Whether the request is for a page of ours.
pub fn is_for(request: &Request) -> bool {
    request.client_id == CLIENT_ID
}

/// The answer to such a request: the page.
pub fn open(request: &Request) -> Response {
    Redirect::to(request.return_to.redirect_uri()).into_response()
}

/// The answer when the person would rather not: the front door.
pub fn leave(app: &App) -> Response {
    Redirect::to(&app.issuer.url("/")).into_response()
}

fn own(app: &App) -> Application {
    let client = Client {
        id: CLIENT_ID.to_owned(),
        kind: ApplicationType::Web,
        profile: Profile::Default,
        auth_method: AuthMethod::ClientSecretBasic,
        redirect_uris: Vec::new(),
        post_logout_redirect_uris: Vec::new(),
        grant_types: Vec::new(),
        scopes: Scope::default(),
        audience: String::new(),
        resources: Vec::new(),
        insists: Insists::default(),
    };
    let (id, name) = (ApplicationId::from_bytes([0; 16]), app.tenant.current().name.clone());
    Application::new(id, name, client, Access::Everyone, Preferences::default(), app.clock.now())
}
