//! Who sends.

use crate::model::TenantId;

/// Who sends: each has turns and a quota of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Party {
    /// A tenant.
    Tenant(TenantId),
    /// The console: invitations to become a member.
    Console,
    /// The coaching platform of `polder dev`, on its own account.
    Coaching,
}

impl Party {
    /// The name under which its messages are counted.
    pub fn key(self) -> String {
        match self {
            Self::Tenant(id) => id.to_string(),
            Self::Console => "console".to_owned(),
            Self::Coaching => "coaching".to_owned(),
        }
    }
}
