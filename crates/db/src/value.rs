//! Values that go into statements.

use std::fmt;

use polder_kernel::{Id, Timestamp};
use sqlx::encode::IsNull;
use sqlx::error::BoxDynError;
use sqlx::postgres::types::Oid;
use sqlx::postgres::{PgArgumentBuffer, PgArguments, PgTypeInfo};
use sqlx::sqlite::SqliteArguments;
use sqlx::{Arguments, Encode, Postgres, Type};

/// One argument of a statement. `Debug` shows the type alone: arguments are people's data.
#[derive(Clone, PartialEq, Eq)]
pub enum Value {
    /// `NULL` of whatever type the column has.
    Null,
    /// A `BIGINT`.
    Int(i64),
    /// A `TEXT`.
    Text(String),
    /// A `BLOB` or `BYTEA`.
    Bytes(Vec<u8>),
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Null => "Null",
            Self::Int(_) => "Int(…)",
            Self::Text(_) => "Text(…)",
            Self::Bytes(_) => "Bytes(…)",
        })
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}
impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}
impl From<&String> for Value {
    fn from(text: &String) -> Self {
        Self::Text(text.clone())
    }
}
impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Int(number)
    }
}
impl From<u32> for Value {
    fn from(number: u32) -> Self {
        Self::Int(i64::from(number))
    }
}
impl From<i32> for Value {
    fn from(number: i32) -> Self {
        Self::Int(i64::from(number))
    }
}
impl From<Timestamp> for Value {
    fn from(time: Timestamp) -> Self {
        Self::Int(time.millis())
    }
}
impl<K> From<Id<K>> for Value {
    fn from(id: Id<K>) -> Self {
        Self::Text(id.to_string())
    }
}
impl<K> From<&Id<K>> for Value {
    fn from(id: &Id<K>) -> Self {
        Self::Text(id.to_string())
    }
}
impl From<Vec<u8>> for Value {
    fn from(bytes: Vec<u8>) -> Self {
        Self::Bytes(bytes)
    }
}
impl From<&[u8]> for Value {
    fn from(bytes: &[u8]) -> Self {
        Self::Bytes(bytes.to_vec())
    }
}
impl From<&Self> for Value {
    fn from(value: &Self) -> Self {
        value.clone()
    }
}
impl<T: Into<Self>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

impl Value {
    pub(crate) fn sqlite(values: &[Self]) -> Result<SqliteArguments, BoxDynError> {
        let mut arguments = SqliteArguments::default();
        arguments.reserve(values.len(), 0);
        for value in values {
            match value {
                Self::Null => arguments.add(None::<i64>)?,
                Self::Int(number) => arguments.add(*number)?,
                Self::Text(text) => arguments.add(text.clone())?,
                Self::Bytes(bytes) => arguments.add(bytes.clone())?,
            }
        }
        Ok(arguments)
    }

    pub(crate) fn postgres<'v>(values: impl Iterator<Item = &'v Self>) -> Result<PgArguments, BoxDynError> {
        let mut arguments = PgArguments::default();
        for value in values {
            match value {
                Self::Null => arguments.add(UntypedNull)?,
                Self::Int(number) => arguments.add(*number)?,
                Self::Text(text) => arguments.add(text.as_str())?,
                Self::Bytes(bytes) => arguments.add(bytes.as_slice())?,
            }
        }
        Ok(arguments)
    }
}

/// `NULL` without a type of its own: PostgreSQL takes the column's. A `NULL` declared as text would
/// be refused by a `BIGINT` column.
struct UntypedNull;

impl Type<Postgres> for UntypedNull {
    fn type_info() -> PgTypeInfo {
        PgTypeInfo::with_oid(Oid(0))
    }
}

impl Encode<'_, Postgres> for UntypedNull {
    fn encode_by_ref(&self, _: &mut PgArgumentBuffer) -> Result<IsNull, BoxDynError> {
        Ok(IsNull::Yes)
    }
}

#[cfg(test)]
mod tests {

    #[test]
    fn f16_arguments_do_not_print() {
        let values = crate::args!["ann@example.test", 7_i64, Some("x"), None::<i64>, vec![1_u8]];
        assert_eq!(format!("{values:?}"), "[Text(…), Int(…), Text(…), Null, Bytes(…)]");
    }
}
