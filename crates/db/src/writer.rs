//! The task that owns the one writing connection: runs units of work and commits what has gathered.

use std::any::Any;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use futures_util::FutureExt;
use tokio::sync::{mpsc, oneshot};

use crate::connection::{Connection, Opener};
use crate::unit::Unit;
use crate::{Error, Tail, Tx, postgres};

/// Units that share one commit at most: bounds what one failing disk takes along, and PostgreSQL's
/// list of subtransactions.
const UNITS_PER_COMMIT: usize = 256;
/// How long a commit stays open for units that are already waiting.
const GATHERING: Duration = Duration::from_millis(10);
/// How long one unit of work may take. Nothing but SQL is awaited in one.
const UNIT_LIMIT: Duration = Duration::from_secs(if cfg!(test) { 1 } else { 30 });
/// How long a connection that is given up may take to close.
const CLOSING: Duration = Duration::from_secs(5);

pub(crate) enum Message {
    Unit(Box<dyn Unit>),
    /// Finish what is queued, close the connection, answer.
    Close(oneshot::Sender<()>),
}

/// The tail, set once the database is open.
pub(crate) type SharedTail = Arc<Mutex<Option<Box<dyn Tail>>>>;

pub(crate) struct Writer {
    opener: Opener,
    queue: mpsc::Receiver<Message>,
    tail: SharedTail,
    tx: Tx,
    in_doubt: Option<InDoubt>,
    closing: Option<oneshot::Sender<()>>,
}

/// A PostgreSQL transaction whose connection died during `COMMIT`: nobody knows yet whether it was
/// kept, and the tail does not know where it stands.
struct InDoubt {
    number: String,
    with_tail: bool,
}

/// A unit of work that has run and waits for the commit, and the error that it shall get in any case.
struct Done {
    unit: Box<dyn Unit>,
    kept: bool,
    refusal: Option<Error>,
}

impl Writer {
    pub(crate) fn spawn(opener: Opener, connection: Connection, tail: SharedTail) -> mpsc::Sender<Message> {
        let (sender, queue) = mpsc::channel(1024);
        let tx = Tx::writer(Some(connection), opener.clone());
        let writer = Self { opener, queue, tail, tx, in_doubt: None, closing: None };
        tokio::spawn(writer.run());
        sender
    }

    async fn run(mut self) {
        while let Some(message) = self.queue.recv().await {
            match message {
                Message::Unit(unit) => self.commit_from(unit).await,
                Message::Close(answer) => self.closing = Some(answer),
            }
            if self.closing.is_some() {
                // What is queued is still done; nothing new comes in.
                self.queue.close();
            }
        }
        if let Some(connection) = self.tx.connection().take() {
            connection.close().await;
        }
        if let Some(answer) = self.closing.take() {
            // Whoever asked may have gone.
            let _ = answer.send(());
        }
    }

    /// One commit: `first`, and every unit that is waiting by the time it is done.
    async fn commit_from(&mut self, first: Box<dyn Unit>) {
        if let Err(error) = self.settle().await {
            first.answer(Some(error.clone()));
            self.refuse_queued(&error);
            return;
        }
        let began = Instant::now();
        let mut done: Vec<Done> = Vec::new();
        let mut entries = Vec::new();
        let mut next = Some(first);
        while let Some(mut unit) = next {
            let (kept, refusal) = self.attempt(unit.as_mut()).await;
            if kept {
                entries.append(&mut self.tx.take_entries());
            } else if self.tx.undo_unit().await.is_err() {
                self.lose_transaction().await;
                unit.answer(refusal);
                answer_all(done, Some(&Error::Lost));
                return;
            }
            done.push(Done { unit, kept, refusal });
            next =
                if done.len() < UNITS_PER_COMMIT && began.elapsed() < GATHERING { self.waiting().await } else { None };
        }
        let committed = self.commit(entries).await;
        answer_all(done, committed.err().as_ref());
    }

    /// Runs one unit of work: whether it is to be kept, and the error its caller gets in place of
    /// its own result.
    async fn attempt(&mut self, unit: &mut dyn Unit) -> (bool, Option<Error>) {
        self.tx.begin_unit();
        let work = AssertUnwindSafe(unit.run(&mut self.tx)).catch_unwind();
        let wants = match tokio::time::timeout(UNIT_LIMIT, work).await {
            Ok(Ok(wants)) => wants,
            Ok(Err(_panic)) => return (false, Some(Error::Panicked)),
            Err(_elapsed) => return (false, Some(Error::TimedOut)),
        };
        match self.tx.failure() {
            // A unit that swallowed an error of the database cannot be kept: PostgreSQL has given
            // it up already, and both databases shall behave alike.
            Some(error) if wants => (false, Some(error)),
            Some(_) => (false, None),
            None => (wants, None),
        }
    }

    /// The next unit that is already waiting. Callers who were just answered get one turn to queue
    /// up again, or commits would alternate between one unit and all the others.
    async fn waiting(&mut self) -> Option<Box<dyn Unit>> {
        for _ in 0..2 {
            match self.queue.try_recv() {
                Ok(Message::Unit(unit)) => return Some(unit),
                Ok(Message::Close(answer)) => self.closing = Some(answer),
                Err(_) => tokio::task::yield_now().await,
            }
        }
        None
    }

