//! Opaque access tokens: the claims, sealed. To everybody else they are random text, and nothing is stored.
//!
//! The seal covers every bit, and the encoding has one spelling, so that a token is accepted whole or not at
//! all (B26). A seal opens for as long as its key is there, which outlives every token
//! ([`LONGEST`], [`STAYS`](crate::keys::data::STAYS)).

use std::time::Duration;

use polder_crypto::{Category, Keyring};
use polder_protocol::claims::{AccessToken, OPAQUE_PREFIX};

use crate::error::Internal;
use crate::keys::data::STAYS;

/// The longest life of an access token, of whatever kind.
pub const LONGEST: Duration = STAYS;

const CONTEXT: &str = "access-token";

/// The token that says this.
///
/// # Errors
/// When the claims do not become JSON.
pub fn seal(keyring: &Keyring, claims: &AccessToken<'_>) -> Result<String, Internal> {
    let sealed = keyring.seal_text(Category::Flow, CONTEXT, &serde_json::to_string(claims)?);
    Ok(format!("{OPAQUE_PREFIX}{sealed}"))
}

/// What a token says, if it is one of ours.
pub fn open(keyring: &Keyring, token: &str) -> Option<AccessToken<'static>> {
    let sealed = token.strip_prefix(OPAQUE_PREFIX)?;
    serde_json::from_str(&keyring.unseal_text(Category::Flow, CONTEXT, sealed).ok()?).ok()
}
