//! The connections that read.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::connection::{Connection, Opener};
use crate::{Error, Tx};

/// How long a busy reader may take to finish when the database is closed.
const FINISHING: Duration = Duration::from_secs(5);

/// A pool that opens a connection when all others are busy, up to a limit; callers beyond it wait
/// in the order in which they came.
pub(crate) struct Readers {
    opener: Opener,
    permits: Arc<Semaphore>,
    idle: Mutex<Vec<Connection>>,
}

/// A reader's place in the pool, given back when its [`Tx`] is dropped.
pub(crate) struct Lease {
    readers: Arc<Readers>,
    _permit: OwnedSemaphorePermit,
}

impl Readers {
    pub(crate) fn new(opener: Opener, limit: usize) -> Arc<Self> {
        Arc::new(Self { opener, permits: Arc::new(Semaphore::new(limit.max(1))), idle: Mutex::default() })
    }

    pub(crate) async fn get(self: &Arc<Self>) -> Result<Tx, Error> {
        let permit = Arc::clone(&self.permits).acquire_owned().await.map_err(|_| Error::closed())?;
        let idle = self.idle().pop();
        let connection = match idle {
            Some(connection) => connection,
            None => self.opener.open().await?,
        };
        Ok(Tx::reader(connection, Lease { readers: Arc::clone(self), _permit: permit }))
    }

    /// Waits a while for the readers that are busy, then closes all.
    pub(crate) async fn close(&self, limit: usize) {
        let all = self.permits.acquire_many(u32::try_from(limit.max(1)).unwrap_or(u32::MAX));
        // Whether they came back in time or not, no further reader is given out.
        drop(tokio::time::timeout(FINISHING, all).await);
        self.permits.close();
        let idle = std::mem::take(&mut *self.idle());
        for connection in idle {
            connection.close().await;
        }
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Connection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Lease {
    pub(crate) fn give_back(&self, connection: Connection) {
        if !self.readers.permits.is_closed() {
            self.readers.idle().push(connection);
        }
    }

    /// A fresh connection in place of a lost one. The idle ones are lost as well, most likely.
    pub(crate) async fn replace(&self) -> Result<Connection, Error> {
        self.readers.idle().clear();
        self.readers.opener.open().await
    }
}
