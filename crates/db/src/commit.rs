//! The writer's open transaction: who is in it, and how units of work follow one another.

use std::any::Any;

use crate::Error;
use crate::connection::{Connection, Opener, script_text};

/// What the open transaction of the writer has gathered.
#[derive(Default)]
pub(crate) struct Commit {
    pub(crate) savepoint: Savepoint,
    /// PostgreSQL's number of the open transaction, to ask for its fate should the connection die.
    pub(crate) number: Option<String>,
    pub(crate) entries: Vec<Box<dyn Any + Send>>,
}

/// The savepoint of the present unit of work. It is set together with the unit's first statement
/// and released together with the next unit's: on SQLite these ride in the same driver call.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Savepoint {
    /// No transaction is open.
    #[default]
    None,
    /// The open savepoint belongs to an earlier unit.
    Earlier,
    /// The present unit's savepoint is open.
    Open,
}

impl Savepoint {
    /// What comes before the first statement of a unit.
    pub(crate) const fn prefix(self) -> Option<&'static str> {
        match self {
            Self::None => Some("BEGIN IMMEDIATE; SAVEPOINT unit; "),
            Self::Earlier => Some("RELEASE unit; SAVEPOINT unit; "),
            Self::Open => None,
        }
    }
}

impl Commit {
    /// As [`Commit::open_savepoint`]. Where that would begin a transaction and the connection turns out to be
    /// lost, as after a server's restart, nothing was done yet and a fresh connection takes its place.
    pub(crate) async fn begin<'c>(
        &mut self,
        connection: &'c mut Option<Connection>,
        opener: &Opener,
    ) -> Result<&'c mut Connection, Error> {
        let is_new = self.savepoint == Savepoint::None;
        let Some(present) = connection else { return Err(Error::closed()) };
        match self.open_savepoint(present).await {
            Err(Error::Unavailable(_)) if is_new => {
                // The old one goes first: it may still hold the claim on the database.
                *connection = None;
                let fresh = connection.insert(opener.open().await?);
                self.open_savepoint(fresh).await?;
            }
            opened => opened?,
        }
        connection.as_mut().ok_or_else(Error::closed)
    }

    /// Sets the unit's savepoint, where it cannot ride along with a statement.
    async fn open_savepoint(&mut self, connection: &mut Connection) -> Result<(), Error> {
        let Some(prefix) = self.savepoint.prefix() else { return Ok(()) };
        match connection {
            Connection::Postgres(connection) if self.savepoint == Savepoint::None => {
                const BEGIN: &str = "BEGIN; SAVEPOINT unit; SELECT CAST(pg_current_xact_id() AS TEXT)";
                self.number = Some(script_text(connection, BEGIN).await?);
            }
            connection => connection.script(prefix).await?,
        }
        self.savepoint = Savepoint::Open;
        Ok(())
    }
}
