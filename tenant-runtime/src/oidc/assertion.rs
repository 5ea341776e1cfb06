//! Applications that prove themselves with a key of their own: `private_key_jwt` (RFC 7523, 2.2).

use polder_protocol::client_auth::assertion::{self, Ourselves};
use polder_protocol::client_auth::refused;
use polder_protocol::metadata::path;

use super::once::Once;
use crate::App;
use crate::error::OAuthError;
use crate::model::Application;

/// Accepts an assertion of this application, once (B70). It is the application's own word: signed with a key
/// that it registered, whatever else a header may offer.
///
/// # Errors
/// `invalid_client` without saying why.
pub(super) async fn accept(app: &App, application: &Application, text: &str) -> Result<(), OAuthError> {
    let client = &application.client;
    let keys = application.keys.as_ref().ok_or_else(|| refused().detail("no keys are registered"))?;
    let signed = keys.verify(text, client.profile.demands().algorithms);
    let signed = signed.map_err(|error| refused().detail(error.to_string()))?;
    let endpoints = [path::TOKEN, path::PAR, path::INTROSPECT, path::REVOKE].map(|path| app.issuer.url(path));
    let ourselves = Ourselves { issuer: app.issuer.as_str(), endpoints: &endpoints };
    let accepted = assertion::check(signed.typ.as_deref(), &signed.claims, client, &ourselves, app.clock.now())?;
    let once = Once::new(app, "client-assertion", (&client.id, &accepted.jti), accepted.until);
    if once.take(app).await? { Ok(()) } else { Err(refused().detail("the assertion was used before").into()) }
}
