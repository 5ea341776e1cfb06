//! The people of a tenant: the list, and one who is to be erased.

use askama::Template;
use polder_tenant_api::User;

use super::form::{self, FieldProblem};
use super::{Section, Shell, Sorting, TenantHead};

/// The people of a tenant, and forms to find some and to add one.
#[derive(Clone, Copy, Debug, Template)]
#[template(path = "console/users.html")]
pub struct Users<'a> {
    /// Around the page.
    pub shell: Shell<'a>,
    /// How the table is sorted.
    pub sorting: &'a Sorting,
    /// The tenant.
    pub tenant: TenantHead<'a>,
    /// The people.
    pub users: &'a [User],
    /// Cursor of the next page.
    pub next: Option<&'a str>,
    /// Who is looked for.
    pub looked_for: LookedFor<'a>,
    /// What the form `form#user-form` holds: address, name and roles (separated by spaces).
    pub form: (&'a str, &'a str, &'a str),
    /// Whether that form sends an invitation.
    pub invite: bool,
    /// What was wrong with it, by field.
    pub problems: &'a [FieldProblem<'a>],
}

/// Who is looked for in a list of people. What is empty is not asked for.
#[derive(Clone, Copy, Debug, Default)]
pub struct LookedFor<'a> {
    /// Parts of name or address.
    pub text: &'a str,
    /// A role.
    pub role: &'a str,
    /// `disabled`, `pending`, or empty.
    pub state: &'a str,
    /// The same as a query, for links: the text sealed, so that no name or address stands in an address.
    pub query: &'a str,
}

/// Asks whether somebody is to be erased.
#[derive(Clone, Copy, Debug, Template)]
#[template(path = "console/user_erase.html")]
pub struct UserErase<'a> {
    /// Around the page.
    pub shell: Shell<'a>,
    /// The tenant.
    pub tenant: TenantHead<'a>,
    /// Who.
    pub user: &'a User,
}

impl LookedFor<'_> {
    /// Whether anybody in particular is.
    pub(crate) const fn is_anybody(&self) -> bool {
        self.text.is_empty() && self.role.is_empty() && self.state.is_empty()
    }
}

impl Users<'_> {
    const fn section(&self) -> Section {
        Section::Users
    }

    fn problem(&self, field: &str) -> Option<&str> {
        form::of(self.problems, self.shell.t(), field)
    }

    /// Value, words and whether it is chosen.
    fn states(&self) -> [(&'static str, &'static str, bool); 3] {
        let (t, chosen) = (&self.shell.t().people, self.looked_for.state);
        [
            ("", t.state_any, chosen.is_empty()),
            ("pending", t.state_pending, chosen == "pending"),
            ("disabled", t.state_disabled, chosen == "disabled"),
        ]
    }

    /// Whether those who never signed in are left out.
    fn is_of_sign_ins(&self) -> bool {
        self.sorting.by.ends_with("last_sign_in_at")
    }
}

impl UserErase<'_> {
    const fn section(&self) -> Section {
        Section::Users
    }
}
