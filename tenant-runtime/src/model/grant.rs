//! A grant: what an application may do for a person, with the refresh family that continues it.

use polder_kernel::Timestamp;
use polder_kernel::id_kind;
use polder_protocol::Scope;
use polder_protocol::claims::AskedClaims;
use polder_tenant_api::{ApplicationId, SessionId, UserId};

use super::code::Bound;

id_kind!(
    /// Names a grant; its 16 bytes are inside the refresh tokens and access token ids it gave.
    GrantId,
    GrantKind
);

/// A person's yes to an application, before it becomes a grant.
#[derive(Clone, Debug)]
pub struct Approved {
    /// The grant it leads to.
    pub grant_id: GrantId,
    /// Who said it.
    pub user_id: UserId,
    /// In which session.
    pub session_id: SessionId,
    /// To what.
    pub scope: Scope,
    /// The facts of the sign-in.
    pub bound: Bound,
}

/// A row of `oauth_grant`.
#[derive(Clone, Debug)]
pub struct Grant {
    /// Names the grant.
    pub id: GrantId,
    /// Who it was given to.
    pub application_id: ApplicationId,
    /// Whose it is.
    pub user_id: UserId,
    /// The session it ends with; `None` when `offline_access` untied it.
    pub session_id: Option<SessionId>,
    /// What the application knows the session by (E22).
    pub sid: String,
    /// What was granted.
    pub scope: Scope,
    /// Single claims that were granted beside it.
    pub claims: AskedClaims,
    /// The APIs that tokens may be for (RFC 8707); empty for what is usual for the application.
    pub resources: Vec<String>,
    /// How strong the sign-in was.
    pub acr: String,
    /// How the person proved themselves.
    pub amr: Vec<String>,
    /// When the person proved themselves.
    pub authenticated_at: Timestamp,
    /// When the code was redeemed.
    pub created_at: Timestamp,
    /// How often the refresh token has rotated.
    pub generation: u32,
    /// When it last rotated.
    pub rotated_at: Option<Timestamp>,
    /// When the refresh token dies if unused; `None` when the grant has no refresh token.
    pub refresh_idle_expires_at: Option<Timestamp>,
    /// When the family dies whatever happens (B45).
    pub refresh_expires_at: Option<Timestamp>,
    /// The key that its refresh token is bound to, for an application that keeps no secret (RFC 9449 5).
    pub refresh_jkt: Option<String>,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
}
