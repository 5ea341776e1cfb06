//! New passwords.

use super::prepare::runtime_address;
use super::{Names, Postgres, PostgresError};
use crate::secrets::Name;

impl Postgres {
    /// Gives both roles new passwords. The files come first and the roles are made what they say, here
    /// and at every start of the runtime, so a kill in between leaves nobody locked out. The runtime
    /// learns its new password when it is started again, which the caller does next.
    ///
    /// # Errors
    /// When the files cannot be written or the server refuses.
    pub async fn rotate(&self, short_id: &str) -> Result<(), PostgresError> {
        let names = Names::of(short_id)?;
        let address = runtime_address(&names, &self.entropy.token());
        self.kept(self.secrets.replace(&Name::TenantDatabaseOwner(short_id), &self.entropy.token()))?;
        self.kept(self.secrets.replace(&Name::TenantDatabase(short_id), &address))?;
        self.align(short_id, &names).await.map(drop)
    }
}
