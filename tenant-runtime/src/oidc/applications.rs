//! The applications in memory: no request looks one up in the database.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use polder_db::Db;
use tokio::sync::Mutex;

use crate::error::Internal;
use crate::model::Application;
use crate::store;

type ById = HashMap<String, Arc<Application>>;

/// All applications of the tenant, by `client_id`.
pub struct Applications {
    issuer: String,
    by_id: RwLock<ById>,
    /// One reads at a time, so that what was read first is never put in last.
    reading: Mutex<()>,
}

impl Applications {
    /// Reads them.
    ///
    /// # Errors
    /// When the database fails or a row cannot be.
    pub async fn load(db: &Db, issuer: &str) -> Result<Self, Internal> {
        Ok(Self { issuer: issuer.to_owned(), by_id: RwLock::new(read(db, issuer).await?), reading: Mutex::default() })
    }

    /// Reads them again, after one was changed.
    ///
    /// # Errors
    /// When the database fails or a row cannot be.
    pub async fn refresh(&self, db: &Db) -> Result<(), Internal> {
        let _turn = self.reading.lock().await;
        let fresh = read(db, &self.issuer).await?;
        *self.by_id.write().unwrap_or_else(PoisonError::into_inner) = fresh;
        Ok(())
    }

    /// The application, also when it is switched off.
    pub fn find(&self, client_id: &str) -> Option<Arc<Application>> {
        self.by_id.read().unwrap_or_else(PoisonError::into_inner).get(client_id).cloned()
    }

    /// Whether any application that is switched on lives at this web origin.
    pub fn any_at(&self, origin: &str) -> bool {
        let all = self.by_id.read().unwrap_or_else(PoisonError::into_inner);
        all.values().any(|application| application.is_enabled() && application.is_at(origin))
    }

    /// The application, if it is switched on.
    pub fn enabled(&self, client_id: &str) -> Option<Arc<Application>> {
        self.find(client_id).filter(|application| application.is_enabled())
    }
}

async fn read(db: &Db, issuer: &str) -> Result<ById, Internal> {
    let mut tx = db.read().await?;
    let all = store::applications::all(&mut tx, issuer).await?;
    Ok(all.into_iter().map(|application| (application.id.to_string(), Arc::new(application))).collect())
}
