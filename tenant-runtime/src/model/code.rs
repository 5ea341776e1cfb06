//! An authorization code and everything it is bound to (B13).

use polder_kernel::Timestamp;
use polder_protocol::Scope;
use polder_protocol::claims::AskedClaims;
use polder_tenant_api::{ApplicationId, SessionId, UserId};
use serde::{Deserialize, Serialize};

use super::grant::GrantId;

/// A row of `authorization_code`; the code itself is stored only as a keyed hash.
#[derive(Clone, Debug)]
pub struct AuthorizationCode {
    /// The grant it leads to.
    pub grant_id: GrantId,
    /// Whom it was given to.
    pub application_id: ApplicationId,
    /// Whose sign-in it stands for.
    pub user_id: UserId,
    /// The session that sign-in made.
    pub session_id: SessionId,
    /// Where it was sent, to be repeated at the token endpoint (B15).
    pub redirect_uri: String,
    /// What was granted.
    pub scope: Scope,
    /// The S256 challenge its verifier must meet.
    pub code_challenge: String,
    /// Goes into the ID token unchanged.
    pub nonce: Option<String>,
    /// What else the sign-in and the request fixed.
    pub bound: Bound,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
}

/// Facts of the sign-in at the moment the code was made, so that redeeming needs no further query.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Bound {
    /// What the application knows the session by (E22).
    pub sid: String,
    /// How strong the sign-in was.
    pub acr: String,
    /// How the person proved themselves.
    pub amr: Vec<String>,
    /// When the person proved themselves.
    pub authenticated_at: Timestamp,
    /// The key whose holder alone may redeem it (RFC 9449 10).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dpop_jkt: Option<String>,
    /// When the session ends at the latest: a refresh family tied to it does not outlive it.
    pub session_expires_at: Timestamp,
    /// Whether its developer tries the application out: the token endpoint does not know such a code.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub try_out: bool,
    /// Single claims that were asked for.
    #[serde(default, skip_serializing_if = "AskedClaims::is_empty")]
    pub claims: AskedClaims,
    /// The APIs that tokens may be for; empty for what is usual for the application.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub resources: Vec<String>,
}
