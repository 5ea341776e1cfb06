//! The end of a tenant's database.

use super::{Names, Postgres, PostgresError};
use crate::secrets::Name;

impl Postgres {
    /// Which of the tenant's database and roles are on the server.
    ///
    /// # Errors
    /// When the server does not say.
    pub async fn remains(&self, short_id: &str) -> Result<Vec<String>, PostgresError> {
        Ok(self.server.named(&Names::of(short_id)?.database).await?)
    }

    /// Ends every connection, drops the database and both roles, and removes their passwords. What is
    /// gone already is no failure.
    ///
    /// # Errors
    /// When the server or the folder of secrets refuses; what went stays gone.
    pub async fn destroy(&self, short_id: &str) -> Result<(), PostgresError> {
        let names = Names::of(short_id)?;
        self.close(short_id);
        self.server.drop_database(&names.database).await?;
        for role in [&names.runtime, &names.owner] {
            self.server.drop_role(role).await?;
        }
        for name in [
            Name::TenantDatabase(short_id),
            Name::TenantDatabaseNext(short_id),
            Name::TenantDatabaseOwner(short_id),
            Name::TenantDatabaseMade(short_id),
            Name::Passing(names.database.as_str()),
        ] {
            self.kept(self.secrets.remove(&name))?;
        }
        Ok(())
    }
}
