//! What statements run on: a reader's connection, or the writer's within one unit of work.

use std::any::Any;
use std::borrow::Cow;

use crate::commit::{Commit, Savepoint};
use crate::connection::{Connection, Opener, Step};
use crate::readers::Lease;
use crate::{Error, Row, Value, statement};

/// A way to run statements.
///
/// From [`Db::read`](crate::Db::read): every statement stands alone and sees the newest committed
/// state. From [`Db::write`](crate::Db::write): all statements are kept together or not at all, and
/// after a failed one every further one fails with the same error, on both databases.
pub struct Tx {
    connection: Option<Connection>,
    home: Home,
    failed: Option<Error>,
    /// A statement is running, or its future was dropped while it was.
    mid_call: bool,
    calls: u64,
}

enum Home {
    Reader(Lease),
    Writer(Commit, Opener),
}

impl Tx {
    /// Runs one statement; the number of rows it changed.
    pub async fn execute(&mut self, sql: &'static str, args: &[Value]) -> Result<u64, Error> {
        self.changed(Cow::Borrowed(sql), args).await
    }

    /// As [`Tx::execute`], for the few statements whose text is put together, from constants alone.
    /// Texts are kept prepared: use few different ones.
    pub async fn execute_composed(&mut self, sql: String, args: &[Value]) -> Result<u64, Error> {
        self.changed(Cow::Owned(sql), args).await
    }

    /// The first row of a result, if there is one.
    pub async fn optional<T: Send>(
        &mut self,
        sql: &'static str,
        args: &[Value],
        mut from_row: impl FnMut(&Row) -> Result<T, Error> + Send,
    ) -> Result<Option<T>, Error> {
        let mut found = None;
        self.run(Cow::Borrowed(sql), args, &mut |step| {
            if let (Step::Row(row), None) = (step, &found) {
                found = Some(from_row(&row));
            }
        })
        .await?;
        found.transpose()
    }

    /// All rows of a result.
    pub async fn all<T: Send>(
        &mut self,
        sql: &'static str,
        args: &[Value],
        mut from_row: impl FnMut(&Row) -> Result<T, Error> + Send,
    ) -> Result<Vec<T>, Error> {
        let mut found = Ok(Vec::new());
        self.run(Cow::Borrowed(sql), args, &mut |step| {
            if let (Step::Row(row), Ok(rows)) = (step, &mut found) {
                match from_row(&row) {
                    Ok(value) => rows.push(value),
                    Err(error) => found = Err(error),
                }
            }
        })
        .await?;
        found
    }

    /// Several statements that share `$1…$n`; the rows that each of them changed. On SQLite they are
    /// one driver call, which is what makes small units cheap; on PostgreSQL one after the other.
    pub async fn batch(&mut self, statements: &[&'static str], args: &[Value]) -> Result<Vec<u64>, Error> {
        let mut changed = Vec::with_capacity(statements.len());
        if self.is_sqlite() {
            self.run(Cow::Owned(statements.join(";\n")), args, &mut |step| {
                if let Step::Ended(rows) = step {
                    changed.push(rows);
                }
            })
            .await?;
            return Ok(changed);
        }
        for sql in statements {
            let (text, used) = statement::renumbered(sql);
            let args: Vec<Value> = used.iter().filter_map(|number| args.get(number - 1)).cloned().collect();
            changed.push(self.changed(text, &args).await?);
        }
        Ok(changed)
    }

    /// Runs statements without arguments, separated by semicolons: a migration.
    pub async fn script(&mut self, sql: &'static str) -> Result<(), Error> {
        self.begin_call()?;
        let done = self.drive_script(sql).await;
        self.end_call(done)
    }

    /// Hands an entry to the [`Tail`](crate::Tail), if this unit of work is kept. A reader keeps
    /// nothing: there it does nothing.
    pub fn append(&mut self, entry: Box<dyn Any + Send>) {
        if let Home::Writer(commit, _) = &mut self.home {
            commit.entries.push(entry);
        }
    }

    /// How often the database was asked by this: what the tests of a list hold it to.
    pub const fn calls(&self) -> u64 {
        self.calls
    }

    /// Whether statements go to SQLite.
    pub(crate) fn is_sqlite(&self) -> bool {
        self.connection.as_ref().is_some_and(Connection::is_sqlite)
    }

    async fn changed(&mut self, sql: Cow<'static, str>, args: &[Value]) -> Result<u64, Error> {
        let mut changed = 0;
        self.run(sql, args, &mut |step| {
            if let Step::Ended(rows) = step {
                changed = rows;
            }
        })
        .await?;
        Ok(changed)
    }

    async fn run(
        &mut self,
        sql: Cow<'static, str>,
        args: &[Value],
        each: &mut (dyn FnMut(Step) + Send),
    ) -> Result<(), Error> {
        if cfg!(debug_assertions) && statement::highest(&sql) != args.len() {
            // SQLite would take NULL for what is missing.
            return Err(Error::Other(format!("{} arguments for {sql}", args.len())));
        }
        self.begin_call()?;
        let done = self.drive(sql, args, each).await;
        self.end_call(done)
    }

    fn begin_call(&mut self) -> Result<(), Error> {
        if self.mid_call {
            // The earlier call's future was dropped: nobody knows what the connection is doing.
            self.failed = Some(Error::Lost);
        }
        if let Some(error) = &self.failed {
            return Err(error.clone());
        }
        self.mid_call = true;
        self.calls += 1;
        Ok(())
    }

    fn end_call(&mut self, done: Result<(), Error>) -> Result<(), Error> {
        self.mid_call = false;
        if let Err(error) = &done {
            let lost = matches!(error, Error::Unavailable(_) | Error::Damaged(_));
            if lost || matches!(self.home, Home::Writer(..)) {
                self.failed = Some(error.clone());
            }
        }
        done
    }

    async fn drive(
        &mut self,
        sql: Cow<'static, str>,
        args: &[Value],
        each: &mut (dyn FnMut(Step) + Send),
    ) -> Result<(), Error> {
        let Some(connection) = &mut self.connection else { return Err(Error::closed()) };
        // Long texts are multi-row inserts, of which there are too many to keep.
        let keep = sql.len() < 4096;
        match &mut self.home {
            Home::Reader(lease) => {
                let mut stepped = false;
                let mut noted = |step| {
                    stepped = true;
                    each(step);
                };
                let done = connection.run(sql.clone(), args, keep, &mut noted).await;
                match done {
                    // A read that gave nothing yet can be asked again, as after a server's restart.
                    Err(Error::Unavailable(_)) if !stepped && !connection.is_sqlite() => {
                        *connection = lease.replace().await?;
                        connection.run(sql, args, keep, each).await
                    }
                    done => done,
                }
            }
            Home::Writer(commit, _) if connection.is_sqlite() => {
                let Some(prefix) = commit.savepoint.prefix() else {
                    return connection.run(sql, args, keep, each).await;
                };
                let mut to_skip = 2_u8;
                connection
                    .run(Cow::Owned([prefix, &sql].concat()), args, keep, &mut |step| {
                        if to_skip == 0 {
                            each(step);
                            return;
                        }
                        to_skip -= 1;
                        if to_skip == 0 {
                            commit.savepoint = Savepoint::Open;
                        }
                    })
                    .await
            }
            Home::Writer(commit, opener) => {
                commit.begin(&mut self.connection, opener).await?.run(sql, args, keep, each).await
            }
        }
    }

    async fn drive_script(&mut self, sql: &'static str) -> Result<(), Error> {
        if let Home::Writer(commit, opener) = &mut self.home {
            return commit.begin(&mut self.connection, opener).await?.script(sql).await;
        }
        let Some(connection) = &mut self.connection else { return Err(Error::closed()) };
        connection.script(sql).await
    }
}

/// For the pool and the writer.
impl Tx {
    pub(crate) fn reader(connection: Connection, lease: Lease) -> Self {
        Self { connection: Some(connection), home: Home::Reader(lease), failed: None, mid_call: false, calls: 0 }
    }

