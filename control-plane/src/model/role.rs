//! What a member may do, in one table. `docs/roles.md` shows it to people.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What a member is in their organisation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Everything.
    Owner,
    /// Everything but what ends a tenant, makes keys of the public API, or renames the organisation.
    Admin,
    /// Tenants and applications; nothing about people (K16: need to know).
    Developer,
    /// Sees and helps people; changes no configuration.
    Support,
    /// Sees everything, changes nothing.
    Auditor,
    /// Usage, the organisation and its members; nothing of a tenant and nobody in it.
    Billing,
}

/// One kind of thing to do in the console.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Permission {
    /// Be here: see the organisation, sign out, leave.
    Enter,
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
    /// See people, their sessions, and a tenant's audit log, which is about people.
    SeePeople,
    /// Take lists of people and audit logs along as files. No grant to the operator's people includes it.
    ExportPeople,
    /// End people's sessions and reset their factors.
    HelpPeople,
    /// Add, stop, allow and erase people.
    ChangePeople,
    /// See how much each tenant is used.
    SeeUsage,
    /// See the public API's keys.
    SeeKeys,
    /// Make, change and revoke keys of the public API.
    ChangeKeys,
    /// See who is a member, and who is invited.
    SeeMembers,
    /// Invite and remove members, and change their roles, up to one's own.
    ChangeMembers,
    /// See what members and keys did, and who of the operator's people had access.
    SeeAudit,
    /// End the access of the operator's people.
    EndAccess,
    /// Rename the organisation.
    ChangeOrganisation,
}

use Permission as P;

impl Permission {
    /// Every kind.
    pub const ALL: [Self; 18] = [
        P::Enter,
        P::See,
        P::MakeTenants,
        P::ChangeTenants,
        P::EndTenants,
        P::ChangeApplications,
        P::SeePeople,
        P::ExportPeople,
        P::HelpPeople,
        P::ChangePeople,
        P::SeeUsage,
        P::SeeKeys,
        P::ChangeKeys,
        P::SeeMembers,
        P::ChangeMembers,
        P::SeeAudit,
        P::EndAccess,
        P::ChangeOrganisation,
    ];

