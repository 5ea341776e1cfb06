//! Where things are in the data folder.
//!
//! ```text
//! DIR/ polder.json            says that the folder is Polder's, and for which address
//!      lock                   held while a control plane runs on it
//!      control.db             the control plane's database
//!      operator.sock          what is the operator's to say
//!      dev.json               addresses and API key, once everything answers (0600)
//!      secrets/               seal keys and admin keys, outside every tenant's folder (0700)
//!      docker/                under --isolation docker: this installation's id, tenants' user ids
//!      installation           this folder's id, where it uses a PostgreSQL server that others may use too
//!      children/              one note per child process, to find orphans by
//!      tenants/SHORT/data/    one tenant's database
//!      tenants/SHORT/run/     its sockets
//!      places/                which country an address is in, for every tenant to read
//!      mailbox/               mail that tenants sent
//!      coaching/              the coaching platform's own data
//! ```

use std::path::{Path, PathBuf};

/// The data folder. The path is absolute.
#[derive(Clone, Debug)]
pub struct Layout {
    root: PathBuf,
}

impl Layout {
    /// The layout of the folder `root`, which must be absolute.
    pub const fn new(root: PathBuf) -> Self {
        Self { root }
    }

    /// The folder itself.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The file that says whose folder this is.
    pub fn marker(&self) -> PathBuf {
        self.root.join("polder.json")
    }

    /// The file that is locked while a control plane runs.
    pub fn lock(&self) -> PathBuf {
        self.root.join("lock")
    }

    /// The control plane's database.
    pub fn database(&self) -> PathBuf {
        self.root.join("control.db")
    }

    /// Addresses and API key.
    pub fn dev_json(&self) -> PathBuf {
        self.root.join("dev.json")
    }

    /// The folder that every tenant may read, with nothing in it but [`Layout::places_file`].
    pub fn places(&self) -> PathBuf {
        self.root.join("places")
    }

    /// The file that says which country an address is in.
    pub fn places_file(&self) -> PathBuf {
        self.places().join("places.mmdb")
    }

    /// Seal keys and admin keys.
    pub fn secrets(&self) -> PathBuf {
        self.root.join("secrets")
    }

    /// Notes about child processes.
    pub fn children(&self) -> PathBuf {
        self.root.join("children")
    }

    /// Which tenant's process has which user, where they have their own.
    pub fn users(&self) -> PathBuf {
        self.root.join("users")
    }

    /// What the Docker driver must remember.
    pub fn docker(&self) -> PathBuf {
        self.root.join("docker")
    }

    /// All tenants' folders.
    pub fn tenants(&self) -> PathBuf {
        self.root.join("tenants")
    }

    /// One tenant's folder.
    pub fn tenant(&self, short_id: &str) -> PathBuf {
        self.tenants().join(short_id)
    }

    /// One tenant's data.
    pub fn tenant_data(&self, short_id: &str) -> PathBuf {
        self.tenant(short_id).join("data")
    }

    /// One tenant's sockets.
    pub fn tenant_run(&self, short_id: &str) -> PathBuf {
        self.tenant(short_id).join("run")
    }

    /// Mail that tenants sent.
    pub fn mailbox(&self) -> PathBuf {
        self.root.join("mailbox")
    }

    /// The coaching platform's own data.
    pub fn coaching(&self) -> PathBuf {
        self.root.join("coaching")
    }
}
