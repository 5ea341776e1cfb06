//! What a tenant's database and roles are called: opaque, since every role of a server can list them.

use polder_db::Name;

use super::PostgresError;

/// The names of one tenant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Names {
    /// The database.
    pub database: Name,
    /// The role that owns the tables; migrations run as it.
    pub owner: Name,
    /// The role that the tenant serves as.
    pub runtime: Name,
}

/// What the template with this schema is called: this installation's alone, so that another one on the same
/// server, with another version or another role, neither clones nor removes it.
pub fn template(installation: &str, schema: &str) -> Result<Name, PostgresError> {
    format!("{TEMPLATES}{installation}_{schema}").parse().map_err(|_| PostgresError::Name)
}

/// What the names of this installation's templates begin with.
pub fn templates(installation: &str) -> Result<Name, PostgresError> {
    format!("{TEMPLATES}{installation}_").parse().map_err(|_| PostgresError::Name)
}

const TEMPLATES: &str = "polder_template_";

/// What the names of tenants' databases and roles begin with.
pub const TENANTS: &str = "t_";

impl Names {
    /// The names of the tenant with this short id.
    ///
    /// # Errors
    /// [`PostgresError::Name`], for what is no short id.
    pub fn of(short_id: &str) -> Result<Self, PostgresError> {
        let name = |text: String| text.parse::<Name>().map_err(|_| PostgresError::Name);
        Ok(Self {
            database: name(format!("{TENANTS}{short_id}"))?,
            owner: name(format!("{TENANTS}{short_id}_owner"))?,
            runtime: name(format!("{TENANTS}{short_id}"))?,
        })
    }
}