    /// The word that pages and documents know it by.
    pub const fn code(self) -> &'static str {
        match self {
            P::Enter => "enter",
            P::See => "see",
            P::MakeTenants => "make-tenants",
            P::ChangeTenants => "change-tenants",
            P::EndTenants => "end-tenants",
            P::ChangeApplications => "change-applications",
            P::SeePeople => "see-people",
            P::ExportPeople => "export-people",
            P::HelpPeople => "help-people",
            P::ChangePeople => "change-people",
            P::SeeUsage => "see-usage",
            P::SeeKeys => "see-keys",
            P::ChangeKeys => "change-keys",
            P::SeeMembers => "see-members",
            P::ChangeMembers => "change-members",
            P::SeeAudit => "see-audit",
            P::EndAccess => "end-access",
            P::ChangeOrganisation => "change-organisation",
        }
    }
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 6] = [Self::Owner, Self::Admin, Self::Developer, Self::Support, Self::Auditor, Self::Billing];

    /// The name in the database and the public API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Admin => "admin",
            Self::Developer => "developer",
            Self::Support => "support",
            Self::Auditor => "auditor",
            Self::Billing => "billing",
        }
    }

    /// The matrix (G22).
    pub const fn may(self, permission: Permission) -> bool {
        match permission {
            P::Enter | P::SeeMembers => true,
            P::See => !matches!(self, Self::Billing),
            P::MakeTenants | P::ChangeApplications => matches!(self, Self::Owner | Self::Admin | Self::Developer),
            P::SeePeople | P::ExportPeople => {
                matches!(self, Self::Owner | Self::Admin | Self::Support | Self::Auditor)
            }
            P::HelpPeople => matches!(self, Self::Owner | Self::Admin | Self::Support),
            P::SeeUsage => !matches!(self, Self::Support),
            P::SeeKeys | P::SeeAudit => matches!(self, Self::Owner | Self::Admin | Self::Auditor),
            P::ChangePeople | P::ChangeTenants | P::ChangeMembers | P::EndAccess => {
                matches!(self, Self::Owner | Self::Admin)
            }
            P::ChangeKeys | P::EndTenants | P::ChangeOrganisation => matches!(self, Self::Owner),
        }
    }

    /// Whether it holds all that `other` does: nobody gives, or takes, what they do not have.
    pub fn includes(self, other: Self) -> bool {
        Permission::ALL.into_iter().all(|permission| self.may(permission) || !other.may(permission))
    }

    /// What the columns `role` and `further_role` hold.
    pub const fn columns(self) -> (&'static str, Option<&'static str>) {
        match self {
            Self::Support | Self::Billing => (Self::Auditor.as_str(), Some(self.as_str())),
            known => (known.as_str(), None),
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
    use super::*;

    #[test]
    fn g22_the_matrix_of_roles() {
        let all = Permission::ALL;
        let may = |role: Role| all.into_iter().filter(|p| role.may(*p)).collect::<Vec<_>>();
        assert_eq!(may(Role::Owner), all);
        let owners_alone = [P::EndTenants, P::ChangeKeys, P::ChangeOrganisation];
        assert_eq!(may(Role::Admin), all.into_iter().filter(|p| !owners_alone.contains(p)).collect::<Vec<_>>());
        let developer = [P::Enter, P::See, P::MakeTenants, P::ChangeApplications, P::SeeUsage, P::SeeMembers];
        assert_eq!(may(Role::Developer), developer);
        let support = [P::Enter, P::See, P::SeePeople, P::ExportPeople, P::HelpPeople, P::SeeMembers];
        assert_eq!(may(Role::Support), support);
        let auditor =
            [P::Enter, P::See, P::SeePeople, P::ExportPeople, P::SeeUsage, P::SeeKeys, P::SeeMembers, P::SeeAudit];
        assert_eq!(may(Role::Auditor), auditor);
        assert_eq!(may(Role::Billing), [P::Enter, P::SeeUsage, P::SeeMembers]);
    }

    #[test]
    fn g22_nobody_gives_more_than_they_have() {
        for role in Role::ALL {
            assert!(Role::Owner.includes(role) && role.includes(role), "{role}");
            assert_eq!(Role::Admin.includes(role), role != Role::Owner, "{role}");
            assert_eq!(Role::Billing.includes(role), role == Role::Billing, "{role}");
        }
    }

    #[test]
    fn g22_the_page_about_roles_is_the_table_in_the_code() {
        let page = include_str!("../../../docs/roles.md");
        let mut table = String::from("| |");
        Role::ALL.into_iter().for_each(|role| table.push_str(&format!(" {role} |")));
        table.push_str(&format!("\n|---|{}\n", ":---:|".repeat(Role::ALL.len())));
        for permission in Permission::ALL {
            table.push_str(&format!("| `{}` |", permission.code()));
            for role in Role::ALL {
                table.push_str(if role.may(permission) { " yes |" } else { " |" });
            }
            table.push('\n');
        }
        assert!(page.contains(&table), "docs/roles.md should hold:\n{table}");
        for permission in Permission::ALL {
            assert!(page.contains(&format!("- `{}`: ", permission.code())), "{} is explained", permission.code());
            assert!(polder_hosted_pages::console::is_permission(permission.code()), "{}", permission.code());
        }
        for role in Role::ALL {
            assert!(polder_hosted_pages::console::is_role(role.as_str()), "{role}");
        }
    }

    #[test]
    fn a_role_comes_back_from_its_name() {
        for role in Role::ALL {
            assert_eq!(role.as_str().parse(), Ok(role));
            let (first, further) = role.columns();
            assert_eq!(further.unwrap_or(first).parse(), Ok(role));
        }
        assert_eq!("root".parse::<Role>(), Err(NotARole));
    }
}
