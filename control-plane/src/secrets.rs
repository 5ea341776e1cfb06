//! What the control plane keeps secret, by what it is for: one file each (K3, G18). How the files are kept
//! is [`SecretStore`]'s matter.

use std::io;
use std::path::PathBuf;

use polder_kernel::Secret;

use crate::secret_store::{SecretId, SecretStore};

pub use crate::secret_store::sync_folder;

/// The secrets.
#[derive(Clone, Debug)]
pub struct Secrets {
    store: SecretStore,
}

/// What a secret file is for. The name of a tenant's holds its short id.
#[derive(Clone, Debug)]
pub enum Name<'a> {
    /// The control plane's own seal key.
    ControlSeal,
    /// A tenant's seal key. The tenant reads it; the control plane only makes it.
    TenantSeal(&'a str),
    /// The one that is to follow it, while it is being rotated. It lies beside the other, where the tenant
    /// looks for it.
    TenantSealNext(&'a str),
    /// The key that signs the control plane's word to a tenant.
    TenantAdmin(&'a str),
    /// The one that is to follow it, until the tenant was stopped for that.
    TenantAdminNext(&'a str),
    /// Its public half, which the tenant reads.
    TenantAdminPublic(&'a str),
    /// The address of a tenant's PostgreSQL database with the password it serves with.
    TenantDatabase(&'a str),
    /// The address with the password that is to follow it, while it is being rotated.
    TenantDatabaseNext(&'a str),
    /// The password of the role that owns its tables. The tenant never sees it.
    TenantDatabaseOwner(&'a str),
    /// Says that the database was finished once: from then on it is never made anew.
    TenantDatabaseMade(&'a str),
    /// Handed to a program of ours for one task; gone afterwards.
    Passing(&'a str),
}

impl Name<'_> {
    fn file(&self) -> String {
        match self {
            Self::ControlSeal => "control.seal".to_owned(),
            Self::TenantSeal(tenant) => format!("{tenant}.seal"),
            Self::TenantSealNext(tenant) => format!("{tenant}.seal.next"),
            Self::TenantAdmin(tenant) => format!("{tenant}.admin"),
            Self::TenantAdminNext(tenant) => format!("{tenant}.admin.next"),
            Self::TenantAdminPublic(tenant) => format!("{tenant}.admin.pub"),
            Self::TenantDatabase(tenant) => format!("{tenant}.database"),
            Self::TenantDatabaseNext(tenant) => format!("{tenant}.database.next"),
            Self::TenantDatabaseOwner(tenant) => format!("{tenant}.database.owner"),
            Self::TenantDatabaseMade(tenant) => format!("{tenant}.database.made"),
            // Names of databases have underscores, which no name of a secret does.
            Self::Passing(task) => format!("passing.{}", task.replace('_', "-")),
        }
    }
}

impl Name<'_> {
    fn id(&self) -> io::Result<SecretId> {
        SecretId::new(self.file()).ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))
    }
}

impl Secrets {
    /// The secrets in `folder`, which is made for us alone where it is missing.
    ///
    /// # Errors
    /// When the folder cannot be made or closed to others.
    pub fn open(folder: PathBuf) -> io::Result<Self> {
        Ok(Self { store: SecretStore::open(folder)? })
    }

    /// The store they are in.
    pub const fn store(&self) -> &SecretStore {
        &self.store
    }

    /// Where a secret is, for a child's arguments. One whose name is no id is nowhere.
    pub fn path(&self, name: &Name<'_>) -> PathBuf {
        name.id().map_or_else(|_| PathBuf::new(), |id| self.store.path(&id))
    }

    /// Whether a secret is there.
    pub fn has(&self, name: &Name<'_>) -> bool {
        self.path(name).exists()
    }

    /// A secret, if it is there.
    ///
    /// # Errors
    /// When it is there and cannot be read.
    pub fn read(&self, name: &Name<'_>) -> io::Result<Option<Secret<String>>> {
        self.store.get(&name.id()?)
    }

    /// Keeps a secret. One that is there already stays: a second one would make what the first
    /// sealed unreadable. It appears whole or not at all, and is on the disk when this returns.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn keep(&self, name: &Name<'_>, secret: &Secret<String>) -> io::Result<()> {
        self.store.put(&name.id()?, secret)
    }

    /// Keeps a secret in place of the one that is there: for what opens doors, never for what opens data.
    ///
    /// # Errors
    /// When it cannot be written; the earlier one is still there then.
    pub fn replace(&self, name: &Name<'_>, secret: &Secret<String>) -> io::Result<()> {
        self.store.replace(&name.id()?, secret)
    }

    /// Gives the tenant's next seal key the place of its present one, which is destroyed. Only once the
    /// tenant's data keys are wrapped under it. Done before, it does nothing.
    ///
    /// # Errors
    /// When the file system refuses; nothing is lost then.
    pub fn promote_seal(&self, tenant: &str) -> io::Result<()> {
        self.store.promote(&Name::TenantSealNext(tenant).id()?, &Name::TenantSeal(tenant).id()?)
    }

    /// Gives the key that is to sign our word to the tenant the place of the one that does. Only while the
    /// tenant does not run. Where there is none, it does nothing.
    ///
    /// # Errors
    /// When the file system refuses; nothing is lost then.
    pub fn promote_admin(&self, tenant: &str) -> io::Result<()> {
        self.store.promote(&Name::TenantAdminNext(tenant).id()?, &Name::TenantAdmin(tenant).id()?)
    }

    /// Gives the next password of the tenant's database the place of the present one, which is destroyed.
    /// Done before, it does nothing.
    ///
    /// # Errors
    /// When the file system refuses; nothing is lost then.
    pub fn promote_database(&self, tenant: &str) -> io::Result<()> {
        self.store.promote(&Name::TenantDatabaseNext(tenant).id()?, &Name::TenantDatabase(tenant).id()?)
    }

    /// Destroys a secret, if it is there: overwritten, then unlinked.
    ///
    /// # Errors
    /// When it is there and stays.
    pub fn remove(&self, name: &Name<'_>) -> io::Result<()> {
        self.store.delete(&name.id()?)
    }

    /// Destroys every secret of a tenant, the seal key first: from then on its data, and every copy of it,
    /// is unreadable. What is gone already is no error.
    ///
    /// # Errors
    /// When one stays.
    pub fn destroy_tenant(&self, tenant: &str) -> io::Result<()> {
        self.remove(&Name::TenantSeal(tenant))?;
        self.remove(&Name::TenantSealNext(tenant))?;
        let prefix = format!("{tenant}.");
        for id in self.store.list()?.into_iter().filter(|id| id.as_str().starts_with(&prefix)) {
            self.store.delete(&id)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn k3_destroying_a_tenant_leaves_none_of_its_secrets_and_all_of_others() {
        let folder = tempfile::tempdir().unwrap();
        let secrets = Secrets::open(folder.path().to_owned()).unwrap();
        let secret = Secret::new("secret".to_owned());
        let of = |tenant| {
            [
                Name::TenantSeal(tenant),
                Name::TenantSealNext(tenant),
                Name::TenantAdmin(tenant),
                Name::TenantAdminNext(tenant),
                Name::TenantAdminPublic(tenant),
                Name::TenantDatabase(tenant),
            ]
        };
        for name in of("abc").iter().chain(&of("abcd")).chain(&[Name::ControlSeal]) {
            secrets.keep(name, &secret).unwrap();
        }
        secrets.destroy_tenant("abc").unwrap();
        secrets.destroy_tenant("abc").unwrap();
        assert!(of("abc").iter().all(|name| !secrets.has(name)));
        assert!(of("abcd").iter().chain(&[Name::ControlSeal]).all(|name| secrets.has(name)));
    }

    #[test]
    fn g17_the_next_seal_key_takes_the_place_of_the_present_one() {
        let folder = tempfile::tempdir().unwrap();
        let secrets = Secrets::open(folder.path().to_owned()).unwrap();
        secrets.keep(&Name::TenantSeal("abc"), &Secret::new("old".to_owned())).unwrap();
        secrets.promote_seal("abc").unwrap();
        assert_eq!(secrets.read(&Name::TenantSeal("abc")).unwrap().unwrap().expose(), "old", "there was no next one");
        secrets.keep(&Name::TenantSealNext("abc"), &Secret::new("new".to_owned())).unwrap();
        for _ in 0..2 {
            secrets.promote_seal("abc").unwrap();
            assert_eq!(secrets.read(&Name::TenantSeal("abc")).unwrap().unwrap().expose(), "new");
            assert!(!secrets.has(&Name::TenantSealNext("abc")));
        }
    }
}
