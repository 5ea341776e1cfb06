//! `/register`: programs register themselves as applications (RFC 7591), and look after what they registered
//! (RFC 7592).
//!
//! ```text
//! POST /register        registration token ─ metadata ─ the rules of every application ─> 201
//! …/register/{id}       its own token ─ GET 200 · PUT 200 · DELETE 204
//! ```
//!
//! Only while the tenant's setting says so; an administrator made the token. What registers itself is somebody
//! else's: people are asked for consent, it may ask for no scope that the token does not name, and it opens no way
//! out of the tenant.

mod access;
mod asked;
mod body;
mod create;
mod manage;
mod told;

use serde_json::{Value, json};

use crate::model::Application;

pub use create::post;
pub use manage::{delete, get, put};

/// What the keyed hash of a registration token is for.
pub const INITIAL_TOKEN: &str = "registration-token";
/// The same, of what a registered application manages itself with.
pub const MANAGING_TOKEN: &str = "registration-access-token";

/// What an administrator wants to know of a registration, in the log.
fn brief(application: &Application) -> Value {
    let client = &application.client;
    json!({
        "name": application.name,
        "redirect_uris": client.redirect_uris,
        "grant_types": client.grant_types.iter().map(|grant| grant.as_str()).collect::<Vec<_>>(),
        "token_endpoint_auth_method": client.auth_method.as_str(),
        "jwks_uri": application.preferences.jwks_uri,
    })
}
