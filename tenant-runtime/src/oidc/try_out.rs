//! A developer tries a sign-in as their application: the beginning. The end is [`super::token::try_out`].
//!
//! The request is pushed (RFC 9126) by the control plane, over the admin socket, and is the only one that leads to an
//! address which is none of the application's: whoever else names that address in a request is refused as ever. Its
//! code is known to the admin socket alone, and only with the verifier that the control plane keeps.

use polder_crypto::Category;
use polder_protocol::par::{self, LIFETIME, URN};
use polder_protocol::{ApplicationType, Error, ErrorCode, Params, redirect_uri};
use polder_tenant_api::NewTryOut;

use super::authorize::incoming;
use crate::App;
use crate::error::Internal;
use crate::model::Application;
use crate::store::pushed_requests::New;

/// What the names of these requests begin with, so that one that is too old is not told as a mistake of the
/// application's.
const NAMES: &str = "try-";

/// Whether these parameters name a request of a try-out.
pub fn is_named(params: &Params) -> bool {
    par::reference(params).is_some_and(|name| name.starts_with(NAMES))
}

/// The request to keep, and the name that opens it once.
///
/// # Errors
/// When the request cannot be kept. What the application would be refused with is inside.
pub fn begin(app: &App, application: &Application, new: &NewTryOut) -> Result<Result<(New, String), Error>, Internal> {
    let callback = redirect_uri::register(&new.redirect_uri, ApplicationType::Web, !app.issuer.is_https());
    let Ok(callback) = callback else {
        return Ok(Err(Error::new(ErrorCode::InvalidRequest, "the address to come back to is none of the web")));
    };
    let fields = [
        ("client_id", application.client.id.as_str()),
        ("response_type", "code"),
        ("redirect_uri", callback.as_str()),
        ("scope", &new.scope),
        ("state", &new.state),
        ("nonce", &new.nonce),
        ("code_challenge", &new.code_challenge),
        ("code_challenge_method", "S256"),
    ];
    let params = fields.into_iter().filter(|(_, value)| !value.is_empty());
    let mut params = params.fold(Params::default(), |params, (name, value)| params.with(name, value));
    if new.anew {
        params = params.with("prompt", "login");
    }
    let request = match incoming::tried_out(app, application, callback.clone(), &params) {
        Ok(request) => request,
        Err(refused) => return Ok(Err(refused)),
    };
    // Also where the application itself may do without: its code goes through a browser of ours.
    if request.code_challenge.is_none() || request.nonce.is_none() || request.return_to.state().is_none() {
        return Ok(Err(Error::new(ErrorCode::InvalidRequest, "a try-out has a state, a nonce and a code_challenge")));
    }
    let name = format!("{NAMES}{}", app.entropy.token().expose().as_str());
    let uri_hash = incoming::uri_hash(app, &name);
    let context = incoming::sealed_context(&uri_hash);
    let sealed = app.keyring.seal_text(Category::Flow, &context, &serde_json::to_string(&request)?);
    let created_at = app.clock.now();
    let kept = New { uri_hash, application_id: application.id, sealed, created_at, expires_at: created_at + LIFETIME };
    Ok(Ok((kept, format!("{URN}{name}"))))
}
