//! New passwords.

use super::prepare::runtime_address;
use super::{Names, Postgres, PostgresError};
use crate::secrets::Name;

impl Postgres {
    /// Makes new passwords for both roles. The owner's is the control plane's own affair. The runtime's lies
    /// beside the one in use, which opens the database until the runtime is started again: [`Postgres::open`]
    /// takes the next one up. Where nothing `runs` it is taken up at once. Killed anywhere, the files say what
    /// the roles shall be, and every start makes them that.
    ///
    /// # Errors
    /// When the files cannot be written or the server refuses.
    pub async fn rotate(&self, short_id: &str, runs: bool) -> Result<(), PostgresError> {
        let names = Names::of(short_id)?;
        let next = runtime_address(&names, &self.entropy.token());
        self.kept(self.secrets.keep(&Name::TenantDatabaseNext(short_id), &next))?;
        self.kept(self.secrets.replace(&Name::TenantDatabaseOwner(short_id), &self.entropy.token()))?;
        if !runs {
            self.take_up_next(short_id)?;
        }
        self.align(short_id, &names).await.map(drop)
    }

    /// Whether a next password waits for the runtime's start.
    pub fn has_next(&self, short_id: &str) -> bool {
        self.secrets.has(&Name::TenantDatabaseNext(short_id))
    }

    /// Gives the next password the place of the present one. Where there is none, it does nothing.
    pub(super) fn take_up_next(&self, short_id: &str) -> Result<(), PostgresError> {
        self.kept(self.secrets.promote_database(short_id))
    }
}
