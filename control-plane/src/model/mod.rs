//! The control plane's nouns as values: what a row means once it was read.

use polder_kernel::id_kind;

pub mod actor;
pub mod aim;
pub mod key_access;
pub mod networks;
pub mod operation;
pub mod role;
pub mod scopes;
pub mod tenant;

pub use actor::Actor;
pub use aim::Aim;
pub use key_access::KeyAccess;
pub use networks::Networks;
pub use operation::{Operation, OperationKind, StepEvent, StepStatus};
pub use role::{Permission, Role};
pub use scopes::{Area, Scopes};
pub use tenant::{Tenant, TenantState};

id_kind!(
    /// Names a tenant in the control plane; people use its slug.
    TenantId,
    TenantKind
);
id_kind!(
    /// Names one journaled change of a tenant.
    OperationId,
    OperationMark
);
id_kind!(
    /// Names an organisation: a customer of this installation.
    OrganisationId,
    OrganisationKind
);
id_kind!(
    /// Names a person of an organisation.
    MemberId,
    MemberKind
);
id_kind!(
    /// Names an invitation to become a member.
    InvitationId,
    InvitationKind
);
id_kind!(
    /// Names a key of the public API; it is not the key.
    ApiKeyId,
    ApiKeyKind
);
id_kind!(
    /// Names a host that a tenant may reach.
    EgressRuleId,
    EgressRuleKind
);
id_kind!(
    /// Names access of one of the operator's people to a tenant.
    StaffGrantId,
    StaffGrantKind
);
id_kind!(
    /// Names a session of the console; it is not the cookie.
    ConsoleSessionId,
    ConsoleSessionKind
);
