//! Rows that come out of statements.

use std::str::FromStr;

use polder_kernel::{Id, Timestamp};
use serde::de::DeserializeOwned;
use sqlx::postgres::PgRow;
use sqlx::sqlite::SqliteRow;
use sqlx::{Decode, Postgres, Row as _, Sqlite, Type, TypeInfo, ValueRef};

use crate::Error;

/// One row of a result. Every accessor fails with [`Error::Column`] naming the column when it is
/// missing, `NULL` where a value must be, or of another type.
pub struct Row(pub(crate) Kind);

pub(crate) enum Kind {
    Sqlite(SqliteRow),
    Postgres(PgRow),
}

impl Row {
    /// A `TEXT` that is there.
    pub fn text(&self, column: &str) -> Result<String, Error> {
        there(column, self.opt_text(column)?)
    }

    /// A `TEXT` or `NULL`.
    pub fn opt_text(&self, column: &str) -> Result<Option<String>, Error> {
        self.get(column)
    }

    /// A `BIGINT` that is there.
    pub fn int(&self, column: &str) -> Result<i64, Error> {
        there(column, self.opt_int(column)?)
    }

    /// A `BIGINT` or `NULL`.
    pub fn opt_int(&self, column: &str) -> Result<Option<i64>, Error> {
        // PostgreSQL gives literals and some functions as INT4.
        if let Kind::Postgres(row) = &self.0 {
            let raw = row.try_get_raw(column).map_err(|error| of_driver(column, &error))?;
            if !raw.is_null() && raw.type_info().name() == "INT4" {
                return self.get::<i32>(column).map(|number| number.map(i64::from));
            }
        }
        self.get(column)
    }

    /// A `BLOB` or `BYTEA` that is there.
    pub fn bytes(&self, column: &str) -> Result<Vec<u8>, Error> {
        there(column, self.get(column)?)
    }

    /// A moment that is there.
    pub fn time(&self, column: &str) -> Result<Timestamp, Error> {
        self.int(column).map(Timestamp::from_millis)
    }

    /// A moment or `NULL`.
    pub fn opt_time(&self, column: &str) -> Result<Option<Timestamp>, Error> {
        self.opt_int(column).map(|millis| millis.map(Timestamp::from_millis))
    }

    /// An id that is there.
    pub fn id<K>(&self, column: &str) -> Result<Id<K>, Error> {
        self.parse(column)
    }

    /// An id or `NULL`.
    pub fn opt_id<K>(&self, column: &str) -> Result<Option<Id<K>>, Error> {
        self.opt_parse(column)
    }

    /// A text that is there, in the form that `T` reads.
    pub fn parse<T: FromStr>(&self, column: &str) -> Result<T, Error> {
        there(column, self.opt_parse(column)?)
    }

    /// A text in the form that `T` reads, or `NULL`.
    pub fn opt_parse<T: FromStr>(&self, column: &str) -> Result<Option<T>, Error> {
        let Some(text) = self.opt_text(column)? else { return Ok(None) };
        text.parse().map(Some).map_err(|_| wrong(column, "holds a text that cannot be"))
    }

    /// JSON that is there.
    pub fn json<T: DeserializeOwned>(&self, column: &str) -> Result<T, Error> {
        let text = self.text(column)?;
        serde_json::from_str(&text).map_err(|_| wrong(column, "holds JSON that cannot be"))
    }

    fn get<T>(&self, column: &str) -> Result<Option<T>, Error>
    where
        T: for<'r> Decode<'r, Sqlite> + Type<Sqlite> + for<'r> Decode<'r, Postgres> + Type<Postgres>,
    {
        match &self.0 {
            Kind::Sqlite(row) => row.try_get(column),
            Kind::Postgres(row) => row.try_get(column),
        }
        .map_err(|error| of_driver(column, &error))
    }
}

fn there<T>(column: &str, value: Option<T>) -> Result<T, Error> {
    value.ok_or_else(|| wrong(column, "is empty"))
}

fn wrong(column: &str, problem: &'static str) -> Error {
    Error::Column { column: column.to_owned(), problem }
}

fn of_driver(column: &str, error: &sqlx::Error) -> Error {
    match error {
        sqlx::Error::ColumnNotFound(_) => wrong(column, "is not in the result"),
        _ => wrong(column, "is of another type"),
    }
}
