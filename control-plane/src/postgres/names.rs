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

impl Names {
    /// The names of the tenant with this short id.
    ///
    /// # Errors
    /// [`PostgresError::Name`], for what is no short id.
    pub fn of(short_id: &str) -> Result<Self, PostgresError> {
        let name = |text: String| text.parse::<Name>().map_err(|_| PostgresError::Name);
        Ok(Self {
            database: name(format!("t_{short_id}"))?,
            owner: name(format!("t_{short_id}_owner"))?,
            runtime: name(format!("t_{short_id}"))?,
        })
    }
}
