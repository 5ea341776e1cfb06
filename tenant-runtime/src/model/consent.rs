//! What a person agreed to let an application of somebody else see and do (B97, P8).

use polder_kernel::{Timestamp, id_kind};
use polder_protocol::Scope;
use polder_tenant_api::{ApplicationId, UserId};

id_kind!(
    /// Names one answer of one person to one application.
    ConsentId,
    ConsentKind
);

/// A row of `consent`.
#[derive(Clone, Debug)]
pub struct Consent {
    /// Names the consent.
    pub id: ConsentId,
    /// Who agreed.
    pub user_id: UserId,
    /// To whom.
    pub application_id: ApplicationId,
    /// To what.
    pub scope: Scope,
    /// Which wording in which language was on the page.
    pub text_version: String,
    /// When.
    pub given_at: Timestamp,
    /// When it was withdrawn or replaced by a later answer.
    pub ended_at: Option<Timestamp>,
}