    pub(crate) fn writer(connection: Option<Connection>, opener: Opener) -> Self {
        Self { connection, home: Home::Writer(Commit::default(), opener), failed: None, mid_call: false, calls: 0 }
    }

    pub(crate) fn connection(&mut self) -> &mut Option<Connection> {
        &mut self.connection
    }

    /// The writer's next unit of work begins.
    pub(crate) fn begin_unit(&mut self) {
        self.failed = None;
        if let Home::Writer(commit, _) = &mut self.home {
            commit.entries.clear();
            if commit.savepoint == Savepoint::Open {
                commit.savepoint = Savepoint::Earlier;
            }
        }
    }

    /// Why the unit cannot be kept, whatever it says itself.
    pub(crate) fn failure(&self) -> Option<Error> {
        if self.mid_call { Some(Error::Lost) } else { self.failed.clone() }
    }

    /// The unit's entries for the tail.
    pub(crate) fn take_entries(&mut self) -> Vec<Box<dyn Any + Send>> {
        match &mut self.home {
            Home::Writer(commit, _) => std::mem::take(&mut commit.entries),
            Home::Reader(_) => Vec::new(),
        }
    }

    /// Undoes the unit. An error means that the whole transaction is gone: SQLite rolls everything
    /// back when the disk is full, and a savepoint cannot be found after that.
    pub(crate) async fn undo_unit(&mut self) -> Result<(), Error> {
        let Home::Writer(commit, _) = &self.home else { return Ok(()) };
        if self.mid_call {
            return Err(Error::Lost);
        }
        let Some(connection) = &mut self.connection else { return Err(Error::closed()) };
        if commit.savepoint == Savepoint::Open {
            return connection.script("ROLLBACK TO unit").await;
        }
        // The savepoint itself may be what failed.
        if self.failed.is_some() { Err(Error::Lost) } else { Ok(()) }
    }

    /// Whether a transaction is open.
    pub(crate) fn has_begun(&self) -> bool {
        matches!(&self.home, Home::Writer(commit, _) if commit.savepoint != Savepoint::None)
    }

    /// Forgets the transaction, once it is over; its number on PostgreSQL.
    pub(crate) fn end_transaction(&mut self) -> Option<String> {
        self.failed = None;
        self.mid_call = false;
        match &mut self.home {
            Home::Writer(commit, _) => std::mem::take(commit).number,
            Home::Reader(_) => None,
        }
    }
}

impl Drop for Tx {
    fn drop(&mut self) {
        if let (Home::Reader(lease), false, None) = (&self.home, self.mid_call, &self.failed)
            && let Some(connection) = self.connection.take()
        {
            lease.give_back(connection);
        }
    }
}