    async fn commit(&mut self, entries: Vec<Box<dyn Any + Send>>) -> Result<(), Error> {
        let with_tail = !entries.is_empty();
        if with_tail && let Err(error) = self.write_tail(entries).await {
            self.lose_transaction().await;
            self.tell_tail(false);
            return Err(error);
        }
        if !self.tx.has_begun() {
            if with_tail {
                self.tell_tail(true);
            }
            return Ok(());
        }
        let Some(connection) = self.tx.connection() else { return Err(Error::closed()) };
        let Err(error) = connection.script("COMMIT").await else {
            self.tx.end_transaction();
            if with_tail {
                self.tell_tail(true);
            }
            return Ok(());
        };
        if matches!(error, Error::Unavailable(_)) && !connection.is_sqlite() {
            self.tx.connection().take();
            self.in_doubt = self.tx.end_transaction().map(|number| InDoubt { number, with_tail });
            tracing::warn!(%error, "the connection to the database was lost during a commit");
            return match self.settle().await {
                Ok(Some(true)) => Ok(()),
                Ok(Some(false)) => Err(Error::Lost),
                Ok(None) | Err(_) => Err(error),
            };
        }
        self.lose_transaction().await;
        if with_tail {
            self.tell_tail(false);
        }
        Err(error)
    }

    async fn write_tail(&mut self, entries: Vec<Box<dyn Any + Send>>) -> Result<(), Error> {
        self.tx.begin_unit();
        let statements = {
            let mut tail = self.tail.lock().unwrap_or_else(PoisonError::into_inner);
            let Some(tail) = tail.as_mut() else { return Ok(()) };
            std::panic::catch_unwind(AssertUnwindSafe(|| tail.before_commit(entries)))
                .unwrap_or(Err(Error::Panicked))?
        };
        for (sql, args) in statements {
            self.tx.execute_composed(sql, &args).await?;
        }
        Ok(())
    }

    fn tell_tail(&self, kept: bool) {
        if let Some(tail) = self.tail.lock().unwrap_or_else(PoisonError::into_inner).as_mut() {
            if kept { tail.committed() } else { tail.rolled_back() }
        }
    }

    /// Makes the writer ready for a transaction: opens a connection in place of a lost one, and
    /// finds out what became of a commit in doubt, if there is one.
    async fn settle(&mut self) -> Result<Option<bool>, Error> {
        if self.tx.connection().is_none() {
            *self.tx.connection() = Some(self.opener.open().await?);
        }
        let Some(doubt) = &self.in_doubt else { return Ok(None) };
        let Some(Connection::Postgres(connection)) = self.tx.connection() else { return Ok(None) };
        let kept = match postgres::was_kept(connection, &doubt.number).await {
            Ok(kept) => kept,
            Err(error) => {
                self.tx.connection().take();
                return Err(error);
            }
        };
        if doubt.with_tail {
            self.tell_tail(kept);
        }
        self.in_doubt = None;
        Ok(Some(kept))
    }

    /// Gives the transaction up, and the connection with it: whatever state that is in, a fresh one
    /// is in none.
    async fn lose_transaction(&mut self) {
        self.tx.end_transaction();
        let Some(connection) = self.tx.connection().take() else { return };
        if tokio::time::timeout(CLOSING, connection.close()).await.is_err() {
            tracing::warn!("a database connection did not close in time");
        }
    }

    /// With no connection to be had, those who wait learn it now rather than one by one.
    fn refuse_queued(&mut self, error: &Error) {
        while let Ok(message) = self.queue.try_recv() {
            match message {
                Message::Unit(unit) => unit.answer(Some(error.clone())),
                Message::Close(answer) => self.closing = Some(answer),
            }
        }
    }
}

/// A refused unit gets its own answer whatever became of the commit; a kept one only if that stands.
fn answer_all(done: Vec<Done>, failure: Option<&Error>) {
    for Done { unit, kept, refusal } in done {
        unit.answer(if kept { failure.cloned() } else { refusal });
    }
}

#[cfg(test)]
mod tests {
    use crate::{Error, args, testing};

    #[tokio::test(flavor = "multi_thread")]
    async fn work_that_never_ends_is_undone_and_others_go_on() {
        for database in testing::databases().await {
            let insert = "INSERT INTO schema_migration (version, name, checksum, applied_at) VALUES ($1, '', '', 0)";
            let db = &database.db;
            db.migrate(&[], polder_kernel::Timestamp::from_seconds(0)).await.unwrap();
            let endless: Result<(), Error> = db
                .write(move |tx| {
                    Box::pin(async move {
                        tx.execute(insert, &args![1]).await?;
                        std::future::pending().await
                    })
                })
                .await;
            assert_eq!(endless, Err(Error::TimedOut), "{}", database.name);
            let after = db.write(move |tx| Box::pin(async move { tx.execute(insert, &args![2]).await })).await;
            assert_eq!(after, Ok(1), "{}", database.name);
            let mut tx = db.read().await.unwrap();
            let kept = tx.all("SELECT version FROM schema_migration", &[], |row| row.int("version")).await;
            assert_eq!(kept, Ok(vec![2]), "{}", database.name);
        }
    }
}
