//! Applications that prove themselves with a key of their own: `private_key_jwt` (RFC 7523, 2.2).

use polder_protocol::client_auth::assertion::{self, Ourselves};
use polder_protocol::client_auth::refused;
use polder_protocol::metadata::path;

use super::client_keys;
use super::once::Once;
use crate::App;
use crate::error::OAuthError;
use crate::model::Application;

/// Accepts an assertion of this application, once (B70). It is the application's own word: signed with a key
/// that it registered or publishes, whatever else a header may offer.
///
/// # Errors
/// `invalid_client` without saying why.
pub(super) async fn accept(app: &App, application: &Application, text: &str) -> Result<(), OAuthError> {
    let client = &application.client;
    let chosen = application.preferences.token_endpoint_auth_signing_alg.as_deref();
    let signed = client_keys::verify(app, application, text, chosen).await;
    let signed = signed.map_err(|error| refused().detail(error.to_string()))?;
    let endpoints = [path::TOKEN, path::PAR, path::INTROSPECT, path::REVOKE].map(|path| app.issuer.url(path));
    let ourselves = Ourselves { issuer: app.issuer.as_str(), endpoints: &endpoints };
    let accepted = assertion::check(signed.typ.as_deref(), &signed.claims, client, &ourselves, app.clock.now())?;
    let once = Once::new(app, "client-assertion", (&client.id, &accepted.jti), accepted.until);
    if once.take(app).await? { Ok(()) } else { Err(refused().detail("the assertion was used before").into()) }
}
