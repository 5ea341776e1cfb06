//! The connections in memory: no page looks one up in the database.

use std::sync::{Arc, PoisonError, RwLock};

use polder_db::Db;
use polder_tenant_api::connections::ConnectionId;
use tokio::sync::{Mutex, Semaphore};

use super::discovery::Discovery;
use super::revoke;
use crate::error::Internal;
use crate::model::Connection;
use crate::store;

/// All connections of the tenant, and what their providers say of themselves.
pub struct Connections {
    all: RwLock<Arc<[Arc<Connection>]>>,
    /// One reads at a time, so that what was read first is never put in last.
    reading: Mutex<()>,
    /// What providers say of themselves.
    pub discovery: Discovery,
    /// Places for telling providers that tokens are not needed any more.
    pub revoking: Arc<Semaphore>,
}

impl Connections {
    /// Reads them.
    ///
    /// # Errors
    /// When the database fails or a row cannot be.
    pub async fn load(db: &Db) -> Result<Self, Internal> {
        Ok(Self {
            all: RwLock::new(read(db).await?),
            reading: Mutex::default(),
            discovery: Discovery::default(),
            revoking: Arc::new(Semaphore::new(revoke::AT_ONCE)),
        })
    }

    /// Reads them again, after one was changed.
    ///
    /// # Errors
    /// When the database fails or a row cannot be.
    pub async fn refresh(&self, db: &Db) -> Result<(), Internal> {
        let _turn = self.reading.lock().await;
        let fresh = read(db).await?;
        self.discovery.keep_only(&fresh);
        *self.all.write().unwrap_or_else(PoisonError::into_inner) = fresh;
        Ok(())
    }

    /// All of them, oldest first.
    pub fn all(&self) -> Arc<[Arc<Connection>]> {
        Arc::clone(&self.all.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// A connection, also when it is switched off.
    pub fn find(&self, id: ConnectionId) -> Option<Arc<Connection>> {
        self.all().iter().find(|connection| connection.id == id).cloned()
    }

    /// A connection that is switched on, by the text of its id.
    pub fn enabled(&self, id: &str) -> Option<Arc<Connection>> {
        let id = id.parse().ok()?;
        self.find(id).filter(|connection| connection.disabled_at.is_none())
    }
}

async fn read(db: &Db) -> Result<Arc<[Arc<Connection>]>, Internal> {
    let all = store::connections::all(&mut db.read().await?).await?;
    Ok(all.into_iter().map(Arc::new).collect())
}
