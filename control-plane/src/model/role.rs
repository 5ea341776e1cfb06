//! What a member may do, in one table.

use std::fmt;
use std::str::FromStr;

/// What a member is in their organisation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// Everything, keys of the public API included.
    Owner,
    /// Tenants, applications and people.
    Admin,
    /// Tenants and applications; nothing about people (K16: need to know).
    Developer,
    /// Sees everything, changes nothing.
    Auditor,
}

/// One kind of thing to do in the console.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Permission {
    /// See tenants and applications.
    See,
    /// Make tenants.
    MakeTenants,
    /// Suspend, resume and restart tenants, put them to sleep and wake them.
    ChangeTenants,
    /// Terminate tenants, take that back, and destroy them.
    EndTenants,
    /// Make, change and delete applications and their secrets.
    ChangeApplications,
    /// See people, their sessions, and the audit log, which is about people.
    SeePeople,
    /// Add, stop and allow people; end sessions.
    ChangePeople,
    /// See the public API's keys.
    SeeKeys,
    /// Make and revoke keys of the public API: a key can do everything but this.
    ChangeKeys,
}

impl Permission {
    /// Every kind.
    pub const ALL: [Self; 9] = [
        Self::See,
        Self::MakeTenants,
        Self::ChangeTenants,
        Self::EndTenants,
        Self::ChangeApplications,
        Self::SeePeople,
        Self::ChangePeople,
        Self::SeeKeys,
        Self::ChangeKeys,
    ];
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 4] = [Self::Owner, Self::Admin, Self::Developer, Self::Auditor];

    /// The name in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Admin => "admin",
            Self::Developer => "developer",
            Self::Auditor => "auditor",
        }
    }

    /// The matrix (G22).
    pub const fn may(self, permission: Permission) -> bool {
        use Permission::{
            ChangeApplications, ChangeKeys, ChangePeople, ChangeTenants, EndTenants, MakeTenants, See, SeeKeys,
            SeePeople,
        };
        match permission {
            See => true,
            MakeTenants | ChangeApplications => matches!(self, Self::Owner | Self::Admin | Self::Developer),
            SeePeople => matches!(self, Self::Owner | Self::Admin | Self::Auditor),
            ChangePeople | ChangeTenants => matches!(self, Self::Owner | Self::Admin),
            SeeKeys => matches!(self, Self::Owner | Self::Auditor),
            ChangeKeys | EndTenants => matches!(self, Self::Owner),
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The text is not the name of a role.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a role")]
pub struct NotARole;

impl FromStr for Role {
    type Err = NotARole;
    fn from_str(text: &str) -> Result<Self, NotARole> {
        Self::ALL.into_iter().find(|role| role.as_str() == text).ok_or(NotARole)
    }
}

#[cfg(test)]
mod tests {
    use super::Permission::{ChangeApplications, ChangePeople, ChangeTenants, MakeTenants, See, SeeKeys, SeePeople};
    use super::*;

    #[test]
    fn g22_the_matrix_of_roles() {
        let all = Permission::ALL;
        let may = |role: Role| all.into_iter().filter(|p| role.may(*p)).collect::<Vec<_>>();
        assert_eq!(may(Role::Owner), all);
        assert_eq!(may(Role::Admin), [See, MakeTenants, ChangeTenants, ChangeApplications, SeePeople, ChangePeople]);
        assert_eq!(may(Role::Developer), [See, MakeTenants, ChangeApplications]);
        assert_eq!(may(Role::Auditor), [See, SeePeople, SeeKeys]);
    }

    #[test]
    fn a_role_comes_back_from_its_name() {
        for role in Role::ALL {
            assert_eq!(role.as_str().parse(), Ok(role));
        }
        assert_eq!("root".parse::<Role>(), Err(NotARole));
    }
}
