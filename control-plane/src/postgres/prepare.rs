//! A tenant's database, from nothing or from an earlier schema to one that can be served.

use polder_crypto::scram::Verifier;
use polder_db::Error;
use polder_db::server::Role;
use polder_kernel::Secret;
use url::Url;

use super::{Names, Postgres, PostgresError};
use crate::secrets::Name;

/// Connections of the role that serves: one writes, a few read, and lost ones may linger.
const RUNTIME_CONNECTIONS: u16 = 16;
/// Connections of the role that migrates.
const OWNER_CONNECTIONS: u16 = 4;
/// How often a template that is in use is tried again.
const TRIES: u32 = 50;

/// How far a tenant's database is.
enum There {
    Nothing,
    /// Cloned, and then nobody knows: never served from.
    Unfinished,
    /// Served from, with another schema or one that nobody noted.
    Behind,
    Ready,
}

impl Postgres {
    /// Whether the tenant's database is there with this version's schema.
    ///
    /// # Errors
    /// When the server does not say.
    pub async fn is_prepared(&self, short_id: &str) -> Result<bool, PostgresError> {
        let known = self.secrets.has(&Name::TenantDatabase(short_id));
        Ok(known && matches!(self.look(short_id, &Names::of(short_id)?).await?, There::Ready))
    }

    /// Makes the tenant's database, or brings it to this version's schema. One that was served from
    /// before and is gone is never replaced by an empty one.
    ///
    /// # Errors
    /// [`PostgresError`]; what was done stays, and the next call goes on from there.
    pub async fn prepare(&self, short_id: &str) -> Result<(), PostgresError> {
        let names = Names::of(short_id)?;
        let made = Name::TenantDatabaseMade(short_id);
        self.make_passwords(short_id, &names)?;
        match self.look(short_id, &names).await? {
            There::Nothing if self.secrets.has(&made) => return Err(PostgresError::Lost(names.database.to_string())),
            There::Nothing => self.make(short_id, &names).await?,
            There::Unfinished => {
                // Nothing was ever written to it; what it was cloned from may be an older schema.
                self.server.drop_database(&names.database).await?;
                self.make(short_id, &names).await?;
            }
            There::Behind => {
                self.align(short_id, &names).await?;
                self.migrate(short_id, &names).await?;
                self.server.renew_rights(&names.database, &names.runtime).await?;
                self.server.mark(&names.database, self.schema().await?).await?;
            }
            There::Ready => drop(self.align(short_id, &names).await?),
        }
        self.kept(self.secrets.keep(&made, &Secret::new(names.database.to_string())))
    }

    async fn look(&self, short_id: &str, names: &Names) -> Result<There, PostgresError> {
        let made = self.secrets.has(&Name::TenantDatabaseMade(short_id));
        Ok(match self.server.marked(&names.database).await? {
            None => There::Nothing,
            Some(Some(mark)) if mark == self.schema().await?.as_str() => There::Ready,
            Some(None) if !made => There::Unfinished,
            Some(_) => There::Behind,
        })
    }

    async fn make(&self, short_id: &str, names: &Names) -> Result<(), PostgresError> {
        let template = self.template().await?;
        self.align(short_id, names).await?;
        for _ in 0..TRIES {
            match self.server.clone_database(&names.database, &template).await {
                // Somebody looks into the template, a backup perhaps.
                Err(Error::Busy) => {}
                done => {
                    done?;
                    self.server.hand_over(&names.database, &template, (&names.owner, &names.runtime)).await?;
                    return Ok(self.server.mark(&names.database, self.schema().await?).await?);
                }
            }
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
        Err(Error::Busy.into())
    }

    /// The passwords, where they are not there yet: the owner's for us, the runtime's as the address
    /// that it is started with. The server is not named in it: the runtime reaches it through the relay.
    fn make_passwords(&self, short_id: &str, names: &Names) -> Result<(), PostgresError> {
        let address = runtime_address(names, &self.entropy.token());
        self.kept(self.secrets.keep(&Name::TenantDatabase(short_id), &address))?;
        self.kept(self.secrets.keep(&Name::TenantDatabaseOwner(short_id), &self.entropy.token()))
    }

    /// Makes the roles what the password files say; gives the runtime's password.
    pub(super) async fn align(&self, short_id: &str, names: &Names) -> Result<Secret<String>, PostgresError> {
        let read = |name: Name<'_>| self.kept(self.secrets.read(&name))?.ok_or(PostgresError::Password);
        let owner = read(Name::TenantDatabaseOwner(short_id))?;
        let runtime = password_in(&read(Name::TenantDatabase(short_id))?)?;
        let [owners, runtimes] = [&owner, &runtime].map(|password| Verifier::new(password, &self.entropy).to_text());
        let owner = Role { name: &names.owner, verifier: Some(&owners), connections: OWNER_CONNECTIONS };
        let role = Role { name: &names.runtime, verifier: Some(&runtimes), connections: RUNTIME_CONNECTIONS };
        self.server.put_roles(&[owner, role]).await?;
        Ok(runtime)
    }

    async fn migrate(&self, short_id: &str, names: &Names) -> Result<(), PostgresError> {
        let owner = self.kept(self.secrets.read(&Name::TenantDatabaseOwner(short_id)))?;
        let address = self.server.address(&names.database, &names.owner, &owner.ok_or(PostgresError::Password)?);
        self.run_migrate(&names.database, &address).await
    }
}

/// What the runtime is started with.
pub(super) fn runtime_address(names: &Names, password: &Secret<String>) -> Secret<String> {
    Secret::new(format!("postgres://{}:{}@localhost/{}", names.runtime, password.expose(), names.database))
}

fn password_in(address: &Secret<String>) -> Result<Secret<String>, PostgresError> {
    let url = Url::parse(address.expose().trim()).map_err(|_| PostgresError::Password)?;
    url.password().map(|password| Secret::new(password.to_owned())).ok_or(PostgresError::Password)
}
