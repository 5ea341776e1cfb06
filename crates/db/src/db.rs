//! The door: open a database, read it, write it.

use std::sync::{Arc, Mutex, PoisonError};

use futures_util::future::BoxFuture;
use tokio::sync::{mpsc, oneshot};

use crate::connection::Opener;
use crate::readers::Readers;
use crate::unit::Work;
use crate::writer::{Message, SharedTail, Writer};
use crate::{Error, Location, Tail, Tx, postgres, sqlite};

/// An open database. Clones share it.
#[derive(Clone)]
pub struct Db {
    readers: Arc<Readers>,
    limit: usize,
    writer: mpsc::Sender<Message>,
    tail: SharedTail,
}

impl Db {
    /// Opens the database at `location` with up to `readers` connections for reading. Must be called
    /// within a Tokio runtime: the writer is a task of it.
    ///
    /// # Errors
    /// [`Error::Damaged`] with a line for people when this is not a sound database of Polder;
    /// [`Error::Unavailable`] when it cannot be reached.
    pub async fn open(location: &Location, readers: usize) -> Result<Self, Error> {
        Self::open_as(location, readers, |opener| opener).await
    }

    /// As [`Db::open`], for the one program that serves this database: another that asks for the same is
    /// refused for as long as this one writes. On SQLite that is the business of whoever owns the folder.
    ///
    /// # Errors
    /// As [`Db::open`]; [`Error::Busy`] when another program serves it.
    pub async fn open_alone(location: &Location, readers: usize) -> Result<Self, Error> {
        Self::open_as(location, readers, Opener::alone).await
    }

    async fn open_as(location: &Location, readers: usize, claimed: fn(Opener) -> Opener) -> Result<Self, Error> {
        let (writing, reading, connection) = match location {
            Location::Sqlite(path) => {
                let (writing, reading) = sqlite::prepare(path).await?;
                let connection = sqlite::open_checked(&writing, path).await?;
                (writing, reading, connection)
            }
            Location::Postgres(address) => {
                let (writing, reading) = postgres::prepare(address.expose())?;
                let writing = claimed(writing);
                let connection = postgres::open_checked(&writing).await?;
                (writing, reading, connection)
            }
        };
        let tail: SharedTail = Arc::default();
        let writer = Writer::spawn(writing, connection, Arc::clone(&tail));
        Ok(Self { readers: Readers::new(reading, readers), limit: readers, writer, tail })
    }

    /// Sets what is written last in every commit from now on.
    pub fn set_tail(&self, tail: Box<dyn Tail>) {
        *lock(&self.tail) = Some(tail);
    }

    /// A connection for reading. It goes back to the pool when it is dropped.
    pub async fn read(&self) -> Result<Tx, Error> {
        self.readers.get().await
    }

    /// Does a unit of work and returns once it is durable. `Ok` is kept, `Err` is undone; "refuse,
    /// but remember it" is therefore an `Ok` value.
    ///
    /// The work runs in the writer's task, one unit at a time, to its end even if the caller is
    /// dropped meanwhile. Await nothing but `tx` in it: everybody else waits.
    ///
    /// # Errors
    /// The work's own, or one of [`Error`] in its place.
    pub async fn write<T, E, F>(&self, work: F) -> Result<T, E>
    where
        F: for<'t> FnOnce(&'t mut Tx) -> BoxFuture<'t, Result<T, E>> + Send + 'static,
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        let (unit, answer) = Work::new(work);
        if self.writer.send(Message::Unit(Box::new(unit))).await.is_err() {
            return Err(Error::closed().into());
        }
        answer.await.unwrap_or_else(|_| Err(Error::closed().into()))
    }

    /// Finishes what is queued and closes all connections. Later calls fail.
    pub async fn close(&self) {
        let (sender, closed) = oneshot::channel();
        if self.writer.send(Message::Close(sender)).await.is_ok() {
            // An error means that the writer has ended already.
            drop(closed.await);
        }
        self.readers.close(self.limit).await;
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
