//! Roles and what they may do, in words.

use crate::texts::Texts;

/// A row of the table of roles: one thing to do, and which roles may.
#[derive(Clone, Copy, Debug)]
pub struct MatrixRow {
    /// The permission's word.
    pub permission: &'static str,
    /// Whether each role may, in the order of [`ROLES`].
    pub may: [bool; 6],
}

/// The roles' words, the widest first.
pub const ROLES: [&str; 6] = ["owner", "admin", "developer", "support", "auditor", "billing"];

/// Whether there are words for this role.
pub fn is_role(role: &str) -> bool {
    ROLES.contains(&role)
}

/// Whether there are words for this permission.
pub fn is_permission(permission: &str) -> bool {
    !permission_label(crate::texts::texts(polder_kernel::Locale::default()), permission).is_empty()
}

/// What a role is called.
pub(crate) fn role_label<'a>(t: &Texts, role: &'a str) -> &'a str {
    match role {
        "owner" => t.roles.owner,
        "admin" => t.roles.admin,
        "developer" => t.roles.developer,
        "support" => t.roles.support,
        "auditor" => t.roles.auditor,
        "billing" => t.roles.billing,
        other => other,
    }
}

/// What a role is for, in a line.
pub(crate) fn role_help(t: &Texts, role: &str) -> &'static str {
    match role {
        "owner" => t.roles.owner_help,
        "admin" => t.roles.admin_help,
        "developer" => t.roles.developer_help,
        "support" => t.roles.support_help,
        "auditor" => t.roles.auditor_help,
        _ => t.roles.billing_help,
    }
}

/// What a permission is called; empty for none.
pub(crate) fn permission_label(t: &Texts, permission: &str) -> &'static str {
    match permission {
        "enter" => t.roles.enter,
        "see" => t.roles.see,
        "make-tenants" => t.roles.make_tenants,
        "change-tenants" => t.roles.change_tenants,
        "end-tenants" => t.roles.end_tenants,
        "change-applications" => t.roles.change_applications,
        "see-people" => t.roles.see_people,
        "export-people" => t.roles.export_people,
        "help-people" => t.roles.help_people,
        "change-people" => t.roles.change_people,
        "see-usage" => t.roles.see_usage,
        "see-keys" => t.roles.see_keys,
        "change-keys" => t.roles.change_keys,
        "see-members" => t.roles.see_members,
        "change-members" => t.roles.change_members,
        "see-audit" => t.roles.see_audit,
        "end-access" => t.roles.end_access,
        "change-organisation" => t.roles.change_organisation,
        _ => "",
    }
}
