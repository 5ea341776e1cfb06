//! The control plane's signed word to a tenant: who acts, on exactly which request, within a minute.
//!
//! Sent as `Authorization: Bearer` on every call to `admin.sock` but `GET /health`. The key pair is
//! Ed25519, one per tenant; the tenant holds the public half as a file. `aud` is the tenant's issuer,
//! so an assertion for one tenant is worthless at another.

use serde::{Deserialize, Serialize};

/// The `typ` header of an assertion.
pub const TYPE: &str = "polder-admin+jwt";

/// The longest an assertion may live, in seconds.
pub const MAX_LIFETIME_SECONDS: i64 = 60;

/// Claims of an admin assertion.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Assertion {
    /// The tenant's issuer.
    pub aud: String,
    /// Who acts: a member's or API key's id, or `polder` for the control plane itself.
    pub sub: String,
    /// What `sub` names.
    pub actor: Actor,
    /// Unix seconds when it was signed.
    pub iat: i64,
    /// Unix seconds when it ends.
    pub exp: i64,
    /// Used once.
    pub jti: String,
    /// The request's method, upper case.
    pub htm: String,
    /// The request's path and query.
    pub htu: String,
    /// base64url SHA-256 of the request's body.
    pub body: String,
    /// The public request's id, so that both logs can be read together.
    pub request_id: Option<String>,
}

/// What kind of actor an assertion names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Actor {
    /// A person of the customer, through the console.
    Member,
    /// A program of the customer, through the public API.
    ApiKey,
    /// The control plane on its own account.
    System,
}

impl Actor {
    /// The name used in logs.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Member => "member",
            Self::ApiKey => "api_key",
            Self::System => "system",
        }
    }
}
