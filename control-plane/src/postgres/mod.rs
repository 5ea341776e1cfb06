//! A PostgreSQL database for each tenant, on a server on which the control plane may make databases
//! and roles (G15, G16).
//!
//! ```text
//! names      t_SHORT (database, runtime role), t_SHORT_owner: opaque, and the same at every start
//! template   one database per installation and schema, filled by `polder-tenant migrate`, cloned for every
//!            tenant; those of earlier schemas are removed
//! prepare    passwords as files ─> roles ─> clone ─> handed over ─> marked as finished
//! relay      run/.s.PGSQL.5432: the tenant's only way to the server, to its own database, as its own role
//! rotate     new passwords beside the present ones, taken up when the runtime is started again
//! keep       sessions that hold the server up are ended, templates of earlier versions removed
//! destroy    relay closed ─> database dropped ─> roles dropped ─> passwords gone
//! ```
//!
//! Each call says how things shall be and may be made again, so whoever was killed half-way is followed
//! by one that goes on. The owner's password never enters the tenant: migrations run beside it.

mod destroy;
mod error;
mod keep;
mod names;
mod prepare;
pub mod relay;
mod rotate;
mod template;

#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use polder_db::server::Server;
use polder_kernel::Entropy;
use tokio::sync::OnceCell;

use crate::secrets::Secrets;

pub use error::PostgresError;
pub use keep::keep;
pub use names::Names;
pub use relay::{Relay, SOCKET, Upstream};

/// The server, and what is open to it.
pub struct Postgres {
    server: Server,
    secrets: Secrets,
    entropy: Entropy,
    /// `polder-tenant`, which knows the schema.
    program: PathBuf,
    /// Tells our templates from another control plane's on the same server.
    installation: String,
    schema: OnceCell<polder_db::Name>,
    relays: Mutex<HashMap<String, Relay>>,
}

impl Postgres {
    /// Tenants' databases on `server`, with the schema that `program` brings, for the control plane that is
    /// called `installation`. Nothing is contacted yet.
    pub fn new(server: Server, secrets: Secrets, entropy: Entropy, program: PathBuf, installation: String) -> Self {
        Self { server, secrets, entropy, program, installation, schema: OnceCell::new(), relays: Mutex::default() }
    }

    /// Where the server is, for people.
    pub fn place(&self) -> String {
        self.server.endpoint().to_string()
    }

    /// Opens the tenant's relay in its folder of sockets, in place of an older one whose connections
    /// end. A next password is taken up, and its roles are made what their passwords say, first: the runtime
    /// that is started afterwards reads the one that counts.
    ///
    /// # Errors
    /// When the passwords are missing, the server refuses, or the socket cannot be bound.
    pub async fn open(&self, short_id: &str, run: &Path) -> Result<(), PostgresError> {
        self.close(short_id);
        let names = Names::of(short_id)?;
        self.take_up_next(short_id)?;
        let password = self.align(short_id, &names).await?;
        let upstream = Upstream::to(&self.server).map_err(PostgresError::Encryption)?;
        let relay = Relay::open(run, upstream, &names, &password, &self.entropy);
        let relay = relay.map_err(|error| PostgresError::Relay(run.join(SOCKET).display().to_string(), error))?;
        self.relays().insert(short_id.to_owned(), relay);
        Ok(())
    }

    /// Closes the tenant's relay; its connections end.
    pub fn close(&self, short_id: &str) {
        drop(self.relays().remove(short_id));
    }

    /// Closes everything.
    pub async fn close_all(&self) {
        self.relays().clear();
        self.server.close().await;
    }

    fn relays(&self) -> std::sync::MutexGuard<'_, HashMap<String, Relay>> {
        self.relays.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn kept<T>(&self, done: io::Result<T>) -> Result<T, PostgresError> {
        done.map_err(PostgresError::Secrets)
    }
}
